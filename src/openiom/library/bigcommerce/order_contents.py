"""What an order of the store says: what is to be done with it, its lines, and its amounts."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

Row = Mapping[str, Any]
SHIPPING, PICKUPS, DOWNLOADS = "shipping", "pickups", "downloads"
NESTED_LIMIT = 50
PARTIALLY_REFUNDED = 14
WITHDRAWN = ("hold", "cancel")
_REFERENCES = {PICKUPS: "order_pickup_method_id", SHIPPING: "order_address_id"}
"""Fields of a line that name its consignment."""


@dataclass(frozen=True, slots=True)
class StatusMeanings:
    """The status ids that accept, hold and cancel an order; any other only updates it."""

    accept: frozenset[int]
    hold: frozenset[int]
    cancel: frozenset[int]

    def disposition(self, row: Row) -> str:
        """Return what the store wants done with an order.

        A partly refunded order that the store has begun to ship itself is only kept current.
        """
        if self._cancels(row):
            return "cancel"
        if row.get("status_id") in self.hold:
            return "hold"
        return "accept" if self._accepts(row) else "update"

    def _cancels(self, row: Row) -> bool:
        return bool(row.get("is_deleted")) or row.get("status_id") in self.cancel

    def _accepts(self, row: Row) -> bool:
        return row.get("status_id") in self.accept and not _is_begun(row)


def _is_begun(row: Row) -> bool:
    """Return whether an order is partly refunded and the store has begun to ship it."""
    is_shipped = row.get("date_shipped") or row.get("items_shipped")
    return row.get("status_id") == PARTIALLY_REFUNDED and bool(is_shipped)


def withdrawal(row: Row, disposition: str) -> dict[str, Any] | None:
    """Return the fallback document of an order that is not to be fulfilled, else None."""
    if disposition not in WITHDRAWN:
        return None
    status = str(row.get("status") or "")
    return {"external_id": str(row["id"]), "external_status": status, "disposition": disposition}


@dataclass(frozen=True, slots=True)
class _Consignment:
    """A group of lines with the same delivery."""

    kind: str
    group: Row

    @property
    def lines(self) -> Sequence[Row]:
        """The lines; the store writes a single one without a list."""
        lines = self.group.get("line_items") or ()
        return [lines] if isinstance(lines, Mapping) else lines

    @property
    def units(self) -> int:
        """The quantity of all lines."""
        return sum(int(line.get("quantity") or 0) for line in self.lines)

    @property
    def is_cut(self) -> bool:
        """Whether the consignment may have more lines."""
        return "__warning__" in self.group or len(self.lines) >= NESTED_LIMIT

    def contains(self, line: Row) -> bool:
        """Return whether a line that was read outside of the consignment belongs to it."""
        reference = _REFERENCES.get(self.kind)
        number = line.get(reference) if reference else None
        return bool(number) and number == self.group.get("id")


def _consignments(row: Row) -> Iterator[_Consignment]:
    consignments = row.get("consignments") or {}
    for kind in (SHIPPING, PICKUPS, DOWNLOADS):
        for group in consignments.get(kind) or ():
            yield _Consignment(kind, group)

    for group in (consignments.get("email") or {}).get("gift_certificates") or ():
        yield _Consignment(DOWNLOADS, group)


def is_incomplete(row: Row) -> bool:
    """Return whether an order has more lines than its consignments include."""
    consignments = list(_consignments(row))
    if any(consignment.is_cut for consignment in consignments):
        return True
    return sum(one.units for one in consignments) < int(row.get("items_total") or 0)


def flatten_consignments(row: Row, products: Sequence[Row] | None = None) -> dict[str, Any]:
    """Return an order with all lines under `products` and its address under `shipping_address`.

    The store nests lines in consignments: shipping, pickup or download. `products` are all lines
    where the consignments do not include all. A line that does not go to the shipping address in a
    parcel has its own `delivery`, `ship_to` and `pickup_code`. Product options such as color and
    size become the `variant` of their line. An order without shipping consignments has its billing
    address as shipping address.
    """
    consignments = list(_consignments(row))
    lines: list[Any] = []
    if products is None:
        for consignment in consignments:
            lines += [_line(line, consignment, consignments) for line in consignment.lines]
    else:
        lines = [_line(x, _consignment_of(x, consignments), consignments) for x in products]

    order = dict(row)
    order.pop("consignments", None)
    order["products"] = lines
    order["line_count"] = len(lines)
    order["consignment_count"] = len(consignments)
    order["shipping_address"] = row.get("billing_address")
    if consignments and consignments[0].kind == SHIPPING:
        address = dict(consignments[0].group)
        address.pop("line_items", None)
        order["shipping_address"] = address

    return order | _amounts(row)


def _consignment_of(line: Row, consignments: Sequence[_Consignment]) -> _Consignment:
    """Return the consignment of a line that was read outside of it."""
    for consignment in consignments:
        if consignment.contains(line):
            return consignment

    return _Consignment(SHIPPING if line.get("type") == "physical" else DOWNLOADS, {})


def _line(
    line: Row, consignment: _Consignment, consignments: Sequence[_Consignment]
) -> dict[str, Any]:
    """Return a line with its variant, and with the delivery of its consignment.

    The first consignment goes to the shipping address of the order, so that its lines have no
    address of their own.
    """
    read = dict(with_variant(line))
    if consignment.kind == DOWNLOADS:
        read["delivery"] = "digital"
    elif consignment.kind == PICKUPS:
        read |= _pickup(consignment.group)
    elif consignment.group and consignment is not consignments[0]:
        read["ship_to"] = _address(consignment.group)

    return read


def _pickup(group: Row) -> dict[str, Any]:
    """Return the fields of a line that its customer collects at a location."""
    location = group.get("location") or {}
    code = location.get("code") or location.get("name") or "unknown"
    return {
        "delivery": "pickup",
        "pickup_code": str(code),
        "ship_to": _location_address(location),
    }


def _address(address: Row) -> dict[str, str]:
    """Return an address of the store as the address of a line."""
    names = (_text(address, "first_name"), _text(address, "last_name"))
    return {
        "name": " ".join(filter(None, names)),
        "company": _text(address, "company"),
        "line1": _text(address, "street_1"),
        "line2": _text(address, "street_2"),
        "city": _text(address, "city"),
        "state": _text(address, "state"),
        "postal_code": _text(address, "zip"),
        "country": _text(address, "country_iso2").upper(),
        "phone": _text(address, "phone"),
        "email": _text(address, "email"),
    }


def _location_address(location: Row) -> dict[str, str]:
    """Return a pickup location as the address of a line."""
    return {
        "name": _text(location, "name"),
        "line1": _text(location, "address_line_1"),
        "line2": _text(location, "address_line_2"),
        "city": _text(location, "city"),
        "state": _text(location, "state"),
        "postal_code": _text(location, "postal_code"),
        "country": _text(location, "country_alpha2").upper(),
        "phone": _text(location, "phone"),
        "email": _text(location, "email"),
    }


def _text(row: Row, name: str) -> str:
    return str(row.get(name) or "").strip()


def _amounts(row: Row) -> dict[str, str]:
    """Return what the store states in parts: discounts, fees, and credit used as payment."""
    fees = [row.get("handling_cost_ex_tax"), row.get("wrapping_cost_ex_tax")]
    stated = row.get("fees")
    if isinstance(stated, Sequence):
        for fee in stated:
            fees.append(fee.get("cost_ex_tax", fee.get("cost_exc_tax")))

    return {
        "discount_total": _sum(row.get("discount_amount"), row.get("coupon_discount")),
        "fee_total": _sum(*fees),
        "credit_total": _sum(row.get("store_credit_amount"), row.get("gift_certificate_amount")),
    }


def _sum(*amounts: Any) -> str:
    """Return a sum, or an amount that is not a number, which its document refuses."""
    total = Decimal(0)
    for amount in amounts:
        try:
            total += Decimal(str(amount or 0))
        except InvalidOperation:
            return str(amount)

    return str(total)


_VARIANT_OPTIONS = {
    "size": "size",
    "color": "color",
    "colour": "color",
    "style": "style",
    "configuration": "configuration",
}
"""Dimensions of a variant by the display names of product options, in lower case."""


def with_variant(line: Row) -> Row:
    """Return a line with the `variant` that its product options name, or unchanged without one.

    Of an option that is given twice, the first counts.
    """
    variant = _variant(line.get("product_options") or ())
    return {**line, "variant": variant} if variant else line


def _variant(options: Sequence[Row]) -> dict[str, str]:
    variant: dict[str, str] = {}
    for option in options:
        dimension = _VARIANT_OPTIONS.get(_option_name(option).lower())
        value = _text(option, "display_value")
        if dimension and value:
            variant.setdefault(dimension, value)
    return variant


def _option_name(option: Row) -> str:
    return str(option.get("display_name") or option.get("name") or "").strip()

"""The state of a warehouse, and the transitions of its orders."""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson

WAITING, ACCEPTED, PICKED, PARTIALLY_SHIPPED = "waiting", "accepted", "picked", "partially_shipped"
SHIPPED, DELIVERED, DECLINED, CANCELED = "shipped", "delivered", "declined", "canceled"
OPEN = frozenset((WAITING, ACCEPTED, PICKED, PARTIALLY_SHIPPED))
MOST_DECIMALS = 4
CALL_KINDS = ("single", "bulk", "bulk_items", "repeats", "conflicts", "refused")


class WarehouseRefusal(Exception):
    """A refused request: an HTTP `status`, a `code` for programs and a `detail` for people."""

    def __init__(self, code: str, detail: str, *, status: int) -> None:
        super().__init__(detail)
        self.code, self.detail, self.status = code, detail, status


@dataclass(slots=True)
class WarehouseLine:
    """A line of an order; `reference` is the client's name for it."""

    reference: str
    sku: str
    quantity: Decimal
    unit: str = ""
    variant: Mapping[str, str] = field(default_factory=dict)
    shipped: Decimal = Decimal(0)

    @property
    def unshipped(self) -> Decimal:
        """The quantity that has not been shipped."""
        return self.quantity - self.shipped


@dataclass(slots=True)
class Parcel:
    """A shipped parcel; `items` are (line reference, SKU, quantity)."""

    id: str
    carrier: str
    service: str
    tracking_number: str
    items: list[tuple[str, str, Decimal]]
    delivered: bool = False


@dataclass(slots=True)
class WarehouseOrder:
    """An order of the warehouse."""

    id: str
    number: int
    reference: str
    lines: list[WarehouseLine]
    ship_to: Mapping[str, Any]
    received_at: str
    state: str = WAITING
    reason: str = ""
    parcels: list[Parcel] = field(default_factory=list)


@dataclass(slots=True)
class KeyUse:
    """The order that an idempotency key created, and how often the key was sent."""

    order: WarehouseOrder
    digest: bytes
    calls: int = 1
    conflicts: int = 0


class Warehouse:
    """The orders and events of one warehouse. `publish` receives every event, in order."""

    def __init__(
        self, *, now: Callable[[], datetime], publish: Callable[[dict[str, Any]], None]
    ) -> None:
        self.now, self.publish = now, publish
        self.orders: dict[str, WarehouseOrder] = {}
        self.by_reference: dict[str, list[WarehouseOrder]] = {}
        self.keys: dict[str, KeyUse] = {}
        self.events: list[dict[str, Any]] = []
        self.parcels = 0
        self.calls = dict.fromkeys(CALL_KINDS, 0)

    def receive(self, *, key: str, document: Mapping[str, Any]) -> tuple[WarehouseOrder, bool]:
        """Return the order of an idempotency key and whether it is new.

        Raise `WarehouseRefusal` for an invalid order, and for a key used with another payload.
        """
        payload = orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
        digest = hashlib.blake2b(payload, digest_size=16).digest()
        use = self.keys.get(key)
        if use is not None:
            return self._repeat(key, use, digest), False

        lines = self._parse_lines(document)
        number = len(self.orders) + 1
        order = WarehouseOrder(
            id=f"WH-{number:08d}",
            number=number,
            reference=document["reference"],
            lines=lines,
            ship_to=document.get("ship_to") or {},
            received_at=self.now().isoformat(),
        )
        self.orders[order.id] = order
        self.by_reference.setdefault(order.reference, []).append(order)
        self.keys[key] = KeyUse(order, digest)
        return order, True

    def _repeat(self, key: str, use: KeyUse, digest: bytes) -> WarehouseOrder:
        """Return the order of a repeated key. Raise `WarehouseRefusal` for another payload."""
        use.calls += 1
        if use.digest == digest:
            self.calls["repeats"] += 1
            return use.order

        use.conflicts += 1
        self.calls["conflicts"] += 1
        raise WarehouseRefusal(
            "idempotency_key_reused",
            f"idempotency key {key} was used for another payload; send a new key for a new order",
            status=409,
        )

    def _parse_lines(self, document: Mapping[str, Any]) -> list[WarehouseLine]:
        """Return the lines of an order. Raise `WarehouseRefusal` with the path of a fault."""
        if not _is_text(document.get("reference")):
            raise self._invalid("reference", "must be a non-empty string")

        rows = self._line_rows(document)
        lines: dict[str, WarehouseLine] = {}
        for index, row in enumerate(rows):
            line = self._parse_line(index, row)
            lines[line.reference] = line

        if len(lines) < len(rows):
            raise self._invalid("lines", "must not repeat a line_reference")

        return list(lines.values())

    def _line_rows(self, document: Mapping[str, Any]) -> list[Any]:
        rows = document.get("lines")
        if not isinstance(rows, list) or not rows:
            raise self._invalid("lines", "must hold at least one line")
        return rows

    def _parse_line(self, index: int, row: Any) -> WarehouseLine:
        """Return one line, by default numbered from 1. Raise `WarehouseRefusal`."""
        path = f"lines[{index}]"
        self._check_sku(f"{path}.sku", row)
        return WarehouseLine(
            reference=str(row.get("line_reference") or index + 1),
            sku=row["sku"],
            quantity=self._parse_ordered(f"{path}.quantity", row.get("quantity")),
            unit=str(row.get("unit") or ""),
            variant=self._parse_variant(f"{path}.variant", row.get("variant")),
        )

    def _check_sku(self, path: str, row: Any) -> None:
        if not isinstance(row, dict) or not _is_text(row.get("sku")):
            raise self._invalid(path, "must be a non-empty string")

    def _parse_ordered(self, path: str, value: Any) -> Decimal:
        quantity = parse_quantity(value)
        if quantity is None:
            raise self._invalid(path, "must be a number above 0 with at most 4 decimals")
        return quantity

    def _parse_variant(self, path: str, value: Any) -> dict[str, str]:
        variant = value or {}
        if not isinstance(variant, dict):
            raise self._invalid(path, "must be an object")
        return variant

    def _invalid(self, path: str, problem: str) -> WarehouseRefusal:
        self.calls["refused"] += 1
        return WarehouseRefusal("invalid_order", f"{path} {problem}", status=422)

    def order(self, order_id: str) -> WarehouseOrder:
        """Return an order. Raise `WarehouseRefusal` with status 404."""
        if order_id not in self.orders:
            raise WarehouseRefusal("order_not_found", f"no order {order_id}", status=404)
        return self.orders[order_id]

    def accept(self, order: WarehouseOrder) -> None:
        """Accept a waiting order."""
        self._move(order, ACCEPTED, allowed=(WAITING,))
        self._publish("order.accepted", order)

    def decline(self, order: WarehouseOrder, *, reason: str) -> None:
        """Decline an order that has not been shipped."""
        self._move(order, DECLINED, allowed=(WAITING, ACCEPTED, PICKED))
        order.reason = reason
        self._publish("order.declined", order, reason=reason)

    def cancel(self, order: WarehouseOrder) -> None:
        """Cancel an order on request of the client, unless a parcel has left."""
        if order.state == CANCELED:
            return
        self._move(order, CANCELED, allowed=(WAITING, ACCEPTED, PICKED))
        self._publish("order.canceled", order)

    def pick(self, order: WarehouseOrder) -> None:
        """Pick an accepted order."""
        self._move(order, PICKED, allowed=(ACCEPTED,))

    def ship(
        self,
        order: WarehouseOrder,
        *,
        carrier: str,
        service: str,
        items: Mapping[str, Decimal] | None = None,
        final: bool = True,
    ) -> Parcel:
        """Ship one parcel with these quantities by line reference, None for all unshipped ones.

        After a `final` parcel nothing follows, also when units remain unshipped.
        """
        if order.state not in (ACCEPTED, PICKED, PARTIALLY_SHIPPED):
            raise _wrong_state(order, "shipped")

        quantities = _all_unshipped(order) if items is None else _check_unshipped(order, items)
        self.parcels += 1
        number = self.parcels
        parcel = Parcel(f"SHP-{number:08d}", carrier, service, f"1Z{number:010d}", [])

        for line in order.lines:
            if line.reference in quantities:
                line.shipped += quantities[line.reference]
                parcel.items.append((line.reference, line.sku, quantities[line.reference]))

        is_complete = not _all_unshipped(order)
        order.parcels.append(parcel)
        order.state = SHIPPED if is_complete or final else PARTIALLY_SHIPPED
        shipment = shipment_of(order, parcel)
        self._publish("order.shipped", order, shipment=shipment)
        return parcel

    def deliver(self, order: WarehouseOrder) -> None:
        """Deliver all parcels of a shipped order."""
        self._move(order, DELIVERED, allowed=(SHIPPED,))
        for parcel in order.parcels:
            parcel.delivered = True
        shipment = shipment_of(order, order.parcels[-1])
        self._publish("order.delivered", order, shipment=shipment)

    def counts_by_state(self) -> dict[str, int]:
        """Return the number of orders by state."""
        return Counter(order.state for order in self.orders.values())

    def _move(self, order: WarehouseOrder, state: str, *, allowed: Sequence[str]) -> None:
        if order.state not in allowed:
            raise _wrong_state(order, state)
        order.state = state

    def _publish(self, kind: str, order: WarehouseOrder, **details: Any) -> None:
        sequence = len(self.events) + 1
        event = {
            "id": f"EVT-{sequence:010d}",
            "type": kind,
            "occurred_at": self.now().isoformat(),
            "sequence": sequence,
            "order": {"id": order.id, "reference": order.reference},
            **details,
        }
        self.events.append(event)
        self.publish(event)


def parse_quantity(value: Any) -> Decimal | None:
    """Return a JSON number as an exact quantity, None unless it is above 0 with four decimals."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    quantity = Decimal(str(value))
    if not quantity.is_finite() or quantity <= 0 or quantity != round(quantity, MOST_DECIMALS):
        return None
    return quantity


def quantity_number(quantity: Decimal) -> int | float:
    """Return a quantity as a JSON number: 2, 0.75."""
    whole = int(quantity)
    return whole if whole == quantity else float(quantity)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _wrong_state(order: WarehouseOrder, state: str) -> WarehouseRefusal:
    detail = f"order {order.id} is {order.state} and cannot be {state}"
    return WarehouseRefusal("wrong_state", detail, status=409)


def _all_unshipped(order: WarehouseOrder) -> dict[str, Decimal]:
    """Return the unshipped quantities by line reference."""
    return {line.reference: line.unshipped for line in order.lines if line.unshipped}


def _check_unshipped(order: WarehouseOrder, items: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Return the quantities of a parcel. Raise `WarehouseRefusal` for more than is unshipped."""
    unshipped = _all_unshipped(order)
    for reference, quantity in items.items():
        left = unshipped.get(reference, Decimal(0))
        if not 0 < quantity <= left:
            detail = f"line {reference} has {left} left to ship, not {quantity}"
            raise WarehouseRefusal("invalid_shipment", detail, status=422)
    return dict(items)


def parcel_document(parcel: Parcel, *, final: bool) -> dict[str, Any]:
    """Return a parcel as events and orders contain it."""
    items = []
    for reference, sku, quantity in parcel.items:
        items.append(
            {"line_reference": reference, "sku": sku, "quantity": quantity_number(quantity)}
        )

    return {
        "id": parcel.id,
        "carrier": parcel.carrier,
        "service": parcel.service,
        "tracking_number": parcel.tracking_number,
        "items": items,
        "final": final,
    }


def shipment_of(order: WarehouseOrder, parcel: Parcel) -> dict[str, Any]:
    """Return a parcel as an event contains it; the last one says how many there are."""
    final = order.state in (SHIPPED, DELIVERED)
    shipment = parcel_document(parcel, final=final)
    if final:
        shipment["parcels"] = len(order.parcels)
    return shipment


def order_document(order: WarehouseOrder) -> dict[str, Any]:
    """Return an order as `/v1/orders/{id}` does."""
    is_shipped = order.state in (SHIPPED, DELIVERED)
    last = len(order.parcels) - 1

    shipments = []
    for index, parcel in enumerate(order.parcels):
        shipment = parcel_document(parcel, final=is_shipped and index == last)
        shipments.append({**shipment, "delivered": parcel.delivered})

    lines = []
    for line in order.lines:
        lines.append(
            {
                "line_reference": line.reference,
                "sku": line.sku,
                "quantity": quantity_number(line.quantity),
                "unit": line.unit,
                "variant": dict(line.variant),
                "shipped": quantity_number(line.shipped),
            }
        )

    return {
        "id": order.id,
        "reference": order.reference,
        "state": order.state,
        "reason": order.reason,
        "received_at": order.received_at,
        "ship_to": order.ship_to,
        "lines": lines,
        "shipments": shipments,
    }


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)

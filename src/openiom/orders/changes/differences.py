"""Express the difference of two values of an order as operations.

It is how the inverse of a change is found, and how a change made in the store becomes a patch.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from openiom.documents import AddressDocument, VariantDocument
from openiom.kernel import from_steps, round_money

from .facts import ChangeFacts
from .operations import (
    AddLine,
    ChangeQuantity,
    Goodwill,
    Operation,
    RemoveLine,
    RestateAmounts,
    SetBillTo,
    SetDiscount,
    SetRequestedDate,
    SetShippingMethod,
    SetShipTo,
    SetTax,
    SetUnitPrice,
)
from .patches import DecidedPatch, apply_operation
from .values import ZERO, LineValue, OrderValue

_RESTATED = ("shipping", "fees", "credit", "difference", "reading")


def operations_between(
    before: OrderValue, after: OrderValue, facts: ChangeFacts, *, reason: str = ""
) -> list[Operation]:
    """Return operations that make the content of `after` from `before`, exactly.

    `facts` have the units of the products that are added. `reason` is that of goodwill.
    """
    recorder = _Recorder(before, facts)
    _add_new_lines(recorder, after)
    for line in after.lines:
        if _has(before, line):
            _change_line(recorder, line)

    for line in before.lines:
        if not _has(after, line):
            recorder.add(RemoveLine(line=line.line_number))

    _change_order(recorder, after, reason)
    return recorder.operations


def patch_between(before: OrderValue, after: OrderValue, facts: ChangeFacts) -> DecidedPatch:
    """Return the patch that has made `after` from `before`, where no decision was made here."""
    recorder = _Recorder(before, facts)
    words: list[str] = []
    for operation in operations_between(before, after, facts):
        words.append(operation.describe(recorder.value))
        recorder.add(operation)
    return DecidedPatch(before, after, recorder.operations, words)


class _Recorder:
    """Collects operations, and the value that they have made so far."""

    def __init__(self, value: OrderValue, facts: ChangeFacts) -> None:
        self.value = value
        self.facts = facts
        self.operations: list[Operation] = []

    def add(self, operation: Operation) -> None:
        self.operations.append(operation)
        self.value = apply_operation(self.value, operation, self.facts)

    def line(self, number: int) -> LineValue:
        return next(line for line in self.value.lines if line.line_number == number)


def _has(value: OrderValue, wanted: LineValue) -> bool:
    return any(line.line_number == wanted.line_number for line in value.lines)


def _add_new_lines(recorder: _Recorder, after: OrderValue) -> None:
    for line in after.lines:
        present = [x for x in recorder.value.lines if x.line_number == line.line_number]
        if not present:
            recorder.add(_line_added(line))
        elif not present[0].changeable and line.quantity > present[0].quantity:
            recorder.add(_rest_added(present[0], line, after.currency))


def _line_added(line: LineValue) -> AddLine:
    return AddLine(
        product=line.product,
        quantity=from_steps(line.quantity, line.steps.decimals),
        unit_price=line.unit_price,
        unit=line.unit,
        name=line.name,
        external_id=line.external_id,
        variant=VariantDocument(**dict(line.variant)) if line.variant else None,
        discount=line.discount,
        tax=line.tax,
        requested_date=line.requested_date,
        delivery="shipment" if line.delivery == "digital" else line.delivery,
        pickup_source=line.pickup_source,
        ship_to=AddressDocument(**line.ship_to) if line.ship_to else None,
    )


def _rest_added(ended: LineValue, wanted: LineValue, currency: str) -> AddLine:
    """Return the rest of a line of which everything left has shipped or was canceled.

    The discount has what rounding two prices instead of one makes of difference.
    """
    steps = wanted.quantity - ended.quantity
    rest = replace(
        wanted,
        quantity=steps,
        discount=ZERO,
        tax=wanted.tax - ended.tax,
    )
    rounding = rest.net(currency) + ended.net(currency) - wanted.net(currency)
    return _line_added(replace(rest, discount=rounding))


def _change_line(recorder: _Recorder, wanted: LineValue) -> None:
    number = wanted.line_number
    line = recorder.line(number)
    if line.quantity != wanted.quantity and line.changeable:
        quantity = from_steps(wanted.quantity, wanted.steps.decimals)
        if wanted.quantity == wanted.fixed:
            recorder.add(RemoveLine(line=number))
        else:
            recorder.add(ChangeQuantity(line=number, quantity=quantity))

    for operation in _line_fields(recorder.line(number), wanted):
        recorder.add(operation)
    _correct_line(recorder, wanted)


def _line_fields(line: LineValue, wanted: LineValue) -> Iterator[Operation]:
    number = line.line_number
    if line.unit_price != wanted.unit_price:
        yield SetUnitPrice(line=number, unit_price=wanted.unit_price)
    if _address(line.ship_to) != _address(wanted.ship_to):
        yield SetShipTo(line=number, address=_document(wanted.ship_to))
    if line.requested_date != wanted.requested_date:
        yield SetRequestedDate(line=number, date=wanted.requested_date)


def _correct_line(recorder: _Recorder, wanted: LineValue) -> None:
    """Add operations where discount and tax are not in proportion."""
    number = wanted.line_number
    if recorder.line(number).quantity != wanted.quantity:
        return
    if recorder.line(number).discount != wanted.discount:
        recorder.add(SetDiscount(line=number, amount=wanted.discount))
    if recorder.line(number).tax != wanted.tax:
        recorder.add(SetTax(line=number, amount=wanted.tax))


def _change_order(recorder: _Recorder, after: OrderValue, reason: str) -> None:
    before = recorder.value
    for operation in _order_fields(before, after):
        recorder.add(operation)

    _change_amounts(recorder, after)
    if recorder.value.order_tax != after.order_tax:
        recorder.add(SetTax(amount=after.order_tax))
    goodwill = after.goodwill - before.goodwill
    if goodwill:
        recorder.add(Goodwill(amount=goodwill, reason=reason or "changed"))


def _order_fields(before: OrderValue, after: OrderValue) -> Iterator[Operation]:
    if before.discount != after.discount:
        yield SetDiscount(amount=after.discount)
    if before.requested_date != after.requested_date:
        yield SetRequestedDate(date=after.requested_date)
    if before.shipping_method != after.shipping_method:
        yield SetShippingMethod(method=after.shipping_method, amount=after.shipping)
    yield from _order_addresses(before, after)


def _order_addresses(before: OrderValue, after: OrderValue) -> Iterator[Operation]:
    if _address(before.ship_to) != _address(after.ship_to):
        yield SetShipTo(address=_document(after.ship_to))
    if _address(before.bill_to) != _address(after.bill_to):
        yield SetBillTo(address=_document(after.bill_to))


def _change_amounts(recorder: _Recorder, after: OrderValue) -> None:
    value = recorder.value
    if all(getattr(value, name) == getattr(after, name) for name in _RESTATED):
        return

    only_shipping = replace(value, shipping=after.shipping)
    if all(getattr(only_shipping, name) == getattr(after, name) for name in _RESTATED):
        method = after.shipping_method
        recorder.add(SetShippingMethod(method=method, amount=after.shipping))
        return

    recorder.add(
        RestateAmounts(
            shipping=after.shipping,
            fees=after.fees,
            credit=after.credit,
            difference=round_money(after.difference, after.currency),
            reading=after.reading,
        )
    )


def _document(address: Any) -> AddressDocument | None:
    return AddressDocument(**address) if address else None


def _address(address: Any) -> dict[str, Any] | None:
    """Return an address with all its fields, however it was stored."""
    document = _document(address)
    return document.model_dump(mode="json") if document else None

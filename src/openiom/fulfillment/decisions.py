"""Pure decisions about updates of fulfillers; the result does not depend on their order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal
from uuid import UUID

from openiom.documents import (
    FulfillmentUpdateDocument,
    ShipmentDocument,
    quantity_number,
)
from openiom.kernel import Invalid, Problem, StockUnits, from_steps, in_stock_units, to_steps

from .progress import (
    CANCELED,
    CLOSED,
    DELIVERED,
    ENDED,
    NEW,
    NOT_FULFILLED,
    PARTIALLY_SHIPPED,
    PROGRESS,
    REASONS,
    RECALL_REFUSED,
    RECALL_REFUSED_EVENT,
    RECALL_REQUESTED,
    RECALL_REQUESTED_EVENT,
    RECALL_WITHDRAWN_EVENT,
    SEND_FAILED,
    SEND_FAILED_EVENT,
    SENT,
    SHIPPED,
    SHORT,
    event_of,
)


@dataclass(slots=True)
class FulfillmentLineState:
    """A line of a fulfillment order and how much of it has shipped.

    Quantities are steps of its unit, see `OrderLine` of the orders package.
    """

    id: UUID
    order_line_id: UUID
    product: str
    quantity: int
    shipped: int
    unit: str = ""
    unit_decimals: int = 0
    stock_per_step: int = 1
    stock_decimals: int = 0
    variant: dict[str, str] | None = None

    @property
    def unshipped(self) -> int:
        return self.quantity - self.shipped

    def number(self, steps: int) -> int | float:
        """Return steps of this line as a number of its unit, for events and messages."""
        return quantity_number(steps, self.unit_decimals)

    def units(self, steps: int) -> Decimal:
        """Return steps of this line as a quantity of its unit."""
        return from_steps(steps, self.unit_decimals)

    def in_stock(self, steps: int) -> StockUnits:
        """Return steps of this line as a quantity in the stock unit of its product."""
        return in_stock_units(steps, self.stock_per_step, self.stock_decimals)


Recall = Literal["", "requested", "accepted", "refused"]
"""Whether a fulfillment order was recalled, and what its fulfiller answered."""
RecalledUnits = Literal["", "source_again", "cancel"]
"""What becomes of the units of a recalled fulfillment order; empty when it was not recalled."""


@dataclass(slots=True)
class ParcelState:
    """A recorded shipment: steps by fulfillment order line."""

    units: Mapping[UUID, int]
    delivered: bool = False


@dataclass(slots=True)
class FulfillmentOrderState:
    """A fulfillment order with its lines and parcels; updates of one batch build on each other.

    `open_steps` are the steps of order lines that are neither shipped, canceled nor in fulfillment;
    all fulfillment orders of a batch share them.
    """

    id: UUID
    number: str
    order_id: UUID
    source: str
    state: str
    state_reason: str
    sent: bool
    delivered: bool
    recall: Recall = ""
    recalled_units: RecalledUnits = ""
    recall_reason: str = ""
    final_parcels: int | None = None
    lines: dict[UUID, FulfillmentLineState] = field(default_factory=dict)
    parcels: dict[str, ParcelState] = field(default_factory=dict)
    open_steps: dict[UUID, int] = field(default_factory=dict)

    @property
    def shipped_units(self) -> Decimal:
        """Units shipped of all lines together."""
        return sum((line.units(line.shipped) for line in self.lines.values()), Decimal(0))

    @property
    def is_wholly_shipped(self) -> bool:
        return all(line.unshipped == 0 for line in self.lines.values())


@dataclass(slots=True)
class UpdateEffect:
    """What an update changes.

    `events` are published in order. `parcel` are the steps of a new parcel by line, and
    `delivered_parcel` is the external id of one that arrived. `returned` are steps by order line
    that are open again, and `reclaimed` those that were open again and have shipped after all.
    `noted` says that something else must be written. An effect without any of these is a
    repetition.
    """

    events: list[str] = field(default_factory=list)
    parcel: Mapping[UUID, int] | None = None
    delivered_parcel: str = ""
    returned: dict[UUID, int] = field(default_factory=dict)
    reclaimed: dict[UUID, int] = field(default_factory=dict)
    noted: bool = False

    @property
    def is_change(self) -> bool:
        return bool(self.events or self.parcel or self.delivered_parcel or self.noted)


def apply_update(
    order: FulfillmentOrderState, update: FulfillmentUpdateDocument
) -> UpdateEffect | Problem:
    """Apply one update to `order`. A `Problem` changes nothing.

    An update about a state that was passed already changes nothing, and a parcel counts also after
    the rest was declined or canceled, so that updates lead to the same result in whatever order
    they arrive. An update that contradicts what happened is a problem: more units than are left.
    """
    if update.kind in (SHIPPED, DELIVERED):
        return _apply_parcel(order, update)
    if update.kind in NOT_FULFILLED:
        return _end(order, update.kind)

    return advance_to(order, update.kind)


def advance_to(order: FulfillmentOrderState, state: str) -> UpdateEffect:
    """Move an order to sent, accepted, picked or packed if that state is ahead of it.

    That a fulfillment order was sent is noted and published even when later news came first.
    """
    effect = UpdateEffect()
    if state == SENT and not order.sent:
        order.sent = True
        effect.noted = True

    if order.state in ENDED:
        _repeat_request(order, effect)
        return effect

    if PROGRESS.index(state) > PROGRESS.index(order.state):
        _move(order, state, effect)
    elif effect.noted:
        effect.events.append(event_of(SENT))

    return effect


def _repeat_request(order: FulfillmentOrderState, effect: UpdateEffect) -> None:
    """Request the cancellation of a recalled order that was on its way when it was canceled."""
    if effect.noted and order.recall == "accepted":
        order.recall = "requested"
        effect.events.append(RECALL_REQUESTED_EVENT)


def record_send_failure(order: FulfillmentOrderState) -> UpdateEffect:
    """Record that an order could not be sent; ignored when the fulfiller has reported on it."""
    effect = UpdateEffect()
    if order.state == NEW:
        order.state_reason = SEND_FAILED
        effect.events.append(SEND_FAILED_EVENT)
    return effect


def _move(order: FulfillmentOrderState, state: str, effect: UpdateEffect) -> None:
    order.state, order.state_reason = state, REASONS[state]
    effect.events.append(event_of(state))


def _end(order: FulfillmentOrderState, kind: str) -> UpdateEffect | Problem:
    """Decline or cancel an order; one that has shipped in part is closed instead."""
    if order.state in ENDED:
        return _confirm_recall(order)
    if order.is_wholly_shipped:
        return _contradiction(order, f"cannot be {kind}: all of its units have shipped")

    effect = UpdateEffect()
    _return_rest(order, effect)
    _move(order, CLOSED if order.shipped_units else kind, effect)
    return effect


def _confirm_recall(order: FulfillmentOrderState) -> UpdateEffect:
    """Note that the fulfiller gives up an order that has ended here already."""
    is_open = order.recall in ("requested", "refused")
    if is_open:
        order.recall = "accepted"
    return UpdateEffect(noted=is_open)


def request_recall(
    order: FulfillmentOrderState, units: RecalledUnits, *, in_flight: bool, reason: str = ""
) -> UpdateEffect | Problem:
    """Cancel an order that its fulfiller does not have; request the cancellation of another one.

    `in_flight` says that the order may be on its way to the fulfiller. A repeated request changes
    what becomes of the units, and the reason if it has one, and requests the cancellation again
    only where it was refused.
    """
    if order.state in ENDED:
        return _contradiction(order, f"was {order.state} already")
    if order.is_wholly_shipped:
        return _contradiction(order, "cannot be recalled: all of its units have shipped")

    is_unsent = order.state == NEW and not order.sent and not in_flight
    order.recalled_units = units
    order.recall_reason = reason or order.recall_reason
    if is_unsent:
        return _end(order, CANCELED)

    effect = UpdateEffect(noted=True)
    if order.recall != "requested":
        order.recall, order.state_reason = "requested", RECALL_REQUESTED
        effect.events.append(RECALL_REQUESTED_EVENT)

    return effect


def accept_recall(order: FulfillmentOrderState) -> UpdateEffect | Problem:
    """Cancel a recalled order because its fulfiller agreed."""
    if not order.recall:
        return _contradiction(order, "was not recalled")
    return _end(order, CANCELED)


def refuse_recall(order: FulfillmentOrderState) -> UpdateEffect | Problem:
    """Record that the fulfiller does not cancel a recalled order."""
    if order.recall != "requested":
        return _contradiction(order, "has no open recall to refuse")

    order.recall = "refused"
    if order.state not in ENDED:
        order.state_reason = RECALL_REFUSED
    return UpdateEffect([RECALL_REFUSED_EVENT])


def withdraw_recall(order: FulfillmentOrderState) -> UpdateEffect | Problem:
    """Leave a recalled order with its fulfiller."""
    if order.recall not in ("requested", "refused"):
        return _contradiction(order, "has no recall to withdraw")
    order.recall, order.recalled_units, order.recall_reason = "", "", ""
    order.state_reason = REASONS[order.state]
    return UpdateEffect([RECALL_WITHDRAWN_EVENT])


def _return_rest(order: FulfillmentOrderState, effect: UpdateEffect) -> None:
    """Return the units that have not shipped; they are open again unless they are canceled."""
    if order.recalled_units:
        order.recall = "accepted"

    are_open = order.recalled_units != "cancel"
    for line in order.lines.values():
        if line.unshipped:
            effect.returned[line.order_line_id] = line.unshipped
            known = order.open_steps.get(line.order_line_id, 0)
            order.open_steps[line.order_line_id] = known + line.unshipped * are_open


def _apply_parcel(
    order: FulfillmentOrderState, update: FulfillmentUpdateDocument
) -> UpdateEffect | Problem:
    effect = UpdateEffect()
    if update.shipment is not None:
        problem = _record_parcel(order, update.shipment, effect)
        if problem:
            return problem

        if update.kind == DELIVERED:
            _deliver_parcel(order, update.shipment.external_id, effect)

        _note_last_parcel(order, update.shipment, effect)
        _close_short(order, effect)
    elif update.kind == SHIPPED:
        return Problem(
            "shipment",
            "is missing, so it is unknown which units were shipped",
            "send the parcel with its items",
        )
    else:
        effect.noted = not order.delivered
        order.delivered = True

    _deliver_if_complete(order, effect)
    return effect


def _deliver_parcel(order: FulfillmentOrderState, external_id: str, effect: UpdateEffect) -> None:
    parcel = order.parcels[external_id]
    if not parcel.delivered:
        parcel.delivered = True
        effect.delivered_parcel = external_id


def _note_last_parcel(
    order: FulfillmentOrderState, parcel: ShipmentDocument, effect: UpdateEffect
) -> None:
    """Note the number of parcels of an order when its fulfiller says that this is the last."""
    if parcel.final and order.final_parcels is None:
        order.final_parcels = parcel.parcels or len(order.parcels)
        effect.noted = True


def _record_parcel(
    order: FulfillmentOrderState, parcel: ShipmentDocument, effect: UpdateEffect
) -> Problem | None:
    """Record a parcel unless it is known. A `Problem` changes nothing."""
    units = _units_by_line(order, parcel)
    if isinstance(units, Problem):
        return units

    known = order.parcels.get(parcel.external_id)
    if known is not None:
        if dict(known.units) == units:
            return None

        what = f"{parcel.external_id} is already recorded with other units"
        return Problem("shipment.external_id", what, "give the new parcel an id of its own")

    problem = _too_many_units(order, parcel, units)
    if problem:
        return problem

    if order.state in ENDED:
        _reclaim(order, units, effect)

    for line_id, quantity in units.items():
        order.lines[line_id].shipped += quantity

    order.parcels[parcel.external_id] = ParcelState(units)
    effect.parcel = units
    state = _state_after_parcel(order)
    if state != order.state or state == PARTIALLY_SHIPPED:
        _move(order, state, effect)

    return None


def _state_after_parcel(order: FulfillmentOrderState) -> str:
    if order.is_wholly_shipped:
        return SHIPPED
    return CLOSED if order.state in ENDED else PARTIALLY_SHIPPED


def _reclaim(order: FulfillmentOrderState, units: Mapping[UUID, int], effect: UpdateEffect) -> None:
    """Count units as shipped that were open again when their parcel was reported."""
    for line_id, quantity in units.items():
        order_line_id = order.lines[line_id].order_line_id
        effect.reclaimed[order_line_id] = quantity
        order.open_steps[order_line_id] -= quantity


def _ends_short(order: FulfillmentOrderState) -> bool:
    """Return whether every parcel is recorded and units are missing for the first time."""
    if order.final_parcels is None or len(order.parcels) < order.final_parcels:
        return False
    return not order.is_wholly_shipped and order.state_reason != SHORT


def _close_short(order: FulfillmentOrderState, effect: UpdateEffect) -> None:
    """Return the rest once every parcel is recorded: the fulfiller ships no more of it."""
    if not _ends_short(order):
        return
    if order.state not in ENDED:
        _return_rest(order, effect)
        _move(order, CLOSED, effect)

    order.state_reason = SHORT
    effect.noted = True


def _units_by_line(
    order: FulfillmentOrderState, parcel: ShipmentDocument
) -> dict[UUID, int] | Problem:
    units: dict[UUID, int] = {}
    for index, item in enumerate(parcel.items):
        line_id = _parse_id(item.line)
        if line_id is None or line_id not in order.lines:
            return Problem(
                f"shipment.items[{index}].line",
                f"{item.line} is not a line of {order.number}",
                "name lines by the reference that was sent",
            )

        try:
            line = order.lines[line_id]
            steps = to_steps(item.quantity, line.unit_decimals, unit=line.unit)
        except Invalid as error:
            return Problem(f"shipment.items[{index}].quantity", error.what, error.remedy)

        units[line_id] = units.get(line_id, 0) + steps

    return units


def _parse_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _too_many_units(
    order: FulfillmentOrderState, parcel: ShipmentDocument, units: Mapping[UUID, int]
) -> Problem | None:
    """Return the problem of the first item whose line has fewer units left to ship.

    Of an order that has ended, the units that are still open count.
    """
    for index, item in enumerate(parcel.items):
        line = order.lines[UUID(item.line)]
        wanted = units[line.id]
        where = f"shipment.items[{index}].quantity"
        if wanted > line.unshipped:
            return Problem(
                where,
                f"{line.number(line.unshipped)} units of {line.product} are left to ship,"
                f" not {line.number(wanted)}",
                "correct the parcel at its sender, then replay",
            )

        still_open = order.open_steps.get(line.order_line_id, 0)
        if order.state in ENDED and wanted > still_open:
            return Problem(
                where,
                f"{order.number} was {order.state} before, and only {line.number(still_open)} of"
                f" {line.number(wanted)} shipped units of {line.product} are still open",
                "recall the fulfillment order that has them now, then replay",
            )

    return None


def _deliver_if_complete(order: FulfillmentOrderState, effect: UpdateEffect) -> None:
    """Deliver an order once all of it has shipped and either it or every parcel has arrived."""
    if order.state != SHIPPED:
        return
    if order.delivered or all(parcel.delivered for parcel in order.parcels.values()):
        _move(order, DELIVERED, effect)


def _contradiction(order: FulfillmentOrderState, what: str) -> Problem:
    return Problem("kind", f"{order.number} {what}", "agree with the fulfiller on what happened")

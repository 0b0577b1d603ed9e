"""Pure decisions about updates of fulfillers; the result does not depend on their order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from openiom.documents import (
    FulfillmentUpdateDocument,
    ShipmentDocument,
    plain_number,
    quantity_number,
)
from openiom.kernel import Invalid, Problem, StockUnits, from_steps, in_stock_units, to_steps

from .progress import (
    CLOSED,
    DECLINED,
    DELIVERED,
    ENDED,
    NEW,
    NOT_FULFILLED,
    PARTIALLY_SHIPPED,
    PROGRESS,
    REASONS,
    SEND_FAILED,
    SEND_FAILED_EVENT,
    SENT,
    SHIPPED,
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


@dataclass(slots=True)
class ParcelState:
    """A recorded shipment: steps by fulfillment order line."""

    units: Mapping[UUID, int]
    delivered: bool = False


@dataclass(slots=True)
class FulfillmentOrderState:
    """A fulfillment order with its lines and parcels; updates of one batch build on each other."""

    id: UUID
    number: str
    order_id: UUID
    source: str
    state: str
    state_reason: str
    sent: bool
    delivered: bool
    lines: dict[UUID, FulfillmentLineState] = field(default_factory=dict)
    parcels: dict[str, ParcelState] = field(default_factory=dict)

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
    that are open again. `noted` says that something else must be written. An effect without any of
    these is a repetition.
    """

    events: list[str] = field(default_factory=list)
    parcel: Mapping[UUID, int] | None = None
    delivered_parcel: str = ""
    returned: dict[UUID, int] = field(default_factory=dict)
    noted: bool = False

    @property
    def is_change(self) -> bool:
        return bool(self.events or self.parcel or self.delivered_parcel or self.noted)


def apply_update(
    order: FulfillmentOrderState, update: FulfillmentUpdateDocument
) -> UpdateEffect | Problem:
    """Apply one update to `order`. A `Problem` changes nothing.

    An update about a state that was passed already changes nothing, so that updates lead to the
    same result in whatever order they arrive. An update that contradicts what happened is a
    problem: a parcel of a declined order, more units than are left.
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
        return effect

    if PROGRESS.index(state) > PROGRESS.index(order.state):
        _move(order, state, effect)
    elif effect.noted:
        effect.events.append(event_of(SENT))

    return effect


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
        return UpdateEffect()

    shipped = order.shipped_units
    if shipped and kind == DECLINED:
        return _contradiction(
            order, f"cannot be declined: {plain_number(shipped)} of its units have shipped"
        )
    if order.is_wholly_shipped:
        return _contradiction(order, f"cannot be {kind}: all of its units have shipped")

    effect = UpdateEffect()
    for line in order.lines.values():
        if line.unshipped:
            effect.returned[line.order_line_id] = line.unshipped

    _move(order, CLOSED if shipped else kind, effect)
    return effect


def _apply_parcel(
    order: FulfillmentOrderState, update: FulfillmentUpdateDocument
) -> UpdateEffect | Problem:
    effect = UpdateEffect()
    if update.shipment is not None:
        problem = _record_parcel(order, update.shipment, effect)
        if problem:
            return problem

        parcel = order.parcels[update.shipment.external_id]
        if update.kind == DELIVERED and not parcel.delivered:
            parcel.delivered = True
            effect.delivered_parcel = update.shipment.external_id
    elif update.kind == SHIPPED:
        return Problem(
            "shipment",
            "is missing, so it is unknown which units were shipped",
            "send the parcel with its items",
        )
    elif order.state in NOT_FULFILLED:
        return _contradiction(order, f"was {order.state}; it cannot be delivered")
    else:
        effect.noted = not order.delivered
        order.delivered = True

    _deliver_if_complete(order, effect)
    return effect


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
    if order.state in ENDED:
        return _contradiction(order, f"was {order.state}; it cannot ship")

    problem = _too_many_units(order, parcel, units)
    if problem:
        return problem

    for line_id, quantity in units.items():
        order.lines[line_id].shipped += quantity

    order.parcels[parcel.external_id] = ParcelState(units)
    effect.parcel = units
    state = SHIPPED if order.is_wholly_shipped else PARTIALLY_SHIPPED
    _move(order, state, effect)
    return None


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
    """Return the problem of the first item whose line has fewer units left to ship."""
    for index, item in enumerate(parcel.items):
        line = order.lines[UUID(item.line)]
        if units[line.id] > line.unshipped:
            return Problem(
                f"shipment.items[{index}].quantity",
                f"{line.number(line.unshipped)} units of {line.product} are left to ship,"
                f" not {line.number(units[line.id])}",
                "correct the parcel at its sender, then replay",
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

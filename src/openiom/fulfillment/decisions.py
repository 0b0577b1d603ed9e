"""What an update of a fulfiller amounts to, settled on paper: the same in whatever order updates arrive."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from openiom.documents import FulfillmentUpdateDocument, ShipmentDocument
from openiom.kernel import Problem
from openiom.state_framework import advance

from .states import (
    CLOSED,
    DECLINED,
    DELIVERED,
    ENDED,
    FULFILLMENT_ORDER_TABLE,
    OFF_THE_WAY,
    PARTIALLY_SHIPPED,
    SENT,
    SENT_FAILED,
    SHIPPED,
    WAY,
    event_of,
)


@dataclass(slots=True)
class StandingLine:
    id: UUID
    order_line_id: UUID
    product: str
    quantity: int
    shipped: int

    @property
    def left(self) -> int:
        return self.quantity - self.shipped


@dataclass(slots=True)
class Parcel:
    """A shipment we know: units by fulfillment order line."""

    units: Mapping[UUID, int]
    delivered: bool = False


@dataclass(slots=True)
class Standing:
    """A fulfillment order as it stands; updates of one batch build on each other."""

    id: UUID
    number: str
    order_id: UUID
    source: str
    state: str
    reason: str
    sent: bool
    delivered: bool
    lines: dict[UUID, StandingLine] = field(default_factory=dict)
    parcels: dict[str, Parcel] = field(default_factory=dict)

    @property
    def shipped_units(self) -> int:
        return sum(line.shipped for line in self.lines.values())

    @property
    def wholly_shipped(self) -> bool:
        return all(not line.left for line in self.lines.values())


@dataclass(slots=True)
class Applied:
    """What changed: events to tell in order, a parcel to record, units handed back. Nothing at all: a repetition."""

    events: list[str] = field(default_factory=list)
    parcel: Mapping[UUID, int] | None = None
    delivered_parcel: str = ""
    back: dict[UUID, int] = field(default_factory=dict)
    noted: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.events or self.parcel or self.delivered_parcel or self.noted)


def take_update(standing: Standing, update: FulfillmentUpdateDocument) -> Applied | Problem:
    """Apply one update to `standing`. A Problem has changed nothing.

    News of a place passed already change nothing, so that updates converge in whatever order they come; what
    contradicts what happened (a parcel of a declined order, more units than are left) is a problem.
    """
    if update.kind in ("shipped", "delivered"):
        return _take_parcel(standing, update)
    if update.kind in ("declined", "canceled"):
        return _end(standing, update.kind)
    return advance_to(standing, update.kind)


def advance_to(standing: Standing, state: str) -> Applied:
    """Accepted, picked, packed or sent: on if it is ahead, else nothing new."""
    applied = Applied()
    if state == SENT and not standing.sent:
        standing.sent, applied.noted = True, True
    if standing.state in ENDED or WAY.index(state) <= WAY.index(standing.state):
        if applied.noted and standing.state not in ENDED:
            applied.events.append(event_of(SENT))
        return applied
    _move(standing, event_of(state), applied)
    return applied


def send_failed(standing: Standing) -> Applied:
    """The fulfiller could not be told; told already by other news, that failure means nothing."""
    applied = Applied()
    if standing.state == WAY[0]:
        _move(standing, SENT_FAILED, applied)
    return applied


def _move(standing: Standing, event: str, applied: Applied) -> None:
    to = advance(FULFILLMENT_ORDER_TABLE, event=event, state=standing.state)
    assert to is not None
    standing.state, standing.reason = to
    applied.events.append(event)


def _end(standing: Standing, kind: str) -> Applied | Problem:
    if standing.state in ENDED:
        return Applied()
    if standing.shipped_units and kind == DECLINED:
        return _contradiction(
            standing, f"cannot be declined: {standing.shipped_units} of its units have shipped"
        )
    if standing.wholly_shipped:
        return _contradiction(standing, f"cannot be {kind}: all of its units have shipped")
    applied = Applied(
        back={line.order_line_id: line.left for line in standing.lines.values() if line.left}
    )
    _move(standing, event_of(CLOSED if standing.shipped_units else kind), applied)
    return applied


def _take_parcel(standing: Standing, update: FulfillmentUpdateDocument) -> Applied | Problem:
    applied = Applied()
    if update.shipment is None:
        if update.kind == "shipped":
            return Problem(
                "shipment",
                "is missing: which units left is not said",
                "send the parcel with its items",
            )
        if standing.state in OFF_THE_WAY:
            return _contradiction(standing, f"was {standing.state}; it cannot be delivered")
        applied.noted = not standing.delivered
        standing.delivered = True
    else:
        problem = _record(standing, update.shipment, applied)
        if problem:
            return problem
        if (
            update.kind == "delivered"
            and not standing.parcels[update.shipment.external_id].delivered
        ):
            standing.parcels[update.shipment.external_id].delivered = True
            applied.delivered_parcel = update.shipment.external_id
    _arrive(standing, applied)
    return applied


def _record(standing: Standing, parcel: ShipmentDocument, applied: Applied) -> Problem | None:
    units, problem = _units(standing, parcel)
    if problem:
        return problem
    known = standing.parcels.get(parcel.external_id)
    if known is not None:
        if dict(known.units) == units:
            return None
        what = f"{parcel.external_id} is recorded with other units already"
        return Problem("shipment.external_id", what, "give the new parcel an id of its own")
    if standing.state in ENDED:
        return _contradiction(standing, f"was {standing.state}; it cannot ship")
    for index, item in enumerate(parcel.items):
        line = standing.lines[UUID(item.line)]
        if units[line.id] > line.left:
            what = f"{line.left} units of {line.product} are left to ship, not {units[line.id]}"
            return Problem(
                f"shipment.items[{index}].quantity",
                what,
                "correct the parcel at its sender, then replay",
            )
    for line_id, quantity in units.items():
        standing.lines[line_id].shipped += quantity
    standing.parcels[parcel.external_id] = Parcel(units)
    applied.parcel = units
    _move(standing, event_of(SHIPPED if standing.wholly_shipped else PARTIALLY_SHIPPED), applied)
    return None


def _units(standing: Standing, parcel: ShipmentDocument) -> tuple[dict[UUID, int], Problem | None]:
    units: dict[UUID, int] = {}
    for index, item in enumerate(parcel.items):
        try:
            line_id = UUID(item.line)
        except ValueError:
            line_id = standing.id
        if line_id not in standing.lines:
            what = f"{item.line} is no line of {standing.number}"
            return {}, Problem(
                f"shipment.items[{index}].line", what, "name lines by the reference we sent"
            )
        units[line_id] = units.get(line_id, 0) + item.quantity
    return units, None


def _arrive(standing: Standing, applied: Applied) -> None:
    """Delivered once everything shipped and all of it, or the whole, is said to have arrived."""
    there = standing.delivered or all(p.delivered for p in standing.parcels.values())
    if standing.state == SHIPPED and there:
        _move(standing, event_of(DELIVERED), applied)


def _contradiction(standing: Standing, what: str) -> Problem:
    return Problem(
        "kind", f"{standing.number} {what}", "agree with the fulfiller on what really happened"
    )

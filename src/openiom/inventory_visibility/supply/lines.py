"""Lines of purchase and transfer orders under lock, and the schedule that follows them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.measures import ON_HAND, ZERO
from openiom.platform.bulk import copy_rows, execute, fetch_as

from .schedule import DatedMeasure, ScheduleChange, post_schedule

Kind = Literal["purchase", "transfer"]


class SupplyLineKey(NamedTuple):
    """The line of a purchase or transfer order."""

    kind: Kind
    number: str
    line_number: int


class Scheduled(NamedTuple):
    """Units that are scheduled on a day."""

    units: Decimal
    day: date
    confidence: Decimal


@dataclass(slots=True)
class SupplyLineState:
    """A locked line.

    `scheduled` units are in the schedule as supply at `source`, `scheduled_demand` units as demand
    at `origin`; `supply` and `demand` say with which day and confidence.
    """

    id: UUID
    key: SupplyLineKey
    product: str
    source: str
    origin: str
    quantity: Decimal
    received: Decimal
    shipped: Decimal
    closed: Decimal
    scheduled: Decimal
    scheduled_demand: Decimal
    expected_date: date
    ship_date: date
    confidence: Decimal
    version: int
    supply: Scheduled
    demand: Scheduled

    @property
    def open(self) -> Decimal:
        """Units still expected."""
        return max(ZERO, self.quantity - self.received - self.closed)

    @property
    def to_ship(self) -> Decimal:
        """Units that have not left the origin; received units have left it, reported or not."""
        if not self.origin:
            return ZERO
        left = max(self.shipped, self.received)
        return max(ZERO, self.quantity - left - self.closed)

    @property
    def document(self) -> str:
        return f"{self.key.kind} {self.key.number}"

    def reschedule(self) -> list[ScheduleChange]:
        """Return the dated changes that make the schedule follow the line at both ends.

        The line remembers what is scheduled afterwards, under a new version.
        """
        supply = Scheduled(self.open, self.expected_date, self.confidence)
        demand = Scheduled(self.to_ship, self.ship_date, self.confidence)
        if (supply, demand) == (self.supply, self.demand):
            return []

        self.version += 1
        event_id = f"supply/{self.id}/{self.version}"
        changes = []
        at_source = _difference(self.supply, supply, sign=1)
        if at_source:
            changes.append(self._change(event_id, self.source, at_source))

        at_origin = _difference(self.demand, demand, sign=-1)
        if at_origin:
            changes.append(self._change(f"{event_id}/origin", self.origin, at_origin))

        self.supply, self.demand = supply, demand
        self.scheduled, self.scheduled_demand = supply.units, demand.units
        return changes

    def _change(
        self, event_id: str, source: str, quantities: dict[DatedMeasure, Decimal]
    ) -> ScheduleChange:
        return ScheduleChange(
            event_id,
            "",
            self.product,
            source,
            quantities,
            document=self.document,
            confidence=self.confidence,
        )


def _difference(before: Scheduled, after: Scheduled, *, sign: int) -> dict[DatedMeasure, Decimal]:
    """Return the dated changes of own on hand from one schedule to another."""
    quantities: dict[DatedMeasure, Decimal] = defaultdict(Decimal)
    quantities[before.day, *ON_HAND] -= sign * before.units
    quantities[after.day, *ON_HAND] += sign * after.units
    return {measure: units for measure, units in quantities.items() if units}


class _LineRow(NamedTuple):
    """The columns of `_SELECT`."""

    id: UUID
    kind: Kind
    number: str
    line_number: int
    product: str
    source: str
    origin: str
    quantity: Decimal
    received: Decimal
    shipped: Decimal
    closed: Decimal
    scheduled: Decimal
    scheduled_demand: Decimal
    expected_date: date
    ship_date: date
    confidence: Decimal
    version: int

    def state(self) -> SupplyLineState:
        return SupplyLineState(
            id=self.id,
            key=SupplyLineKey(self.kind, self.number, self.line_number),
            product=self.product,
            source=self.source,
            origin=self.origin,
            quantity=self.quantity,
            received=self.received,
            shipped=self.shipped,
            closed=self.closed,
            scheduled=self.scheduled,
            scheduled_demand=self.scheduled_demand,
            expected_date=self.expected_date,
            ship_date=self.ship_date,
            confidence=self.confidence,
            version=self.version,
            supply=Scheduled(self.scheduled, self.expected_date, self.confidence),
            demand=Scheduled(self.scheduled_demand, self.ship_date, self.confidence),
        )


_SELECT = (
    "SELECT l.id, o.kind, o.number, l.line_number, l.product, l.source, l.origin, l.quantity,"
    " l.received, l.shipped, l.closed, l.scheduled, l.scheduled_demand, l.expected_date,"
    " l.ship_date, l.confidence, l.version"
    " FROM inventory_visibility.supply_line l"
    " JOIN inventory_visibility.supply_order o ON o.id = l.order_id"
)


def lock_orders(
    session: Session, order_ids: Collection[UUID]
) -> dict[SupplyLineKey, SupplyLineState]:
    """Lock and return every line of these orders."""
    rows = fetch_as(
        session,
        _LineRow,
        f"{_SELECT} WHERE l.order_id = ANY(%s) ORDER BY l.id FOR UPDATE OF l",
        (list(order_ids),),
    )
    return _by_key(rows)


def lock_lines(
    session: Session, keys: Collection[SupplyLineKey]
) -> dict[SupplyLineKey, SupplyLineState]:
    """Lock and return those of these lines that exist."""
    rows = fetch_as(
        session,
        _LineRow,
        f"{_SELECT} JOIN unnest(%s::text[], %s::text[], %s::int[])"
        " AS w(kind, number, line_number)"
        " ON o.kind = w.kind AND o.number = w.number AND l.line_number = w.line_number"
        " ORDER BY l.id FOR UPDATE OF l",
        columns_of(list(keys), *SupplyLineKey._fields),
    )
    return _by_key(rows)


def _by_key(rows: Sequence[_LineRow]) -> dict[SupplyLineKey, SupplyLineState]:
    lines = {}
    for row in rows:
        line = row.state()
        lines[line.key] = line
    return lines


def insert_lines(session: Session, new: Sequence[tuple[UUID, SupplyLineState]]) -> None:
    """Insert new lines, each given with the id of its order."""
    columns = ("product", "source", "origin", "quantity", "expected_date", "ship_date")
    rows = []
    for order_id, line in new:
        values = [getattr(line, column) for column in columns]
        rows.append((line.id, order_id, line.key.line_number, line.confidence, *values))

    copy_rows(
        session,
        "inventory_visibility.supply_line",
        ("id", "order_id", "line_number", "confidence", *columns),
        rows,
    )


_UPDATED = {
    "quantity": "numeric",
    "received": "numeric",
    "shipped": "numeric",
    "closed": "numeric",
    "scheduled": "numeric",
    "scheduled_demand": "numeric",
    "expected_date": "date",
    "ship_date": "date",
    "confidence": "numeric",
    "version": "int",
    "origin": "text",
}
"""Columns an update writes, with their types."""


def store_lines(
    session: Session, lines: Sequence[SupplyLineState], *, now: datetime, actor: str, cause: str
) -> None:
    """Write lines back and schedule what is open of each instead of what was scheduled before."""
    changes: list[ScheduleChange] = []
    for line in lines:
        changes += line.reschedule()

    assignments = ", ".join(f"{name} = d.{name}" for name in _UPDATED)
    arrays = ", ".join(f"%s::{kind}[]" for kind in _UPDATED.values())
    execute(
        session,
        f"UPDATE inventory_visibility.supply_line l SET {assignments}"
        f" FROM unnest(%s::uuid[], {arrays}) AS d(id, {', '.join(_UPDATED)}) WHERE l.id = d.id",
        columns_of(lines, "id", *_UPDATED),
    )
    post_schedule(session, changes, now=now, actor=actor, cause=cause)

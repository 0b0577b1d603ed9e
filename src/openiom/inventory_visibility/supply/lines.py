"""Lines of purchase and transfer orders under lock, and the schedule that follows them at both ends."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import ON_HAND, ZERO
from openiom.inventory_visibility.supply.schedule import ScheduleChange, post_schedule
from openiom.platform.bulk import copy_rows, execute, fetch

Kind = Literal["purchase", "transfer"]


@dataclass(frozen=True, slots=True)
class LineName:
    kind: Kind
    number: str
    line_number: int


@dataclass(slots=True)
class Line:
    """
    A locked line. `scheduled` is what of it stands in the schedule at `source`, on `scheduled_on` with `sure`;
    `demanded` is what stands there against its `origin`, on `demanded_on`.
    """

    id: UUID
    name: LineName
    product: str
    source: str
    origin: str
    quantity: Decimal
    received: Decimal
    shipped: Decimal
    closed: Decimal
    scheduled: Decimal
    demanded: Decimal
    expected_date: date
    ship_date: date
    confidence: Decimal
    version: int
    scheduled_on: date
    demanded_on: date
    sure: Decimal

    @property
    def open(self) -> Decimal:
        """Units still to come."""
        return max(ZERO, self.quantity - self.received - self.closed)

    @property
    def to_ship(self) -> Decimal:
        """Units still to leave the origin. What was received has left it, whether or not anybody said so."""
        gone = max(self.shipped, self.received)
        return max(ZERO, self.quantity - gone - self.closed) if self.origin else ZERO

    @property
    def document(self) -> str:
        return f"{self.name.kind} {self.name.number}"


_LINE = (
    "SELECT l.id, o.kind, o.number, l.line_number, l.product, l.source, l.origin, l.quantity, l.received, l.shipped,"
    " l.closed, l.scheduled, l.demanded, l.expected_date, l.ship_date, l.confidence, l.version"
    " FROM inventory_visibility.supply_line l JOIN inventory_visibility.supply_order o ON o.id = l.order_id"
)


def lock_lines(session: Session, order_ids: Collection[UUID]) -> dict[LineName, Line]:
    """Every line of these orders."""
    rows = fetch(
        session,
        f"{_LINE} WHERE l.order_id = ANY(%s) ORDER BY l.id FOR UPDATE OF l",
        (list(order_ids),),
    )
    return {line.name: line for line in map(_line, rows)}


def lock_named(session: Session, names: Collection[LineName]) -> dict[LineName, Line]:
    """Those of these lines that exist."""
    wanted = list(names)
    rows = fetch(
        session,
        f"{_LINE} JOIN unnest(%s::text[], %s::text[], %s::int[]) AS w(kind, number, line) ON o.kind = w.kind"
        " AND o.number = w.number AND l.line_number = w.line ORDER BY l.id FOR UPDATE OF l",
        ([n.kind for n in wanted], [n.number for n in wanted], [n.line_number for n in wanted]),
    )
    return {line.name: line for line in map(_line, rows)}


def _line(row: Sequence[Any]) -> Line:
    line_id, kind, number, line_number, *_ = row
    dates_and_confidence = row[13:16]
    return Line(*(line_id, LineName(kind, number, line_number), *row[4:], *dates_and_confidence))


def insert_lines(session: Session, fresh: Sequence[tuple[UUID, Line]]) -> None:
    """New lines, each with the id of its order."""
    copy_rows(
        session,
        "inventory_visibility.supply_line",
        ("id", "order_id", "line_number", "product", "source", "origin")
        + ("quantity", "expected_date", "ship_date", "confidence"),
        [
            (x.id, order, x.name.line_number, x.product, x.source, x.origin)
            + (x.quantity, x.expected_date, x.ship_date, x.confidence)
            for order, x in fresh
        ],
    )


def reschedule(
    session: Session, lines: Sequence[Line], *, now: datetime, actor: str, cause: str
) -> None:
    """Write lines back, and schedule what is open of each, at both ends, in place of what was scheduled before."""
    changes = []
    for line in lines:
        comes = (line.open, line.expected_date, line.confidence) != (
            line.scheduled,
            line.scheduled_on,
            line.sure,
        )
        leaves = (line.to_ship, line.ship_date, line.confidence) != (
            line.demanded,
            line.demanded_on,
            line.sure,
        )
        if not comes and not leaves:
            continue
        line.version += 1
        supply = _moved((line.scheduled_on, line.scheduled), (line.expected_date, line.open))
        demand = _moved((line.demanded_on, -line.demanded), (line.ship_date, -line.to_ship))
        line.scheduled, line.demanded = line.open, line.to_ship
        event = f"supply/{line.id}/{line.version}"
        changes += [
            ScheduleChange(
                name,
                "",
                line.product,
                at,
                moved,
                document=line.document,
                confidence=line.confidence,
            )
            for name, at, moved in (
                (event, line.source, supply),
                (f"{event}/origin", line.origin, demand),
            )
            if moved
        ]
    columns = "quantity received shipped closed scheduled demanded expected_date ship_date confidence version origin"
    types = ["numeric"] * 6 + ["date"] * 2 + ["numeric", "int", "text"]
    names = columns.split()
    execute(
        session,
        f"UPDATE inventory_visibility.supply_line l SET {', '.join(f'{c} = d.{c}' for c in names)}"
        f" FROM unnest(%s::uuid[], {', '.join(f'%s::{t}[]' for t in types)}) AS d(id, {', '.join(names)})"
        " WHERE l.id = d.id",
        ([x.id for x in lines], *([getattr(x, name) for x in lines] for name in names)),
    )
    post_schedule(session, changes, now=now, actor=actor, cause=cause)


def _moved(
    before: tuple[date, Decimal], after: tuple[date, Decimal]
) -> dict[tuple[date, str, str], Decimal]:
    """Dated changes that take back what was scheduled and schedule what is now."""
    quantities: dict[tuple[date, str, str], Decimal] = defaultdict(Decimal)
    quantities[before[0], *ON_HAND] -= before[1]
    quantities[after[0], *ON_HAND] += after[1]
    return {key: units for key, units in quantities.items() if units}

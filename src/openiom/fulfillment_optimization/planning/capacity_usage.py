"""
Which order lines have a place in the day of a source, so that a line that is not taken from there gives it back.

The lines of an order that leave a source on one day share a parcel. Places are kept where a day is counted, and change
only under the lock of its row.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization.order_port import OpenLine, OrderPort
from openiom.fulfillment_optimization.snapshot import PlanningSource
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.events import ensure_consumer, read_new

from .daily_capacity import IntakeResult, local_day
from .planner import Planned

CONSUMER = "source_days"
LEFT = frozenset(
    (
        *("order.cancel", "order.fulfillment_declined", "order.partially_declined"),
        *("order_line.canceled", "backorder.sla_expired"),
    )
)
"""After these a line may not be taken from where it was to come from."""
KEPT = timedelta(days=7)
"""Days that are over for so long are remembered as sums only."""


class Place(NamedTuple):
    """A line and its order at a source."""

    source: str
    order_id: UUID
    line_id: UUID


class DayPlace(NamedTuple):
    source: str
    day: date
    order_id: UUID
    line_id: UUID


_TAKE = """
WITH fresh AS (
    INSERT INTO fulfillment_optimization.source_place (source, day, order_id, line_id)
    SELECT * FROM unnest(%s::text[], %s::date[], %s::uuid[], %s::uuid[]) ON CONFLICT DO NOTHING
    RETURNING source, day, order_id
), more AS (
    SELECT source, day, count(*) AS lines, count(DISTINCT order_id) FILTER (WHERE NOT EXISTS (
        SELECT FROM fulfillment_optimization.source_place p
        WHERE p.source = f.source AND p.day = f.day AND p.order_id = f.order_id)) AS parcels
    FROM fresh f GROUP BY source, day
)
UPDATE fulfillment_optimization.source_day s SET parcels = s.parcels + m.parcels, lines = s.lines + m.lines
FROM more m WHERE s.source = m.source AND s.day = m.day
"""
_GIVE_BACK = """
WITH gone AS (
    DELETE FROM fulfillment_optimization.source_place p
    USING unnest(%s::text[], %s::date[], %s::uuid[], %s::uuid[]) AS d(source, day, order_id, line_id)
    WHERE p.source = d.source AND p.day = d.day AND p.order_id = d.order_id AND p.line_id = d.line_id
    RETURNING p.source, p.day, p.order_id, p.line_id
), less AS (
    SELECT source, day, count(*) AS lines, count(DISTINCT order_id) FILTER (WHERE NOT EXISTS (
        SELECT FROM fulfillment_optimization.source_place p
        WHERE p.source = g.source AND p.day = g.day AND p.order_id = g.order_id AND NOT EXISTS (
            SELECT FROM gone o WHERE o.source = p.source AND o.day = p.day AND o.line_id = p.line_id))) AS parcels
    FROM gone g GROUP BY source, day
)
UPDATE fulfillment_optimization.source_day s
SET parcels = greatest(0, s.parcels - l.parcels), lines = greatest(0, s.lines - l.lines)
FROM less l WHERE s.source = l.source AND s.day = l.day RETURNING s.source, l.parcels, l.lines
"""


def take_places(
    session: Session, sites: Mapping[str, PlanningSource], places: Iterable[Place], now: datetime
) -> None:
    """Count lines into today's day of their sources, each once; the days of `sites` are locked, others not counted."""
    rows = sorted(p for p in places if p.source in sites)
    if rows:
        days = [local_day(sites[p.source].time_zone, now) for p in rows]
        execute(
            session,
            _TAKE,
            ([p.source for p in rows], days, [p.order_id for p in rows], [p.line_id for p in rows]),
        )


def places_of(planned: Iterable[tuple[UUID, Planned]]) -> list[Place]:
    """Where a plan has each line of these orders, parts of divided lines by their own ids."""
    found = []
    for order, one in planned:
        for line, source in one.sources.items():
            parts = [(p.line_id, p.source) for p in one.parts.get(line, ()) if p.source]
            found += [Place(at, order, id) for id, at in parts or [(line, source)]]
    return found


def leave(
    session: Session, sites: Mapping[str, PlanningSource], places: Iterable[Place], now: datetime
) -> None:
    """Lines leave the sources they were counted at today, for others; the days of `sites` are locked."""
    known = [p for p in places if p.source in sites]
    _give_back(
        session, [DayPlace(p[0], local_day(sites[p.source].time_zone, now), *p[1:]) for p in known]
    )


def give_back_stale(
    session: Session,
    order_port: OrderPort,
    sites: Mapping[str, PlanningSource],
    lines: Sequence[OpenLine],
    now: datetime,
) -> dict[str, IntakeResult]:
    """Free what lines that are sourced again still have of today's days of `sites`, which are locked; by source."""
    if not sites:
        return {}
    again, orders = {line.line_id for line in lines}, {line.order_id for line in lines}
    today = {name: local_day(site.time_zone, now) for name, site in sites.items()}
    found = [
        p
        for p in _places(session, orders, sites)
        if p.line_id in again and p.day == today[p.source]
    ]
    return _give_back(session, _unserved(session, order_port, found))


def give_back_unserved(session: Session, order_port: OrderPort, orders: Collection[UUID]) -> int:
    """Free every place of these orders whose line is not taken from there any more; how many.

    The days are locked before it is asked where lines come from: whoever sources a line holds them until it is written.
    """
    days = sorted({(p.source, p.day) for p in _places(session, orders, None)})
    if not days:
        return 0
    fetch(
        session,
        "SELECT 1 FROM fulfillment_optimization.source_day s JOIN unnest(%s::text[], %s::date[]) AS d(source, day)"
        " USING (source, day) ORDER BY s.source, s.day FOR UPDATE OF s",
        ([d[0] for d in days], [d[1] for d in days]),
    )
    gone = _unserved(session, order_port, _places(session, orders, None))
    _give_back(session, gone)
    return len(gone)


def _places(
    session: Session, orders: Collection[UUID], sources: Collection[str] | None
) -> list[DayPlace]:
    rows = fetch(
        session,
        "SELECT source, day, order_id, line_id FROM fulfillment_optimization.source_place WHERE order_id = ANY(%s)"
        " AND (%s::text[] IS NULL OR source = ANY(%s))",
        (sorted(set(orders)), *(2 * (None if sources is None else sorted(sources),))),
    )
    return [DayPlace(*row) for row in rows]


def _unserved(
    session: Session, order_port: OrderPort, places: Sequence[DayPlace]
) -> list[DayPlace]:
    if not places:
        return []
    served = order_port.served(session, {(p.line_id, p.source) for p in places})
    return [p for p in places if (p.line_id, p.source) not in served]


def _give_back(session: Session, places: Sequence[DayPlace]) -> dict[str, IntakeResult]:
    """What came free, by source; where a source has several days, of one of them."""
    if not places:
        return {}
    columns = tuple(list(column) for column in zip(*sorted(places), strict=True))
    rows = fetch(session, _GIVE_BACK, columns)
    return {source: IntakeResult(parcels, lines) for source, parcels, lines in rows}


@dataclass
class CapacityUsageWorker:
    """Gives back the places of lines that were canceled or handed back, as events say so, all of a batch together."""

    order_port: OrderPort
    kind: str = "source_days"
    _ready: bool = False

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            if not self._ready:
                ensure_consumer(session, CONSUMER)
            events, more = read_new(session, consumer=CONSUMER, names=LEFT, limit=limit)
            if events:
                give_back_unserved(session, self.order_port, {event.root_id for event in events})
                _forget_old(session, now)
        self._ready = True
        return BatchResult(len(events), more)


def _forget_old(session: Session, now: datetime) -> None:
    execute(
        session,
        "DELETE FROM fulfillment_optimization.source_place WHERE day < %s",
        ((now - KEPT).date(),),
    )

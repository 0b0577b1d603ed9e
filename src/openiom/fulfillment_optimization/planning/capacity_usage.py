"""The order lines counted into the daily usage of a source.

A line that is canceled or moves elsewhere returns its share. Lines of an order that leave a source
on the same day share a parcel. Lines are recorded only for sources with a daily limit, and change
only while the source's daily row is locked.
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
from openiom.platform.bulk import execute, fetch, fetch_as
from openiom.platform.database import Database
from openiom.platform.events import ensure_consumer, read_new

from .daily_capacity import CapacityUsage, SourceUsage, local_day, usage_of
from .order_plans import OrderPlan

CONSUMER = "capacity_usage"
RELEASING_EVENTS = frozenset(
    (
        "order.canceled",
        "order.fulfillment_declined",
        "order.partially_declined",
        "order_line.canceled",
        "backorder.sla_expired",
    )
)
"""Events after which a line may no longer ship from the source it was assigned to."""
RETENTION = timedelta(days=7)
"""Past days keep their lines for this long, then only their totals."""


class UsageLine(NamedTuple):
    """A line of an order at a source."""

    source: str
    order_id: UUID
    line_id: UUID


class DatedUsageLine(NamedTuple):
    """A line of an order counted on a day of a source."""

    source: str
    day: date
    order_id: UUID
    line_id: UUID


_COLUMNS = "source, day, order_id, line_id"
_INPUT = "unnest(%(sources)s::text[], %(days)s::date[], %(orders)s::uuid[], %(lines)s::uuid[])"
_RECORD = f"""
WITH fresh AS (
    INSERT INTO fulfillment_optimization.source_usage_line ({_COLUMNS})
    SELECT {_COLUMNS} FROM {_INPUT} AS u({_COLUMNS}) ON CONFLICT DO NOTHING
    RETURNING source, day, order_id
), more AS (
    SELECT source, day, count(*) AS lines, count(DISTINCT order_id) FILTER (WHERE NOT EXISTS (
        SELECT FROM fulfillment_optimization.source_usage_line p
        WHERE p.source = f.source AND p.day = f.day AND p.order_id = f.order_id)) AS parcels
    FROM fresh f GROUP BY source, day
)
UPDATE fulfillment_optimization.source_daily_usage s
SET parcels = s.parcels + m.parcels, lines = s.lines + m.lines
FROM more m WHERE s.source = m.source AND s.day = m.day
"""
_RELEASE = f"""
WITH released AS (
    DELETE FROM fulfillment_optimization.source_usage_line p
    USING {_INPUT} AS d({_COLUMNS})
    WHERE p.source = d.source AND p.day = d.day
      AND p.order_id = d.order_id AND p.line_id = d.line_id
    RETURNING p.source, p.day, p.order_id, p.line_id
), less AS (
    SELECT source, day, count(*) AS lines, count(DISTINCT order_id) FILTER (WHERE NOT EXISTS (
        SELECT FROM fulfillment_optimization.source_usage_line p
        WHERE p.source = g.source AND p.day = g.day AND p.order_id = g.order_id AND NOT EXISTS (
            SELECT FROM released o
            WHERE o.source = p.source AND o.day = p.day AND o.line_id = p.line_id))) AS parcels
    FROM released g GROUP BY source, day
)
UPDATE fulfillment_optimization.source_daily_usage s
SET parcels = greatest(0, s.parcels - l.parcels), lines = greatest(0, s.lines - l.lines)
FROM less l WHERE s.source = l.source AND s.day = l.day
RETURNING s.source, l.parcels, l.lines
"""


def record_usage(
    session: Session, sites: Mapping[str, PlanningSource], lines: Iterable[UsageLine], now: datetime
) -> None:
    """Count lines into today's usage of their sources, each line once.

    The daily rows of `sites` are locked; lines of other sources are not counted.
    """
    dated = _dated(sites, lines, now)
    if dated:
        execute(session, _RECORD, _parameters(dated))


def release_usage(
    session: Session, sites: Mapping[str, PlanningSource], lines: Iterable[UsageLine], now: datetime
) -> None:
    """Remove lines from today's usage of the sources they leave; the rows of `sites` are locked."""
    _release(session, _dated(sites, lines, now))


def usage_lines_of(planned: Iterable[tuple[UUID, OrderPlan]]) -> list[UsageLine]:
    """Return the lines of planned orders at their sources, parts of split lines by their own id."""
    found: list[UsageLine] = []
    for order, plan in planned:
        for line, source in plan.served():
            found.append(UsageLine(source, order, line))

    return found


def release_stale_usage(
    session: Session,
    order_port: OrderPort,
    sites: Mapping[str, PlanningSource],
    lines: Sequence[OpenLine],
    now: datetime,
) -> dict[str, CapacityUsage]:
    """Release what lines that are sourced again still use of today's capacity; return it by source.

    The daily rows of `sites` are locked.
    """
    if not sites:
        return {}

    line_ids = {line.line_id for line in lines}
    orders = {line.order_id for line in lines}
    counted = _counted_today(_lines_of_orders(session, orders, sites), sites, now)

    stale = [usage for usage in counted if usage.line_id in line_ids]
    return _release(session, _not_served(session, order_port, stale))


def _counted_today(
    lines: Iterable[DatedUsageLine], sites: Mapping[str, PlanningSource], now: datetime
) -> list[DatedUsageLine]:
    """Return the lines that are counted on the present day of their source."""
    today = {name: local_day(site.time_zone, now) for name, site in sites.items()}
    return [line for line in lines if line.day == today[line.source]]


def release_unserved_usage(
    session: Session, order_port: OrderPort, orders: Collection[UUID]
) -> int:
    """Release the lines of these orders that no longer ship from the source; return their number.

    The daily rows are locked before the orders are read, because a transaction that assigns a line
    keeps them locked until it commits.
    """
    days = {(line.source, line.day) for line in _lines_of_orders(session, orders, None)}
    if not days:
        return 0

    ordered = sorted(days)
    fetch(
        session,
        "SELECT 1 FROM fulfillment_optimization.source_daily_usage s"
        " JOIN unnest(%s::text[], %s::date[]) AS d(source, day) USING (source, day)"
        " ORDER BY s.source, s.day FOR UPDATE OF s",
        ([source for source, _ in ordered], [day for _, day in ordered]),
    )
    released = _not_served(session, order_port, _lines_of_orders(session, orders, None))
    _release(session, released)
    return len(released)


def _dated(
    sites: Mapping[str, PlanningSource], lines: Iterable[UsageLine], now: datetime
) -> list[DatedUsageLine]:
    """Return the lines of counted sources with today's day of each source."""
    dated: list[DatedUsageLine] = []
    for line in lines:
        if line.source in sites:
            day = local_day(sites[line.source].time_zone, now)
            dated.append(DatedUsageLine(line.source, day, line.order_id, line.line_id))

    return dated


def _lines_of_orders(
    session: Session, orders: Collection[UUID], sources: Collection[str] | None
) -> list[DatedUsageLine]:
    """Return the counted lines of these orders; of every source when `sources` is None."""
    return fetch_as(
        session,
        DatedUsageLine,
        f"SELECT {_COLUMNS} FROM fulfillment_optimization.source_usage_line"
        " WHERE order_id = ANY(%(orders)s)"
        " AND (%(sources)s::text[] IS NULL OR source = ANY(%(sources)s))",
        {"orders": sorted(orders), "sources": None if sources is None else sorted(sources)},
    )


def _not_served(
    session: Session, order_port: OrderPort, lines: Sequence[DatedUsageLine]
) -> list[DatedUsageLine]:
    """Return the lines that no longer ship from the source they are counted at."""
    if not lines:
        return []

    served = order_port.lines_served_from(session, {(x.line_id, x.source) for x in lines})
    return [line for line in lines if (line.line_id, line.source) not in served]


def _release(session: Session, lines: Sequence[DatedUsageLine]) -> dict[str, CapacityUsage]:
    """Delete the lines and return the usage released, by source.

    A source with several days has the usage of one of them.
    """
    if not lines:
        return {}
    rows = fetch_as(session, SourceUsage, _RELEASE, _parameters(lines))
    return usage_of(rows)


def _parameters(lines: Sequence[DatedUsageLine]) -> dict[str, list[object]]:
    """Return the columns of the lines, in the order in which all transactions write them."""
    parameters: dict[str, list[object]] = {"sources": [], "days": [], "orders": [], "lines": []}
    for line in sorted(lines):
        parameters["sources"].append(line.source)
        parameters["days"].append(line.day)
        parameters["orders"].append(line.order_id)
        parameters["lines"].append(line.line_id)
    return parameters


@dataclass
class CapacityUsageWorker:
    """Releases the capacity of canceled and declined lines, one batch of events at a time."""

    order_port: OrderPort
    kind: str = "fulfillment_optimization.capacity_usage"
    _consumer_registered: bool = False

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Process up to `limit` events in one transaction."""
        with database.unit_of_work() as session:
            if not self._consumer_registered:
                ensure_consumer(session, CONSUMER)

            events, more = read_new(session, consumer=CONSUMER, names=RELEASING_EVENTS, limit=limit)
            if events:
                orders = {event.root_id for event in events}
                release_unserved_usage(session, self.order_port, orders)
                _delete_old_lines(session, now)

        self._consumer_registered = True
        return BatchResult(len(events), more)


def _delete_old_lines(session: Session, now: datetime) -> None:
    execute(
        session,
        "DELETE FROM fulfillment_optimization.source_usage_line WHERE day < %s",
        ((now - RETENTION).date(),),
    )

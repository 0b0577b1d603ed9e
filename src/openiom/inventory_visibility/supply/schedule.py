"""Dated changes of stock: applied once by their id, kept as entries and as balances by day."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility.events import MAX_KEYS, SCHEDULED, inventory_event, named_keys
from openiom.inventory_visibility.locks import ensure_stock
from openiom.inventory_visibility.measures import PostingResult, StockKey, dimension_text
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.events import append_events

DatedMeasure = tuple[date, str, str]
"""(day, data source, physical measure)."""

CERTAIN = Decimal(1)


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """Signed dated quantities of one event at one stock key.

    `event_id` is the complete id, including its organization. `confidence` is that of the dates.
    """

    event_id: str
    organization: str
    product: str
    source: str
    quantities: Mapping[DatedMeasure, Decimal]
    dimensions: Mapping[str, str] = field(default_factory=dict)
    document: str = ""
    confidence: Decimal = CERTAIN

    @property
    def key(self) -> StockKey:
        return StockKey(
            self.organization, self.product, self.source, dimension_text(self.dimensions)
        )


class _Entry(NamedTuple):
    """The columns of a schedule entry."""

    event_id: str
    stock_id: int
    day: date
    data_source: str
    measure: str
    delta: Decimal
    confidence: Decimal
    cause: str
    document: str
    actor: str
    recorded_at: datetime


def post_schedule(
    session: Session,
    changes: Sequence[ScheduleChange],
    *,
    now: datetime,
    actor: str,
    cause: str,
    window: tuple[date, date] | None = None,
) -> list[PostingResult]:
    """Append dated changes, move the balances by day, and publish `inventory.scheduled`.

    A change with a day outside `window` (first and last day) is refused as a whole; a repeated id
    changes nothing. A transaction that also moves stock does so first, because stock is locked
    before schedules.

    Returns:
        One result per change, in order.
    """
    results = [PostingResult(True)] * len(changes)
    wanted: dict[str, int] = {}
    for number, change in enumerate(changes):
        reason = _refusal(change, window)
        if reason:
            results[number] = PostingResult(False, reason=reason)
        elif change.event_id in wanted:
            results[number] = PostingResult(True, duplicate=True)
        else:
            wanted[change.event_id] = number

    new_ids = _store_new_ids(session, wanted, now)
    new = []
    for event_id, number in wanted.items():
        if event_id in new_ids:
            new.append(changes[number])
        else:
            results[number] = PostingResult(True, duplicate=True)

    if new:
        _append(session, new, now=now, actor=actor, cause=cause)
        _publish(session, new, now=now, actor=actor, cause=cause)

    return results


def _refusal(change: ScheduleChange, window: tuple[date, date] | None) -> str:
    """Return why a change cannot be scheduled, or ''."""
    if not change.quantities:
        return "no quantity is scheduled"
    return _window_refusal(change, *window) if window else ""


def _window_refusal(change: ScheduleChange, first: date, last: date) -> str:
    for day, _, _ in sorted(change.quantities):
        if not first <= day <= last:
            return f"{day} is outside the schedule, which goes from {first} to {last}"
    return ""


def _store_new_ids(session: Session, event_ids: Iterable[str], now: datetime) -> set[str]:
    """Store the ids that were not applied before and return them.

    They are sorted, so that two batches do not wait for each other in opposite orders.
    """
    rows = fetch(
        session,
        "INSERT INTO inventory_visibility.schedule_event (event_id, recorded_at)"
        " SELECT e, %s FROM unnest(%s::text[]) AS n(e) ON CONFLICT DO NOTHING RETURNING event_id",
        (now, sorted(event_ids)),
    )
    return {event_id for (event_id,) in rows}


def _append(
    session: Session, changes: Sequence[ScheduleChange], *, now: datetime, actor: str, cause: str
) -> None:
    """Append the entries of new changes and move the balances by day."""
    values = {change.key.dimensions: frozenset(change.dimensions.items()) for change in changes}
    ids = ensure_stock(session, {change.key for change in changes}, values, now)

    sums: dict[tuple[int, date, str, str], Decimal] = defaultdict(Decimal)
    entries = []
    for change in changes:
        stock_id = ids[change.key]
        for (day, data_source, measure), delta in change.quantities.items():
            sums[stock_id, day, data_source, measure] += delta
            entry = _Entry(
                event_id=change.event_id,
                stock_id=stock_id,
                day=day,
                data_source=data_source,
                measure=measure,
                delta=delta,
                confidence=change.confidence,
                cause=cause,
                document=change.document,
                actor=actor,
                recorded_at=now,
            )
            entries.append(entry)

    copy_rows(session, "inventory_visibility.schedule_entry", _Entry._fields, entries)
    moved = sorted(sums)
    columns = map(list, zip(*moved, strict=True))
    execute(
        session,
        "INSERT INTO inventory_visibility.schedule_balance AS b"
        " (stock_id, day, data_source, measure, quantity)"
        " SELECT * FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::text[], %s::numeric[])"
        " ON CONFLICT (stock_id, day, data_source, measure)"
        " DO UPDATE SET quantity = b.quantity + excluded.quantity",
        (*columns, [sums[key] for key in moved]),
    )


def _publish(
    session: Session, changes: Sequence[ScheduleChange], *, now: datetime, actor: str, cause: str
) -> None:
    """Publish the own keys whose schedule moved, once for all changes."""
    own = [change for change in changes if not change.organization]
    if own:
        keys = {(change.product, change.source) for change in own}
        data = {"cause": cause, "keys": named_keys(keys), "all": len(keys) <= MAX_KEYS}
        append_events(session, [inventory_event(SCHEDULED, data)], at=now, actor=actor)

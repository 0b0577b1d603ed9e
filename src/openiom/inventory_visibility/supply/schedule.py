"""Dated changes of stock: posted once by their id, kept as entries and as balances by day, read as a timeline."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.atp import project, ticks, units
from openiom.inventory_visibility.configuration import InventoryConfiguration
from openiom.inventory_visibility.locks import ensure_stock
from openiom.inventory_visibility.measures import Measure, Posted, StockKey, dimension_text
from openiom.kernel import Event, new_id
from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.events import append_events

SCHEDULED = "inventory.scheduled"
Dated = tuple[date, str, str]
"""Day, data source, physical measure."""
_COLUMNS = (
    *(
        "event_id",
        "stock_id",
        "day",
        "data_source",
        "measure",
        "delta",
        "confidence",
        "cause",
        "document",
        "actor",
    ),
    "at",
)
SURE = Decimal(1)


@dataclass(frozen=True, slots=True)
class ScheduleChange:
    """Signed dated quantities of one event at one stock key; `event_id` is the whole id, with its organization."""

    event_id: str
    organization: str
    product: str
    source: str
    quantities: Mapping[Dated, Decimal]
    dimensions: Mapping[str, str] = field(default_factory=dict)
    document: str = ""
    confidence: Decimal = SURE

    @property
    def key(self) -> StockKey:
        return StockKey(
            self.organization, self.product, self.source, dimension_text(self.dimensions)
        )


def post_schedule(
    session: Session,
    changes: Sequence[ScheduleChange],
    *,
    now: datetime,
    actor: str,
    cause: str,
    window: tuple[date, date] | None = None,
) -> list[Posted]:
    """Append dated changes and move the balances by day; one answer a change. Announces `inventory.scheduled`.

    A change with a day outside `window` (first and last day) is refused whole; one whose id was counted before
    changes nothing. Whoever also moves stock in the same transaction does so first: stock is locked before schedules.
    """
    answers = [Posted(True)] * len(changes)
    wanted: dict[str, int] = {}
    for i, change in enumerate(changes):
        reason = _refusal(change, window)
        if reason:
            answers[i] = Posted(False, reason=reason)
        elif change.event_id in wanted:
            answers[i] = Posted(True, duplicate=True)
        else:
            wanted[change.event_id] = i
    fresh = _first_time(session, wanted, now)
    for event_id in wanted.keys() - fresh:
        answers[wanted[event_id]] = Posted(True, duplicate=True)
    good = [changes[i] for event_id, i in wanted.items() if event_id in fresh]
    if good:
        _append(session, good, now=now, actor=actor, cause=cause)
        _tell(session, good, now=now, actor=actor, cause=cause)
    return answers


def _refusal(change: ScheduleChange, window: tuple[date, date] | None) -> str:
    if not change.quantities:
        return "no quantity is scheduled"
    outside = sorted(
        {day for day, _, _ in change.quantities if window and not window[0] <= day <= window[1]}
    )
    if window and outside:
        return f"{outside[0]} is outside the schedule, which goes from {window[0]} to {window[1]}"
    return ""


def _first_time(session: Session, event_ids: Iterable[str], now: datetime) -> set[str]:
    """Those ids that are new, taken; sorted, so that two batches never wait for each other crosswise."""
    rows = fetch(
        session,
        "INSERT INTO inventory_visibility.schedule_event (event_id, at) SELECT e, %s FROM unnest(%s::text[]) AS n(e)"
        " ON CONFLICT DO NOTHING RETURNING event_id",
        (now, sorted(event_ids)),
    )
    return {row[0] for row in rows}


def _append(
    session: Session, changes: Sequence[ScheduleChange], *, now: datetime, actor: str, cause: str
) -> None:
    values = {c.key.dimensions: frozenset(c.dimensions.items()) for c in changes}
    ids = ensure_stock(session, {c.key for c in changes}, values, now)
    sums: dict[tuple[int, date, str, str], Decimal] = defaultdict(Decimal)
    entries = []
    for change in changes:
        stock_id = ids[change.key]
        for (day, source, measure), delta in change.quantities.items():
            sums[stock_id, day, source, measure] += delta
            entries.append(
                (change.event_id, stock_id, day, source, measure, delta, change.confidence, cause)
                + (change.document, actor, now)
            )
    copy_rows(session, "inventory_visibility.schedule_entry", _COLUMNS, entries)
    moved = sorted(sums)
    execute(
        session,
        "INSERT INTO inventory_visibility.schedule_balance AS b (stock_id, day, data_source, measure, quantity)"
        " SELECT * FROM unnest(%s::bigint[], %s::date[], %s::text[], %s::text[], %s::numeric[])"
        " ON CONFLICT (stock_id, day, data_source, measure) DO UPDATE SET quantity = b.quantity + excluded.quantity",
        (
            [m[0] for m in moved],
            [m[1] for m in moved],
            [m[2] for m in moved],
            [m[3] for m in moved],
            [sums[m] for m in moved],
        ),
    )


def _tell(
    session: Session, changes: Sequence[ScheduleChange], *, now: datetime, actor: str, cause: str
) -> None:
    subject = new_id()
    keys = sorted({(c.product, c.source) for c in changes if not c.organization})
    data = {"cause": cause, "keys": [list(k) for k in keys[:500]], "all": len(keys) <= 500}
    event = Event(
        name=SCHEDULED, subject_type="inventory", subject_id=subject, root_id=subject, data=data
    )
    append_events(session, [event] if keys else [], at=now, actor=actor)


@dataclass(frozen=True, slots=True)
class Promised:
    """
    One group of stock rows by date, as the contract shows it.

    quantities_by_date  {"2022-02-02T00:00:00": {data source: {measure: scheduled change}}}, days with changes only
    atp_quantities      {"2022-02-01T00:00:00Z": {data source: {calculated measure: quantity}}}, every day asked for
    """

    quantities_by_date: dict[str, dict[str, dict[str, float]]]
    atp_quantities: dict[str, dict[str, dict[str, float]]]


def atp_for(
    session: Session,
    groups: Sequence[Sequence[int]],
    *,
    configuration: InventoryConfiguration,
    today: date,
    first: date | None = None,
    last: date | None = None,
) -> list[Promised]:
    """Scheduled changes and what can be promised by day, for many groups of stock ids at once; two queries.

    The projection runs over the whole window from `today` (UTC); `first` and `last` only narrow what is shown.
    """
    days = configuration.atp_days
    place = {stock_id: i for i, group in enumerate(groups) for stock_id in group}
    on_hand = _measures_of(session, place)
    dated = _dated_of(session, place, today, days)
    shown = range(
        max(0, (first - today).days if first else 0),
        min(days, (last - today).days + 1 if last else days),
    )
    out = [Promised({}, {}) for _ in groups]
    for (group, offset, measure), quantity in sorted(dated.items()):
        if offset in shown:
            _show(out[group].quantities_by_date, _schedule_day(today, offset), measure, quantity)
    for calculated in configuration.atp_measures:
        formula = configuration.calculated[calculated]
        supply, demand = (
            np.zeros((len(groups), days), dtype=np.int64),
            np.zeros((len(groups), days), dtype=np.int64),
        )
        for (group, offset, measure), quantity in dated.items():
            signed = formula.get(measure, 0) * quantity
            (supply if signed > 0 else demand)[group, offset] += abs(signed)
            if signed and offset in shown:
                _show(
                    out[group].quantities_by_date, _schedule_day(today, offset), calculated, signed
                )
        standing = np.array(
            [_total(on_hand[i], formula) for i in range(len(groups))], dtype=np.int64
        )
        found = project(standing, supply, demand).atp
        for group, promised in enumerate(out):
            for offset in shown:
                day = f"{today + timedelta(days=offset)}T00:00:00Z"
                _show(promised.atp_quantities, day, calculated, found[group, offset])
    return out


def _schedule_day(today: date, offset: int) -> str:
    return f"{today + timedelta(days=offset)}T00:00:00"


def _show(
    into: dict[str, dict[str, dict[str, float]]], day: str, measure: Measure, quantity: Any
) -> None:
    measures = into.setdefault(day, {}).setdefault(measure[0], {})
    measures[measure[1]] = measures.get(measure[1], 0.0) + float(units(quantity))


def _measures_of(session: Session, place: Mapping[int, int]) -> dict[int, dict[Measure, int]]:
    """What stands in each physical measure now, in ticks, by group."""
    rows = fetch(
        session,
        "SELECT stock_id, data_source, measure, quantity FROM inventory_visibility.measure_balance"
        " WHERE stock_id = ANY(%s)",
        (list(place),),
    )
    sums: dict[int, dict[Measure, int]] = defaultdict(lambda: defaultdict(int))
    for stock_id, source, measure, quantity in rows:
        sums[place[stock_id]][source, measure] += ticks(quantity)
    return sums


def _dated_of(
    session: Session, place: Mapping[int, int], today: date, days: int
) -> dict[tuple[int, int, Measure], int]:
    """What is scheduled, in ticks, by group, day from today and measure."""
    rows = fetch(
        session,
        "SELECT stock_id, day, data_source, measure, quantity FROM inventory_visibility.schedule_balance"
        " WHERE stock_id = ANY(%s) AND day >= %s AND day < %s AND quantity <> 0",
        (list(place), today, today + timedelta(days=days)),
    )
    sums: dict[tuple[int, int, Measure], int] = defaultdict(int)
    for stock_id, day, source, measure, quantity in rows:
        sums[place[stock_id], (day - today).days, (source, measure)] += ticks(quantity)
    return sums


def _total(balances: Mapping[Measure, int], formula: Mapping[Measure, int]) -> int:
    return sum(sign * balances.get(measure, 0) for measure, sign in formula.items())

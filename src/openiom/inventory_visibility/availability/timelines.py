"""Timelines of availability by day for each source of a product, with the entries of each day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import inventory_configuration
from openiom.inventory_visibility.measures import ProductSource
from openiom.master_data import kit_parts
from openiom.platform.bulk import fetch_as

from .atp import TICKS
from .decisions import Requester
from .overdue_demand import OPEN_LINES
from .projection import AvailabilityOutlook, outlook


class ScheduledChange(BaseModel):
    """One entry of a day: what was scheduled, by whom, in which document, and how certain it is."""

    id: int
    product: str
    data_source: str
    measure: str
    quantity: float
    confidence: float
    cause: str
    document: str
    actor: str
    recorded_at: datetime


class PromiseDay(BaseModel):
    """One day: `projected` units are free at its end, `atp` can be promised on it and kept."""

    day: date
    supply: float
    demand: float
    projected: float
    atp: float
    entries: list[ScheduledChange]


class PromiseTimeline(BaseModel):
    """Availability of a product at a source.

    `free` may be promised today: on hand, less reserved, safety stock and units allocated to
    others. Of a kit it counts whole kits, and `made_of` has the parts of one.
    """

    product: str
    source: str
    free: float
    on_hand: float
    reserved: float
    safety_stock: float
    allocated: float
    made_of: dict[str, int]
    days: list[PromiseDay]


def timelines(
    session: Session,
    product: str,
    *,
    source: str,
    today: date,
    after: str,
    limit: int,
    requester: Requester,
) -> list[PromiseTimeline]:
    """Return the timelines of a product by source, as the requester sees them."""
    parts = kit_parts(session, [product]).get(product, {product: 1})
    found = outlook(
        session,
        list(parts),
        configuration=inventory_configuration(session),
        today=today,
        source=source,
        channels={requester.channel} - {""},
    )
    sources = [one for one in _common_sources(found, parts) if one > after][:limit]

    keys = []
    for one in sources:
        keys += [(part, one) for part in parts]

    entries = _scheduled_changes(session, found, keys)
    view = _TimelineView(product, parts, found, entries, requester)
    return [view.timeline(one) for one in sources]


def _common_sources(found: AvailabilityOutlook, parts: Mapping[str, int]) -> list[str]:
    """Return the sources that have a stock key for every part."""
    by_part: dict[str, set[str]] = {part: set() for part in parts}
    for part, source in found.keys:
        by_part[part].add(source)
    return sorted(set.intersection(*by_part.values()))


Entries = Mapping[tuple[str, str, date], list[ScheduledChange]]
"""Scheduled changes by product, source and day."""


@dataclass(frozen=True, slots=True)
class _TimelineView:
    """An outlook of one product, or of the parts of one kit, for one requester."""

    product: str
    parts: Mapping[str, int]
    outlook: AvailabilityOutlook
    entries: Entries
    requester: Requester

    @property
    def is_kit(self) -> bool:
        return self.parts != {self.product: 1}

    def timeline(self, source: str) -> PromiseTimeline:
        """Return the timeline of a source; a kit has no balances of its own."""
        days = self._days(source)
        if self.is_kit:
            free = self._free_kits(source)
            return PromiseTimeline(
                product=self.product,
                source=source,
                free=free,
                on_hand=free,
                reserved=0.0,
                safety_stock=0.0,
                allocated=0.0,
                made_of=dict(self.parts),
                days=days,
            )

        position = self.outlook.positions[self.product, source]
        return PromiseTimeline(
            product=self.product,
            source=source,
            free=float(self.outlook.free((self.product, source), self.requester)),
            on_hand=float(position.on_hand),
            reserved=float(position.reserved),
            safety_stock=float(position.safety_stock),
            allocated=float(position.allocated),
            made_of={},
            days=days,
        )

    def _free_kits(self, source: str) -> float:
        """Return the whole kits that may be promised at a source today."""
        whole_kits = []
        for part, per_unit in self.parts.items():
            whole_kits.append(self.outlook.free((part, source), self.requester) // per_unit)
        return float(min(whole_kits))

    def _days(self, source: str) -> list[PromiseDay]:
        """Return the days of the window at a source."""
        rows = [self.outlook.keys.index((part, source)) for part in self.parts]
        view = self.outlook.view_of(self.requester)
        projected = self._in_units(view.projected[rows])
        atp = self._in_units(view.atp[rows])
        supply = demand = np.zeros(len(projected))
        if not self.is_kit:
            supply = self.outlook.projection.supply[rows[0]] / TICKS
            demand = self.outlook.projection.demand[rows[0]] / TICKS

        days = []
        for offset in range(len(projected)):
            day = self.outlook.today + timedelta(days=offset)
            days.append(
                PromiseDay(
                    day=day,
                    supply=float(supply[offset]),
                    demand=float(demand[offset]),
                    projected=float(projected[offset]),
                    atp=float(atp[offset]),
                    entries=self._entries_of(source, day),
                )
            )

        return days

    def _entries_of(self, source: str, day: date) -> list[ScheduledChange]:
        entries: list[ScheduledChange] = []
        for part in self.parts:
            entries += self.entries.get((part, source, day), ())
        return entries

    def _in_units(self, values: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return ticks by part and day as units of the product, or as whole kits."""
        if not self.is_kit:
            in_units: NDArray[np.float64] = values[0] / TICKS
            return in_units
        per_unit = np.array(list(self.parts.values()), dtype=np.int64)[:, None]
        whole_kits: NDArray[np.float64] = np.min(values // (per_unit * TICKS), axis=0).astype(float)
        return whole_kits


class _ScheduleEntry(NamedTuple):
    stock_id: int
    day: date
    id: int
    data_source: str
    measure: str
    delta: float
    confidence: float
    cause: str
    document: str
    actor: str
    recorded_at: datetime


def _scheduled_changes(
    session: Session, found: AvailabilityOutlook, keys: Sequence[ProductSource]
) -> Entries:
    """Return the entries of the window for these keys, by product, source and day."""
    key_of = {found.positions[key].stock_id: key for key in keys}
    days = found.projection.atp.shape[1]
    rows = fetch_as(
        session,
        _ScheduleEntry,
        "SELECT stock_id, day, id, data_source, measure, delta::float8, confidence::float8, cause,"
        " document, actor, recorded_at FROM inventory_visibility.schedule_entry"
        " WHERE stock_id = ANY(%s) AND day >= %s AND day < %s ORDER BY id",
        (list(key_of), found.today, found.today + timedelta(days=days)),
    )
    rows += _overdue_entries(session, list(key_of), found.today)

    entries: dict[tuple[str, str, date], list[ScheduledChange]] = defaultdict(list)
    for row in rows:
        product, source = key_of[row.stock_id]
        change = ScheduledChange(
            id=row.id,
            product=product,
            data_source=row.data_source,
            measure=row.measure,
            quantity=row.delta,
            confidence=row.confidence,
            cause=row.cause,
            document=row.document,
            actor=row.actor,
            recorded_at=row.recorded_at,
        )
        entries[product, source, max(row.day, found.today)].append(change)

    return entries


def _overdue_entries(
    session: Session, stock_ids: Sequence[int], today: date
) -> list[_ScheduleEntry]:
    """Return the entries of transfers that should have left before today."""
    return fetch_as(
        session,
        _ScheduleEntry,
        "SELECT e.stock_id, e.day, e.id, e.data_source, e.measure, e.delta::float8,"
        " e.confidence::float8, e.cause, e.document, e.actor, e.recorded_at"
        f" FROM (SELECT s.id AS stock_id, l.id, l.ship_date, l.version FROM {OPEN_LINES}) o"
        " CROSS JOIN LATERAL generate_series(1, o.version) AS n(version)"
        " JOIN inventory_visibility.schedule_entry e ON e.stock_id = o.stock_id"
        " AND e.day = o.ship_date"
        " AND e.event_id = 'supply/' || o.id || '/' || n.version || '/origin' ORDER BY e.id",
        (list(stock_ids), today),
    )

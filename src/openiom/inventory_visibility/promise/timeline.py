"""What can be promised of our own stock by day, by product and source, and the entries that make up each day."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import InventoryConfiguration
from openiom.inventory_visibility.measures import Measure
from openiom.platform.bulk import fetch

from .atp import Projection, project, ticks

Key = tuple[str, str]
SURE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Standing:
    """One of our stock rows now; `free` is what may be promised at once, before any buffer of a channel."""

    stock_id: int
    on_hand: Decimal
    reserved: Decimal
    safety_stock: Decimal
    allocated: Decimal

    @property
    def free(self) -> Decimal:
        return self.on_hand - self.reserved - self.safety_stock - self.allocated


@dataclass(frozen=True, slots=True)
class Outlook:
    """Rows of `projection` are `keys`, in order; its columns are the days from today on; values in ticks."""

    keys: Sequence[Key]
    standing: Mapping[Key, Standing]
    projection: Projection
    today: date

    def atp(self, key: Key) -> NDArray[np.int64]:
        found: NDArray[np.int64] = self.projection.atp[self.keys.index(key)]
        return found


def formula_of(configuration: InventoryConfiguration) -> Mapping[Measure, int]:
    """The signs by which dated changes count: those of the first promised measure, or of what may be reserved."""
    if configuration.atp_measures:
        return configuration.calculated[configuration.atp_measures[0]]
    return configuration.supply


def outlook(
    session: Session,
    products: Collection[str],
    *,
    configuration: InventoryConfiguration,
    today: date,
    source: str = "",
) -> Outlook:
    """The projection of every row of ours for these products (no kits); two queries."""
    standing = _standing(session, products, source)
    keys, days = sorted(standing), configuration.atp_days
    row = {standing[key].stock_id: i for i, key in enumerate(keys)}
    supply, demand = np.zeros((len(keys), days), dtype=np.int64), np.zeros((len(keys), days), dtype=np.int64)
    formula = formula_of(configuration)
    for stock_id, day, data_source, measure, quantity in fetch(
        session,
        "SELECT stock_id, day, data_source, measure, quantity FROM inventory_visibility.schedule_balance"
        " WHERE stock_id = ANY(%s) AND day >= %s AND day < %s AND quantity <> 0",
        (list(row), today, today + timedelta(days=days)),
    ):
        signed = formula.get((data_source, measure), 0) * ticks(quantity)
        (supply if signed > 0 else demand)[row[stock_id], (day - today).days] += abs(signed)
    free = np.array([ticks(standing[key].free) for key in keys], dtype=np.int64)
    return Outlook(keys, standing, project(free, supply, demand), today)


def _standing(session: Session, products: Collection[str], source: str) -> dict[Key, Standing]:
    rows = fetch(
        session,
        "SELECT s.product, s.source, s.id, s.on_hand, s.reserved, s.safety_stock, coalesce(a.allocated, 0)"
        " FROM inventory_visibility.stock s LEFT JOIN LATERAL (SELECT sum(allocated) AS allocated"
        " FROM inventory_visibility.allocation a WHERE a.stock_id = s.id) a ON true WHERE s.product = ANY(%s)"
        " AND s.organization = '' AND s.dimensions = '' AND (%s = '' OR s.source = %s)",
        (sorted(set(products)), source, source),
    )
    return {(row[0], row[1]): Standing(*row[2:]) for row in rows}


@dataclass(frozen=True, slots=True)
class PromiseAsk:
    """Units by product (kits taken apart) wanted together from one source; '' is any.

    `ahead` are units others wait for and will get first, wherever they come from.
    """

    parts: Mapping[str, int]
    source: str = ""
    ahead: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PromiseDate:
    """The first day everything can be promised, and how sure the receipts are on which that rests, 0 to 1."""

    day: date
    confidence: Decimal


def promise_dates(
    session: Session, asks: Sequence[PromiseAsk], *, configuration: InventoryConfiguration, today: date
) -> list[PromiseDate | None]:
    """The earliest day each ask can be promised, each by itself; None beyond the schedule. Three queries for all."""
    seen = outlook(session, {p for ask in asks for p in ask.parts}, configuration=configuration, today=today)
    sources: dict[str, set[str]] = defaultdict(set)
    for product, source in seen.keys:
        sources[product].add(source)
    row = {key: i for i, key in enumerate(seen.keys)}
    sure = _confidence(session, {p for ask in asks for p in ask.parts}, today)
    return [_promise(ask, seen, row, sources, sure) for ask in asks]


def _promise(
    ask: PromiseAsk,
    seen: Outlook,
    row: Mapping[Key, int],
    sources: Mapping[str, set[str]],
    sure: Mapping[Key, Sequence[tuple[date, Decimal]]],
) -> PromiseDate | None:
    """The earliest day, of several sources the one whose receipts are the surest."""
    able = set.intersection(*(sources.get(p, set()) for p in ask.parts))
    atp = seen.projection.atp
    for_all = np.ones(atp.shape[1], dtype=bool)
    for part, units in ask.ahead.items():
        everywhere = np.sum([np.maximum(atp[row[part, s]], 0) for s in sources.get(part, ())], axis=0)
        for_all &= everywhere >= ticks(Decimal(units + ask.parts[part]))
    best: tuple[int, Decimal, str] | None = None
    for source in able & {ask.source} if ask.source else able:
        enough = for_all & np.all([atp[row[p, source]] >= ticks(Decimal(q)) for p, q in ask.parts.items()], axis=0)
        if enough.any():
            offset = int(np.argmax(enough))
            by = seen.today + timedelta(days=offset)
            sure_by = min((c for p in ask.parts for d, c in sure.get((p, source), ()) if d <= by), default=SURE)
            best = min(best, (offset, -sure_by, source)) if best else (offset, -sure_by, source)
    return PromiseDate(seen.today + timedelta(days=best[0]), -best[1]) if best else None


def _confidence(session: Session, products: Collection[str], today: date) -> dict[Key, list[tuple[date, Decimal]]]:
    """How sure each open supply document is, by key and day; what comes through the API counts as sure."""
    found: dict[Key, list[tuple[date, Decimal]]] = defaultdict(list)
    for product, source, day, confidence in fetch(
        session,
        "SELECT product, source, expected_date, min(confidence) FROM inventory_visibility.supply_line"
        " WHERE product = ANY(%s) AND scheduled > 0 AND expected_date >= %s GROUP BY 1, 2, 3",
        (sorted(set(products)), today),
    ):
        found[product, source].append((day, confidence))
    return found

"""What can be promised of our own stock by day, by product and source, and the entries that make up each day."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import InventoryConfiguration
from openiom.inventory_visibility.measures import Measure
from openiom.platform.bulk import fetch

from .allocation_limits import Limits, limits_of
from .atp import HUNDRED_PERCENT, Kept, Projection, lowest_from, project, ticks
from .decisions import Key, Requester, rule_for

SURE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Standing:
    """One of our stock rows now; `free` is what may be promised at once to whoever names no channel."""

    stock_id: int
    on_hand: Decimal
    reserved: Decimal
    safety_stock: Decimal
    allocated: Decimal

    @property
    def free(self) -> Decimal:
        return self.on_hand - self.reserved - self.safety_stock - self.allocated


@dataclass(frozen=True)
class Outlook:
    """Rows of `projection` are `keys`, in order; its columns are the days from today on; values in ticks."""

    keys: Sequence[Key]
    standing: Mapping[Key, Standing]
    projection: Projection
    today: date
    limits: Limits
    _views: dict[Requester, Projection] = field(default_factory=dict)

    def seen_by(self, requester: Requester) -> Projection:
        """The projection of what this requester may have: as `available` sees it today, and on every day to come."""
        if not requester.channel:
            return self.projection
        if requester not in self._views:
            projected = self._kept(requester).offers(self.projection.projected)
            self._views[requester] = replace(
                self.projection, projected=projected, atp=lowest_from(projected)
            )
        return self._views[requester]

    def free(self, key: Key, requester: Requester) -> Decimal:
        """What of a key this requester may be promised at once."""
        own, row = self.standing[key], self.limits.shelves.get(self.standing[key].stock_id)
        if row is None or not requester.channel:
            return own.free
        free = own.on_hand - own.reserved
        return row.offers(requester, on_hand=own.on_hand, free=free, rules=self.limits.rules)

    def _kept(self, requester: Requester) -> Kept:
        rows = [self.standing[key] for key in self.keys]
        shelves = [self.limits.shelves.get(row.stock_id) for row in rows]
        rules = [rule_for(self.limits.rules, key, requester.channel) for key in self.keys]
        return Kept(
            own=_array(
                sum(ticks(p.allocated) for p in s.pools if p.serves(requester)) if s else 0
                for s in shelves
            ),
            held=_array(ticks(row.on_hand - row.free) for row in rows),
            buffer=_array(ticks(rule.units) if rule else 0 for rule in rules),
            percent=_array(
                int(rule.percent * HUNDRED_PERCENT / 100) if rule else 0 for rule in rules
            ),
        )


def _array(values: Iterable[int]) -> NDArray[np.int64]:
    return np.array(list(values), dtype=np.int64)


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
    channels: Collection[str] = (),
) -> Outlook:
    """The projection of every row of ours for these products (no kits), for requesters of no channel or one of these.

    Three queries, and one more when there are channels.
    """
    rows = _rows(session, products, source)
    limits = limits_of(
        session, {r[2]: (r[0], r[1]) for r in rows}, {r[2]: r[5] for r in rows}, channels
    )
    standing = {
        (product, at): Standing(
            *(stock_id, on_hand, reserved, safety), _allocated(limits, stock_id)
        )
        for product, at, stock_id, on_hand, reserved, safety in rows
    }
    keys, days = sorted(standing), configuration.atp_days
    row = {standing[key].stock_id: i for i, key in enumerate(keys)}
    supply, demand = (
        np.zeros((len(keys), days), dtype=np.int64),
        np.zeros((len(keys), days), dtype=np.int64),
    )
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
    return Outlook(keys, standing, project(free, supply, demand), today, limits)


def _rows(
    session: Session, products: Collection[str], source: str
) -> Sequence[tuple[str, str, int, Decimal, Decimal, Decimal]]:
    rows = fetch(
        session,
        "SELECT product, source, id, on_hand, reserved, safety_stock FROM inventory_visibility.stock"
        " WHERE product = ANY(%s) AND organization = '' AND dimensions = '' AND (%s = '' OR source = %s)",
        (sorted(set(products)), source, source),
    )
    return [(row[0], row[1], row[2], row[3], row[4], row[5]) for row in rows]


def _allocated(limits: Limits, stock_id: int) -> Decimal:
    shelf = limits.shelves.get(stock_id)
    return sum((pool.allocated for pool in shelf.pools), Decimal(0)) if shelf else Decimal(0)


@dataclass(frozen=True, slots=True)
class PromiseRequest:
    """Units by product (kits taken apart) wanted together from one source; '' is any.

    `ahead` are units others wait for and will get first, wherever they come from; `ahead_of_others` those that other
    channels and groups wait for, who get at most what is common. `channel` and `customer_group` say on whose behalf.
    """

    parts: Mapping[str, int]
    source: str = ""
    ahead: Mapping[str, int] = field(default_factory=dict)
    ahead_of_others: Mapping[str, int] = field(default_factory=dict)
    channel: str = ""
    customer_group: str = ""

    @property
    def requester(self) -> Requester:
        return Requester(self.channel, self.customer_group)


@dataclass(frozen=True, slots=True)
class PromiseDate:
    """The first day everything can be promised, and how sure the receipts are on which that rests, 0 to 1."""

    day: date
    confidence: Decimal


def promise_dates(
    session: Session,
    asks: Sequence[PromiseRequest],
    *,
    configuration: InventoryConfiguration,
    today: date,
) -> list[PromiseDate | None]:
    """The earliest day each ask can be promised, each by itself; None beyond the schedule. Five queries for all."""
    wanted, channels = {p for ask in asks for p in ask.parts}, {ask.channel for ask in asks}
    seen = outlook(session, wanted, configuration=configuration, today=today, channels=channels)
    sources: dict[str, set[str]] = defaultdict(set)
    for product, source in seen.keys:
        sources[product].add(source)
    row = {key: i for i, key in enumerate(seen.keys)}
    sure = _confidence(session, wanted, today)
    return [_promise(ask, seen, row, sources, sure) for ask in asks]


def _promise(
    ask: PromiseRequest,
    seen: Outlook,
    row: Mapping[Key, int],
    sources: Mapping[str, set[str]],
    sure: Mapping[Key, Sequence[tuple[date, Decimal]]],
) -> PromiseDate | None:
    """The earliest day, of several sources the one whose receipts are the surest."""
    able = set.intersection(*(sources.get(p, set()) for p in ask.parts))
    atp = seen.seen_by(ask.requester).atp
    for_all = np.ones(atp.shape[1], dtype=bool)
    for part, units in ask.parts.items():
        ahead, others = ask.ahead.get(part, 0), ask.ahead_of_others.get(part, 0)
        if ahead or others:
            rows = [row[part, s] for s in sources.get(part, ())]
            everywhere = np.maximum(atp[rows], 0).sum(axis=0)
            common = np.maximum(seen.projection.atp[rows], 0).sum(axis=0)
            for_all &= everywhere - np.minimum(common, ticks(Decimal(others))) >= ticks(
                Decimal(units + ahead)
            )
    best: tuple[int, Decimal, str] | None = None
    for source in able & {ask.source} if ask.source else able:
        enough = for_all & np.all(
            [atp[row[p, source]] >= ticks(Decimal(q)) for p, q in ask.parts.items()], axis=0
        )
        if enough.any():
            offset = int(np.argmax(enough))
            by = seen.today + timedelta(days=offset)
            sure_by = min(
                (c for p in ask.parts for d, c in sure.get((p, source), ()) if d <= by),
                default=SURE,
            )
            best = min(best, (offset, -sure_by, source)) if best else (offset, -sure_by, source)
    return PromiseDate(seen.today + timedelta(days=best[0]), -best[1]) if best else None


def _confidence(
    session: Session, products: Collection[str], today: date
) -> dict[Key, list[tuple[date, Decimal]]]:
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

"""
One run of one scenario: day after day, its orders sourced by the product's own engine on what is left. Pure.

Stock falls by what was served and, where the simulation says so, is filled up to its first level every few days.
Capacity begins anew each day. A day is one wave at noon (UTC); where a constraint looks at the hour, it is one wave for
every hour in which orders came. Lines nobody can serve are lost, not carried to the next day.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

import numpy as np

from openiom.fulfillment_optimization.costing import Circumstances, frame, great_circle_km
from openiom.fulfillment_optimization.desk import OpenLine
from openiom.fulfillment_optimization.documents import Batch, StrategyBody
from openiom.fulfillment_optimization.past_demand import PastOrder
from openiom.fulfillment_optimization.planning.solving import solve_wave
from openiom.fulfillment_optimization.snapshot import Setting, Snapshot
from openiom.kernel import NotFound

from .asking import SimulationAsk
from .demand import Pool, Stock, drawn
from .figures import RunFigures, SourceTally, Tally, daily_of, kpis_of

NOON = 12
MOST_ALTERNATES = 5


@dataclass(frozen=True, eq=False)
class Scenario:
    """A network with its strategy, and what stands where on the first morning."""

    network: Snapshot
    strategy: str
    stock: Stock
    weights_kg: dict[str, float] = field(default_factory=dict)
    unlimited: frozenset[str] = frozenset()


class _Served(NamedTuple):
    line: int
    source: str
    units: int


@dataclass(eq=False)
class _World:
    """What changes during a run."""

    stock: Stock
    parcels: dict[str, int] = field(default_factory=dict)  # of this day, by source
    lines: dict[str, int] = field(default_factory=dict)
    sources: dict[str, SourceTally] = field(default_factory=dict)


def simulate(ask: SimulationAsk, pool: Pool, scenario: Scenario, *, run: int, shocked: bool) -> RunFigures:
    """One run; `shocked` is whether it meets the demand the changes ask for, or the baseline's."""
    changes = ask.changes if shocked else ask.changes.model_copy(update={"demand_multiplier": 1.0, "new_products": []})
    arrivals = drawn(
        pool, days=ask.demand.days, multiplier=ask.demand.multiplier, changes=changes, seed=ask.seed, run=run
    )
    world = _World({product: dict(units) for product, units in scenario.stock.items()})
    days: list[Tally] = []
    for ahead, orders in enumerate(arrivals):
        if ask.replenish_days and ahead and ahead % ask.replenish_days == 0:
            _replenish(world.stock, scenario.stock)
        days.append(_day(scenario, world, ask.demand.from_ + timedelta(days=ahead), orders, pool.currency))
    return RunFigures(kpis_of(days), daily_of(days), {n: t.as_dict() for n, t in sorted(world.sources.items())})


def _replenish(stock: Stock, full: Stock) -> None:
    for product, units in full.items():
        mine = stock.setdefault(product, {})
        for source, count in units.items():
            mine[source] = max(mine.get(source, 0), count)


def _day(scenario: Scenario, world: _World, day: date, orders: Sequence[PastOrder], currency: str) -> Tally:
    setting = scenario.network.setting(scenario.strategy, day)
    world.parcels, world.lines = {}, {}
    tally = Tally()
    for hour, wave in _waves(setting, orders):
        tally.add(_wave(scenario, world, wave, datetime.combine(day, time(hour), UTC), currency))
    for name in tally.sources:
        world.sources[name].days += 1
    return tally


def _waves(setting: Setting, orders: Sequence[PastOrder]) -> Iterator[tuple[int, list[PastOrder]]]:
    """(hour, orders) of a day."""
    if not any(constraint.type == "respect_timings" for constraint in setting.constraints):
        if orders:
            yield NOON, list(orders)
        return
    for hour, wave in groupby(orders, key=lambda order: order.placed_at.hour):
        yield hour, list(wave)


def _wave(scenario: Scenario, world: _World, orders: Sequence[PastOrder], now: datetime, currency: str) -> Tally:
    """The wave by its strategy, what that leaves unsourced by the alternate, and so on."""
    lines = _lines(orders, now)
    served: list[_Served] = []
    cost, name, tried, rest = 0.0, scenario.strategy, set[str](), list(range(len(lines)))
    while rest and name not in tried and len(tried) <= MOST_ALTERNATES:
        tried.add(name)
        try:
            setting = scenario.network.setting(name, now.date())
        except NotFound:
            break
        if setting.sites:
            found, money = _attempt(scenario, setting, world, [lines[i] for i in rest], now)
            served += [_Served(rest[i], source, units) for i, source, units in found]
            cost += money
        done = {row.line for row in served}
        rest = [i for i in rest if i not in done]
        name = setting.strategy.alternate or name
    return _tally(scenario, world, orders, served, cost, currency)


def _attempt(
    scenario: Scenario, setting: Setting, world: _World, lines: Sequence[OpenLine], now: datetime
) -> tuple[list[tuple[int, str, int]], float]:
    """(line, source, units) of everything served, taken from stock and day, and its money."""
    products = {line.product for line in lines}
    given = Circumstances(
        now=now,
        parcels_today=world.parcels,
        lines_today=world.lines,
        weights_kg=scenario.weights_kg,
        unlimited=scenario.unlimited,
    )
    stock = {(p, source): units for p in products for source, units in world.stock.get(p, {}).items() if units > 0}
    solved = solve_wave(frame(lines, setting, stock, given), _in_sequence(setting.strategy))
    names, plan = solved.framed.names, solved.plan
    columns = (plan.shares.line.tolist(), plan.shares.node.tolist(), plan.shares.quantity.tolist())
    found = [(line, names[node], units) for line, node, units in zip(*columns, strict=True)]
    for line, name, units in found:
        if lines[line].product not in scenario.unlimited:
            world.stock[lines[line].product][name] -= units
        world.lines[name] = world.lines.get(name, 0) + 1
    for name, load in zip(names, plan.costs.load.tolist(), strict=True):
        world.parcels[name] = world.parcels.get(name, 0) + load
    money = solved.framed.money(plan.cost_parts)
    return found, float(sum(part.sum() for what, part in money.items() if what != "open"))


def _in_sequence(strategy: StrategyBody) -> StrategyBody:
    """Orders one after the other, also where the strategy plans batches: hundreds of waves must take minutes."""
    return strategy.model_copy(update={"batch": Batch(contention=None)})


def _lines(orders: Sequence[PastOrder], now: datetime) -> list[OpenLine]:
    """The wave as the optimizer reads it; ids only tell lines and orders of the wave apart."""
    found: list[OpenLine] = []
    for number, order in enumerate(orders):
        wanted = None if order.wanted_days is None else now.date() + timedelta(days=order.wanted_days)
        for line in order.lines:
            found.append(
                OpenLine(
                    line_id=UUID(int=len(found)),
                    order_id=UUID(int=number),
                    product=line.product,
                    quantity=line.quantity,
                    country=order.country,
                    place=order.place,
                    source="",
                    state=order.state,
                    wanted=wanted,
                    business=order.business,
                )
            )
    return found


def _tally(
    scenario: Scenario,
    world: _World,
    orders: Sequence[PastOrder],
    served: Sequence[_Served],
    cost: float,
    currency: str,
) -> Tally:
    every = [(number, line) for number, order in enumerate(orders) for line in order.lines]
    order_of = np.array([number for number, _ in every], dtype=np.int64)
    asked = np.array([line.quantity for _, line in every], dtype=np.int64)
    got = np.zeros(len(every), dtype=np.int64)
    opened: dict[tuple[int, str], None] = {}
    for row in served:
        got[row.line] += row.units
        mine = world.sources.setdefault(row.source, SourceTally())
        mine.lines += 1
        mine.units += row.units
        opened[every[row.line][0], row.source] = None
    any_of = np.bincount(order_of, weights=got > 0, minlength=len(orders)) > 0
    all_of = np.bincount(order_of, weights=got < asked, minlength=len(orders)) == 0
    parcels = np.bincount([number for number, _ in opened], minlength=len(orders)) if opened else np.zeros(1)
    km, km_parcels = _distance(scenario, world, orders, list(opened))
    revenue = np.array([line.revenue if orders[n].currency == currency else 0.0 for n, line in every])
    return Tally(
        orders=len(orders),
        lines=len(every),
        units=int(asked.sum()),
        units_served=int(got.sum()),
        in_full=int((any_of & all_of).sum()),
        in_part=int((any_of & ~all_of).sum()),
        split=int((parcels > 1).sum()),
        parcels=len(opened),
        km=km,
        km_parcels=km_parcels,
        revenue=float((revenue * got / asked).sum()),
        lost_revenue=float((revenue * (asked - got) / asked).sum()),
        cost=cost,
        sources={source for _, source in opened},
    )


def _distance(
    scenario: Scenario, world: _World, orders: Sequence[PastOrder], parcels: Sequence[tuple[int, str]]
) -> tuple[float, int]:
    """Kilometres of all parcels whose destination is known, and how many those are; counted for each source too."""
    sites = scenario.network.sites
    column = {site.name: n for n, site in enumerate(sites)}
    km = great_circle_km([o.place for o in orders], [(s.latitude, s.longitude) for s in sites], 0.0)
    total, known = 0.0, 0
    for number, source in parcels:
        mine = world.sources[source]
        mine.parcels += 1
        if orders[number].place is not None:
            distance = float(km[number, column[source]])
            mine.km += distance
            mine.km_parcels += 1
            total += distance
            known += 1
    return total, known

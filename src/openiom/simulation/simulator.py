"""
One run of one scenario: day after day, its orders sourced by the product's own engine on what is left. Pure.

Orders are planned the way their strategy does it. One that collects them has them planned together when their window
closes. One that does not takes each when it comes; where it pays bid prices, or where the hour decides what can still
leave, orders are looked at hour by hour, else the day's orders one after the other at noon (UTC). Prices are learned on
the first morning from days drawn like those to come, and follow the shelves from there.

Stock falls by what was served, rises by the supply scheduled for the day and, where the simulation says so, is filled
up to its first level every few days. Capacity is that of each source's own day. Lines nobody can serve are lost, not
carried to the next day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import NamedTuple

import numpy as np

from openiom.fulfillment_optimization.documents import StrategyBody
from openiom.fulfillment_optimization.engine import BidPrices
from openiom.fulfillment_optimization.order_port import OpenLine
from openiom.fulfillment_optimization.past_demand import PastOrder, as_open_lines
from openiom.fulfillment_optimization.planning.daily_capacity import local_day
from openiom.fulfillment_optimization.planning.opportunity_costs import Worths, learned
from openiom.fulfillment_optimization.planning.solver import solve_wave
from openiom.fulfillment_optimization.planning.windows import window_end
from openiom.fulfillment_optimization.problem_builder import (
    Key,
    PlanningContext,
    PricedProblem,
    build_problem,
    great_circle_km,
)
from openiom.fulfillment_optimization.snapshot import Snapshot, StrategyConfig
from openiom.kernel import NotFound

from .demand import Pool, Stock, drawn
from .kpis import RunFigures, SourceTally, Tally, daily_of, kpis_of
from .request import SimulationAsk

NOON = 12
PRACTICE, PRACTICE_RUN = 12, 1_000_000
"""Days prices are learned from, and the number they are drawn by: no run has it."""
MOST_ALTERNATES = 5


class Arrival(NamedTuple):
    """Units that arrive on the morning of a day, counted from the first one."""

    ahead: int
    product: str
    source: str
    units: int


@dataclass(frozen=True, eq=False)
class Scenario:
    """A network with its strategy, and what stands where on the first morning."""

    network: Snapshot
    strategy: str
    stock: Stock
    weights_kg: dict[str, float] = field(default_factory=dict)
    unlimited: frozenset[str] = frozenset()
    inbound: tuple[Arrival, ...] = ()
    known: dict[str, Worths] = field(default_factory=dict)  # learned so far, by strategy


class _Served(NamedTuple):
    line: int
    source: str
    units: int


@dataclass(eq=False)
class _World:
    """What changes during a run."""

    first: date
    stock: Stock
    practice: Sequence[Sequence[PastOrder]]  # days like those to come, to learn prices from
    taken: dict[tuple[str, date], list[int]] = field(
        default_factory=dict
    )  # parcels and lines, by source and its day
    sources: dict[str, SourceTally] = field(default_factory=dict)


def simulate(
    ask: SimulationAsk, pool: Pool, scenario: Scenario, *, run: int, shocked: bool
) -> RunFigures:
    """One run; `shocked` is whether it meets the demand the changes ask for, or the baseline's."""
    changes = (
        ask.changes
        if shocked
        else ask.changes.model_copy(update={"demand_multiplier": 1.0, "new_products": []})
    )
    arrivals = drawn(
        pool,
        days=ask.demand.days,
        multiplier=ask.demand.multiplier,
        changes=changes,
        seed=ask.seed,
        run=run,
    )
    practice = drawn(
        pool,
        days=PRACTICE,
        multiplier=ask.demand.multiplier,
        changes=changes,
        seed=ask.seed,
        run=PRACTICE_RUN,
    )
    stock = {product: dict(units) for product, units in scenario.stock.items()}
    world = _World(ask.demand.from_, stock, list(practice))
    days: list[Tally] = []
    for ahead, orders in enumerate(arrivals):
        if ask.replenish_days and ahead and ahead % ask.replenish_days == 0:
            _replenish(world.stock, scenario.stock)
        _receive(world.stock, scenario.inbound, ahead)
        days.append(
            _day(scenario, world, ask.demand.from_ + timedelta(days=ahead), orders, pool.currency)
        )
    return RunFigures(
        kpis_of(days), daily_of(days), {n: t.as_dict() for n, t in sorted(world.sources.items())}
    )


def _replenish(stock: Stock, full: Stock) -> None:
    for product, units in full.items():
        mine = stock.setdefault(product, {})
        for source, count in units.items():
            mine[source] = max(mine.get(source, 0), count)


def _receive(stock: Stock, inbound: Sequence[Arrival], ahead: int) -> None:
    for arrival in inbound:
        if arrival.ahead == ahead:
            mine = stock.setdefault(arrival.product, {})
            mine[arrival.source] = mine.get(arrival.source, 0) + arrival.units


def _day(
    scenario: Scenario, world: _World, day: date, orders: Sequence[PastOrder], currency: str
) -> Tally:
    setting = scenario.network.strategy_config(scenario.strategy, day)
    tally = Tally()
    for now, wave, together in _waves(setting, orders, day):
        tally.add(_wave(scenario, world, wave, now, currency, together=together))
    for name in tally.sources:
        world.sources[name].days += 1
    return tally


def _waves(
    setting: StrategyConfig, orders: Sequence[PastOrder], day: date
) -> Iterator[tuple[datetime, list[PastOrder], bool]]:
    """(instant, orders planned at it, whether together) of a day."""
    batch = setting.strategy.batch

    def window(order: PastOrder) -> datetime:
        return window_end(
            datetime.combine(day, order.placed_at.timetz()).astimezone(UTC), batch.minutes
        )

    if batch.enabled:
        for end, wave in groupby(orders, key=window):
            yield end, list(wave), True
    elif batch.uses_bid_prices or _timed(setting):
        for hour, wave in groupby(orders, key=lambda order: order.placed_at.hour):
            yield datetime.combine(day, time(hour), UTC), list(wave), False
    elif orders:
        yield datetime.combine(day, time(NOON), UTC), list(orders), False


def _timed(setting: StrategyConfig) -> bool:
    """Whether it matters at what hour an order comes."""
    hours = any(
        site.body.cutoff or site.body.calendar or site.body.pickup_schedule
        for site in setting.sources
    )
    return (hours and setting.strategy.weights.lateness_per_day > 0) or setting.depends_on_time()


def _wave(
    scenario: Scenario,
    world: _World,
    orders: Sequence[PastOrder],
    now: datetime,
    currency: str,
    *,
    together: bool,
) -> Tally:
    """The wave by its strategy, what that leaves unsourced by the alternate, and so on."""
    lines = as_open_lines(orders, now)
    served: list[_Served] = []
    cost, name, tried, rest = 0.0, scenario.strategy, set[str](), list(range(len(lines)))
    while rest and name not in tried and len(tried) <= MOST_ALTERNATES:
        tried.add(name)
        try:
            setting = scenario.network.strategy_config(name, now.date())
        except NotFound:
            break
        if setting.sources:
            found, money = _attempt(
                scenario, setting, world, [lines[i] for i in rest], now, together=together
            )
            served += [_Served(rest[i], source, units) for i, source, units in found]
            cost += money
        done = {row.line for row in served}
        rest = [i for i in rest if i not in done]
        name = setting.strategy.alternate or name
    return _tally(scenario, world, orders, served, cost, currency)


def _attempt(
    scenario: Scenario,
    setting: StrategyConfig,
    world: _World,
    lines: Sequence[OpenLine],
    now: datetime,
    *,
    together: bool,
) -> tuple[list[tuple[int, str, int]], float]:
    """(line, source, units) of everything served, taken from stock and day, and its money."""
    today = {site.name: world.taken.setdefault((site.name, local_day(site.time_zone, now)), [0, 0])
             for site in setting.sources}  # fmt: skip
    given = PlanningContext(
        now=now,
        parcels_today={name: parcels for name, (parcels, _) in today.items()},
        lines_today={name: counted for name, (_, counted) in today.items()},
        weights_kg=scenario.weights_kg,
        unlimited=scenario.unlimited,
    )
    framed = build_problem(
        lines, setting, _free(world.stock, {line.product for line in lines}), given
    )
    prices = None if together else _prices(scenario, setting, world, framed, given)
    solved = solve_wave(
        framed, _by_window(setting.strategy), window_closed=together, bid_prices=prices
    )
    names, plan = solved.framed.names, solved.plan
    columns = (plan.shares.line.tolist(), plan.shares.node.tolist(), plan.shares.quantity.tolist())
    found = [(line, names[node], units) for line, node, units in zip(*columns, strict=True)]
    for line, name, units in found:
        if lines[line].product not in scenario.unlimited:
            world.stock[lines[line].product][name] -= units
        today[name][1] += 1
    for name, load in zip(names, plan.costs.load.tolist(), strict=True):
        today[name][0] += load
    money = solved.framed.money(plan.cost_parts)
    return found, float(sum(part.sum() for what, part in money.items() if what != "open"))


def _free(stock: Stock, products: Iterable[str]) -> dict[Key, int]:
    return {
        (p, source): units
        for p in products
        for source, units in stock.get(p, {}).items()
        if units > 0
    }


def _prices(
    scenario: Scenario,
    setting: StrategyConfig,
    world: _World,
    framed: PricedProblem,
    given: PlanningContext,
) -> BidPrices | None:
    """What orders that come one at a time pay, from the worths of the first morning."""
    if not setting.strategy.batch.uses_bid_prices:
        return None
    if setting.name not in scenario.known:
        morning = PlanningContext(
            now=datetime.combine(world.first, time(), UTC),
            weights_kg=scenario.weights_kg,
            unlimited=scenario.unlimited,
        )
        stock = _free(scenario.stock, scenario.stock)
        scenario.known[setting.name] = learned(world.practice, setting, stock, morning)
    return scenario.known[setting.name].prices(framed)


def _by_window(strategy: StrategyBody) -> StrategyBody:
    """Together only where a window closed: an hour's orders did not come at one instant."""
    return strategy.model_copy(
        update={"batch": strategy.batch.model_copy(update={"contention": None})}
    )


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
    parcels = (
        np.bincount([number for number, _ in opened], minlength=len(orders))
        if opened
        else np.zeros(1)
    )
    km, km_parcels = _distance(scenario, world, orders, list(opened))
    revenue = np.array(
        [line.revenue if orders[n].currency == currency else 0.0 for n, line in every]
    )
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
    scenario: Scenario,
    world: _World,
    orders: Sequence[PastOrder],
    parcels: Sequence[tuple[int, str]],
) -> tuple[float, int]:
    """Kilometres of all parcels whose destination is known, and how many those are; counted for each source too."""
    sites = scenario.network.sources
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

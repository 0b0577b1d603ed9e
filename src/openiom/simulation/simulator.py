"""One run of one scenario: day after day, orders are planned on the stock that is left. Pure.

Orders are planned as their strategy does it. A strategy that collects orders plans those of a
batch window together when it closes. Other strategies plan one order after the other: hour by hour
where orders pay opportunity costs or the hour decides what can still ship, else at noon (UTC).
Opportunity costs are learned on the first morning from days drawn like those to come.

Stock falls by what was served, rises by the supply scheduled for the day and, if the simulation
says so, is filled up to its first level every few days. Capacity is that of each source's own day.
Lines that no source can serve are lost, not carried to the next day.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import groupby
from typing import NamedTuple

import numpy as np

from openiom.fulfillment_optimization import (
    CapacityUsage,
    OpenLine,
    OpportunityCosts,
    PastOrder,
    PlannedLines,
    PlanningConditions,
    PlanningNetwork,
    PlanningStrategy,
    as_open_lines,
)
from openiom.kernel import NotFound

from .demand import DemandPool, Stock, copy_of, drawn
from .kpis import RunFigures, SourceTally, Tally, daily_of, kpis_of
from .request import ScenarioChanges, SimulationRequest

NOON = 12
PRACTICE_DAYS = 12
"""Days that opportunity costs are learned from."""
PRACTICE_RUN = 1_000_000
"""Number of the run that these days are drawn for; no simulation has so many runs."""
MOST_ALTERNATES = 5


class Arrival(NamedTuple):
    """Units that arrive on the morning of a day, counted from the first one."""

    ahead: int
    product: str
    source: str
    units: int


@dataclass(frozen=True, eq=False)
class Scenario:
    """A network with its strategy, and the stock on the first morning.

    `learned` keeps the opportunity costs from run to run, by strategy.
    """

    network: PlanningNetwork
    strategy: str
    stock: Stock
    weights_kg: dict[str, float] = field(default_factory=dict)
    unlimited: frozenset[str] = frozenset()
    inbound: tuple[Arrival, ...] = ()
    learned: dict[str, OpportunityCosts] = field(default_factory=dict)


class _Served(NamedTuple):
    """Units of a line, by its number, from a source."""

    line: int
    source: str
    units: int


class _Batch(NamedTuple):
    """Orders planned at one instant; `together` as those of a batch window."""

    now: datetime
    orders: list[PastOrder]
    together: bool


@dataclass(eq=False)
class _State:
    """What changes during a run.

    `practice` are days like those to come; `usage` is by source and its day.
    """

    first: date
    stock: Stock
    practice: Sequence[Sequence[PastOrder]]
    usage: dict[tuple[str, date], CapacityUsage] = field(default_factory=dict)
    sources: dict[str, SourceTally] = field(default_factory=dict)


def simulate(
    request: SimulationRequest, pool: DemandPool, scenario: Scenario, *, run: int, shocked: bool
) -> RunFigures:
    """Return the figures of one run.

    `shocked` is whether demand is that of the requested changes, or that of the baseline.
    """
    demand = request.demand
    draw = partial(
        drawn,
        pool,
        multiplier=demand.multiplier,
        changes=request.changes if shocked else _without_shock(request.changes),
        seed=request.seed,
    )
    practice = list(draw(days=PRACTICE_DAYS, run=PRACTICE_RUN))
    state = _State(demand.from_, copy_of(scenario.stock), practice)

    days: list[Tally] = []
    for ahead, orders in enumerate(draw(days=demand.days, run=run)):
        if _is_replenished(ahead, request.replenish_days):
            _replenish(state.stock, scenario.stock)

        _receive(state.stock, scenario.inbound, ahead)
        day = demand.from_ + timedelta(days=ahead)
        days.append(_simulate_day(scenario, state, day, orders, pool.currency))

    by_source: dict[str, dict[str, float]] = {}
    for name, tally in sorted(state.sources.items()):
        by_source[name] = tally.as_dict()

    return RunFigures(kpis_of(days), daily_of(days), by_source)


def _without_shock(changes: ScenarioChanges) -> ScenarioChanges:
    """Return the changes with the demand of the baseline."""
    return changes.model_copy(update={"demand_multiplier": 1.0, "new_products": []})


def _is_replenished(ahead: int, interval: int | None) -> bool:
    """Return whether stock is filled up on a day; the first morning has its stock already."""
    if interval is None or ahead == 0:
        return False
    return ahead % interval == 0


def _replenish(stock: Stock, full: Stock) -> None:
    """Fill stock up to its first level."""
    for product, units in full.items():
        mine = stock.setdefault(product, {})
        for source, count in units.items():
            mine[source] = max(mine.get(source, 0), count)


def _receive(stock: Stock, inbound: Sequence[Arrival], ahead: int) -> None:
    """Add the supply of a day."""
    for arrival in inbound:
        if arrival.ahead == ahead:
            mine = stock.setdefault(arrival.product, {})
            mine[arrival.source] = mine.get(arrival.source, 0) + arrival.units


def _simulate_day(
    scenario: Scenario, state: _State, day: date, orders: Sequence[PastOrder], currency: str
) -> Tally:
    strategy = scenario.network.strategy(scenario.strategy, day)
    tally = Tally()
    for batch in _batches(strategy, orders, day):
        tally.add(_simulate_batch(scenario, state, batch, currency))

    for name in tally.sources:
        state.sources[name].days += 1

    return tally


def _batches(
    strategy: PlanningStrategy, orders: Sequence[PastOrder], day: date
) -> Iterator[_Batch]:
    """Yield the batches of a day, in the order of their instants."""

    def window(order: PastOrder) -> datetime | None:
        placed_at = datetime.combine(day, order.placed_at.timetz()).astimezone(UTC)
        return strategy.window_end(placed_at)

    def hour(order: PastOrder) -> int:
        return order.placed_at.hour

    if not orders:
        return

    if window(orders[0]) is not None:
        for end, collected in groupby(orders, key=window):
            assert end is not None
            yield _Batch(end, list(collected), True)
    elif strategy.uses_prices or strategy.depends_on_time_of_day():
        for of_hour, placed in groupby(orders, key=hour):
            yield _Batch(datetime.combine(day, time(of_hour), UTC), list(placed), False)
    else:
        yield _Batch(datetime.combine(day, time(NOON), UTC), list(orders), False)


def _simulate_batch(scenario: Scenario, state: _State, batch: _Batch, currency: str) -> Tally:
    """Plan a batch and return its sums."""
    served, cost = _serve(scenario, state, batch)
    tally = _tally(state, batch.orders, served, currency)
    tally.cost = cost
    _add_distances(scenario.network, state, batch.orders, served, tally)
    return tally


def _serve(scenario: Scenario, state: _State, batch: _Batch) -> tuple[list[_Served], float]:
    """Plan a batch by its strategy, what that leaves open by the alternate, and so on.

    Return what was served, and its cost. A line of which any units are served is not open.
    """
    lines = as_open_lines(batch.orders, batch.now)
    served: list[_Served] = []
    cost = 0.0
    open_lines = list(range(len(lines)))
    strategies = _strategies(scenario, batch.now.date())

    while open_lines:
        strategy = next(strategies, None)
        if strategy is None:
            break

        planned = _plan(scenario, state, strategy, [lines[i] for i in open_lines], batch)
        cost += planned.cost

        for assignment in planned.assignments:
            line = open_lines[assignment.line]
            served.append(_Served(line, assignment.source, assignment.units))

        done = {row.line for row in served}
        open_lines = [line for line in open_lines if line not in done]

    return served, cost


def _strategies(scenario: Scenario, day: date) -> Iterator[PlanningStrategy]:
    """Yield the strategy of the scenario and its alternates, each once.

    The first one that is not in force on the day ends the chain.
    """
    name = scenario.strategy
    tried: set[str] = set()
    while name not in tried and len(tried) <= MOST_ALTERNATES:
        tried.add(name)
        try:
            strategy = scenario.network.strategy(name, day)
        except NotFound:
            return

        yield strategy
        name = strategy.alternate or name


def _plan(
    scenario: Scenario,
    state: _State,
    strategy: PlanningStrategy,
    lines: Sequence[OpenLine],
    batch: _Batch,
) -> PlannedLines:
    """Plan lines by one strategy and take what it assigns from stock and capacity."""
    days = strategy.local_days(batch.now)
    usage: dict[str, CapacityUsage] = {}
    for source, day in days.items():
        usage[source] = state.usage.get((source, day), CapacityUsage())

    conditions = PlanningConditions(
        now=batch.now,
        stock=_free(state.stock, {line.product for line in lines}),
        usage=usage,
        weights_kg=scenario.weights_kg,
        unlimited=scenario.unlimited,
    )
    pays_costs = strategy.uses_prices and not batch.together
    costs = _opportunity_costs(scenario, state, strategy) if pays_costs else None
    planned = scenario.network.plan(
        lines,
        strategy,
        conditions,
        together=batch.together,
        costs=costs,
    )

    for line, source, units in planned.assignments:
        product = lines[line].product
        if product not in scenario.unlimited:
            state.stock[product][source] -= units

        usage[source] = usage[source].plus(CapacityUsage(lines=1))

    for source, parcels in planned.parcels.items():
        usage[source] = usage[source].plus(CapacityUsage(parcels=parcels))

    for source, used in usage.items():
        state.usage[source, days[source]] = used

    return planned


def _free(stock: Stock, products: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return the stock of these products, by (product, source)."""
    free: dict[tuple[str, str], int] = {}
    for product in products:
        for source, units in stock.get(product, {}).items():
            if units > 0:
                free[product, source] = units
    return free


def _opportunity_costs(
    scenario: Scenario, state: _State, strategy: PlanningStrategy
) -> OpportunityCosts | None:
    """Return what orders planned one after the other pay, learned on the first morning.

    A strategy without sources has nothing to learn: None.
    """
    if not strategy.source_names:
        return None

    if strategy.name not in scenario.learned:
        morning = PlanningConditions(
            now=datetime.combine(state.first, time(), UTC),
            stock=_free(scenario.stock, scenario.stock),
            weights_kg=scenario.weights_kg,
            unlimited=scenario.unlimited,
        )
        scenario.learned[strategy.name] = scenario.network.learn_costs(
            state.practice, strategy, morning
        )

    return scenario.learned[strategy.name]


def _tally(
    state: _State, orders: Sequence[PastOrder], served: Sequence[_Served], currency: str
) -> Tally:
    """Return the sums over a batch but for cost and distance; count lines and units by source."""
    numbers: list[int] = []
    units: list[int] = []
    money: list[float] = []
    for number, order in enumerate(orders):
        for line in order.lines:
            numbers.append(number)
            units.append(line.quantity)
            money.append(line.revenue if order.currency == currency else 0.0)

    order_of = np.array(numbers, dtype=np.int64)
    requested = np.array(units, dtype=np.int64)
    revenue = np.array(money)
    got = np.zeros(len(numbers), dtype=np.int64)

    for row in served:
        got[row.line] += row.units
        source = state.sources.setdefault(row.source, SourceTally())
        source.lines += 1
        source.units += row.units

    some = np.bincount(order_of, weights=got > 0, minlength=len(orders)) > 0
    everything = np.bincount(order_of, weights=got < requested, minlength=len(orders)) == 0
    parcels = _parcels(orders, served)
    order_of_parcel = np.array([number for number, _ in parcels], dtype=np.int64)
    sources_per_order = np.bincount(order_of_parcel, minlength=len(orders))
    return Tally(
        orders=len(orders),
        lines=len(numbers),
        units=int(requested.sum()),
        units_served=int(got.sum()),
        in_full=int((some & everything).sum()),
        in_part=int((some & ~everything).sum()),
        split=int((sources_per_order > 1).sum()),
        parcels=len(parcels),
        revenue=float((revenue * got / requested).sum()),
        lost_revenue=float((revenue * (requested - got) / requested).sum()),
        sources={source for _, source in parcels},
    )


def _parcels(orders: Sequence[PastOrder], served: Sequence[_Served]) -> list[tuple[int, str]]:
    """Return (order number, source) of each parcel; lines of an order from one source share it."""
    order_of = [number for number, order in enumerate(orders) for _ in order.lines]
    return list(dict.fromkeys((order_of[row.line], row.source) for row in served))


def _add_distances(
    network: PlanningNetwork,
    state: _State,
    orders: Sequence[PastOrder],
    served: Sequence[_Served],
    tally: Tally,
) -> None:
    """Add the distances of parcels, where the destination is known; also to each source."""
    parcels = _parcels(orders, served)
    places = [orders[number].place for number, _ in parcels]

    km = network.distances_km(places, [source for _, source in parcels]).tolist()
    for (number, name), distance in zip(parcels, km, strict=True):
        source = state.sources[name]
        source.parcels += 1
        if orders[number].place is not None:
            source.km += distance
            source.km_parcels += 1
            tally.km += distance
            tally.km_parcels += 1

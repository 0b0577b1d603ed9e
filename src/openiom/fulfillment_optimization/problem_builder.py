"""From orders, sources and a strategy to the problem the engine solves. Pure.

Sets: B orders, L lines, N sources, S products. docs/packages/fulfillment_optimization.md lists the
cost parts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from openiom.kernel import StockUnits
from openiom.logistics import SourceTiming, accepts_order, is_open, lateness_days
from openiom.platform.geocoding import Point

from .constraints import (
    RANKING,
    ConstraintContext,
    ConstraintEffects,
    LineCap,
    apply_constraints,
)
from .documents import CostWeights
from .engine import UNLIMITED, Refusal, SourcingProblem, problem_from_arrays
from .line_refusals import counted_since, line_refusals
from .order_port import OpenLine
from .problem_demand import WHOLE_UNITS, ProblemDemand, problem_demand
from .rates import carriage, zones
from .snapshot import PlanningSource, StrategyConfig

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.uint8]
Parts = dict[str, Floats]
Key = tuple[str, str]
"""Product (of stock: the line's `sku`) and source."""

EARTH_RADIUS_KM = 6371.0
OPEN_LINE_KM = 1e6
"""Cost of an open line where distance is the objective: farther than any source."""
RANK_MARGIN = 1.0
"""Money by which one step in rank exceeds all differences in cost."""


@dataclass(frozen=True, kw_only=True)
class PlanningContext:
    """What a plan depends on besides orders, sources and stock; empty where nothing counts it."""

    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    parcels_today: Mapping[str, int] = field(default_factory=dict)  # by source
    lines_today: Mapping[str, int] = field(default_factory=dict)  # by source
    demand: Mapping[Key, float] = field(default_factory=dict)  # units a day
    weights_kg: Mapping[str, float] = field(default_factory=dict)  # by product
    unlimited: frozenset[str] = frozenset()
    """Products outside the catalog: every source is taken to have them."""


@dataclass(frozen=True, eq=False)
class PricedProblem:
    """A problem, and what is needed to read the money of its plans."""

    problem: SourcingProblem
    names: tuple[str, ...]  # (N,) sources
    products: tuple[str, ...]  # (S,)
    unit_size: Floats  # (S,) stock units in one unit of the problem
    soft_caps: tuple[LineCap, ...] = ()
    rank_step: float = 0.0  # weight of one step of a hard location priority
    open_line: float = 0.0  # the strategy's cost of an open line; constraints raise the problem's
    several_addresses: tuple[tuple[int, ...], ...] = ()  # see `ProblemDemand`

    def money(self, parts: Mapping[str, Floats]) -> Parts:
        """Return the cost parts of a plan as money.

        The ranking of sources is left out, and open lines have the price the strategy states.
        """
        money = dict(parts)
        money.pop(RANKING, None)
        if self.problem.lines:
            raised = float(self.problem.open_cost[0])
            money["open"] = money["open"] * (self.open_line / raised)

        return money


@dataclass(frozen=True, eq=False)
class _Inputs:
    """Everything the cost parts and limits are computed from."""

    demand: ProblemDemand
    config: StrategyConfig
    context: PlanningContext
    stock: Ints  # (N, S) units of the problem
    km: Floats  # (B, N)

    @property
    def stock_units(self) -> Floats:
        """(N, S) available to promise, in stock units."""
        units: Floats = self.stock * self.demand.unit_size
        return units

    @property
    def whole_units(self) -> Ints:
        """(N, S) whole stock units available to promise."""
        if all(unit is WHOLE_UNITS for unit in self.demand.units):
            return self.stock
        return np.floor(self.stock_units).astype(np.int64)


@dataclass(eq=False)
class _Costs:
    """Cost parts before and after constraints."""

    parcel: Parts  # broadcastable to (B, N)
    serve: Parts  # broadcastable to (L, N)
    split_fee: float
    open_line: float


def great_circle_km(
    places: Sequence[Point | None], sources: Sequence[Point], unknown: float
) -> Floats:
    """(places, sources) great-circle kilometers; `unknown` where a place is not known."""
    return _km(places, np.array(sources, dtype=float).reshape(-1, 2), unknown)


def distances(places: Sequence[Point | None], config: StrategyConfig) -> Floats:
    """(places, N) kilometers to every source of a strategy."""
    return _km(places, config.points, config.strategy.weights.unknown_distance_km)


def _km(places: Sequence[Point | None], sources: Floats, unknown: float) -> Floats:
    """Return great-circle distances in kilometers; `unknown` where a place is not known."""
    is_unknown = [place is None for place in places]
    points = [place or (0.0, 0.0) for place in places]
    km = _haversine_km(np.array(points, dtype=float).reshape(-1, 2), sources)
    km[np.array(is_unknown, dtype=bool)] = unknown
    return km


def _haversine_km(points: Floats, sources: Floats) -> Floats:
    """(points, sources) great-circle kilometers by the haversine formula, from degrees."""
    here = np.radians(points)
    there = np.radians(sources)
    lat = np.sin((here[:, None, 0] - there[None, :, 0]) / 2) ** 2
    lon = np.sin((here[:, None, 1] - there[None, :, 1]) / 2) ** 2
    chord = lat + np.cos(here[:, None, 0]) * np.cos(there[None, :, 0]) * lon
    km: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    return km


def build_problem(
    lines: Sequence[OpenLine],
    config: StrategyConfig,
    stock: Mapping[Key, StockUnits | int],
    context: PlanningContext = PlanningContext(),  # noqa: B008 - frozen
) -> PricedProblem:
    """Return the problem of sourcing these lines by a strategy.

    Lines of one order and address must be adjacent. `stock` has the quantities available to
    promise, in stock units.
    """
    inputs = _inputs(lines, config, stock, context)
    demand = inputs.demand
    effects = _effects(inputs)
    costs = _costs(inputs)
    costs.parcel |= effects.parcel_parts
    costs.serve |= effects.serve_parts
    rank_step = 0.0
    if effects.ranks:
        rank_step = _rank_step(demand, costs)
        costs.serve[RANKING] = costs.serve[RANKING] * rank_step

    caps = [(cap.members, cap.left) for cap in (*effects.caps, *effects.soft_caps)]
    limit_members, line_limit = line_limit_arrays(caps, len(config.sources))
    problem = problem_from_arrays(
        line_order=demand.line_order,
        line_sku=demand.line_sku,
        quantity=demand.quantity,
        stock=inputs.stock,
        parcel_parts=costs.parcel,
        serve_parts=costs.serve,
        split_fee=costs.split_fee,
        open_cost=costs.open_line + effects.penalties + rank_step * effects.ranks,
        capacity=_of_sources(config, lambda source: _or_unlimited(source.daily_parcels)),
        used=_of_sources(config, lambda source: context.parcels_today.get(source.name, 0)),
        pressure=config.strategy.weights.capacity_pressure,
        order_refusal=effects.order_refusal,
        line_refusal=effects.line_refusal,
        max_nodes=effects.max_nodes,
        preferred_nodes=effects.preferred_nodes,
        extra_node_penalty=effects.extra_node_penalty,
        max_line_nodes=_max_line_nodes(demand, effects),
        preferred_line_nodes=effects.preferred_line_nodes,
        extra_line_node_penalty=effects.extra_line_node_penalty,
        partial_penalty=effects.partial_penalty,
        limit_members=limit_members,
        line_limit=line_limit,
        orders=len(demand.first_lines),
        names={"nodes": config.names},
    )
    return PricedProblem(
        problem,
        config.names,
        demand.products,
        demand.unit_size,
        tuple(effects.soft_caps),
        rank_step,
        costs.open_line,
        demand.several_addresses,
    )


def _max_line_nodes(demand: ProblemDemand, effects: ConstraintEffects) -> Ints:
    """(L,) sources that a line may be divided over."""
    limits = np.full(len(demand.lines), effects.max_line_nodes, dtype=np.int64)
    limits[demand.undivided] = 1
    return limits


def line_limit_arrays(caps: Sequence[tuple[Bools, int]], nodes: int) -> tuple[Bools, Ints]:
    """Return (G, N) members and (G,) order lines left of caps, as the engine's problem has them."""
    members = np.array([members for members, _ in caps], dtype=bool).reshape(len(caps), nodes)
    return members, np.array([left for _, left in caps], dtype=np.int64)


def _inputs(
    lines: Sequence[OpenLine],
    config: StrategyConfig,
    stock: Mapping[Key, StockUnits | int],
    context: PlanningContext,
) -> _Inputs:
    demand = problem_demand(lines)
    on_hand = _stock_table(stock, config.index, demand)
    if context.unlimited:
        is_unlimited = [product in context.unlimited for product in demand.products]
        on_hand[:, is_unlimited] = UNLIMITED

    km = distances([line.place for line in demand.first_lines], config)
    return _Inputs(demand, config, context, on_hand, km)


def _stock_table(
    stock: Mapping[Key, StockUnits | int], nodes: Mapping[str, int], demand: ProblemDemand
) -> Ints:
    """(N, S) units of the problem; entries of other sources and products are left out."""
    skus = demand.skus
    table = np.zeros((len(nodes), len(skus)), dtype=np.int64)

    for (sku, source), units in stock.items():
        if source in nodes and sku in skus:
            unit = demand.units[skus[sku]]
            table[nodes[source], skus[sku]] = units if unit is WHOLE_UNITS else unit.of_stock(units)

    return table


def _effects(inputs: _Inputs) -> ConstraintEffects:
    """Return the effects of all constraints, the strategy's own limits and assigned sources."""
    config = inputs.config
    constraints = config.in_force(inputs.context.now.date())
    effects = apply_constraints(constraints, _constraint_context(inputs))
    _apply_strategy_limits(inputs, effects)
    since = counted_since(inputs.context.now, config.strategy.retry_refusals_after_hours)
    special = line_refusals(inputs.demand.lines, config.index, since)
    if special is not None:
        effects.line_refusal[special > 0] = special[special > 0]

    return effects


def _constraint_context(inputs: _Inputs) -> ConstraintContext:
    demand, config, context = inputs.demand, inputs.config, inputs.context
    closed = np.zeros(len(config.sources), dtype=np.uint8)
    if config.depends_on_time():
        closed = closed_sources(config, context.now)

    return ConstraintContext(
        sources=config.selector(),
        countries=config.countries,
        destinations=demand.countries,
        km=inputs.km,
        line_order=demand.line_order,
        line_sku=demand.line_sku,
        products=demand.products,
        stock=inputs.whole_units,
        safety_stock=_of_sources(config, lambda source: source.body.safety_stock),
        closed=closed,
        lines_today=_of_sources(config, lambda s: context.lines_today.get(s.name, 0)),
        daily_lines=_of_sources(config, lambda source: _or_unlimited(source.body.daily_lines)),
    )


def _of_sources(config: StrategyConfig, value: Callable[[PlanningSource], int]) -> Ints:
    """(N,) a whole number of every source."""
    return np.array([value(source) for source in config.sources], dtype=np.int64)


def _or_unlimited(limit: int | None) -> int:
    return UNLIMITED if limit is None else limit


def closed_sources(config: StrategyConfig, now: datetime) -> Codes:
    """(N,) CLOSED or AFTER_CUTOFF where a source accepts no order at this instant, else 0."""
    codes = np.zeros(len(config.sources), dtype=np.uint8)
    code_of_timing: dict[int, Refusal] = {}  # many sources share one timing
    for node, timing in enumerate(config.timings):
        if id(timing) not in code_of_timing:
            code_of_timing[id(timing)] = _closed_code(timing, now)
        codes[node] = code_of_timing[id(timing)]
    return codes


def _closed_code(timing: SourceTiming, now: datetime) -> Refusal:
    if not is_open(timing.calendar, now):
        return Refusal.CLOSED
    if not accepts_order(timing.calendar, timing.cutoff, now):
        return Refusal.AFTER_CUTOFF
    return Refusal.NONE


def _apply_strategy_limits(inputs: _Inputs, effects: ConstraintEffects) -> None:
    """Apply the limits of the strategy itself, all of them hard."""
    strategy, config = inputs.config.strategy, inputs.config
    if strategy.same_country_only:
        foreign = inputs.demand.countries[:, None] != config.countries[None, :]
        effects.refuse_order(foreign, Refusal.OTHER_COUNTRY_OR_REGION)

    if strategy.maximum_distance_km:
        effects.refuse_order(inputs.km > strategy.maximum_distance_km, Refusal.MAXIMUM_DISTANCE)

    if strategy.max_sources_per_order:
        effects.limit_sources(strategy.max_sources_per_order, hard=True, penalty=0.0)

    effects.limit_line_sources(strategy.max_line_sources, hard=True, penalty=0.0)
    if not strategy.allow_partial:
        effects.require_whole_orders(hard=True, penalty=0.0)


def _costs(inputs: _Inputs) -> _Costs:
    """Return the cost parts of the strategy's objective, without constraints."""
    strategy = inputs.config.strategy
    if strategy.objective == "distance":
        km_of_line = inputs.km[inputs.demand.line_order]
        return _Costs({}, {"distance": km_of_line}, 0.0, OPEN_LINE_KM)

    parcel, serve = _parcel_parts(inputs), _serve_parts(inputs)
    if inputs.config.rates is not None:
        parcel["carriage"], serve["carriage by weight"] = _rated_carriage(inputs)

    return _Costs(parcel, serve, strategy.weights.split, strategy.weights.open_line)


def _parcel_parts(inputs: _Inputs) -> Parts:
    """Return the cost parts of opening a parcel, broadcastable to (B, N), without rates."""
    config, demand = inputs.config, inputs.demand
    weights = config.strategy.weights
    parts = {
        "parcel": _handling(config, "per_parcel", weights.parcel),
        "carriage": inputs.km * (weights.per_100_km / 100.0),
    }
    preference_costs = [source.body.preference_cost for source in config.sources]
    preference = np.array(preference_costs) * weights.preference
    if preference.any():
        parts["preference"] = preference[None, :]

    if weights.lateness_per_day and any(demand.wanted):
        now, service = inputs.context.now, config.service
        late = lateness_days(config.timings, inputs.km, demand.wanted, now=now, service=service)
        parts["lateness"] = weights.lateness_per_day * late

    return parts


def _serve_parts(inputs: _Inputs) -> Parts:
    """Return the cost parts of serving a whole line, broadcastable to (L, N)."""
    config, weights = inputs.config, inputs.config.strategy.weights
    per_unit = _handling(config, "per_unit", weights.unit)
    parts = {
        "picking": _handling(config, "per_line", weights.line),
        "handling": per_unit * inputs.demand.stock_units[:, None],
    }
    if weights.stock_out or weights.markdown_credit:
        parts |= _cover_parts(inputs)

    return parts


def _cover_parts(inputs: _Inputs) -> Parts:
    """Return the cost parts that follow from days of cover, where their weight is not zero."""
    demand, weights = inputs.demand, inputs.config.strategy.weights
    risk, credit = cover_money(inputs.stock_units, _demand_per_day(inputs), weights)
    units = demand.stock_units[:, None]
    parts: Parts = {}
    if weights.stock_out:
        parts["stock-out risk"] = risk.T[demand.line_sku] * units

    if weights.markdown_credit:
        parts["markdown credit"] = -credit.T[demand.line_sku] * units

    return parts


def cover_money(stock: Floats, demand: Floats, weights: CostWeights) -> tuple[Floats, Floats]:
    """Return (N, S) stock-out risk that a unit adds, and (N, S) markdown cost that it saves.

    With c days of cover, stock / demand a day, the risk falls linearly from `stock_out` at c = 0 to
    0 at `stock_out_days`; the credit rises from 0 at `markdown_days` to `markdown_credit` at twice
    that. Stock without any demand has infinite cover.
    """
    infinite = np.full(stock.shape, np.inf)
    cover = np.divide(stock, demand, out=infinite, where=demand > 0)
    risk = weights.stock_out * np.clip(1.0 - cover / weights.stock_out_days, 0.0, 1.0)
    credit = weights.markdown_credit * np.clip(cover / weights.markdown_days - 1.0, 0.0, 1.0)
    return risk, np.where(stock > 0, credit, 0.0)


def _demand_per_day(inputs: _Inputs) -> Floats:
    """(N, S) units a day; all variants of a product have the demand of the product."""
    columns, index = stock_columns(inputs.demand.products), inputs.config.index
    demand = np.zeros(inputs.stock.shape)
    for (product, source), units in inputs.context.demand.items():
        if product in columns and source in index:
            demand[index[source], columns[product]] = units
    return demand


def stock_columns(products: Sequence[str]) -> dict[str, list[int]]:
    """Return the columns of stock of every product: one, or one for each variant."""
    columns: dict[str, list[int]] = {}
    for column, product in enumerate(products):
        columns.setdefault(product, []).append(column)
    return columns


def _line_weights(inputs: _Inputs) -> Floats:
    """(L,) kilograms; products whose weight is unknown count as weightless."""
    demand, weights_kg = inputs.demand, inputs.context.weights_kg
    unit_weight = [weights_kg.get(product, 0.0) for product in demand.products]
    weights: Floats = np.array(unit_weight)[demand.line_sku] * demand.stock_units
    return weights


def _rated_carriage(inputs: _Inputs) -> tuple[Floats, Floats]:
    """Return (B, N) and (L, N) money of carriage by the strategy's rate table."""
    config, demand = inputs.config, inputs.demand
    assert config.rates is not None
    destinations = [(line.country, line.state) for line in demand.first_lines]
    bodies = [source.body for source in config.sources]
    business = [line.business for line in demand.first_lines]
    return carriage(
        config.rates,
        zone=zones(config.rates, inputs.km, bodies, destinations),
        weight=_line_weights(inputs),
        line_order=demand.line_order,
        types=[source.type for source in config.sources],
        business=np.array(business, dtype=bool),
    )


def _rank_step(demand: ProblemDemand, costs: _Costs) -> float:
    """Return more money than all lines of the largest order could differ by otherwise."""
    most_lines = int(np.bincount(demand.line_order, minlength=1).max(initial=1))
    money = {name: part for name, part in costs.serve.items() if name != RANKING}
    a_parcel = costs.split_fee + _largest(costs.parcel)
    return most_lines * (a_parcel + 2 * _largest(money)) + RANK_MARGIN


def _largest(parts: Mapping[str, Floats]) -> float:
    """Return the sum of the largest amounts of all parts."""
    return sum(float(np.abs(part).max(initial=0.0)) for part in parts.values())


def _handling(config: StrategyConfig, name: str, usual: float) -> Floats:
    """Return (1, N) each source's own handling cost, or the usual one where none has its own."""
    own = [getattr(source.body.handling, name) for source in config.sources]
    costs = np.array(own, dtype=np.float64)  # None becomes NaN
    if np.isnan(costs).all():
        return np.asarray(usual, dtype=np.float64)
    return np.where(np.isnan(costs), usual, costs)[None, :]

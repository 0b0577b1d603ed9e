"""
From orders, sources and a strategy to a problem in arrays and money. Pure.

B orders, L lines, N sources, S products. What an order costs is the sum of its parts: see `docs/rooms` for each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from openiom.logistics import accepts_order, is_open, lateness_days
from openiom.platform.geocoding import Point

from .constraints import RANKING, ConstraintContext, ConstraintEffects, apply_constraints
from .documents import CostWeights, StrategyBody
from .engine import UNLIMITED, Problem, Refusal, problem_from_arrays
from .order_port import OpenLine
from .rates import carriage, zones
from .snapshot import SourceLike, StrategyConfig, make_strategy_config

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Key = tuple[str, str]  # product (of stock: the line's `sku`), source

EARTH_RADIUS_KM = 6371.0
FAR = 1e6
"""Kilometres of leaving a line open when distance is the objective: farther than any source."""
RANK_MARGIN = 1.0


@dataclass(frozen=True, kw_only=True)
class PlanningContext:
    """What a plan depends on besides orders, sources and stock; empty where nothing counts it."""

    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    parcels_today: Mapping[str, int] = field(default_factory=dict)  # by source
    lines_today: Mapping[str, int] = field(default_factory=dict)  # by source
    demand: Mapping[Key, float] = field(default_factory=dict)  # units a day
    weights_kg: Mapping[str, float] = field(default_factory=dict)  # by product
    unlimited: frozenset[str] = (
        frozenset()
    )  # products outside the catalog: every source is taken to have them


@dataclass(frozen=True, eq=False)
class PricedProblem:
    """A problem, and what must be known to read its plan in money."""

    problem: Problem
    names: tuple[str, ...]
    products: tuple[str, ...]
    soft_caps: tuple[tuple[Bools, int, float], ...] = ()
    rank_step: float = 0.0  # what one step of a hard location priority weighs
    open_line: float = 0.0  # the strategy's own price of an open line; the problem's is higher by what constraints add

    def money(self, parts: Mapping[str, Floats]) -> dict[str, Floats]:
        """Cost parts of a plan without what only ranks sources, and open lines at the price the strategy names."""
        told = {name: part for name, part in parts.items() if name != RANKING}
        if self.problem.lines:
            told["open"] = told["open"] * (self.open_line / float(self.problem.open_cost[0]))
        return told


@dataclass(frozen=True, eq=False)
class _Wave:
    """Lines in arrays. Lines of one order stand together."""

    line_order: Ints
    line_sku: Ints
    quantity: Ints
    products: tuple[str, ...]  # (S,) of each column of stock; variants name the same one
    heads: tuple[OpenLine, ...]  # the first line of each order
    wanted: tuple[date | None, ...]  # (B,) the earliest day a line of the order is wanted on
    stock: Ints  # (N, S)
    km: Floats  # (B, N)


def great_circle_km(
    places: Sequence[Point | None], sources: Sequence[Point], unknown: float
) -> Floats:
    """(places, sources) kilometres over the ground; `unknown` where a place is not known."""
    return _km(places, np.array(sources, dtype=float).reshape(-1, 2), unknown)


def distances(places: Sequence[Point | None], setting: StrategyConfig) -> Floats:
    """(places, N) kilometres to every source of a setting."""
    return _km(places, setting.points, setting.strategy.weights.unknown_distance_km)


def _km(places: Sequence[Point | None], sources: Floats, unknown: float) -> Floats:
    here = np.radians(np.array([p or (0.0, 0.0) for p in places], dtype=float).reshape(-1, 2))
    there = np.radians(sources)
    lat = np.sin((here[:, None, 0] - there[None, :, 0]) / 2) ** 2
    lon = np.sin((here[:, None, 1] - there[None, :, 1]) / 2) ** 2
    chord = lat + np.cos(here[:, None, 0]) * np.cos(there[None, :, 0]) * lon
    km: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(chord, 0, 1)))
    km[[p is None for p in places]] = unknown
    return km


def problem_for(
    lines: Sequence[OpenLine],
    sources: Sequence[SourceLike],
    strategy: StrategyBody,
    stock: Mapping[Key, int],
) -> Problem:
    """A strategy without constraints or counters, as the engine takes it."""
    return build_problem(lines, make_strategy_config("", strategy, sources), stock).problem


def build_problem(
    lines: Sequence[OpenLine],
    setting: StrategyConfig,
    stock: Mapping[Key, int],
    given: PlanningContext = PlanningContext(),  # noqa: B008 - frozen
) -> PricedProblem:
    """The wave as the engine takes it. Lines of one order stand together; costs are in money."""
    strategy, weights = setting.strategy, setting.strategy.weights
    wave = _wave(lines, setting, stock, given.unlimited)
    limits = apply_constraints(setting.in_force(given.now.date()), _world(wave, setting, given))
    _own_limits(strategy, wave, setting, limits)
    special = line_refusals(lines, setting.index)
    if special is not None:
        limits.line_refusal[special > 0] = special[special > 0]
    if strategy.objective == "distance":
        parcel, serve, split, open_line = {}, {"distance": wave.km[wave.line_order]}, 0.0, FAR
    else:
        parcel, serve = _parcel_money(wave, setting, given), _serve_money(wave, setting, given)
        if setting.rates is not None:
            parcel["carriage"], serve["carriage by weight"] = _rated(wave, lines, setting, given)
        split, open_line = weights.split, weights.open_line
    parcel |= limits.parcel_parts
    serve |= limits.serve_parts
    rank = _rank_money(wave, parcel, serve, split) if limits.ranks else 0.0
    if limits.ranks:
        serve[RANKING] = serve[RANKING] * rank
    soft = [(counted, units) for counted, units, _ in limits.soft_caps]
    members, left = line_limit_arrays([*limits.caps, *soft], len(setting.names))
    problem = problem_from_arrays(
        line_order=wave.line_order,
        line_sku=wave.line_sku,
        quantity=wave.quantity,
        stock=wave.stock,
        parcel_parts=parcel,
        serve_parts=serve,
        split_fee=split,
        open_cost=open_line + limits.penalties + rank * limits.ranks,
        capacity=[
            UNLIMITED if s.daily_parcels is None else s.daily_parcels for s in setting.sources
        ],
        used=[given.parcels_today.get(name, 0) for name in setting.names],
        pressure=weights.capacity_pressure,
        order_refusal=limits.order_refusal,
        line_refusal=limits.line_refusal,
        max_nodes=limits.max_nodes,
        preferred_nodes=limits.preferred_nodes,
        extra_node_penalty=limits.extra_node_penalty,
        max_line_nodes=limits.max_line_nodes,
        preferred_line_nodes=limits.preferred_line_nodes,
        extra_line_node_penalty=limits.extra_line_node_penalty,
        partial_penalty=limits.partial_penalty,
        limit_members=members,
        line_limit=left,
        orders=len(wave.heads),
        names={"nodes": setting.names},
    )
    return PricedProblem(
        problem, setting.names, wave.products, tuple(limits.soft_caps), rank, open_line
    )


def line_limit_arrays(caps: Sequence[tuple[Bools, int]], nodes: int) -> tuple[Bools, Ints]:
    """(G, N) members and (G,) what each group may still take, as the engine has them."""
    members = np.array([members for members, _ in caps], dtype=bool).reshape(len(caps), nodes)
    return members, np.array([left for _, left in caps], dtype=np.int64)


def _wave(
    lines: Sequence[OpenLine],
    setting: StrategyConfig,
    stock: Mapping[Key, int],
    unlimited: frozenset[str],
) -> _Wave:
    order_of: dict[object, int] = {}
    heads: list[OpenLine] = []
    wanted: list[date | None] = []
    line_order = []
    for line in lines:
        at = order_of.setdefault(line.order_id, len(order_of))
        if at == len(heads):
            heads.append(line)
            wanted.append(line.wanted)
        elif line.wanted and (wanted[at] or line.wanted) >= line.wanted:
            wanted[at] = line.wanted
        line_order.append(at)
    product_of = {line.sku: line.product for line in lines}
    skus = {sku: i for i, sku in enumerate(product_of)}
    on_hand = np.zeros((len(setting.names), len(skus)), dtype=np.int64)
    for (sku, source), units in stock.items():
        n, s = setting.index.get(source), skus.get(sku)
        if n is not None and s is not None:
            on_hand[n, s] = units
    if unlimited:
        on_hand[:, [product in unlimited for product in product_of.values()]] = UNLIMITED
    return _Wave(
        line_order=np.array(line_order, dtype=np.int64),
        line_sku=np.array([skus[line.sku] for line in lines], dtype=np.int64),
        quantity=np.array([line.quantity for line in lines], dtype=np.int64),
        products=tuple(product_of.values()),
        heads=tuple(heads),
        wanted=tuple(wanted),
        stock=on_hand,
        km=distances([h.place for h in heads], setting),
    )


def _world(wave: _Wave, setting: StrategyConfig, given: PlanningContext) -> ConstraintContext:
    sites = setting.sources
    timed = any(c.type == "respect_timings" for c in setting.constraints)
    return ConstraintContext(
        names=setting.names,
        lists=dict(setting.lists),
        countries=setting.countries,
        destinations=np.array([h.country for h in wave.heads], dtype=np.str_),
        km=wave.km,
        line_order=wave.line_order,
        line_sku=wave.line_sku,
        products=wave.products,
        stock=wave.stock,
        safety=np.array([s.body.safety_stock for s in sites], dtype=np.int64),
        closed=closed_now(setting, given.now) if timed else np.zeros(len(sites), dtype=np.uint8),
        lines_today=np.array(
            [given.lines_today.get(name, 0) for name in setting.names], dtype=np.int64
        ),
        daily_lines=np.array(
            [UNLIMITED if s.body.daily_lines is None else s.body.daily_lines for s in sites],
            dtype=np.int64,
        ),
    )


def closed_now(setting: StrategyConfig, now: datetime) -> NDArray[np.uint8]:
    """(N,) why a source takes no order at this instant: Refusal.CLOSED, AFTER_CUTOFF, or 0 when it does."""
    codes = np.zeros(len(setting.sources), dtype=np.uint8)
    seen: dict[int, int] = {}
    for n, timing in enumerate(setting.timings):
        if id(timing) not in seen:
            opened = is_open(timing.calendar, now)
            late = opened and not accepts_order(timing.calendar, timing.cutoff, now)
            seen[id(timing)] = (
                Refusal.AFTER_CUTOFF if late else Refusal.NONE if opened else Refusal.CLOSED
            )
        codes[n] = seen[id(timing)]
    return codes


def _own_limits(
    strategy: StrategyBody, wave: _Wave, setting: StrategyConfig, limits: ConstraintEffects
) -> None:
    """What the strategy itself says, all of it hard, and the sources people chose."""
    if strategy.same_country_only:
        countries = np.array([h.country for h in wave.heads], dtype=np.str_)
        limits.refuse_order(
            countries[:, None] != setting.countries[None, :], Refusal.OTHER_COUNTRY_OR_REGION
        )
    if strategy.maximum_distance_km:
        limits.refuse_order(wave.km > strategy.maximum_distance_km, Refusal.MAXIMUM_DISTANCE)
    if strategy.max_sources_per_order:
        limits.at_most(strategy.max_sources_per_order, hard=True, penalty=0.0)
    limits.at_most_a_line(strategy.max_line_sources, hard=True, penalty=0.0)
    if not strategy.allow_partial:
        limits.parse_id(hard=True, penalty=0.0)


def line_refusals(lines: Sequence[OpenLine], index: Mapping[str, int]) -> NDArray[np.uint8] | None:
    """
    (L, N) a line whose source a person or a policy chose may only come from there, and none from who gave it back;
    None when there is no such line.
    """
    special = [(i, line) for i, line in enumerate(lines) if line.source or line.not_from]
    if not special:
        return None
    codes = np.zeros((len(lines), len(index)), dtype=np.uint8)
    for i, line in special:
        if line.source:
            codes[i] = Refusal.OTHER
            if line.source in index:
                codes[i, index[line.source]] = 0
        codes[i, [index[name] for name in line.not_from if name in index]] = Refusal.DECLINED
    return codes


def _parcel_money(
    wave: _Wave, setting: StrategyConfig, given: PlanningContext
) -> dict[str, Floats]:
    """What opening a parcel costs, without split fee and rates: parts that spread over (B, N)."""
    weights, sites = setting.strategy.weights, setting.sources
    parts = {
        "parcel": _or_own([s.body.handling.per_parcel for s in sites], weights.parcel),
        "carriage": wave.km * (weights.per_100_km / 100.0),
    }
    preference = np.array([s.body.preference_cost for s in sites]) * weights.preference
    if preference.any():
        parts["preference"] = preference[None, :]
    if weights.lateness_per_day and any(wave.wanted):
        late = lateness_days(
            setting.timings, wave.km, wave.wanted, now=given.now, service=setting.service
        )
        parts["lateness"] = weights.lateness_per_day * late
    return parts


def _serve_money(wave: _Wave, setting: StrategyConfig, given: PlanningContext) -> dict[str, Floats]:
    """What serving a whole line costs: parts that spread over (L, N)."""
    weights, sites = setting.strategy.weights, setting.sources
    per_unit = _or_own([s.body.handling.per_unit for s in sites], weights.unit)
    parts = {
        "picking": _or_own([s.body.handling.per_line for s in sites], weights.line),
        "handling": per_unit * wave.quantity[:, None],
    }
    if weights.stock_out or weights.markdown_credit:
        risk, credit = cover_money(wave.stock, _demand(wave, setting, given), weights)
        if weights.stock_out:
            parts["stock-out risk"] = risk.T[wave.line_sku] * wave.quantity[:, None]
        if weights.markdown_credit:
            parts["markdown credit"] = -credit.T[wave.line_sku] * wave.quantity[:, None]
    return parts


def cover_money(stock: Ints, demand: Floats, weights: CostWeights) -> tuple[Floats, Floats]:
    """
    (N, S) money a unit taken adds as stock-out risk, and (N, S) money it saves as a markdown avoided.

    Days of cover c = stock / demand a day. Risk falls in a straight line from `stock_out` at c = 0 to nothing at
    `stock_out_days`; the credit rises from nothing at `markdown_days` to `markdown_credit` at twice that. Stock
    without any demand covers for ever.
    """
    cover = np.divide(stock, demand, out=np.full(stock.shape, np.inf), where=demand > 0)
    risk = weights.stock_out * np.clip(1.0 - cover / weights.stock_out_days, 0.0, 1.0)
    credit = weights.markdown_credit * np.clip(cover / weights.markdown_days - 1.0, 0.0, 1.0)
    return risk, np.where(stock > 0, credit, 0.0)


def _demand(wave: _Wave, setting: StrategyConfig, given: PlanningContext) -> Floats:
    """(N, S) units a day."""
    columns = stock_columns(wave.products)
    demand = np.zeros(wave.stock.shape)
    for (product, source), units in given.demand.items():
        if product in columns and source in setting.index:
            demand[setting.index[source], columns[product]] = units
    return demand


def stock_columns(products: Sequence[str]) -> dict[str, list[int]]:
    """Product -> the columns of stock that are its: one, or one a variant."""
    columns: dict[str, list[int]] = {}
    for s, product in enumerate(products):
        columns.setdefault(product, []).append(s)
    return columns


def _rated(
    wave: _Wave, lines: Sequence[OpenLine], setting: StrategyConfig, given: PlanningContext
) -> tuple[Floats, Floats]:
    """(B, N) and (L, N) money of carriage by the strategy's rate table."""
    assert setting.rates is not None
    found = zones(
        setting.rates,
        wave.km,
        [s.body for s in setting.sources],
        [(h.country, h.state) for h in wave.heads],
    )
    weight = np.array([given.weights_kg.get(line.product, 0.0) * line.quantity for line in lines])
    return carriage(
        setting.rates,
        zone=found,
        weight=weight,
        line_order=wave.line_order,
        types=[s.type for s in setting.sources],
        business=np.array([h.business for h in wave.heads], dtype=bool),
    )


def _rank_money(
    wave: _Wave, parcel: Mapping[str, Floats], serve: Mapping[str, Floats], split: float
) -> float:
    """Money of one step in rank: more than all lines of the largest order could differ by otherwise."""
    most_lines = int(np.bincount(wave.line_order, minlength=1).max(initial=1))
    a_parcel = sum(float(np.abs(p).max(initial=0.0)) for p in parcel.values()) + split
    a_line = sum(float(np.abs(p).max(initial=0.0)) for name, p in serve.items() if name != RANKING)
    return most_lines * (a_parcel + 2 * a_line) + RANK_MARGIN


def _or_own(own: Sequence[float | None], usual: float) -> Floats:
    """(1, N) each source's own figure, or a scalar where none has one."""
    if all(o is None for o in own):
        return np.asarray(usual, dtype=np.float64)
    return np.array([[usual if o is None else o for o in own]])

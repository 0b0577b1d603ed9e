"""What-if: an order planned again as of now, with the counterfactual of every losing source.

Nothing is written and nothing is locked. What the order itself has counts as free to it: its
reservations, and its parcels and lines in the daily usage of a source.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from openiom.inventory_visibility import line_reservations
from openiom.kernel import NotFound, Refused
from openiom.logistics import SourceTiming, accepts_order, is_open, lateness_days, next_open

from .engine import Counterfactual, FeasiblePlan, Refusal, Relief, counterfactuals
from .order_port import OpenLine, OrderPort, SourcedLine
from .planning import CapacityUsage, Planner, capacity_limited_sources
from .planning.daily_capacity import daily_usage, local_day
from .problem_builder import Key, closed_sources, distances
from .snapshot import StrategyConfig, snapshot

Floats = NDArray[np.float64]
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, eq=False)
class WhatIf:
    """An order planned again. Lines of `plan` are numbered as in `lines`.

    `unit_sizes` are the stock units in one unit of the plan, by line: 12 where it counts boxes.
    """

    config: StrategyConfig
    lines: tuple[SourcedLine, ...]
    plan: FeasiblePlan
    money: Mapping[str, float]  # cost parts of the order
    counterfactuals: tuple[Counterfactual, ...]
    unit_sizes: Floats  # (L,)


@dataclass(frozen=True, slots=True)
class _Reserved:
    """Units that a line of the order has reserved."""

    product: str
    source: str
    units: Decimal
    reserved_at: datetime


def what_if(
    session: Session,
    order_port: OrderPort,
    order_id: UUID,
    *,
    strategy: str = "",
    now: datetime,
) -> WhatIf:
    """Plan the order again by `strategy`, else its own, else the default one.

    Raises NotFound when the order has nothing left to ship or the strategy does not exist, Refused
    when the strategy has no active source.
    """
    lines = tuple(order_port.unshipped_lines(session, [order_id]))
    if not lines:
        raise NotFound(
            "the order has no line with units left to ship",
            remedy="look at its sourcing decisions instead",
        )

    open_lines = [sourced.line for sourced in lines]
    known = snapshot(session)
    name = strategy or open_lines[0].strategy or known.default
    config = known.strategy_config(name, now.date())
    reserved = _reserved(session, open_lines)
    own = _units_by_source(reserved)
    usage = _usage_of_others(session, config, reserved, now)
    planner = Planner(session, known, now, usage, own=own)
    attempt = planner.plan(open_lines, {order_id: name}).attempts[0]
    if attempt.solved is None:
        raise Refused(
            f"the strategy {name} has no active source",
            remedy="activate one, or change its source list",
        )

    plan, priced = attempt.solved.plan, attempt.solved.priced
    money: dict[str, float] = {}
    for part, values in priced.money(plan.cost_parts).items():
        money[part] = float(values.sum())

    found = _counterfactuals(plan, config, open_lines, now)
    unit_sizes = priced.unit_size[priced.problem.line_sku]
    return WhatIf(config, lines, plan, money, found, unit_sizes)


def _counterfactuals(
    plan: FeasiblePlan, config: StrategyConfig, lines: Sequence[OpenLine], now: datetime
) -> tuple[Counterfactual, ...]:
    """Return the counterfactuals of the order; each of its addresses is an order of the plan."""
    prices = plan.prices if plan.method == "realtime" else None
    start = plan.problem.start.tolist()

    found: list[Counterfactual] = []
    for order in range(plan.problem.orders):
        reliefs = _reliefs(config, lines[start[order] : start[order + 1]], now)
        found += counterfactuals(plan, order, bid_prices=prices, reliefs=reliefs)

    return tuple(found)


def _reserved(session: Session, lines: Sequence[OpenLine]) -> list[_Reserved]:
    """Return the reservations of these lines in stock without organization or dimensions."""
    reserved: list[_Reserved] = []
    for row in line_reservations(session, [line.line_id for line in lines]):
        if not row.organization and not row.dimensions:
            reserved.append(_Reserved(row.product, row.source, row.units, row.reserved_at))
    return reserved


def _units_by_source(reserved: Sequence[_Reserved]) -> dict[Key, Decimal]:
    """Return the reserved units by product and source."""
    units: dict[Key, Decimal] = defaultdict(Decimal)
    for row in reserved:
        units[row.product, row.source] += row.units
    return units


def _usage_of_others(
    session: Session, config: StrategyConfig, reserved: Sequence[_Reserved], now: datetime
) -> dict[str, CapacityUsage]:
    """Return today's usage of the sources whose day is limited, without that of this order."""
    time_zones: dict[str, str] = {}
    for name, source in capacity_limited_sources([config]).items():
        time_zones[name] = source.time_zone

    own_lines: Counter[str] = Counter()
    for row in reserved:
        time_zone = time_zones.get(row.source)
        if time_zone is not None and _same_day(row.reserved_at, now, time_zone):
            own_lines[row.source] += 1

    usage: dict[str, CapacityUsage] = {}
    for name, day in daily_usage(session, list(time_zones.items()), now).items():
        own_parcels = min(1, own_lines[name])
        usage[name] = CapacityUsage(
            parcels=max(0, day.parcels - own_parcels),
            lines=max(0, day.lines - own_lines[name]),
        )

    return usage


def _same_day(one: datetime, other: datetime, time_zone: str) -> bool:
    return local_day(time_zone, one) == local_day(time_zone, other)


def _reliefs(config: StrategyConfig, lines: Sequence[OpenLine], now: datetime) -> list[Relief]:
    """Return how far each source is from the edge of what refuses it: kilometers and minutes."""
    km = distances([lines[0].place], config)[0]
    beyond = np.maximum(0.0, km - _maximum_km(config, now))
    past_cutoff, until_open = _minutes(config, now)
    is_late = closed_sources(config, now) == Refusal.AFTER_CUTOFF
    saved = _saved_lateness(config, km, lines, past_cutoff, now)
    return [
        Relief("km", np.ceil(beyond * 100) / 100, Refusal.MAXIMUM_DISTANCE),
        Relief("minutes", past_cutoff * is_late, Refusal.AFTER_CUTOFF),
        Relief("minutes", until_open, Refusal.CLOSED),
        Relief("minutes", past_cutoff, saves=saved),
    ]


def _maximum_km(config: StrategyConfig, now: datetime) -> Floats:
    """(N,) the smallest hard limit on the distance of each source."""
    most = np.full(len(config.names), config.strategy.maximum_distance_km or np.inf)
    for constraint in config.in_force(now.date()):
        limits = constraint.maximum_km(config.selector())
        if limits is not None:
            most = np.minimum(most, limits)
    return most


def _minutes(config: StrategyConfig, now: datetime) -> tuple[Floats, Floats]:
    """(N,) whole minutes past today's cut-off, and (N,) until the source opens; 0 where neither."""
    past, until_open = np.zeros(len(config.sources)), np.zeros(len(config.sources))
    for node, timing in enumerate(config.timings):
        past[node] = _minutes_past_cutoff(timing, now)
        if not is_open(timing.calendar, now):
            opens = next_open(timing.calendar, now)
            until_open[node] = 0.0 if opens is None else ceil((opens - now) / MINUTE)
    return past, until_open


def _minutes_past_cutoff(timing: SourceTiming, now: datetime) -> float:
    """Return whole minutes by which an order missed today's cut-off.

    0 when it did not, or when an earlier arrival would not help.
    """
    if timing.cutoff is None or accepts_order(timing.calendar, timing.cutoff, now):
        return 0.0

    local = timing.calendar.local(now)
    cutoff = local.replace(
        hour=timing.cutoff.hour,
        minute=timing.cutoff.minute,
        second=0,
        microsecond=0,
    )
    late = max(0, ceil((local - cutoff) / MINUTE))

    for minutes in (late, late + 1):
        earlier = now - minutes * MINUTE
        if minutes and accepts_order(timing.calendar, timing.cutoff, earlier):
            return float(minutes)

    return 0.0


def _saved_lateness(
    config: StrategyConfig,
    km: Floats,
    lines: Sequence[OpenLine],
    minutes: Floats,
    now: datetime,
) -> Floats:
    """(N,) money of lateness that a cut-off so many minutes (N,) later would save."""
    weight = _lateness_weight(config)
    wanted = _first_wanted_day(lines)
    saved = np.zeros(len(config.sources))
    if wanted is None or not weight:
        return saved

    def days_late(at: datetime) -> Floats:
        late = lateness_days(config.timings, km[None, :], [wanted], now=at, service=config.service)
        return np.asarray(late[0])

    late_now = days_late(now)
    for length in np.unique(minutes[minutes > 0]).tolist():
        late_earlier = days_late(now - length * MINUTE)
        here = minutes == length
        saved[here] = weight * np.maximum(0.0, late_now - late_earlier)[here]

    return saved


def _lateness_weight(config: StrategyConfig) -> float:
    """Return the cost of a day of lateness; 0 where costs are not what is minimized."""
    if config.strategy.objective != "cost":
        return 0.0
    return config.strategy.weights.lateness_per_day


def _first_wanted_day(lines: Sequence[OpenLine]) -> date | None:
    """Return the earliest requested delivery day; None when no line requests one."""
    return min((line.wanted for line in lines if line.wanted), default=None)

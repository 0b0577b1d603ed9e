"""
What would have to change: an order planned again as things stand now, and for every source that lost one of its lines
the smallest change that makes it win. Writes nothing and locks nothing.

What the order itself holds counts as free to it: its reservations, and its parcels and lines in the day of a source.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Refused
from openiom.logistics import SourceTiming, accepts_order, is_open, lateness_days, next_open
from openiom.platform.bulk import fetch

from .constraints.arrays import KM_PER_MILE
from .constraints.documents import Entry
from .engine import Counterfactual, Plan, Refusal, Relief, counterfactuals
from .order_port import LineToSource, OpenLine, OrderPort
from .planning import IntakeResult, Planner, counted
from .planning.daily_capacity import days_of, local_day
from .problem_builder import closed_now, great_circle_km
from .snapshot import StrategyConfig, snapshot

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class WhatIf:
    """An order planned again, and what would change the plan. Lines of `plan` stand as in `lines`."""

    setting: StrategyConfig
    lines: tuple[LineToSource, ...]
    plan: Plan
    money: Mapping[str, float]  # cost parts of the order
    found: tuple[Counterfactual, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """Units a line has reserved."""

    product: str
    source: str
    units: int
    at: datetime


def what_if(
    session: Session, order_port: OrderPort, order_id: UUID, *, strategy: str = "", now: datetime
) -> WhatIf:
    """
    Plan the order again by `strategy`, else its own, else the default one. Raises NotFound when it has nothing left to
    ship or the strategy is not there, and Refused when the strategy has no active source.
    """
    lines = tuple(order_port.unshipped_lines(session, [order_id]))
    if not lines:
        raise NotFound(
            "the order has no line with units left to ship",
            remedy="look at its sourcing decisions instead",
        )
    known = snapshot(session)
    name = strategy or lines[0].line.strategy or known.default
    setting = known.strategy_config(name, now.date())
    held = _held(session, [x.line.line_id for x in lines])
    own: dict[tuple[str, str], int] = defaultdict(int)
    for one in held:
        own[one.product, one.source] += one.units
    planner = Planner(session, known, now, _days(session, setting, held, now), own=own)
    attempt = planner.plan([x.line for x in lines], {order_id: name}).attempts[0]
    if attempt.solved is None:
        raise Refused(
            f"the strategy {name} has no active source",
            remedy="activate one, or change its source list",
        )
    plan, framed = attempt.solved.plan, attempt.solved.framed
    bid_prices = plan.prices if plan.method == "realtime" else None
    reliefs = _reliefs(setting, lines[0].line, [x.line for x in lines], now)
    found = counterfactuals(plan, 0, bid_prices=bid_prices, reliefs=reliefs)
    money = {part: float(values[0]) for part, values in framed.money(plan.cost_parts).items()}
    return WhatIf(setting, lines, plan, money, found)


def _held(session: Session, lines: Sequence[UUID]) -> list[_Held]:
    rows = fetch(
        session,
        "SELECT s.product, s.source, r.open::bigint, r.at FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id WHERE r.line_id = ANY(%s) AND r.open > 0"
        " AND s.organization = '' AND s.dimensions = ''",
        (list(lines),),
    )
    return [_Held(*row) for row in rows]


def _days(
    session: Session, setting: StrategyConfig, held: Sequence[_Held], now: datetime
) -> dict[str, IntakeResult]:
    """What counted sources have taken today, without what this order took."""
    zones = {name: site.time_zone for name, site in counted([setting]).items()}
    lines: dict[str, int] = defaultdict(int)
    for one in held:
        zone = zones.get(one.source)
        if zone is not None and local_day(zone, one.at) == local_day(zone, now):
            lines[one.source] += 1
    return {
        source: IntakeResult(
            max(0, day.parcels - (source in lines)), max(0, day.lines - lines[source])
        )
        for source, day in days_of(session, list(zones.items()), now).items()
    }


def _reliefs(
    setting: StrategyConfig, head: OpenLine, lines: Sequence[OpenLine], now: datetime
) -> list[Relief]:
    """How far each source is from the edge of what keeps it away: kilometres, and minutes of its working time."""
    unknown = setting.strategy.weights.unknown_distance_km
    km = great_circle_km(
        [head.place], [(s.latitude, s.longitude) for s in setting.sources], unknown
    )[0]
    beyond = np.maximum(0.0, km - _most_km(setting, now))
    minutes, opening = _minutes(setting, now)
    late = minutes * (closed_now(setting, now) == Refusal.AFTER_CUTOFF)
    return [
        Relief("km", np.ceil(beyond * 100) / 100, Refusal.MAXIMUM_DISTANCE),
        Relief("minutes", late, Refusal.AFTER_CUTOFF),
        Relief("minutes", opening, Refusal.CLOSED),
        Relief("minutes", minutes, saves=_saved(setting, km, lines, minutes, now)),
    ]


def _most_km(setting: StrategyConfig, now: datetime) -> Floats:
    """(N,) the greatest distance any hard constraint allows each source."""
    most = np.full(len(setting.names), setting.strategy.maximum_distance_km or np.inf)
    for constraint in setting.in_force(now.date()):
        if constraint.type != "maximum_distance" or not constraint.hard:
            continue
        for entry in constraint.entries:
            if entry.distance is not None:
                members = _members(setting, entry)
                km = entry.distance * (KM_PER_MILE if entry.unit == "mi" else 1.0)
                most[members] = np.minimum(most[members], km)
    return most


def _members(setting: StrategyConfig, entry: Entry) -> NDArray[np.bool_]:
    """(N,) the sources a row of a constraint is about; all when it names none."""
    if entry.source:
        return np.array([name == entry.source for name in setting.names], dtype=bool)
    wanted = setting.lists.get(entry.source_list or "", frozenset())
    return np.array([not entry.source_list or name in wanted for name in setting.names], dtype=bool)


def _minutes(setting: StrategyConfig, now: datetime) -> tuple[Floats, Floats]:
    """(N,) whole minutes a source is past today's cut-off, and (N,) until it opens where it is closed."""
    past, opening = np.zeros(len(setting.sources)), np.zeros(len(setting.sources))
    for n, timing in enumerate(setting.timings):
        past[n] = _past_cutoff(timing, now)
        if not is_open(timing.calendar, now):
            opens = next_open(timing.calendar, now)
            opening[n] = 0.0 if opens is None else ceil((opens - now) / timedelta(minutes=1))
    return past, opening


def _past_cutoff(timing: SourceTiming, now: datetime) -> float:
    """Whole minutes by which an order came too late for its source to begin today; 0 where that is no help."""
    if timing.cutoff is None or accepts_order(timing.calendar, timing.cutoff, now):
        return 0.0
    local = timing.calendar.local(now)
    edge = local.replace(
        hour=timing.cutoff.hour, minute=timing.cutoff.minute, second=0, microsecond=0
    )
    late = max(0, ceil((local - edge) / timedelta(minutes=1)))
    for minutes in (late, late + 1):
        if minutes and accepts_order(
            timing.calendar, timing.cutoff, now - timedelta(minutes=minutes)
        ):
            return float(minutes)
    return 0.0


def _saved(
    setting: StrategyConfig, km: Floats, lines: Sequence[OpenLine], minutes: Floats, now: datetime
) -> Floats:
    """(N,) money of lateness that a cut-off so many minutes later would save."""
    weight = setting.strategy.weights.lateness_per_day
    wanted = min((line.wanted for line in lines if line.wanted), default=None)
    saved = np.zeros(len(setting.sources))
    if wanted is None or not weight or setting.strategy.objective != "cost":
        return saved
    late = lateness_days(setting.timings, km[None, :], [wanted], now=now, service=setting.service)[
        0
    ]
    for length in np.unique(minutes[minutes > 0]).tolist():
        then = now - timedelta(minutes=length)
        sooner = lateness_days(
            setting.timings, km[None, :], [wanted], now=then, service=setting.service
        )[0]
        here = minutes == length
        saved[here] = weight * np.maximum(0.0, late - sooner)[here]
    return saved

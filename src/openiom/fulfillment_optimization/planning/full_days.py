"""Orders that no source serves today only because the day of a source is full."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from openiom.fulfillment_optimization.engine import FeasiblePlan, Refusal
from openiom.fulfillment_optimization.order_port import OpenLine
from openiom.fulfillment_optimization.snapshot import PlanningSource

from .daily_capacity import local_day
from .order_plans import FullDay, OrderPlan
from .solver import SolvedProblem

DAILY_LIMITS = (Refusal.NO_CAPACITY, Refusal.MAXIMUM_ORDER_LINES)
NO_OBSTACLE = (Refusal.NONE, Refusal.RESTRICT_PARTIAL)
"""A line that only waits for other lines of its order has no obstacle of its own."""


def mark_full_days(
    planned: Mapping[UUID, OrderPlan],
    solved: SolvedProblem,
    lines: Sequence[OpenLine],
    sources: Sequence[PlanningSource],
    now: datetime,
) -> None:
    """Set `full_day` of the plans whose open lines only daily limits keep from their sources."""
    plan = solved.plan
    if not _has_full_day(plan):
        return

    unserved: dict[UUID, list[int]] = {}
    for index, line in enumerate(lines):
        if plan.node[index] < 0:
            unserved.setdefault(line.order_id, []).append(index)

    zones = {source.name: source.time_zone for source in sources}
    for order_id, indices in unserved.items():
        names = _full_sources(plan, indices, solved.priced.names)
        if names:
            starts = [_next_day(zones[name], now) for name in names]
            planned[order_id].full_day = FullDay(names, min(starts))


def _has_full_day(plan: FeasiblePlan) -> bool:
    return bool(np.any(plan.parcels_left <= 0) or np.any(plan.lines_left <= 0))


def _full_sources(
    plan: FeasiblePlan, indices: Iterable[int], names: Sequence[str]
) -> tuple[str, ...]:
    """Return the full sources of an order; none when one of its lines has another obstacle."""
    full: set[str] = set()
    for index in indices:
        codes = plan.refusals(int(plan.problem.line_order[index]), index)
        nodes = np.flatnonzero(np.isin(codes, DAILY_LIMITS))
        if np.any(np.isin(codes, NO_OBSTACLE)):
            continue
        if not len(nodes):
            return ()

        full.update(names[node] for node in nodes.tolist())

    return tuple(sorted(full))


def _next_day(time_zone: str, now: datetime) -> datetime:
    """Return when the next day of a source begins."""
    tomorrow = local_day(time_zone, now) + timedelta(days=1)
    return datetime.combine(tomorrow, time(), ZoneInfo(time_zone)).astimezone(UTC)

"""
Which sourced orders are worth moving, and where to. Pure. B orders, L lines, N sources.

All orders are planned anew together, with two locks: no line may go where it would arrive later than from where it
is now, and no line may be left open or divided. Of that plan an order is moved only when that saves enough on its own
account and the stock it goes to is free, or freed by an order moved before it: what is not moved stays as it is.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from openiom.fulfillment_optimization.constraints import RANKING
from openiom.fulfillment_optimization.engine import (
    UNLIMITED,
    Plan,
    Problem,
    Refusal,
    Shares,
    cost_of,
    solve,
)
from openiom.fulfillment_optimization.order_port import OpenLine
from openiom.fulfillment_optimization.problem_builder import (
    Key,
    PlanningContext,
    PricedProblem,
    build_problem,
    distances,
)
from openiom.fulfillment_optimization.snapshot import StrategyConfig
from openiom.logistics import deliveries
from openiom.logistics.promises import NEVER_DAYS, ship_dates

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Move:
    """One order: the lines that change their source, and the money that saves."""

    order: int
    lines: tuple[int, ...]
    saving: float


@dataclass(frozen=True, eq=False)
class Improvement:
    """`lines` as framed; `now` (L,) the source each has; `plan` what all of them would best have."""

    framed: PricedProblem
    lines: Sequence[OpenLine]
    now: Ints
    plan: Plan
    moves: tuple[Move, ...]
    cost: float  # of the backlog once the moves are made

    def target(self, line: int) -> str:
        return self.framed.names[int(self.plan.node[line])]


def improve_backlog(
    lines: Sequence[OpenLine],
    setting: StrategyConfig,
    free: Mapping[Key, int],
    given: PlanningContext,
    moved_before: Mapping[object, int],
) -> Improvement:
    """
    The moves worth making. `free` is what may be promised besides what these lines hold already; `moved_before` counts
    earlier moves by order id. Every line has a source of the setting.
    """
    strategy = setting.strategy
    parse_id = replace(
        setting,
        strategy=strategy.model_copy(update={"max_line_sources": 1, "allow_partial": False}),
    )
    stock = dict(free)
    for line in lines:
        key = line.product, line.source
        stock[key] = stock.get(key, 0) + line.quantity
    now = np.array([setting.index[line.source] for line in lines], dtype=np.int64)
    framed = build_problem([replace(line, source="") for line in lines], parse_id, stock, given)
    today = framed.problem
    problem = _with_places(_locked(today, lines, setting, now, given.now), now)
    framed = replace(framed, problem=problem)
    plan = solve(problem, mode="batch", time_limit=strategy.batch.seconds)
    before = Shares.undivided(now, problem.quantity)
    saving = _by_order(framed, before) - _by_order(framed, plan.shares)
    asked = strategy.reoptimize
    tired = np.array(
        [
            moved_before.get(order, 0) >= asked.max_moves
            for order in dict.fromkeys(x.order_id for x in lines)
        ]
    )
    worth = (saving >= max(asked.minimum_saving, 1e-6)) & ~tired
    moves = _feasible(today, plan, now, np.where(worth, saving, 0.0), asked.max_moved_orders)
    cost = float(_by_order(framed, before).sum()) - sum(m.saving for m in moves)
    return Improvement(framed, lines, now, plan, moves, cost)


def _locked(
    problem: Problem, lines: Sequence[OpenLine], setting: StrategyConfig, now: Ints, at: datetime
) -> Problem:
    """The problem without the sources that would deliver later than the present one."""
    km = distances([lines[first].place for first in problem.start[:-1]], setting)
    arrives = arrival_days(km, setting, at)[problem.line_order]
    mine = arrives[np.arange(problem.lines), now]
    refusal = problem.line_refusal.copy()
    refusal[(arrives > mine[:, None]) & (refusal == 0)] = Refusal.LATER_THAN_PROMISED
    return replace(problem, line_refusal=refusal)


def _with_places(problem: Problem, now: Ints) -> Problem:
    """What the backlog has taken of sources' days is its to keep; only what is new counts against what is left."""
    p = problem
    opened = np.unique(p.line_order * p.nodes + now) % p.nodes
    own = np.bincount(opened, minlength=p.nodes)
    limited = p.capacity < UNLIMITED
    return replace(
        p,
        capacity=np.where(limited, np.maximum(0, p.capacity - p.used) + own, p.capacity),
        soft_capacity=np.where(
            limited, np.maximum(0, p.soft_capacity - p.used) + own, p.soft_capacity
        ),
        used=np.zeros_like(p.used),
        line_limit=p.line_limit + p.limit_members[:, now].sum(axis=1),
    )


def arrival_days(km: Floats, setting: StrategyConfig, now: datetime) -> Floats:
    """(B, N) days from today until goods ordered now are expected to arrive."""
    today = np.datetime64(now.date(), "D")
    ships = ship_dates(setting.timings, now)
    never = np.isnat(ships)
    found = deliveries(setting.service, np.where(never, today, ships)[None, :], km)
    days: Floats = (found.expected - today).astype(np.float64)
    days[:, never] = NEVER_DAYS
    return days


def _by_order(framed: PricedProblem, shares: Shares) -> Floats:
    """(B,) money of each order, without what only ranks sources."""
    parts = cost_of(framed.problem, shares).by_order
    return np.asarray(sum(part for name, part in parts.items() if name != RANKING))


def _feasible(
    problem: Problem, plan: Plan, now: Ints, saving: Floats, most: int
) -> tuple[Move, ...]:
    """The moves that fit what is free, dearest first, again while one frees stock for another."""
    p = problem
    free = p.stock.copy()
    np.subtract.at(free, (now, p.line_sku), p.quantity)
    room = np.maximum(0, p.capacity - p.used)
    lines_room = p.line_limit.copy()
    waiting = [b for b in np.argsort(-saving, kind="stable").tolist() if saving[b] > 0]
    moves: list[Move] = []
    progress = True
    while progress and len(moves) < most:
        progress = False
        for b in list(waiting):
            span = np.arange(p.start[b], p.start[b + 1])
            to = plan.node[span]
            changed = span[to != now[span]]
            if not len(changed) or (to < 0).any():
                waiting.remove(b)
                continue
            if len(moves) < most and _take(
                p, span, changed, now, plan.node, free, room, lines_room
            ):
                moves.append(Move(b, tuple(changed.tolist()), float(saving[b])))
                waiting.remove(b)
                progress = True
    return tuple(moves)


def _take(
    p: Problem,
    span: Ints,
    changed: Ints,
    now: Ints,
    node: Ints,
    free: Ints,
    room: Ints,
    lines_room: Ints,
) -> bool:
    """Whether the order fits; if so it is taken from what is free."""
    need: dict[tuple[int, int], int] = defaultdict(int)
    for line in changed.tolist():
        need[int(node[line]), int(p.line_sku[line])] += int(p.quantity[line])
    opened = np.setdiff1d(node[span], now[span])
    counted = p.limit_members[:, node[changed]].sum(axis=1)
    if any(free[cell] < units for cell, units in need.items()) or np.any(room[opened] < 1):
        return False
    if np.any((counted > 0) & (counted > lines_room)):
        return False
    for cell, units in need.items():
        free[cell] -= units
    np.add.at(free, (now[changed], p.line_sku[changed]), p.quantity[changed])
    room[opened] -= 1
    lines_room -= counted
    return True

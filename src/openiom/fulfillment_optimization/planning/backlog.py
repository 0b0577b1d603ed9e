"""Which sourced orders are worth moving, and where to. Pure. B orders, L lines, N sources.

All orders are planned again together with two restrictions: no line may move to a source from
which it would arrive later than from its present one, and no line may become open or be split. An
order is then moved only if that saves enough by itself and the stock it needs is free, or becomes
free when another order is moved first. All other orders stay as they are.
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
    FeasiblePlan,
    Refusal,
    Shares,
    SourcingProblem,
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
from openiom.kernel import StockUnits
from openiom.logistics import NEVER_DAYS, deliveries, ship_dates

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
LEAST_SAVING = 1e-6


@dataclass(frozen=True, slots=True)
class Move:
    """An order by number, its lines that change their source, and the money this saves."""

    order: int
    lines: tuple[int, ...]
    saving: float


@dataclass(frozen=True, eq=False)
class Improvement:
    """The moves worth making.

    `lines` are in the order of the problem; `now` (L,) is the present source of each and `plan` the
    best plan of all. `cost` is that of the backlog after the moves.
    """

    priced: PricedProblem
    lines: Sequence[OpenLine]
    now: Ints
    plan: FeasiblePlan
    moves: tuple[Move, ...]
    cost: float

    def target(self, line: int) -> str:
        """Return the source that a line would have in the best plan."""
        return self.priced.names[int(self.plan.node[line])]


def improve_backlog(
    lines: Sequence[OpenLine],
    setting: StrategyConfig,
    free: Mapping[Key, StockUnits],
    given: PlanningContext,
    moved_before: Mapping[object, int],
) -> Improvement:
    """Return the moves worth making.

    `free` is what may be promised besides what these lines have reserved; `moved_before` counts
    earlier moves by order id. Every line has a source of the strategy.
    """
    undivided = _without_splits(setting)
    stock = dict(free)

    for line in lines:
        key = line.sku, line.source
        stock[key] = stock.get(key, 0) + line.units(line.quantity)

    now = np.array([setting.index[line.source] for line in lines], dtype=np.int64)
    unassigned = [replace(line, source="") for line in lines]
    priced = build_problem(unassigned, undivided, stock, given)
    today = priced.problem
    problem = _never_later(today, lines, undivided, now, given.now)
    priced = replace(priced, problem=_keep_own_capacity(problem, now))
    plan = solve(priced.problem, mode="batch", time_limit=setting.strategy.batch.seconds)
    before = _money_by_order(priced, Shares.undivided(now, today.quantity))
    saving = before - _money_by_order(priced, plan.shares)
    first_lines = [lines[first] for first in today.start[:-1]]
    saving = np.where(_worth_moving(saving, first_lines, setting, moved_before), saving, 0.0)
    moves = _feasible_moves(
        today, plan, now, saving, most=setting.strategy.reoptimize.max_moved_orders
    )
    cost = float(before.sum()) - sum(move.saving for move in moves)
    return Improvement(priced, lines, now, plan, moves, cost)


def _without_splits(setting: StrategyConfig) -> StrategyConfig:
    strategy = setting.strategy.model_copy(update={"max_line_sources": 1, "allow_partial": False})
    return replace(setting, strategy=strategy)


def _worth_moving(
    saving: Floats,
    first_lines: Sequence[OpenLine],
    setting: StrategyConfig,
    moved_before: Mapping[object, int],
) -> NDArray[np.bool_]:
    """Return (B,) whether an order saves enough and was not moved too often."""
    limits = setting.strategy.reoptimize
    moves = np.array([moved_before.get(line.order_id, 0) for line in first_lines])
    enough: NDArray[np.bool_] = saving >= max(limits.minimum_saving, LEAST_SAVING)
    return enough & (moves < limits.max_moves)


def _never_later(
    problem: SourcingProblem,
    lines: Sequence[OpenLine],
    setting: StrategyConfig,
    now: Ints,
    at: datetime,
) -> SourcingProblem:
    """Return the problem without the sources that would deliver later than the present one."""
    places = [lines[first].place for first in problem.start[:-1]]
    arrives = arrival_days(distances(places, setting), setting, at)[problem.line_order]
    present = arrives[np.arange(problem.lines), now]
    refusal = problem.line_refusal.copy()
    refusal[(arrives > present[:, None]) & (refusal == 0)] = Refusal.LATER_THAN_PROMISED
    return replace(problem, line_refusal=refusal)


def _keep_own_capacity(problem: SourcingProblem, now: Ints) -> SourcingProblem:
    """Return the problem in which the backlog keeps the capacity it has used.

    Only additional parcels and lines count against what is left of the day.
    """
    p = problem
    parcels = np.unique(p.line_order * p.nodes + now) % p.nodes
    own = np.bincount(parcels, minlength=p.nodes)
    limited = p.capacity < UNLIMITED
    capacity = np.maximum(0, p.capacity - p.used) + own
    soft_capacity = np.maximum(0, p.soft_capacity - p.used) + own
    return replace(
        p,
        capacity=np.where(limited, capacity, p.capacity),
        soft_capacity=np.where(limited, soft_capacity, p.soft_capacity),
        used=np.zeros_like(p.used),
        line_limit=p.line_limit + p.limit_members[:, now].sum(axis=1),
    )


def arrival_days(km: Floats, setting: StrategyConfig, now: datetime) -> Floats:
    """Return (B, N) the days from today until goods ordered now are expected to arrive."""
    today = np.datetime64(now.date(), "D")
    ships = ship_dates(setting.timings, now)
    never = np.isnat(ships)
    found = deliveries(setting.service, np.where(never, today, ships)[None, :], km)
    days: Floats = (found.expected - today).astype(np.float64)
    days[:, never] = NEVER_DAYS
    return days


def _money_by_order(priced: PricedProblem, shares: Shares) -> Floats:
    """Return (B,) the money of each order, without cost parts that only rank sources."""
    money = np.zeros(priced.problem.orders)
    for name, part in cost_of(priced.problem, shares).by_order.items():
        if name != RANKING:
            money += part
    return money


@dataclass(eq=False)
class _FreeCapacity:
    """Stock, parcels and order lines that are free as orders are moved one after the other."""

    stock: Ints  # (N, S)
    parcels: Ints  # (N,)
    lines: Ints  # (G,) of each group of sources with a line limit

    @classmethod
    def beside(cls, problem: SourcingProblem, now: Ints) -> "_FreeCapacity":
        """Return what is free beside the lines at their present sources."""
        stock = problem.stock.copy()
        np.subtract.at(stock, (now, problem.line_sku), problem.quantity)
        parcels = np.maximum(0, problem.capacity - problem.used)
        return cls(stock, parcels, problem.line_limit.copy())

    def take(
        self, problem: SourcingProblem, now: Ints, target: Ints, lines: Ints, opened: Ints
    ) -> bool:
        """Move lines to their targets if these have room; return whether they did.

        `opened` are the sources that the order does not ship from yet.
        """
        p = problem
        needed: dict[tuple[int, int], int] = defaultdict(int)
        for line in lines.tolist():
            needed[int(target[line]), int(p.line_sku[line])] += int(p.quantity[line])

        counted = p.limit_members[:, target[lines]].sum(axis=1)
        if not self._has_capacity(needed, opened, counted):
            return False

        for cell, units in needed.items():
            self.stock[cell] -= units

        np.add.at(self.stock, (now[lines], p.line_sku[lines]), p.quantity[lines])
        self.parcels[opened] -= 1
        self.lines -= counted
        return True

    def _has_capacity(
        self, needed: Mapping[tuple[int, int], int], opened: Ints, counted: Ints
    ) -> bool:
        if np.any(self.parcels[opened] < 1):
            return False
        if np.any((counted > 0) & (counted > self.lines)):
            return False
        return all(self.stock[cell] >= units for cell, units in needed.items())


def _feasible_moves(
    problem: SourcingProblem, plan: FeasiblePlan, now: Ints, saving: Floats, *, most: int
) -> tuple[Move, ...]:
    """Return the moves that fit into free stock and capacity, the greatest saving first.

    Orders are tried again as long as one that was moved may have freed stock for another.
    """
    p = problem
    free = _FreeCapacity.beside(p, now)

    candidates = []
    for b in np.argsort(-saving, kind="stable").tolist():
        if saving[b] > 0:
            candidates.append(b)

    moves: list[Move] = []
    progress = True
    while progress and len(moves) < most:
        progress = False
        for b in list(candidates):
            span = np.arange(p.start[b], p.start[b + 1])
            target = plan.node[span]
            changed = span[target != now[span]]
            if not len(changed) or (target < 0).any():
                candidates.remove(b)
                continue

            opened = np.setdiff1d(target, now[span])
            if len(moves) < most and free.take(p, now, plan.node, changed, opened):
                moves.append(Move(b, tuple(changed.tolist()), float(saving[b])))
                candidates.remove(b)
                progress = True

    return tuple(moves)

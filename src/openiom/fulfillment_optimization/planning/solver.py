"""
One plan of a wave by the method its strategy asks for. Pure.

Daily caps of order lines that are soft are kept in two passes, as the reference has it: first as if they were hard;
what stays open then is tried again without them, and pays the penalty for each line from a source whose cap would be
passed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openiom.fulfillment_optimization.documents import StrategyBody
from openiom.fulfillment_optimization.engine import BidPrices, Plan, Problem, Shares, cost_of, solve
from openiom.fulfillment_optimization.problem_builder import PricedProblem, line_limit_arrays

Mode = Literal["realtime", "batch"]
Bools = NDArray[np.bool_]
BEYOND = "beyond the order lines of the day"


@dataclass(frozen=True, eq=False)
class Solved:
    """`framed` is the problem the plan is of; a second pass may have opened its caps."""

    framed: PricedProblem
    plan: Plan
    mode: Mode


def solve_wave(
    framed: PricedProblem,
    strategy: StrategyBody,
    *,
    window_closed: bool = False,
    bid_prices: BidPrices | None = None,
) -> Solved:
    """The plan, together in a batch when a window has closed or too many orders are after the same stock."""
    batch = strategy.batch
    together = window_closed or (
        batch.contention is not None and in_contention(framed.problem, batch.contention)
    )
    mode: Mode = "batch" if together and framed.problem.orders > 1 else "realtime"
    plan = _solve(framed.problem, mode, batch.seconds, bid_prices)
    if framed.soft_caps and plan.costs.open_lines:
        return _second_pass(framed, plan, mode, batch.seconds)
    return Solved(framed, plan, mode)


def _solve(problem: Problem, mode: Mode, seconds: float, bid_prices: BidPrices | None) -> Plan:
    return solve(problem, mode=mode, time_limit=seconds, bid_prices=bid_prices)


def in_contention(problem: Problem, more_than: int) -> bool:
    """
    Whether more than so many orders would like stock or parcels that run short: if every line went to its cheapest
    source, its cell or its source would be asked for more than it has.
    """
    p = problem
    if p.orders <= more_than:
        return False
    able = p.eligible & (p.stock.T[p.line_sku] >= p.least[:, None])
    money = np.where(able, p.serve + p.parcel[p.line_order], np.inf)
    best = money.argmin(axis=1)
    lines = np.flatnonzero(np.isfinite(money[np.arange(p.lines), best]))
    asked = np.zeros(p.stock.shape, dtype=np.int64)
    np.add.at(asked, (best[lines], p.line_sku[lines]), p.quantity[lines])
    opened = np.unique(p.line_order[lines] * p.nodes + best[lines]) % p.nodes
    crowded = p.used + np.bincount(opened, minlength=p.nodes) > p.capacity
    short = (asked > p.stock)[best[lines], p.line_sku[lines]] | crowded[best[lines]]
    return bool(len(np.unique(p.line_order[lines[short]])) > more_than)


def _second_pass(framed: PricedProblem, first: Plan, mode: Mode, seconds: float) -> Solved:
    """What the first pass left open, without the soft caps. What it served stays as it is."""
    p = framed.problem
    hard = len(p.line_limit) - len(framed.soft_caps)
    again = np.unique(p.line_order[first.served < p.quantity])
    kept = np.flatnonzero(~np.isin(p.line_order[first.shares.line], again))
    shares = Shares(
        *(column[kept] for column in (first.shares.line, first.shares.node, first.shares.quantity))
    )
    waiting = np.flatnonzero(np.isin(p.line_order, again))
    beyond = np.zeros((p.lines, p.nodes))
    for members, left, penalty in framed.soft_caps:
        asked = int(members[shares.node].sum()) + len(waiting)
        if asked > left:
            beyond[np.ix_(waiting, members)] += penalty
    caps = [(p.limit_members[g], int(p.line_limit[g])) for g in range(hard)]
    members, line_limit = line_limit_arrays(caps, p.nodes)
    parts = {**p.serve_parts, BEYOND: beyond}
    open_problem = replace(p, serve_parts=parts, limit_members=members, line_limit=line_limit)
    rest = _after(open_problem, shares).only(again)
    second = _solve(rest, mode, seconds, None)
    together = _joined(shares, second.shares, waiting)
    plan = Plan(
        problem=open_problem,
        shares=together,
        prices=first.prices,
        method=f"{first.method}, soft caps opened",
    )
    return Solved(replace(framed, problem=open_problem, soft_caps=()), plan, mode)


def _after(problem: Problem, shares: Shares) -> Problem:
    """What is left of stock, parcels and caps once these shares are taken."""
    stock = problem.stock.copy()
    np.subtract.at(stock, (shares.node, problem.line_sku[shares.line]), shares.quantity)
    limit = problem.line_limit - problem.limit_members[:, shares.node].sum(axis=1)
    return replace(
        problem, stock=stock, used=problem.used + cost_of(problem, shares).load, line_limit=limit
    )


def _joined(kept: Shares, more: Shares, lines: NDArray[np.int64]) -> Shares:
    rows: Sequence[tuple[int, int, int]] = [
        *zip(kept.line.tolist(), kept.node.tolist(), kept.quantity.tolist(), strict=True),
        *zip(lines[more.line].tolist(), more.node.tolist(), more.quantity.tolist(), strict=True),
    ]
    return Shares.of(rows)

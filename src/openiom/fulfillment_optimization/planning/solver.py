"""Solving a problem by the method its strategy asks for. Pure.

Soft limits on daily order lines take two passes: the first treats them as hard; orders it leaves
open are planned again without them, and each line from a source beyond its limit pays the penalty.

An order with several addresses is one order of the problem for each of them. Where an order must be
sourced whole, it is planned again without any of them when one cannot be served.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from openiom.fulfillment_optimization.documents import StrategyBody
from openiom.fulfillment_optimization.engine import (
    BidPrices,
    FeasiblePlan,
    Refusal,
    Shares,
    SourcingProblem,
    cost_of,
    solve,
)
from openiom.fulfillment_optimization.problem_builder import PricedProblem, line_limit_arrays

Mode = Literal["realtime", "batch"]
BEYOND_LIMIT = "beyond the order lines of the day"
"""Cost part of lines from a source beyond its soft limit."""


@dataclass(frozen=True, eq=False)
class SolvedProblem:
    """
    A plan with the problem it solves; a second pass may have lifted the problem's soft limits.
    """

    priced: PricedProblem
    plan: FeasiblePlan
    mode: Mode


def solve_by_strategy(
    priced: PricedProblem,
    strategy: StrategyBody,
    *,
    window_closed: bool = False,
    bid_prices: BidPrices | None = None,
) -> SolvedProblem:
    """Return the plan of a problem.

    Orders are planned together when their batch window has closed, or when more of them than the
    strategy tolerates compete for the same stock; else one after the other.
    """
    solved = _solve(priced, strategy, window_closed, bid_prices)

    while priced.several_addresses:
        refused = _served_without_the_rest(priced, solved.plan)
        if not refused:
            break

        priced = _without(priced, refused)
        solved = _solve(priced, strategy, window_closed, bid_prices)

    return solved


def _served_without_the_rest(priced: PricedProblem, plan: FeasiblePlan) -> list[int]:
    """Return the addresses served of orders that must be whole and have another that is not."""
    p = plan.problem
    is_open = np.zeros(p.orders, dtype=np.bool_)
    is_open[p.line_order[plan.served < p.quantity]] = True

    refused: list[int] = []
    for orders in priced.several_addresses:
        addresses = np.array(orders)
        must_be_whole = bool(np.isinf(p.partial_penalty[addresses]).all())
        if must_be_whole and is_open[addresses].any():
            refused += addresses[~is_open[addresses]].tolist()

    return refused


def _without(priced: PricedProblem, orders: list[int]) -> PricedProblem:
    """Return the problem in which no source may serve these orders."""
    refusal = priced.problem.order_refusal.copy()
    rows = refusal[orders]
    refusal[orders] = np.where(rows > 0, rows, Refusal.RESTRICT_PARTIAL)
    return replace(priced, problem=replace(priced.problem, order_refusal=refusal))


def _solve(
    priced: PricedProblem,
    strategy: StrategyBody,
    window_closed: bool,
    bid_prices: BidPrices | None,
) -> SolvedProblem:
    batch = strategy.batch
    together = window_closed
    if not together and batch.contention is not None:
        together = in_contention(priced.problem, batch.contention)

    mode: Mode = "batch" if together and priced.problem.orders > 1 else "realtime"
    plan = solve(priced.problem, mode=mode, time_limit=batch.seconds, bid_prices=bid_prices)
    if priced.soft_caps and plan.costs.open_lines:
        return _without_soft_limits(priced, plan, mode, batch.seconds)

    return SolvedProblem(priced, plan, mode)


def in_contention(problem: SourcingProblem, more_than: int) -> bool:
    """Return whether more than so many orders compete for scarce stock or capacity.

    An order competes when, with every line at its cheapest source, more is requested of a resource
    it needs than there is.
    """
    p = problem
    if p.orders <= more_than:
        return False

    able = p.eligible & (p.stock.T[p.line_sku] >= p.least[:, None])
    money = np.where(able, p.serve + p.parcel[p.line_order], np.inf)
    cheapest = money.argmin(axis=1)
    lines = np.flatnonzero(np.isfinite(money[np.arange(p.lines), cheapest]))
    node, sku = cheapest[lines], p.line_sku[lines]
    requested = np.zeros(p.stock.shape, dtype=np.int64)
    np.add.at(requested, (node, sku), p.quantity[lines])
    parcels = np.unique(p.line_order[lines] * p.nodes + node) % p.nodes
    crowded = p.used + np.bincount(parcels, minlength=p.nodes) > p.capacity
    scarce = (requested > p.stock)[node, sku] | crowded[node]
    competing = np.unique(p.line_order[lines[scarce]])
    return len(competing) > more_than


def _without_soft_limits(
    priced: PricedProblem, first: FeasiblePlan, mode: Mode, seconds: float
) -> SolvedProblem:
    """Return the plan with the orders that the first pass left open planned again.

    What the first pass serves completely stays unchanged.
    """
    p = priced.problem
    open_orders = np.unique(p.line_order[first.served < p.quantity])
    kept = _shares_of(first.shares, ~np.isin(p.line_order[first.shares.line], open_orders))
    waiting = np.flatnonzero(np.isin(p.line_order, open_orders))
    lifted = _lift_soft_limits(priced, kept, waiting)
    rest = _after(lifted, kept).only(open_orders)
    second = solve(rest, mode=mode, time_limit=seconds)
    plan = FeasiblePlan(
        problem=lifted,
        shares=_joined(kept, second.shares, waiting),
        prices=first.prices,
        method=f"{first.method}, soft caps opened",
    )
    return SolvedProblem(replace(priced, problem=lifted, soft_caps=()), plan, mode)


def _lift_soft_limits(
    priced: PricedProblem, kept: Shares, waiting: NDArray[np.int64]
) -> SourcingProblem:
    """
    Return the problem with hard limits only; lines that may exceed a soft one pay its penalty.
    """
    p = priced.problem
    beyond = np.zeros((p.lines, p.nodes))

    for members, left, penalty in priced.soft_caps:
        possible = int(members[kept.node].sum()) + len(waiting)
        if possible > left:
            beyond[np.ix_(waiting, members)] += penalty

    hard = len(p.line_limit) - len(priced.soft_caps)
    limits = [(p.limit_members[g], int(p.line_limit[g])) for g in range(hard)]
    members, line_limit = line_limit_arrays(limits, p.nodes)
    parts = {**p.serve_parts, BEYOND_LIMIT: beyond}
    return replace(p, serve_parts=parts, limit_members=members, line_limit=line_limit)


def _after(problem: SourcingProblem, shares: Shares) -> SourcingProblem:
    """Return the problem with the stock, parcels and line limits that these shares leave."""
    stock = problem.stock.copy()
    np.subtract.at(stock, (shares.node, problem.line_sku[shares.line]), shares.quantity)
    limit = problem.line_limit - problem.limit_members[:, shares.node].sum(axis=1)
    used = problem.used + cost_of(problem, shares).load
    return replace(problem, stock=stock, used=used, line_limit=limit)


def _shares_of(shares: Shares, wanted: NDArray[np.bool_]) -> Shares:
    return Shares(shares.line[wanted], shares.node[wanted], shares.quantity[wanted])


def _joined(kept: Shares, more: Shares, lines: NDArray[np.int64]) -> Shares:
    """Return both shares; those of `more` number their lines as in `lines`."""
    rows = _rows(kept.line, kept) + _rows(lines[more.line], more)
    return Shares.of(rows)


def _rows(line: NDArray[np.int64], shares: Shares) -> list[tuple[int, int, int]]:
    columns = (line.tolist(), shares.node.tolist(), shares.quantity.tolist())
    return list(zip(*columns, strict=True))

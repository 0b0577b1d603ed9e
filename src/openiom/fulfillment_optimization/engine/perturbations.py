"""One order solved again and again, each time with a change at one source of one line.

All other orders keep their plans. Most orders are solved by the subset dynamic program, hundreds of
perturbations in one call. Orders beyond it (divided lines, one SKU on two lines, counted order
lines, many lines) are solved one perturbation at a time, as in real time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from .bid_prices import BidPrices
from .columns import plan_costs
from .groups import MAX_LINES, gather, repeats_a_sku
from .plan import FeasiblePlan
from .problem import Bools, Floats, Ints, SourcingProblem
from .sequential import SequentialSolver
from .subset_dp import cheapest

MOST_ELEMENTS = 4_000_000
"""Entries of the largest table of one call."""
FORBIDDEN = 255
"""A refusal code outside `Refusal`, for nodes that a perturbation forbids."""


@dataclass(frozen=True, slots=True)
class Perturbation:
    """Changes at `node` for `line`, counted from the order's first line."""

    line: int
    node: int
    money: float = 0.0  # less for serving the whole line there
    units: int = 0  # more in stock of the line's SKU
    capacity: int = 0  # more parcels a day
    lines: int = 0  # more order lines for the groups the node counts in
    lift_line: bool = False  # lift the line's hard constraint against the node
    lift_order: bool = False  # lift the order's hard constraint against the node
    saves: float = 0.0  # money less for opening a parcel there
    sources: int = 0  # more sources for the order
    partial: bool = False  # allow the order to be served in part
    forbid: bool = False  # forbid the node for the line


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """The best plans under T perturbations."""

    value: Floats  # (T,) money, bid prices and reductions included
    units: Ints  # (T,) units of the line that the node serves


@dataclass(frozen=True, slots=True, eq=False)
class _Arrays:
    """T perturbations, field by field; see `Perturbation`."""

    row: Ints
    line: Ints
    node: Ints
    money: Floats
    units: Ints
    capacity: Ints
    lift_line: Bools
    lift_order: Bools
    saves: Floats
    sources: Ints
    partial: Bools
    forbid: Bools

    @classmethod
    def of(cls, perturbations: Sequence[Perturbation]) -> _Arrays:
        def column(name: str) -> list[float]:
            return [getattr(perturbation, name) for perturbation in perturbations]

        return cls(
            row=np.arange(len(perturbations)),
            line=np.array(column("line"), dtype=np.int64),
            node=np.array(column("node"), dtype=np.int64),
            money=np.array(column("money"), dtype=np.float64),
            units=np.array(column("units"), dtype=np.int64),
            capacity=np.array(column("capacity"), dtype=np.int64),
            lift_line=np.array(column("lift_line"), dtype=bool),
            lift_order=np.array(column("lift_order"), dtype=bool),
            saves=np.array(column("saves"), dtype=np.float64),
            sources=np.array(column("sources"), dtype=np.int64),
            partial=np.array(column("partial"), dtype=bool),
            forbid=np.array(column("forbid"), dtype=bool),
        )

    def __len__(self) -> int:
        return len(self.row)


def order_alone(plan: FeasiblePlan, order: int) -> SourcingProblem:
    """Return the problem of one order when all others keep their plans."""
    return orders_alone(plan, np.array([order]))


def orders_alone(plan: FeasiblePlan, orders: Ints) -> SourcingProblem:
    """Return the problem of some orders (ascending) when all others keep their plans."""
    p, shares = plan.problem, plan.shares
    own = np.flatnonzero(np.isin(p.line_order[shares.line], orders))
    line, node = shares.line[own], shares.node[own]
    stock = plan.stock_left.copy()
    np.add.at(stock, (node, p.line_sku[line]), shares.quantity[own])
    parcel_node = np.unique(p.line_order[line] * p.nodes + node) % p.nodes
    used = p.used + plan.costs.load - np.bincount(parcel_node, minlength=p.nodes)
    line_limit = np.asarray(plan.lines_left + p.limit_members[:, node].sum(axis=1))
    return replace(p.only(orders), stock=stock, used=used, line_limit=line_limit)


def perturbed(problem: SourcingProblem, change: Perturbation) -> SourcingProblem:
    """Return the problem of one order with a perturbation applied."""
    p, line, n = problem, change.line, change.node
    serve, parcel = np.zeros((p.lines, p.nodes)), np.zeros((1, p.nodes))
    serve[line, n], parcel[0, n] = -change.money, -change.saves
    stock, capacity, line_limit = p.stock.copy(), p.capacity.copy(), p.line_limit.copy()
    stock[n, p.line_sku[line]] += change.units
    capacity[n] += change.capacity
    line_limit[p.limit_members[:, n]] += change.lines
    line_refusal, order_refusal = p.line_refusal.copy(), p.order_refusal.copy()
    if change.lift_line:
        line_refusal[line, n] = 0

    if change.lift_order:
        order_refusal[0, n] = 0

    if change.forbid:
        line_refusal[line, n] = FORBIDDEN

    return replace(
        p,
        stock=stock,
        capacity=capacity,
        line_limit=line_limit,
        line_refusal=line_refusal,
        order_refusal=order_refusal,
        serve_parts={**p.serve_parts, "change": serve},
        parcel_parts={**p.parcel_parts, "change": parcel},
        max_nodes=p.max_nodes + change.sources,
        partial_penalty=np.zeros(1) if change.partial else p.partial_penalty,
    )


class PerturbationSolver:
    """Solves one order under perturbations.

    `simple` says whether the subset dynamic program covers the order.
    """

    def __init__(self, alone: SourcingProblem, bid_prices: BidPrices | None) -> None:
        self.alone, self.bid = alone, bid_prices
        divisible = (alone.max_line_nodes > 1) & (alone.quantity > 1)
        counted = len(alone.line_limit) > 0
        coupled = counted or bool(divisible.any()) or bool(repeats_a_sku(alone).any())
        self.simple = alone.lines <= MAX_LINES and not coupled
        self.sequential = SequentialSolver(alone, bid_prices)

    def solve(self, perturbations: Sequence[Perturbation]) -> Outcomes:
        """Return the best plan of the order under each perturbation."""
        value = np.zeros(len(perturbations))
        units = np.zeros(len(perturbations), dtype=np.int64)
        if not self.simple:
            for i, perturbation in enumerate(perturbations):
                value[i], units[i] = self._solve_one(perturbation)

            return Outcomes(value, units)

        at_once = max(8, MOST_ELEMENTS // ((1 << self.alone.lines) * self.alone.nodes))
        for first in range(0, len(perturbations), at_once):
            part = _Arrays.of(perturbations[first : first + at_once])
            value[first : first + at_once], units[first : first + at_once] = self._solve_many(part)

        return Outcomes(value, units)

    def _solve_many(self, changes: _Arrays) -> tuple[Floats, Ints]:
        """Return (T,) values and units: T copies of the order, each with its own costs."""
        p, count = self.alone, len(changes)
        row, line, node = changes.row, changes.line, changes.node
        price = self._parcel_prices(changes)
        reach = self._reach(changes) & np.isfinite(price)[:, None, :]
        forbid = changes.forbid
        reach[row[forbid], line[forbid], node[forbid]] = False
        serve = np.repeat(p.serve[None], count, axis=0)
        serve[row, line, node] -= changes.money
        parcel = np.repeat(p.parcel, count, axis=0)
        parcel[row, node] -= changes.saves
        copies = replace(
            p.only(np.zeros(count, dtype=np.int64)),
            serve_parts={"all": serve.reshape(-1, p.nodes)},
            parcel_parts={"all": parcel},
            max_nodes=p.max_nodes + changes.sources,
            partial_penalty=np.where(changes.partial, 0.0, p.partial_penalty[0]),
        )
        value, units = np.zeros(count), np.zeros(count, dtype=np.int64)

        for group in gather(copies, row, reach.reshape(-1, p.nodes)):
            if self.bid is not None:
                group.serve += self.bid.stock.reshape(-1)[group.cell] * group.quantity[:, :, None]

            of = group.order
            best = cheapest(group, group.parcel + price[of[:, None], group.node], group.serve)
            rows = np.arange(len(of))
            place = best.place[rows, line[of]]
            served_by = group.node[rows, np.maximum(place, 0)]
            by_node = (place >= 0) & (served_by == node[of])
            value[of] = best.value
            units[of] = np.where(by_node, p.quantity[line[of]], 0)

        return value, units

    def _parcel_prices(self, changes: _Arrays) -> Floats:
        """(T, N) money of one more parcel, inf where the node has none left."""
        p, solver, node = self.alone, self.sequential, changes.node
        price = np.repeat(solver.price[None], len(changes), axis=0)
        parcels_left = p.capacity[node] - p.used[node] + changes.capacity
        is_open = (solver.left[node] + changes.capacity > 0) & (parcels_left > 0)
        base = np.zeros(p.nodes) if self.bid is None else self.bid.node
        pressed = solver.before_pressure <= 0
        level = np.where(pressed, np.maximum(base, p.pressure), base)
        price[changes.row, node] = np.where(is_open, level[node], np.inf)
        return price

    def _reach(self, changes: _Arrays) -> Bools:
        """(T, l, N) whether the node could serve the line."""
        p, count = self.alone, len(changes)
        row, line, node = changes.row, changes.line, changes.node
        stock = p.stock[:, p.line_sku].T  # (l, N)
        enough = np.repeat((stock >= p.quantity[:, None])[None], count, axis=0)
        enough[row, line, node] |= stock[line, node] + changes.units >= p.quantity[line]
        line_allows = np.repeat((p.line_refusal == 0)[None], count, axis=0)
        lifted = changes.lift_line
        line_allows[row[lifted], line[lifted], node[lifted]] = True
        order_allows = np.repeat(p.order_refusal == 0, count, axis=0)
        lifted = changes.lift_order
        order_allows[row[lifted], node[lifted]] = True
        return np.asarray(enough & line_allows & order_allows[:, None, :])

    def _solve_one(self, change: Perturbation) -> tuple[float, int]:
        """Return value and units of one perturbation, solved as in real time."""
        problem = perturbed(self.alone, change)
        solver = SequentialSolver(problem, self.bid)
        price = solver.price.copy()
        order = np.zeros(1, dtype=np.int64)
        shares = solver.run(order)
        owner = np.zeros(len(shares.line), dtype=np.int64)
        cost = plan_costs(problem, order, owner, shares.line, shares.node, shares.quantity)
        money = float(cost[0]) + float(price[np.unique(shares.node)].sum())
        if self.bid is not None:
            unit_price = self.bid.stock[shares.node, problem.line_sku[shares.line]]
            money += float(unit_price @ shares.quantity)

        here = (shares.line == change.line) & (shares.node == change.node)
        return money, int(shares.quantity[here].sum())

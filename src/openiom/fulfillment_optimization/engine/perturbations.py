"""
One order solved again and again, each time with something changed at one source of one line.

Everybody else keeps what the plan gave them. Most orders are solved by the subset programme, hundreds of trials in one
call; an order it cannot settle (divided lines, one SKU twice, counted lines, many lines) is solved trial by trial, the
way real time does it.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import dataclass, replace

import numpy as np

from .bid_prices import BidPrices
from .columns import plan_costs
from .groups import MAX_LINES, gather, repeats_a_sku
from .plan import Plan
from .problem import Bools, Floats, Ints, Problem
from .sequential import SequentialSolver
from .subset_dp import cheapest

ELEMENTS = 4_000_000
"""Entries of the largest table of one call."""


@dataclass(frozen=True, slots=True)
class Perturbation:
    """What is different at `node` for `line` (counted from the order's first)."""

    line: int
    node: int
    money: float = 0.0  # off serving the whole line there
    units: int = 0  # more of the line's SKU on the shelf
    capacity: int = 0  # more parcels there
    lines: int = 0  # more order lines for the groups the node counts in
    lift_line: bool = False  # no hard constraint of the line keeps the node away
    lift_order: bool = False  # no hard constraint of the order does
    saves: float = 0.0  # money off opening a parcel there
    sources: int = 0  # more sources for the order
    partial: bool = False  # the order may be served in part
    forbid: bool = False  # the node may not serve this line


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    value: Floats  # (T,) money of the best plan, with bid prices and with what the trial takes off
    units: Ints  # (T,) units of the line that the node serves in it


def order_alone(plan: Plan, order: int) -> Problem:
    """The problem of one order when everybody else keeps what the plan gave them."""
    return orders_alone(plan, np.array([order]))


def orders_alone(plan: Plan, orders: Ints) -> Problem:
    """The same for several orders (ascending), which compete among each other."""
    p, shares = plan.problem, plan.shares
    mine = np.flatnonzero(np.isin(p.line_order[shares.line], orders))
    stock = plan.stock_left.copy()
    np.add.at(stock, (shares.node[mine], p.line_sku[shares.line[mine]]), shares.quantity[mine])
    parcels = np.unique(p.line_order[shares.line[mine]] * p.nodes + shares.node[mine]) % p.nodes
    used = p.used + plan.costs.load - np.bincount(parcels, minlength=p.nodes)
    limit = plan.lines_left + p.limit_members[:, shares.node[mine]].sum(axis=1)
    return replace(p.only(orders), stock=stock, used=used, line_limit=np.asarray(limit))


def with_trial(problem: Problem, trial: Perturbation) -> Problem:
    """The problem of one order with the trial's change made; `forbid` and `lift` are refusals set or taken away."""
    p, line, n = problem, trial.line, trial.node
    serve, parcel = np.zeros((p.lines, p.nodes)), np.zeros((1, p.nodes))
    serve[line, n], parcel[0, n] = -trial.money, -trial.saves
    stock, capacity, limit = p.stock.copy(), p.capacity.copy(), p.line_limit.copy()
    stock[n, p.line_sku[line]] += trial.units
    capacity[n] += trial.capacity
    limit[p.limit_members[:, n]] += trial.lines
    by_line, by_order = p.line_refusal.copy(), p.order_refusal.copy()
    if trial.lift_line:
        by_line[line, n] = 0
    if trial.lift_order:
        by_order[0, n] = 0
    if trial.forbid:
        by_line[line, n] = 255
    return replace(
        p,
        stock=stock,
        capacity=capacity,
        line_limit=limit,
        line_refusal=by_line,
        order_refusal=by_order,
        serve_parts={**p.serve_parts, "change": serve},
        parcel_parts={**p.parcel_parts, "change": parcel},
        max_nodes=p.max_nodes + trial.sources,
        partial_penalty=np.zeros(1) if trial.partial else p.partial_penalty,
    )


class PerturbationSolver:
    """Solves trials of one order."""

    def __init__(self, alone: Problem, bid: BidPrices | None) -> None:
        self.alone, self.bid = alone, bid
        divided = (alone.max_line_nodes > 1) & (alone.quantity > 1)
        counted = len(alone.line_limit) > 0
        self.simple = alone.lines <= MAX_LINES and not (
            divided.any() or repeats_a_sku(alone).any() or counted
        )
        self.walk = SequentialSolver(alone, bid)

    def solve(self, trials: Many[Perturbation]) -> Outcomes:
        if not self.simple:
            return self._one_by_one(trials)
        rows = max(8, ELEMENTS // ((1 << self.alone.lines) * self.alone.nodes))
        parts = [self._many(trials[at : at + rows]) for at in range(0, len(trials), rows)]
        if not parts:
            return Outcomes(np.zeros(0), np.zeros(0, dtype=np.int64))
        return Outcomes(
            np.concatenate([p.value for p in parts]), np.concatenate([p.units for p in parts])
        )

    def _many(self, trials: Many[Perturbation]) -> Outcomes:
        p, count = self.alone, len(trials)
        row, line, node = np.arange(count), _ints(trials, "line"), _ints(trials, "node")
        price = self._price(row, node, _ints(trials, "capacity"))
        reach = self._reach(trials, row, line, node) & np.isfinite(price)[:, None, :]
        reach[
            row[_flags(trials, "forbid")],
            line[_flags(trials, "forbid")],
            node[_flags(trials, "forbid")],
        ] = False
        serve = np.repeat(p.serve[None], count, axis=0)
        serve[row, line, node] -= _floats(trials, "money")
        parcel = np.repeat(p.parcel, count, axis=0)
        parcel[row, node] -= _floats(trials, "saves")
        stacked = replace(
            p.only(np.zeros(count, dtype=np.int64)),
            serve_parts={"all": serve.reshape(-1, p.nodes)},
            parcel_parts={"all": parcel},
            max_nodes=p.max_nodes + _ints(trials, "sources"),
            partial_penalty=np.where(_flags(trials, "partial"), 0.0, p.partial_penalty[0]),
        )
        value, units = np.zeros(count), np.zeros(count, dtype=np.int64)
        for group in gather(stacked, row, reach.reshape(-1, p.nodes)):
            if self.bid is not None:
                group.serve += self.bid.stock.reshape(-1)[group.cell] * group.quantity[:, :, None]
            of = group.order
            best = cheapest(group, group.parcel + price[of[:, None], group.node], group.serve)
            place = best.place[np.arange(len(of)), line[of]]
            at = group.node[np.arange(len(of)), np.maximum(place, 0)]
            value[of] = best.value
            units[of] = np.where((place >= 0) & (at == node[of]), p.quantity[line[of]], 0)
        return Outcomes(value, units)

    def _price(self, row: Ints, node: Ints, capacity: Ints) -> Floats:
        """(T, N) money of one more parcel."""
        price = np.repeat(self.walk.price[None], len(row), axis=0)
        fits = self.walk.left[node] + capacity > 0
        p = self.alone
        room = p.capacity[node] - p.used[node] + capacity > 0
        base = np.zeros(p.nodes) if self.bid is None else self.bid.node
        felt = np.where(self.walk.before_pressure <= 0, np.maximum(base, p.pressure), base)
        price[row, node] = np.where(fits & room, felt[node], np.inf)
        return price

    def _reach(self, trials: Many[Perturbation], row: Ints, line: Ints, node: Ints) -> Bools:
        p, count = self.alone, len(trials)
        shelf = p.stock[:, p.line_sku].T
        enough = np.repeat((shelf >= p.quantity[:, None])[None], count, axis=0)
        enough[row, line, node] |= shelf[line, node] + _ints(trials, "units") >= p.quantity[line]
        by_line = np.repeat((p.line_refusal == 0)[None], count, axis=0)
        lifted = _flags(trials, "lift_line")
        by_line[row[lifted], line[lifted], node[lifted]] = True
        by_order = np.repeat(p.order_refusal == 0, count, axis=0)
        lifted = _flags(trials, "lift_order")
        by_order[row[lifted], node[lifted]] = True
        return np.asarray(enough & by_line & by_order[:, None, :])

    def _one_by_one(self, trials: Many[Perturbation]) -> Outcomes:
        value, units = np.zeros(len(trials)), np.zeros(len(trials), dtype=np.int64)
        for i, trial in enumerate(trials):
            value[i], units[i] = self._one(trial)
        return Outcomes(value, units)

    def _one(self, trial: Perturbation) -> tuple[float, int]:
        problem = with_trial(self.alone, trial)
        walk = SequentialSolver(problem, self.bid)
        price = walk.price.copy()
        shares = walk.run(np.zeros(1, dtype=np.int64))
        owner = np.zeros(len(shares.line), dtype=np.int64)
        own = np.zeros(1, dtype=np.int64)
        money = float(plan_costs(problem, own, owner, shares.line, shares.node, shares.quantity)[0])
        money += float(price[np.unique(shares.node)].sum())
        if self.bid is not None:
            money += float(
                self.bid.stock[shares.node, problem.line_sku[shares.line]] @ shares.quantity
            )
        here = (shares.line == trial.line) & (shares.node == trial.node)
        return money, int(shares.quantity[here].sum())


def _ints(trials: Many[Perturbation], name: str) -> Ints:
    return np.array([getattr(t, name) for t in trials], dtype=np.int64)


def _floats(trials: Many[Perturbation], name: str) -> Floats:
    return np.array([getattr(t, name) for t in trials], dtype=np.float64)


def _flags(trials: Many[Perturbation], name: str) -> Bools:
    return np.array([getattr(t, name) for t in trials], dtype=bool)

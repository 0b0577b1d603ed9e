"""Plans of single orders as columns of the wave's master program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .costs import tally
from .problem import Floats, Ints, Problem
from .shares import Shares


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """m plans; the shares of plan i stand together, `first[i]:first[i + 1]`."""

    order: Ints  # (m,)
    cost: Floats  # (m,) true money, without prices and without pressure
    first: Ints  # (m + 1,)
    line: Ints
    node: Ints
    quantity: Ints

    def __len__(self) -> int:
        return len(self.order)

    def take(self, which: Ints) -> Columns:
        """The columns at these places, in this order."""
        sizes = self.first[which + 1] - self.first[which]
        before = np.cumsum(sizes) - sizes
        at = np.repeat(self.first[which] - before, sizes) + np.arange(sizes.sum())
        first = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        return Columns(
            self.order[which],
            self.cost[which],
            first,
            self.line[at],
            self.node[at],
            self.quantity[at],
        )

    @property
    def owner(self) -> Ints:
        """The column of every share."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    def shares(self) -> Shares:
        """What these plans serve together."""
        by = np.lexsort((self.node, self.line))
        return Shares(self.line[by], self.node[by], self.quantity[by])

    def keys(self) -> Ints:
        """(m,) equal for equal plans of the same order."""
        share = self.line * 1_000_003 + self.node * 7_919 + self.quantity
        mixed = share.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
        total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
        own = self.order.astype(np.uint64) * np.uint64(0x94D049BB133111EB)
        keys: Ints = (total[self.first[1:]] - total[self.first[:-1]] + own).view(np.int64)
        return keys


def columns_of(
    problem: Problem, order: Ints, owner: Ints, line: Ints, node: Ints, quantity: Ints
) -> Columns:
    """
    Columns of these orders (m,) from shares that name their column, sorted by it; their money is added
    up here.
    """
    first = np.searchsorted(owner, np.arange(len(order) + 1)).astype(np.int64)
    cost = plan_costs(problem, order, owner, line, node, quantity)
    return Columns(order, cost, first, line, node, quantity)


def plan_costs(
    p: Problem, order: Ints, owner: Ints, line: Ints, node: Ints, quantity: Ints
) -> Floats:
    """(m,) true money of each plan, pressure left out; infinite where it breaks a limit of its order."""
    m = len(order)
    opened = np.unique(owner * p.nodes + node)
    by, at = opened // p.nodes, opened % p.nodes
    count = tally(by, m)
    fee = p.split_fee[order]
    cost = tally(by, m, p.parcel[order[by], at]) + fee * np.maximum(0, count - 1)
    base = tally(p.line_order, p.orders, p.open_cost)
    gain = (p.serve[line, node] - p.open_cost[line]) * (quantity / p.quantity[line])
    cost += base[order] + tally(owner, m, gain)
    cost += p.extra_node_penalty[order] * np.maximum(0, count - p.preferred_nodes[order])
    cost[count > p.max_nodes[order]] = np.inf
    units = tally(p.line_order, p.orders, p.quantity.astype(np.float64))
    served = tally(owner, m, quantity.astype(np.float64))
    partial = (served > 0) & (served < units[order])
    cost[partial] += p.partial_penalty[order[partial]]
    divided = np.flatnonzero((np.diff(owner) == 0) & (np.diff(line) == 0)) if len(owner) else owner
    if len(divided):
        cost += _division(p, m, owner, line)
    return cost


def _division(p: Problem, m: int, owner: Ints, line: Ints) -> Floats:
    """(m,) money of dividing lines; infinite where a line may not be divided across so many."""
    pair, sources = np.unique(owner * p.lines + line, return_counts=True)
    by, at = pair // p.lines, pair % p.lines
    money = p.extra_line_node_penalty[at] * np.maximum(0, sources - p.preferred_line_nodes[at])
    money[sources > p.max_line_nodes[at]] = np.inf
    return tally(by, m, money)


def columns_of_plan(problem: Problem, line: Ints, node: Ints, quantity: Ints) -> Columns:
    """One column for every order, from the shares (sorted by line) of a plan of the whole wave."""
    return columns_of(
        problem, np.arange(problem.orders), problem.line_order[line], line, node, quantity
    )


def open_columns(problem: Problem) -> Columns:
    """Leaving each order open: the plan that always fits."""
    none = np.zeros(0, dtype=np.int64)
    return columns_of(problem, np.arange(problem.orders), none, none, none, none)


def together(parts: list[Columns]) -> Columns:
    """One after the other."""
    return Columns(
        np.concatenate([c.order for c in parts]),
        np.concatenate([c.cost for c in parts]),
        np.concatenate([[0], np.cumsum(np.concatenate([np.diff(c.first) for c in parts]))]).astype(
            np.int64
        ),
        np.concatenate([c.line for c in parts]),
        np.concatenate([c.node for c in parts]),
        np.concatenate([c.quantity for c in parts]),
    )


def distinct(parts: list[Columns]) -> Columns:
    """All columns once, the first of equals, those that cost infinity left out."""
    joined = together(parts)
    _, once = np.unique(joined.keys(), return_index=True)
    once = np.sort(once)
    return joined.take(once[np.isfinite(joined.cost[once])])


def fits_alone(p: Problem, columns: Columns) -> Columns:
    """
    Without the plans that the stock, the room and the counted lines of the wave could not hold even
    alone.
    """
    cell = columns.owner * (p.nodes * p.skus) + columns.node * p.skus + p.line_sku[columns.line]
    keys, place = np.unique(cell, return_inverse=True)
    asked = tally(place, len(keys), columns.quantity.astype(np.float64))
    short = asked > p.stock.reshape(-1)[keys % (p.nodes * p.skus)]
    bad = np.zeros(len(columns), dtype=bool)
    bad[keys[short] // (p.nodes * p.skus)] = True
    for members, limit in zip(p.limit_members, p.line_limit, strict=True):
        inside = tally(columns.owner, len(columns), members[columns.node].astype(np.float64))
        bad |= (inside > limit) & (inside > 0)
    return columns.take(np.flatnonzero(~bad)) if bad.any() else columns

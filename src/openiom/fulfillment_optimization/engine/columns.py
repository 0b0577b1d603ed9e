"""Columns of the master problem: plans of single orders with their costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .costs import tally
from .problem import Floats, Ints, SourcingProblem
from .shares import Shares


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """m plans of single orders. The shares of plan i are entries first[i]:first[i + 1]."""

    order: Ints  # (m,)
    cost: Floats  # (m,) true money, without prices and without capacity pressure
    first: Ints  # (m + 1,)
    line: Ints
    node: Ints
    quantity: Ints

    def __len__(self) -> int:
        return len(self.order)

    def take(self, which: Ints) -> Columns:
        """Return the columns at these positions, in this sequence."""
        sizes = self.first[which + 1] - self.first[which]
        before = np.cumsum(sizes) - sizes
        entries = np.repeat(self.first[which] - before, sizes) + np.arange(sizes.sum())
        return Columns(
            order=self.order[which],
            cost=self.cost[which],
            first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
            line=self.line[entries],
            node=self.node[entries],
            quantity=self.quantity[entries],
        )

    @property
    def owner(self) -> Ints:
        """The column of every share."""
        return np.repeat(np.arange(len(self)), np.diff(self.first))

    def shares(self) -> Shares:
        """Return what these plans serve together."""
        ascending = np.lexsort((self.node, self.line))
        return Shares(self.line[ascending], self.node[ascending], self.quantity[ascending])

    def keys(self) -> Ints:
        """(m,) hashes, equal for equal plans of the same order."""
        share = self.line * 1_000_003 + self.node * 7_919 + self.quantity
        mixed = share.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
        mixed *= np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(32)
        total = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed, dtype=np.uint64)])
        of_order = self.order.astype(np.uint64) * np.uint64(0x94D049BB133111EB)
        hashes = total[self.first[1:]] - total[self.first[:-1]] + of_order
        keys: Ints = hashes.view(np.int64)
        return keys

    def without(self, keys: Ints) -> Columns:
        """Return the columns whose keys are not among `keys`."""
        return self.take(np.flatnonzero(~np.isin(self.keys(), keys)))


def columns_of(
    problem: SourcingProblem, order: Ints, owner: Ints, line: Ints, node: Ints, quantity: Ints
) -> Columns:
    """Return columns of these orders (m,) from shares sorted by `owner`, their column."""
    first = np.searchsorted(owner, np.arange(len(order) + 1)).astype(np.int64)
    cost = plan_costs(problem, order, owner, line, node, quantity)
    return Columns(order, cost, first, line, node, quantity)


def plan_costs(
    p: SourcingProblem, order: Ints, owner: Ints, line: Ints, node: Ints, quantity: Ints
) -> Floats:
    """(m,) true money of each plan without capacity pressure; inf where it breaks a limit."""
    m = len(order)
    parcel = np.unique(owner * p.nodes + node)
    parcel_owner, parcel_node = parcel // p.nodes, parcel % p.nodes
    parcels = tally(parcel_owner, m)
    cost = tally(parcel_owner, m, p.parcel[order[parcel_owner], parcel_node])
    cost += p.split_fee[order] * np.maximum(0, parcels - 1)

    all_open = tally(p.line_order, p.orders, p.open_cost)
    gain = (p.serve[line, node] - p.open_cost[line]) * (quantity / p.quantity[line])
    cost += all_open[order] + tally(owner, m, gain)

    cost += p.extra_node_penalty[order] * np.maximum(0, parcels - p.preferred_nodes[order])
    cost[parcels > p.max_nodes[order]] = np.inf
    units = tally(p.line_order, p.orders, p.quantity.astype(np.float64))
    served = tally(owner, m, quantity.astype(np.float64))
    partial = (served > 0) & (served < units[order])
    cost[partial] += p.partial_penalty[order[partial]]
    divided = (np.diff(owner) == 0) & (np.diff(line) == 0)
    if divided.any():
        cost += _division_costs(p, m, owner, line)

    return cost


def _division_costs(p: SourcingProblem, m: int, owner: Ints, line: Ints) -> Floats:
    """(m,) penalties of divided lines; inf where a line has more sources than allowed."""
    pair, sources = np.unique(owner * p.lines + line, return_counts=True)
    pair_owner, pair_line = pair // p.lines, pair % p.lines
    beyond = np.maximum(0, sources - p.preferred_line_nodes[pair_line])
    money = p.extra_line_node_penalty[pair_line] * beyond
    money[sources > p.max_line_nodes[pair_line]] = np.inf
    return tally(pair_owner, m, money)


def columns_of_plan(problem: SourcingProblem, shares: Shares) -> Columns:
    """Return one column for every order from the shares of a plan of all orders."""
    orders, owner = np.arange(problem.orders), problem.line_order[shares.line]
    return columns_of(problem, orders, owner, shares.line, shares.node, shares.quantity)


def columns_of_nodes(problem: SourcingProblem, node: Ints) -> Columns:
    """Return one column for every order whose lines are served whole by `node` (L,), -1 = open."""
    return columns_of_plan(problem, Shares.undivided(node, problem.quantity))


def open_columns(problem: SourcingProblem) -> Columns:
    """Return the column of each order that leaves all its lines open; it always fits."""
    return columns_of_plan(problem, Shares.none())


def joined(parts: list[Columns]) -> Columns:
    """Return the columns one after the other."""
    sizes = np.concatenate([np.diff(part.first) for part in parts])

    def all_of(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    return Columns(
        order=all_of("order"),
        cost=all_of("cost"),
        first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        line=all_of("line"),
        node=all_of("node"),
        quantity=all_of("quantity"),
    )


def distinct(parts: list[Columns]) -> Columns:
    """Return all columns of finite cost once, the first of equal ones."""
    columns = joined(parts)
    _, first_index = np.unique(columns.keys(), return_index=True)
    kept = np.sort(first_index)
    return columns.take(kept[np.isfinite(columns.cost[kept])])


def fitting_alone(p: SourcingProblem, columns: Columns) -> Columns:
    """Return the plans that fit stock and counted order lines if no other order used them."""
    cells = p.nodes * p.skus
    cell = columns.owner * cells + columns.node * p.skus + p.line_sku[columns.line]
    keys, position = np.unique(cell, return_inverse=True)
    units = tally(position, len(keys), columns.quantity.astype(np.float64))
    short = units > p.stock.reshape(-1)[keys % cells]
    bad = np.zeros(len(columns), dtype=bool)

    bad[keys[short] // cells] = True
    for members, limit in zip(p.limit_members, p.line_limit, strict=True):
        counted = tally(columns.owner, len(columns), members[columns.node].astype(np.float64))
        bad |= (counted > limit) & (counted > 0)

    return columns.take(np.flatnonzero(~bad)) if bad.any() else columns

"""Lagrangian relaxation of the set-partitioning master problem.

The rows that couple orders are the stock cells that could run short, the parcels of every node, the
counted order lines, and cover cuts (see `cover_cuts`). Multipliers (prices) on these rows make the
orders independent; pricing each of them exactly gives a lower bound:

    bound(prices) = sum over orders of min over plans (cost + prices * usage) - prices * limits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bid_prices import BidPrices
from .costs import tally
from .groups import MAX_LINES, OrderGroup, gather, gather_parts, in_reach, lines_of
from .problem import Bools, Floats, Ints, SourcingProblem
from .subset_dp import Best, cheapest


@dataclass(slots=True, eq=False)
class Prices:
    """Multipliers: money of one unit of every coupling row, never below zero."""

    stock: Floats  # (R,) rows of `Relaxation.cells`
    node: Floats  # (N,) parcels
    lines: Floats  # (G,) counted order lines
    cuts: Floats  # (E,) cover cuts added so far

    def mixed(self, other: Prices, share: float) -> Prices:
        """Return `share` of these prices plus the rest of the others.

        Cuts that the others do not know yet have the price zero there.
        """
        rest = 1 - share
        return Prices(
            share * self.stock + rest * other.stock,
            share * self.node + rest * other.node,
            share * self.lines + rest * other.lines,
            share * self.cuts + rest * padded(other.cuts, len(self.cuts)),
        )

    def plus(self, other: Prices) -> Prices:
        """Return the sums of both prices."""
        return Prices(
            self.stock + other.stock,
            self.node + other.node,
            self.lines + other.lines,
            self.cuts + other.cuts,
        )

    def scaled(self, factor: float) -> Prices:
        """Return every price times a factor."""
        return Prices(
            factor * self.stock, factor * self.node, factor * self.lines, factor * self.cuts
        )


def padded(values: Floats, size: int) -> Floats:
    """Return `values` followed by zeros, for rows added later."""
    return np.concatenate([values, np.zeros(size - len(values))])


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """New rows: of the (line, node) pairs of a row, a plan of all orders holds at most `most`."""

    row: Ints  # (entries,) from 0
    line: Ints  # (entries,)
    node: Ints  # (entries,)
    most: Floats  # (new rows,)


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """What one plan of every order uses of every coupling row."""

    stock: Floats  # (R,)
    node: Floats  # (N,)
    lines: Floats  # (G,)
    cuts: Floats  # (E,)


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """All orders priced once: the lower bound and the plans that attain it."""

    bound: float
    best: tuple[Best, ...]  # one for each group
    node: Ints  # (L,) node of every line, -1 = open; the stock may be exceeded
    usage: Usage


class Relaxation:
    """The groups of orders to price and the coupling rows with their limits.

    Built once for a batch; cover cuts are added to it.
    """

    def __init__(self, problem: SourcingProblem) -> None:
        self.problem = problem
        orders = np.arange(problem.orders)
        reach = in_reach(problem, problem.stock, lines_of(problem, orders))
        self.groups = gather(problem, orders, reach)
        self.complete_groups = len(self.groups)  # groups after these hold parts of long orders
        self.groups += gather_parts(problem, orders, reach)
        self.reach_line, self.reach_node = _pairs_by_cell(problem, reach)
        self.reach_cell = self.reach_node * problem.skus + problem.line_sku[self.reach_line]
        self.inexact = self._inexactly_priced_orders()  # (B,)
        self.free_capacity = np.maximum(problem.capacity - problem.used, 0).astype(
            np.float64
        )  # (N,)
        self.free_soft_capacity = np.clip(
            problem.soft_capacity - problem.used, 0, self.free_capacity
        )  # (N,)
        self.rebate = self._rebate()
        self._add_stock_rows(reach)
        self.cut_key = np.zeros(0, dtype=np.int64)  # line * N + node, ascending
        self.cut_row = np.zeros(0, dtype=np.int64)
        self.cut_limit = np.zeros(0)  # (E,)
        self.cut_entries = [(self.cut_key, self.cut_row)] * len(self.groups)

    def _inexactly_priced_orders(self) -> Bools:
        """(B,) orders whose pricing is a bound only, so near-best plans are not all listed."""
        p = self.problem
        inexact = np.diff(p.start) > MAX_LINES
        divisible = (p.max_line_nodes > 1) & (p.quantity > 1)
        inexact[p.line_order[divisible]] = True
        return np.asarray(inexact)

    def _rebate(self) -> float:
        """Return money that parts of long orders may forgo, although the whole order would not.

        A parcel with a cost below zero before the split fee may pay off for the order only.
        """
        p = self.problem
        long_orders = np.flatnonzero(np.diff(p.start) > MAX_LINES)
        credited = long_orders[(p.parcel[long_orders] < 0).any(axis=1)]
        return -float(p.split_fee[credited].sum())

    def _add_stock_rows(self, reach: Bools) -> None:
        """Make a row of every cell that all lines in reach together could exhaust."""
        p = self.problem
        line, node = np.nonzero(reach)
        cell = node * p.skus + p.line_sku[line]
        requested = tally(cell, p.nodes * p.skus, p.quantity[line].astype(np.float64))
        stock = p.stock.reshape(-1)
        self.cells = np.flatnonzero(requested > stock)  # (R,)
        self.stock = stock[self.cells].astype(np.float64)  # (R,)
        row_of_cell = np.full(p.nodes * p.skus, len(self.cells), dtype=np.int64)
        row_of_cell[self.cells] = np.arange(len(self.cells))
        self.row_of_cell = row_of_cell  # (N * S,); R for cells without a row
        self.rows = [row_of_cell[group.cell] for group in self.groups]

    def add_cuts(self, cuts: Cuts) -> None:
        """Add rows for cover cuts."""
        key = np.concatenate([self.cut_key, cuts.line * self.problem.nodes + cuts.node])
        row = np.concatenate([self.cut_row, cuts.row + len(self.cut_limit)])
        ascending = np.lexsort((row, key))
        self.cut_key, self.cut_row = key[ascending], row[ascending]
        self.cut_limit = np.concatenate([self.cut_limit, cuts.most])
        for i, group in enumerate(self.groups):
            self.cut_entries[i] = self._entries_of_group(group)

    def _entries_of_group(self, group: OrderGroup) -> tuple[Ints, Ints]:
        """Return flat positions in the group's (b, l, k) tables, and the cut rows they are in."""
        nodes = self.problem.nodes
        begin = np.searchsorted(self.cut_key, group.line * nodes)
        end = np.searchsorted(self.cut_key, (group.line + 1) * nodes)
        order, line = np.nonzero(end > begin)
        count = (end - begin)[order, line]
        entry = np.repeat(begin[order, line] - np.cumsum(count) + count, count)
        entry = entry + np.arange(count.sum())
        order, line = np.repeat(order, count), np.repeat(line, count)
        node = self.cut_key[entry] % nodes
        is_candidate = group.node[order] == node[:, None]
        is_candidate &= np.isfinite(group.serve[order, line])
        which, place = np.nonzero(is_candidate)
        flat = np.ravel_multi_index((order[which], line[which], place), group.serve.shape)
        return flat, self.cut_row[entry[which]]

    def cuts_of(self, line: Ints, node: Ints) -> tuple[Ints, Ints]:
        """Return (position among these shares, cut row) of every share counted by a cut."""
        key = line * self.problem.nodes + node
        begin = np.searchsorted(self.cut_key, key, side="left")
        count = np.searchsorted(self.cut_key, key, side="right") - begin
        position = np.repeat(np.arange(len(key)), count)
        entry = np.repeat(begin - np.cumsum(count) + count, count) + np.arange(len(position))
        return position, self.cut_row[entry]

    def priced_parcel(self, i: int, prices: Prices) -> Floats:
        """(b, k) money of opening a parcel in group i, prices included."""
        group = self.groups[i]
        return group.parcel + group.portion * prices.node[group.node]

    def priced_serve(self, i: int, prices: Prices) -> Floats:
        """(b, l, k) money of serving the lines of group i, prices included."""
        group = self.groups[i]
        unit_price = np.append(prices.stock, 0.0)[self.rows[i]]
        serve = group.serve + unit_price * group.quantity[:, :, None]
        if len(prices.lines):
            line_price = prices.lines @ self.problem.limit_members  # (N,)
            serve += line_price[group.node][:, None, :]

        flat, row = self.cut_entries[i]
        if len(flat):
            np.add.at(serve.reshape(-1), flat, padded(prices.cuts, len(self.cut_limit))[row])

        return serve

    def zero_prices(self) -> Prices:
        """Return prices of zero for all rows."""
        return Prices(
            np.zeros(len(self.cells)),
            np.zeros(self.problem.nodes),
            np.zeros(len(self.problem.line_limit)),
            np.zeros(len(self.cut_limit)),
        )

    def price(self, prices: Prices) -> Priced:
        """Price every order exactly and return the lower bound with the plans behind it."""
        node = np.full(self.problem.lines, -1, dtype=np.int64)
        best_of_group: list[Best] = []
        value = self.rebate

        for i, group in enumerate(self.groups):
            best = cheapest(group, self.priced_parcel(i, prices), self.priced_serve(i, prices))
            best_of_group.append(best)
            value += float(best.value.sum())
            candidate = np.take_along_axis(group.node, np.maximum(best.place, 0), axis=1)
            node[group.line] = np.where(best.place >= 0, candidate, -1)

        bound = value - self.value_of_limits(prices)
        return Priced(bound, tuple(best_of_group), node, self.usage(node))

    def value_of_limits(self, prices: Prices) -> float:
        """Return the money of all limits at these prices.

        Parcels beyond the soft capacity are worth no more than the node's pressure.
        """
        pressed = np.minimum(0.0, self.problem.pressure - prices.node)
        pressed_value = pressed @ (self.free_capacity - self.free_soft_capacity)
        counted = prices.lines @ self.problem.line_limit
        counted += prices.cuts @ self.cut_limit[: len(prices.cuts)]
        stock, parcels = prices.stock @ self.stock, prices.node @ self.free_soft_capacity
        return float(stock + parcels - pressed_value + counted)

    def usage(self, node: Ints) -> Usage:
        """Return what undivided lines served by `node` (L,) use."""
        p = self.problem
        line = np.flatnonzero(node >= 0)
        served_by = node[line]
        row = self.row_of_cell[served_by * p.skus + p.line_sku[line]]
        units = p.quantity[line].astype(np.float64)
        parcel_node = np.unique(p.line_order[line] * p.nodes + served_by) % p.nodes
        return Usage(
            stock=tally(row, len(self.cells) + 1, units)[:-1],
            node=tally(parcel_node, p.nodes),
            lines=p.limit_members[:, served_by].sum(axis=1).astype(np.float64),
            cuts=tally(self.cuts_of(line, served_by)[1], len(self.cut_limit)),
        )

    def bid_prices(self, prices: Prices) -> BidPrices:
        """Return these prices for all stock cells and nodes."""
        p = self.problem
        stock = np.zeros(p.nodes * p.skus)
        stock[self.cells] = prices.stock
        return BidPrices(stock.reshape(p.nodes, p.skus), prices.node.copy())


def _pairs_by_cell(problem: SourcingProblem, reach: Bools) -> tuple[Ints, Ints]:
    """Return (line, node) of every pair in reach, sorted by stock cell, then line."""
    line, node = np.nonzero(reach)
    ascending = np.lexsort((line, node * problem.skus + problem.line_sku[line]))
    return line[ascending], node[ascending]

"""
A wave as the batch method sees it: groups of orders to price, and the rows they compete in.

Rows are the stock cells that could run short, the parcels of every node, the counted order lines, and
cuts (see `cuts`). A price on each row turns the wave into independent orders (Lagrangian relaxation);
pricing them all exactly gives a lower bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bid_prices import BidPrices
from .costs import tally
from .groups import MAX_LINES, gather, gather_parts, in_reach, lines_of
from .problem import Bools, Floats, Ints, Problem
from .subset_dp import Best, cheapest


@dataclass(slots=True, eq=False)
class Prices:
    """Money of one unit of every row; never below zero."""

    stock: Floats  # (R,) rows of `Wave.cells`
    node: Floats  # (N,)
    lines: Floats  # (G,)
    parse_id: Floats  # (E,) rows of the cuts added so far

    def mixed(self, other: Prices, share: float) -> Prices:
        """`share` of these and the rest of the other."""
        mine = (self.stock, self.node, self.lines, self.parse_id)
        theirs = (other.stock, other.node, other.lines, other.parse_id)
        return Prices(
            *(share * a + (1 - share) * grown(b, len(a)) for a, b in zip(mine, theirs, strict=True))
        )

    def plus(self, other: Prices) -> Prices:
        mine = (self.stock, self.node, self.lines, self.parse_id)
        theirs = (other.stock, other.node, other.lines, other.parse_id)
        return Prices(*(a + b for a, b in zip(mine, theirs, strict=True)))

    def scaled(self, by: float) -> Prices:
        return Prices(by * self.stock, by * self.node, by * self.lines, by * self.parse_id)


def grown(values: Floats, size: int) -> Floats:
    """With zeros for the rows that came later."""
    return np.concatenate([values, np.zeros(size - len(values))])


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """New rows: of the pairs (line, node) that name the same row, a plan holds at most `most`."""

    row: Ints  # (entries,) from 0
    line: Ints
    node: Ints
    most: Floats  # (new rows,)


@dataclass(frozen=True, slots=True, eq=False)
class Usage:
    """What one plan of every order takes from every row."""

    stock: Floats
    node: Floats
    lines: Floats
    parse_id: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Priced:
    """All orders priced once: a lower bound on the wave, and the plans behind it."""

    bound: float
    best: tuple[Best, ...]  # one for each group
    node: Ints  # (L,) node of every line, -1 = open; what divided or repeated lines take may not be there
    usage: Usage


class Relaxation:
    """Groups, rows and their sizes; built once for a batch. `every_cell`: also stock this wave alone cannot exhaust."""

    def __init__(self, problem: Problem, *, every_cell: bool = False) -> None:
        self.problem = problem
        everything = np.arange(problem.orders)
        lines = lines_of(problem, everything)
        reach = in_reach(problem, problem.stock, lines)
        self.groups = gather(problem, everything, reach)
        self.whole_orders = len(self.groups)  # the groups after these hold parts of long orders
        self.groups += gather_parts(problem, everything, reach)
        self.reach_line, self.reach_node = _by_cell(problem, reach)
        # relaxing these orders loses something, so their near-best plans are not all there are
        self.loose = np.diff(problem.start) > MAX_LINES
        self.loose[problem.line_order[(problem.max_line_nodes > 1) & (problem.quantity > 1)]] = True
        self.room = np.maximum(problem.capacity - problem.used, 0).astype(np.float64)
        self.calm = np.clip(problem.soft_capacity - problem.used, 0, self.room)
        self.rebate = self._rebate()
        self._rows(reach, every_cell)
        self.cut_key = self.cut_row = np.zeros(0, dtype=np.int64)
        self.whole_room = np.zeros(0)
        self.whole_at = [(self.cut_key, self.cut_row)] * len(self.groups)

    def _rebate(self) -> float:
        """
        Long orders in parts may forgo a parcel's rebate (money below zero) that the whole order would
        get.
        """
        p = self.problem
        long = np.flatnonzero(np.diff(p.start) > MAX_LINES)
        credit = long[(p.parcel[long] < 0).any(axis=1)]
        return -float(p.split_fee[credit].sum())

    def _rows(self, reach: Bools, every_cell: bool) -> None:
        """Cells where all who could ask, asking together, would ask for more than there is; or all of them."""
        p = self.problem
        line, node = np.nonzero(reach)
        cell = node * p.skus + p.line_sku[line]
        ask = tally(cell, p.nodes * p.skus, p.quantity[line].astype(np.float64))
        stock = p.stock.reshape(-1)
        self.cells = np.flatnonzero(ask > (0 if every_cell else stock))
        self.stock = stock[self.cells].astype(np.float64)
        row_of_cell = np.full(p.nodes * p.skus, len(self.cells), dtype=np.int64)
        row_of_cell[self.cells] = np.arange(len(self.cells))
        self.row_of_cell = row_of_cell
        self.rows = [row_of_cell[group.cell] for group in self.groups]

    def add_cuts(self, cuts: Cuts) -> None:
        """More rows: each bounds how many of some (line, node) pairs a plan of the wave may hold."""
        key = np.concatenate([self.cut_key, cuts.line * self.problem.nodes + cuts.node])
        row = np.concatenate([self.cut_row, cuts.row + len(self.whole_room)])
        by = np.lexsort((row, key))
        self.cut_key, self.cut_row = key[by], row[by]
        self.whole_room = np.concatenate([self.whole_room, cuts.most])
        for i, group in enumerate(self.groups):
            line = np.searchsorted(self.cut_key, group.line * self.problem.nodes)
            beyond = np.searchsorted(self.cut_key, (group.line + 1) * self.problem.nodes)
            b_at, l_at = np.nonzero(beyond > line)
            count = (beyond - line)[b_at, l_at]
            entry = np.repeat(line[b_at, l_at] - np.cumsum(count) + count, count) + np.arange(
                count.sum()
            )
            b_at, l_at = np.repeat(b_at, count), np.repeat(l_at, count)
            node = self.cut_key[entry] % self.problem.nodes
            match = (group.node[b_at] == node[:, None]) & np.isfinite(group.serve[b_at, l_at])
            which, k_at = np.nonzero(match)
            flat = np.ravel_multi_index((b_at[which], l_at[which], k_at), group.serve.shape)
            self.whole_at[i] = (flat, self.cut_row[entry[which]])

    def whole_of(self, line: Ints, node: Ints) -> tuple[Ints, Ints]:
        """(place among these shares, row) of every share that counts in a row of cuts."""
        key = line * self.problem.nodes + node
        low = np.searchsorted(self.cut_key, key, side="left")
        count = np.searchsorted(self.cut_key, key, side="right") - low
        place = np.repeat(np.arange(len(key)), count)
        entry = np.repeat(low - np.cumsum(count) + count, count) + np.arange(len(place))
        return place, self.cut_row[entry]

    def priced_parcel(self, i: int, prices: Prices) -> Floats:
        """(b, k) the same for opening a parcel."""
        group = self.groups[i]
        return group.parcel + group.portion * prices.node[group.node]

    def priced_serve(self, i: int, prices: Prices) -> Floats:
        """(b, l, k) what serving the lines of a group costs when its orders pay for what they take."""
        group = self.groups[i]
        serve = (
            group.serve + np.append(prices.stock, 0.0)[self.rows[i]] * group.quantity[:, :, None]
        )
        if len(prices.lines):
            serve += (prices.lines @ self.problem.limit_members)[group.node][:, None, :]
        place, cut = self.whole_at[i]
        if len(place):
            np.add.at(serve.reshape(-1), place, grown(prices.parse_id, len(self.whole_room))[cut])
        return serve

    def no_prices(self) -> Prices:
        p = self.problem
        e = len(self.whole_room)
        return Prices(
            np.zeros(len(self.cells)), np.zeros(p.nodes), np.zeros(len(p.line_limit)), np.zeros(e)
        )

    def price(self, prices: Prices) -> Priced:
        """Every order's cheapest plan when it pays for what it takes."""
        p = self.problem
        node = np.full(p.lines, -1, dtype=np.int64)
        found, value = [], self.rebate
        for i, group in enumerate(self.groups):
            best = cheapest(group, self.priced_parcel(i, prices), self.priced_serve(i, prices))
            found.append(best)
            value += float(best.value.sum())
            at = np.take_along_axis(group.node, np.maximum(best.place, 0), axis=1)
            node[group.line] = np.where(best.place >= 0, at, -1)
        return Priced(value - self.worth(prices), tuple(found), node, self.usage(node))

    def worth(self, prices: Prices) -> float:
        """
        What all rows together would fetch at these prices, pressure being the cheaper way out where it
        is.
        """
        pressed = np.minimum(0.0, self.problem.pressure - prices.node) @ (self.room - self.calm)
        counted = (
            prices.lines @ self.problem.line_limit
            + prices.parse_id @ self.whole_room[: len(prices.parse_id)]
        )
        return float(prices.stock @ self.stock + prices.node @ self.calm - pressed + counted)

    def usage(self, node: Ints) -> Usage:
        """What undivided lines served by `node` (L,) take."""
        p = self.problem
        line = np.flatnonzero(node >= 0)
        at = node[line]
        row = self.row_of_cell[at * p.skus + p.line_sku[line]]
        units = p.quantity[line].astype(np.float64)
        stock = tally(row, len(self.cells) + 1, units)[:-1]
        opened = np.unique(p.line_order[line] * p.nodes + at) % p.nodes
        taken = tally(self.whole_of(line, at)[1], len(self.whole_room))
        counted = p.limit_members[:, at].sum(axis=1).astype(np.float64)
        return Usage(stock, tally(opened, p.nodes), counted, taken)

    def bid_prices(self, prices: Prices) -> BidPrices:
        """The same prices for everybody who comes one at a time."""
        p = self.problem
        stock = np.zeros(p.nodes * p.skus)
        stock[self.cells] = prices.stock
        return BidPrices(stock.reshape(p.nodes, p.skus), prices.node.copy())


def _by_cell(problem: Problem, reach: Bools) -> tuple[Ints, Ints]:
    """(line, node) of every pair in reach, sorted by cell, then line."""
    line, node = np.nonzero(reach)
    by = np.lexsort((line, node * problem.skus + problem.line_sku[line]))
    return line[by], node[by]

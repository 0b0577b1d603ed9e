"""
Real time: every order solved exactly on true cost, in arrival order, on the stock the earlier ones left.

A whole wave is priced at once with the subset programme. Resources only shrink and prices only rise
while the wave is walked, so a plan priced at the start is still the best one if it is still possible at
the same price; only orders whose plan was disturbed are priced again, alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from .bid_prices import BidPrices
from .compact_mip import solve_compact
from .groups import Group, gather, in_reach, lines_of, repeats_a_sku
from .problem import Floats, Ints, Problem
from .shares import Shares
from .subset_dp import cheapest

CHUNK = 250
"""Orders priced together: fewer means fresher prices, more means fewer NumPy calls."""


def solve_sequentially(
    problem: Problem, bid_prices: BidPrices | None = None, arrival: Ints | None = None
) -> Shares:
    """
    The shares of all orders, decided one after the other (by `arrival`, or as they stand).

    With bid prices an order pays for what it takes from later ones, and may leave a line open when that
    is dearer than waiting; the plan's money never contains them.
    """
    return SequentialSolver(problem, bid_prices).run(
        np.arange(problem.orders) if arrival is None else arrival
    )


def solve_remaining(problem: Problem, bid_prices: BidPrices, given: Shares, rest: Ints) -> Shares:
    """The shares already given, and those of the rest of the orders decided one after the other on what is left."""
    walk = SequentialSolver(problem, bid_prices)
    rows: dict[int, list[tuple[int, int, int]]] = {}
    owner = problem.line_order[given.line].tolist()
    for order, *row in zip(
        owner, given.line.tolist(), given.node.tolist(), given.quantity.tolist(), strict=True
    ):
        rows.setdefault(order, []).append((row[0], row[1], row[2]))
    for mine in rows.values():
        walk._take(mine)
    more = walk.run(rest)
    both = [np.concatenate(pair) for pair in ((given.line, more.line), (given.node, more.node))]
    quantity = np.concatenate([given.quantity, more.quantity])
    by = np.lexsort((both[1], both[0]))
    return Shares(both[0][by], both[1][by], quantity[by])


class SequentialSolver:
    """The stock, load and prices of one walk through a wave."""

    chunk = CHUNK

    def __init__(self, problem: Problem, bid_prices: BidPrices | None) -> None:
        self.problem = problem
        self.bid = bid_prices
        self.stock = problem.stock.reshape(-1).copy()
        self.left = np.maximum(problem.capacity - problem.used, 0)
        self.before_pressure = problem.soft_capacity - problem.used
        self.price = self._prices()
        self.line_limit = problem.line_limit.copy()
        self.limited = len(problem.line_limit) > 0
        self._close_limited()
        self.joint = (repeats_a_sku(problem) | self.limited).tolist()
        self.stock_view, self.left_view = self.stock.data, self.left.data
        self.soft_view = self.before_pressure.data
        self.price_view = cast("memoryview[float]", self.price.data)
        self.floor, self.pressed = self._felt()
        self.rows: list[tuple[int, int, int]] = []

    def _felt(self) -> tuple[list[float], list[float]]:
        """(N,) money of one more parcel, and the same once pressure is felt."""
        floor = [0.0] * self.problem.nodes if self.bid is None else self.bid.node.tolist()
        return floor, [
            max(a, b) for a, b in zip(floor, self.problem.pressure.tolist(), strict=True)
        ]

    def _reprice(self, bid_prices: BidPrices) -> None:
        """Other bid prices from here on."""
        self.bid = bid_prices
        self.floor, self.pressed = self._felt()
        self.price[:] = self._prices()
        self._close_limited()

    def _prices(self) -> Floats:
        """(N,) money of one more parcel now: bid price or pressure, whichever is felt; infinite when full."""
        p = self.problem
        base = np.zeros(p.nodes) if self.bid is None else self.bid.node
        price: Floats = np.where(self.before_pressure <= 0, np.maximum(base, p.pressure), base)
        price[self.left <= 0] = np.inf
        return price

    def _close_limited(self) -> None:
        if self.limited:
            self.price[self.problem.limit_members[self.line_limit <= 0].any(axis=0)] = np.inf

    def run(self, arrival: Ints) -> Shares:
        for at in range(0, len(arrival), self.chunk):
            self._chunk(arrival[at : at + self.chunk])
        return Shares.of(self.rows)

    def _chunk(self, orders: Ints) -> None:
        p = self.problem
        lines = lines_of(p, orders)
        reach = in_reach(p, self.stock.reshape(p.stock.shape), lines) & np.isfinite(self.price)
        groups = gather(p, orders, reach)
        node = np.full(p.lines, -1, dtype=np.int64)
        home: dict[int, tuple[Group, int]] = {}
        for group in groups:
            if self.bid is not None:
                group.serve += self.bid.stock.reshape(-1)[group.cell] * group.quantity[:, :, None]
            best = cheapest(group, group.parcel + self.price[group.node], group.serve)
            at = np.take_along_axis(group.node, np.maximum(best.place, 0), axis=1)
            node[group.line] = np.where(best.place >= 0, at, -1)
            home.update(
                zip(
                    group.order.tolist(), ((group, i) for i in range(len(group.order))), strict=True
                )
            )
        self._walk(orders, node, home)

    def _walk(self, orders: Ints, node: Ints, home: dict[int, tuple[Group, int]]) -> None:
        p, priced = self.problem, self.price.tolist()
        skus = p.skus
        first, last = int(p.start[orders].min()), int(p.start[orders + 1].max())
        # plain lists and memory views: an array element read one at a time costs ten times as much
        chosen, sku = node[first:last].tolist(), p.line_sku[first:last].tolist()
        quantity = p.quantity[first:last].tolist()
        starts, ends = p.start[orders].tolist(), p.start[orders + 1].tolist()
        stock, price, joint = self.stock_view, self.price_view, self.joint
        for order, begin, end in zip(orders.tolist(), starts, ends, strict=True):
            rows = []
            valid = order in home or begin == end
            for line in range(begin, end):
                i = line - first
                n = chosen[i]
                if n < 0:
                    continue
                if stock[n * skus + sku[i]] < quantity[i] or price[n] != priced[n]:
                    valid = False
                    break
                rows.append((line, n, quantity[i]))
            if not valid or (joint[order] and not self._together(rows)):
                rows = self._again(order, home)
            if rows:
                self._take(rows)
                self.rows += rows

    def _together(self, rows: list[tuple[int, int, int]]) -> bool:
        """Whether the shares of one order fit the stock and the counted lines jointly."""
        need: dict[int, int] = {}
        sku, skus = self.problem.line_sku, self.problem.skus
        for line, n, quantity in rows:
            cell = n * skus + int(sku[line])
            need[cell] = need.get(cell, 0) + quantity
        if len(need) < len(rows) and any(
            self.stock_view[cell] < units for cell, units in need.items()
        ):
            return False
        if not self.limited:
            return True
        nodes = [n for _, n, _ in rows]
        return bool((self.problem.limit_members[:, nodes].sum(axis=1) <= self.line_limit).all())

    def _again(self, order: int, home: dict[int, tuple[Group, int]]) -> list[tuple[int, int, int]]:
        """The best plan of one order on what is left now."""
        if order not in home:
            return self._difficult(order)
        group, i = home[order]
        one = group.rows(slice(i, i + 1))
        serve = np.where(self.stock[one.cell] >= one.least[:, :, None], one.serve, np.inf)
        best = cheapest(one, one.parcel + self.price[one.node], serve)
        rows = [
            (line, int(one.node[0, k]), quantity)
            for line, k, quantity in zip(
                one.line[0].tolist(), best.place[0].tolist(), one.quantity[0].tolist(), strict=True
            )
            if k >= 0
        ]
        alone = all(
            self.stock_view[n * self.problem.skus + int(self.problem.line_sku[line])] >= q
            for line, n, q in rows
        )
        return (
            rows
            if alone and (not self.joint[order] or self._together(rows))
            else self._difficult(order)
        )

    def _difficult(self, order: int) -> list[tuple[int, int, int]]:
        """
        An order the subset programme cannot settle: many lines, divided lines, one SKU twice, counted
        lines.
        """
        return settle(
            self.problem,
            order,
            stock=self.stock.reshape(self.problem.stock.shape),
            price=self.price,
            stock_price=None if self.bid is None else self.bid.stock,
            line_limit=self.line_limit,
        )

    def _take(self, rows: list[tuple[int, int, int]]) -> None:
        p = self.problem
        for line, n, quantity in rows:
            self.stock_view[n * p.skus + int(p.line_sku[line])] -= quantity
        for n in {n for _, n, _ in rows} if len(rows) > 1 else (rows[0][1],):
            self.left_view[n] -= 1
            self.soft_view[n] -= 1
            if self.left_view[n] <= 0:
                self.price_view[n] = np.inf
            elif self.soft_view[n] <= 0:
                self.price_view[n] = self.pressed[n]
        if self.limited:
            self.line_limit -= p.limit_members[:, [n for _, n, _ in rows]].sum(axis=1)
            self._close_limited()


def settle(
    problem: Problem,
    order: int,
    *,
    stock: Ints,
    price: Floats,
    stock_price: Floats | None,
    line_limit: Ints,
) -> list[tuple[int, int, int]]:
    """
    One order by the compact program: exact whatever its constraints; prices infinite where a node is
    closed.
    """
    one = replace(problem.only([order]), line_limit=line_limit)
    reach = in_reach(one, stock, np.arange(one.lines)) & np.isfinite(price)
    answer = solve_compact(
        one,
        stock=stock,
        reach=reach,
        node_price=np.where(np.isfinite(price), price, 0.0),
        stock_price=stock_price,
    )
    first = int(problem.start[order])
    shares = answer.shares
    return [
        (first + a, b, c)
        for a, b, c in zip(
            shares.line.tolist(), shares.node.tolist(), shares.quantity.tolist(), strict=True
        )
    ]

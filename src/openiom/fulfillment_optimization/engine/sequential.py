"""Sequential solution: every order solved exactly, in sequence, on the stock earlier orders left.

A chunk of orders is priced at once by the subset dynamic program. Within a chunk resources only
shrink and prices only rise, so a plan priced at its start is still optimal if it is still possible
at the same prices. Only orders whose plan was disturbed are solved again, one by one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from .bid_prices import BidPrices
from .compact_mip import solve_compact
from .greedy import greedy_rows, money_of
from .groups import OrderGroup, gather, in_reach, lines_of, repeats_a_sku
from .problem import Floats, Ints, SourcingProblem
from .shares import ShareRow, Shares
from .subset_dp import cheapest

SECONDS, LINES_PER_SECOND, MOST_SECONDS = 2.0, 250, 10.0
"""Time for the exact plan of one order. All orders of a worker's batch wait for it."""
CHUNK = 250
"""Orders priced together: fewer means fresher prices, more means fewer NumPy calls."""

GroupRow = tuple[OrderGroup, int]
"""A group and the row of one order in it."""


def solve_sequentially(
    problem: SourcingProblem, bid_prices: BidPrices | None = None, arrival: Ints | None = None
) -> Shares:
    """Return the shares of all orders, decided one after the other.

    Orders are decided by `arrival`, else as they are numbered. With bid prices an order pays for
    what it takes from later orders, and leaves a line open when that is dearer than waiting; the
    cost of the plan never contains them.
    """
    orders = np.arange(problem.orders) if arrival is None else arrival
    return SequentialSolver(problem, bid_prices).run(orders)


def solve_remaining(
    problem: SourcingProblem, bid_prices: BidPrices, fixed: Shares, rest: Ints
) -> Shares:
    """Return `fixed` shares plus those of the orders in `rest`, decided in sequence."""
    solver = SequentialSolver(problem, bid_prices)
    for rows in rows_by_order(problem, fixed).values():
        solver.reserve(rows)

    more = solver.run(rest)
    line = np.concatenate([fixed.line, more.line])
    node = np.concatenate([fixed.node, more.node])
    quantity = np.concatenate([fixed.quantity, more.quantity])
    ascending = np.lexsort((node, line))
    return Shares(line[ascending], node[ascending], quantity[ascending])


def rows_by_order(problem: SourcingProblem, shares: Shares) -> dict[int, list[ShareRow]]:
    """Return the shares of every order that has any."""
    rows: dict[int, list[ShareRow]] = {}
    orders = problem.line_order[shares.line].tolist()
    for order, row in zip(orders, shares.rows(), strict=True):
        rows.setdefault(order, []).append(row)
    return rows


def group_rows(groups: Iterable[OrderGroup]) -> dict[int, GroupRow]:
    """Return the group and row of every order."""
    rows: dict[int, GroupRow] = {}
    for group in groups:
        for row, order in enumerate(group.order.tolist()):
            rows[order] = (group, row)
    return rows


def nodes_of(rows: list[ShareRow]) -> list[int]:
    """Return the node of every share."""
    return [n for _, n, _ in rows]


def distinct_nodes(rows: list[ShareRow]) -> Iterable[int]:
    """Return the nodes of the shares of one order, each once."""
    if len(rows) == 1:
        return (rows[0][1],)
    return {n for _, n, _ in rows}


@dataclass(frozen=True, slots=True, eq=False)
class _PricedChunk:
    """Consecutive lines as they were priced at the start of a chunk, from line `first` on.

    Lists, because they are read element by element.
    """

    first: int
    skus: int
    node: list[int]  # node of each line, -1 = open
    sku: list[int]
    quantity: list[int]
    price: list[float]  # (N,) money of one more parcel

    @classmethod
    def of(
        cls, p: SourcingProblem, first: int, last: int, node: Ints, price: list[float]
    ) -> _PricedChunk:
        return cls(
            first=first,
            skus=p.skus,
            node=node[first:last].tolist(),
            sku=p.line_sku[first:last].tolist(),
            quantity=p.quantity[first:last].tolist(),
            price=price,
        )

    def valid_rows(
        self, begin: int, end: int, stock: memoryview[int], price: memoryview[float]
    ) -> list[ShareRow] | None:
        """Return the shares of lines `begin` to `end`; None when stock or prices have changed."""
        rows: list[ShareRow] = []
        for line in range(begin, end):
            i = line - self.first
            n, quantity = self.node[i], self.quantity[i]
            if n < 0:
                continue

            is_short = stock[n * self.skus + self.sku[i]] < quantity
            if is_short or price[n] != self.price[n]:
                return None

            rows.append((line, n, quantity))

        return rows


class SequentialSolver:
    """The remaining stock, capacity and prices while orders are decided one after the other.

    Scalars are read and written through memory views, which is ten times as fast as indexing arrays
    element by element.
    """

    chunk = CHUNK

    def __init__(self, problem: SourcingProblem, bid_prices: BidPrices | None) -> None:
        self.problem = problem
        self.bid = bid_prices
        self.stock = problem.stock.reshape(-1).copy()  # (N * S,) units left
        self.left = np.maximum(problem.capacity - problem.used, 0)  # (N,) parcels left
        self.before_pressure = problem.soft_capacity - problem.used  # (N,) parcels
        self.price = self._parcel_prices()  # (N,) money of one more parcel, inf when full
        self.line_limit = problem.line_limit.copy()  # (G,) order lines left
        self.limited = len(problem.line_limit) > 0
        self._close_exhausted_groups()
        self.joint = (repeats_a_sku(problem) | self.limited).tolist()
        self.stock_view = self.stock.data
        self.left_view = self.left.data
        self.soft_view = self.before_pressure.data
        self.price_view = cast("memoryview[float]", self.price.data)
        self.base_price, self.pressed_price = self._price_levels()
        self.rows: list[ShareRow] = []

    def run(self, arrival: Ints) -> Shares:
        """Decide these orders in sequence and return the shares decided so far."""
        for first in range(0, len(arrival), self.chunk):
            self._solve_chunk(arrival[first : first + self.chunk])
        return Shares.of(self.rows)

    def reserve(self, rows: list[ShareRow]) -> None:
        """Take the shares of one order from stock, parcels and counted order lines."""
        p = self.problem
        for line, n, quantity in rows:
            self.stock_view[n * p.skus + int(p.line_sku[line])] -= quantity

        for n in distinct_nodes(rows):
            self._open_parcel(n)

        if self.limited:
            self.line_limit -= p.limit_members[:, nodes_of(rows)].sum(axis=1)
            self._close_exhausted_groups()

    def _open_parcel(self, n: int) -> None:
        """Count one more parcel of a node and raise its price when it is pressed or full."""
        self.left_view[n] -= 1
        self.soft_view[n] -= 1
        if self.left_view[n] <= 0:
            self.price_view[n] = np.inf
        elif self.soft_view[n] <= 0:
            self.price_view[n] = self.pressed_price[n]

    def solve_order(self, order: int, groups: dict[int, GroupRow]) -> list[ShareRow]:
        """Return the best shares of one order on what is left now; nothing is reserved."""
        if order not in groups:
            return self._solve_compact(order)

        group, row = groups[order]
        one = group.rows(slice(row, row + 1))
        serve = np.where(self.stock[one.cell] >= one.least[:, :, None], one.serve, np.inf)
        best = cheapest(one, one.parcel + self.price[one.node], serve)
        place = best.place[0]
        served = np.flatnonzero(place >= 0)
        line, quantity = one.line[0, served], one.quantity[0, served]
        cell = one.cell[0, served, place[served]]
        if np.any(self.stock[cell] < quantity):
            return self._solve_compact(order)  # a divisible line that must be divided

        node = one.node[0, place[served]]
        rows = list(zip(line.tolist(), node.tolist(), quantity.tolist(), strict=True))
        if self.joint[order] and not self._fits_jointly(rows):
            return self._solve_compact(order)

        return rows

    def _price_levels(self) -> tuple[list[float], list[float]]:
        """(N,) money of one more parcel below the soft capacity, and beyond it."""
        base = [0.0] * self.problem.nodes if self.bid is None else self.bid.node.tolist()
        pressure = self.problem.pressure.tolist()
        return base, [max(pair) for pair in zip(base, pressure, strict=True)]

    def set_bid_prices(self, bid_prices: BidPrices) -> None:
        """Price the following orders with other bid prices."""
        self.bid = bid_prices
        self.base_price, self.pressed_price = self._price_levels()
        self._refresh_prices()

    def _refresh_prices(self) -> None:
        self.price[:] = self._parcel_prices()
        self._close_exhausted_groups()

    def _parcel_prices(self) -> Floats:
        """(N,) money of one more parcel now: bid price or pressure, the higher; inf when full."""
        p = self.problem
        base = np.zeros(p.nodes) if self.bid is None else self.bid.node
        pressed = self.before_pressure <= 0
        price: Floats = np.where(pressed, np.maximum(base, p.pressure), base)
        price[self.left <= 0] = np.inf
        return price

    def _close_exhausted_groups(self) -> None:
        if self.limited:
            exhausted = self.problem.limit_members[self.line_limit <= 0].any(axis=0)
            self.price[exhausted] = np.inf

    def _solve_chunk(self, orders: Ints) -> None:
        p = self.problem
        lines = lines_of(p, orders)
        reach = in_reach(p, self.stock.reshape(p.stock.shape), lines) & np.isfinite(self.price)
        groups = gather(p, orders, reach)
        node = np.full(p.lines, -1, dtype=np.int64)

        for group in groups:
            if self.bid is not None:
                group.serve += self.bid.stock.reshape(-1)[group.cell] * group.quantity[:, :, None]

            best = cheapest(group, group.parcel + self.price[group.node], group.serve)
            candidate = np.take_along_axis(group.node, np.maximum(best.place, 0), axis=1)
            node[group.line] = np.where(best.place >= 0, candidate, -1)

        self._commit(orders, node, group_rows(groups))

    def _commit(self, orders: Ints, node: Ints, groups: dict[int, GroupRow]) -> None:
        """Reserve the priced plans in sequence; solve those that no longer hold once more.

        `node` (L,) is the node of every line as priced at the start of the chunk.
        """
        p, joint = self.problem, self.joint
        starts, ends = p.start[orders].tolist(), p.start[orders + 1].tolist()
        chunk = _PricedChunk.of(p, min(starts), max(ends), node, self.price.tolist())

        for order, begin, end in zip(orders.tolist(), starts, ends, strict=True):
            rows: list[ShareRow] | None = None
            is_priced = order in groups or begin == end
            if is_priced:
                rows = chunk.valid_rows(begin, end, self.stock_view, self.price_view)

            if rows is None or (joint[order] and not self._fits_jointly(rows)):
                rows = self.solve_order(order, groups)

            if rows:
                self.reserve(rows)
                self.rows += rows

    def _fits_jointly(self, rows: list[ShareRow]) -> bool:
        """Return whether the shares of one order together fit stock and counted order lines."""
        need: Counter[int] = Counter()
        for line, n, quantity in rows:
            need[n * self.problem.skus + int(self.problem.line_sku[line])] += quantity

        cells, units = list(need), np.array(list(need.values()), dtype=np.int64)
        if np.any(self.stock[cells] < units):
            return False
        if not self.limited:
            return True

        counted = self.problem.limit_members[:, nodes_of(rows)].sum(axis=1)
        return bool((counted <= self.line_limit).all())

    def _solve_compact(self, order: int) -> list[ShareRow]:
        """Return the best shares of an order beyond the subset dynamic program.

        These have many lines, divided lines, one SKU twice or counted order lines; the compact
        program is exact for all of them. An order has time by its lines: other orders wait for it.
        When the time is up, the plan is the cheaper one of what was found and the greedy one.
        """
        p = self.problem
        one = replace(p.only([order]), line_limit=self.line_limit)
        stock, open_nodes = self.stock.reshape(p.stock.shape), np.isfinite(self.price)
        reach = in_reach(one, stock, np.arange(one.lines)) & open_nodes
        node_price = np.where(open_nodes, self.price, 0.0)
        stock_price = None if self.bid is None else self.bid.stock
        result = solve_compact(
            one,
            stock=stock,
            reach=reach,
            node_price=node_price,
            stock_price=stock_price,
            time_limit=order_seconds(one.lines),
        )
        first = int(p.start[order])
        rows = _moved(result.shares.rows(), first)
        if result.optimal:
            return rows

        whole = reach & (stock.T[one.line_sku] >= one.quantity[:, None])
        greedy = greedy_rows(one, whole=whole, node_price=node_price, stock_price=stock_price)
        money = money_of(one, greedy, node_price=node_price, stock_price=stock_price)
        moved = _moved(greedy, first)
        return moved if money < result.cost and self._fits_jointly(moved) else rows


def order_seconds(lines: int) -> float:
    """Return how long the exact plan of one order of so many lines may be searched."""
    return min(MOST_SECONDS, SECONDS + lines / LINES_PER_SECOND)


def _moved(rows: list[ShareRow], first: int) -> list[ShareRow]:
    """Return the shares of an order alone as shares of the whole problem."""
    return [(first + line, n, units) for line, n, units in rows]

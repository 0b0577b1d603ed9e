"""Local search by removal and reinsertion, one order at a time."""

from __future__ import annotations

from itertools import chain

import numpy as np

from .columns import plan_costs
from .groups import gather, in_reach, lines_of
from .problem import SourcingProblem
from .sequential import GroupRow, SequentialSolver, group_rows, nodes_of, rows_by_order
from .shares import ShareRow, Shares

TOLERANCE = 1e-9
"""Money below which a plan does not count as cheaper."""


def improve(problem: SourcingProblem, shares: Shares, *, passes: int = 1) -> Shares:
    """Return the plan after each order in turn was removed and reinserted at its least true cost.

    The result never costs more than the plan given.
    """
    return _LocalSearch(problem, None).improve(shares, passes)


class _LocalSearch(SequentialSolver):
    """A sequential solver that can also release what an order has reserved."""

    def improve(self, shares: Shares, passes: int) -> Shares:
        p = self.problem
        plans = rows_by_order(p, shares)

        for rows in plans.values():
            self.reserve(rows)

        orders = np.arange(p.orders)
        reach = in_reach(p, p.stock, lines_of(p, orders))
        groups = group_rows(gather(p, orders, reach))

        for order in np.tile(orders, passes).tolist():
            plans[order] = self._reinsert(order, plans.get(order, []), groups)

        return Shares.of(list(chain.from_iterable(plans.values())))

    def _reinsert(
        self, order: int, plan: list[ShareRow], groups: dict[int, GroupRow]
    ) -> list[ShareRow]:
        """Return the cheaper of the order's plan and its best one on what is left without it."""
        self._unreserve(plan)
        rows = self.solve_order(order, groups)
        if not self._is_cheaper(order, rows, plan):
            rows = plan

        if rows:
            self.reserve(rows)

        return rows

    def _is_cheaper(self, order: int, rows: list[ShareRow], than: list[ShareRow]) -> bool:
        """Return whether the order costs less with these shares, at the prices of now."""
        if rows == than:
            return False
        return self._money(order, rows) < self._money(order, than) - TOLERANCE

    def _money(self, order: int, rows: list[ShareRow]) -> float:
        line, node, quantity = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        one_column = np.zeros(len(line), dtype=np.int64)
        cost = plan_costs(self.problem, np.full(1, order), one_column, line, node, quantity)
        return float(cost[0] + self.price[np.unique(node)].sum())

    def _unreserve(self, rows: list[ShareRow]) -> None:
        """Return the shares of one order to stock, parcels and counted order lines."""
        p = self.problem
        nodes = nodes_of(rows)

        for line, n, quantity in rows:
            self.stock_view[n * p.skus + int(p.line_sku[line])] += quantity

        for n in set(nodes):
            self.left_view[n] += 1
            self.soft_view[n] += 1
            below_soft_capacity = self.soft_view[n] > 0
            prices = self.base_price if below_soft_capacity else self.pressed_price
            self.price_view[n] = prices[n]

        if self.limited:
            self.line_limit += p.limit_members[:, nodes].sum(axis=1)
            self._refresh_prices()

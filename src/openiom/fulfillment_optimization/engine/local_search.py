"""Remove and reinsert: a finished plan made a little better, one order at a time."""

from __future__ import annotations

import numpy as np

from .columns import plan_costs
from .groups import Group, gather, in_reach, lines_of
from .problem import Ints, Problem
from .sequential import SequentialSolver
from .shares import Shares


def improved(problem: Problem, shares: Shares, *, passes: int = 1) -> Shares:
    """
    Each order in turn is taken out of the plan and put back in its best way at its true cost; never
    dearer.
    """
    return _Improvement(problem, None).improve(shares, passes)


class _Improvement(SequentialSolver):
    def improve(self, shares: Shares, passes: int) -> Shares:
        p = self.problem
        plan: list[list[tuple[int, int, int]]] = [[] for _ in range(p.orders)]
        owner = p.line_order[shares.line].tolist()
        columns = (shares.line.tolist(), shares.node.tolist(), shares.quantity.tolist())
        for order, row in zip(owner, zip(*columns, strict=True), strict=True):
            plan[order].append(row)
        for rows in plan:
            if rows:
                self._take(rows)
        everyone = np.arange(p.orders)
        reach = in_reach(p, p.stock, lines_of(p, everyone))
        home: dict[int, tuple[Group, int]] = {}
        for group in gather(p, everyone, reach):
            home.update(
                zip(
                    group.order.tolist(), ((group, i) for i in range(len(group.order))), strict=True
                )
            )
        for _ in range(passes):
            for order in range(p.orders):
                self._give_back(plan[order])
                rows = self._again(order, home)
                plan[order] = rows if self._cheaper(order, rows, plan[order]) else plan[order]
                if plan[order]:
                    self._take(plan[order])
        return Shares.of([row for rows in plan for row in rows])

    def _cheaper(
        self, order: int, rows: list[tuple[int, int, int]], than: list[tuple[int, int, int]]
    ) -> bool:
        """Whether one order served this way costs less, at the prices of now."""
        if rows == than:
            return False
        mine, other = (
            self._money(np.full(1, order), np.array(r, dtype=np.int64).reshape(-1, 3))
            for r in (rows, than)
        )
        return mine < other - 1e-9

    def _money(self, order: Ints, rows: Ints) -> float:
        line, node, quantity = rows.T
        cost = plan_costs(
            self.problem, order, np.zeros(len(line), dtype=np.int64), line, node, quantity
        )
        return float(cost[0] + self.price[np.unique(node)].sum())

    def _give_back(self, rows: list[tuple[int, int, int]]) -> None:
        p = self.problem
        for line, n, quantity in rows:
            self.stock_view[n * p.skus + int(p.line_sku[line])] += quantity
        for n in {n for _, n, _ in rows}:
            self.left_view[n] += 1
            self.soft_view[n] += 1
            self.price_view[n] = self.floor[n] if self.soft_view[n] > 0 else self.pressed[n]
        if self.limited:
            self.line_limit += p.limit_members[:, [n for _, n, _ in rows]].sum(axis=1)
            self.price[:] = self._prices()
            self._close_limited()

"""
The wave's master program: one plan for every order, within stock, room and counted lines.

Rows stand as orders (exactly one plan), stock cells, parcels of nodes (the first columns pay the
pressure beyond the calm room), counted order lines, stock cells in whole lines. The linear program gives
prices; the integer program gives plans.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from .columns import Columns
from .lagrangian import Prices, Relaxation
from .milp import INF, Model, new_highs
from .problem import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Columns of plans by column: `start`, `index`, `value`."""

    start: Ints
    index: Ints
    value: Floats


def matrix(wave: Relaxation, columns: Columns) -> Matrix:
    """What each plan takes from each row."""
    p, m = wave.problem, len(columns)
    owner = columns.owner
    row = wave.row_of_cell[columns.node * p.skus + p.line_sku[columns.line]]
    scarce = row < len(wave.cells)
    opened = np.unique(owner * p.nodes + columns.node)
    first_node = p.orders + len(wave.cells)
    column = [np.arange(m), owner[scarce], opened // p.nodes]
    index = [columns.order, p.orders + row[scarce], first_node + opened % p.nodes]
    value = [np.ones(m), columns.quantity[scarce].astype(np.float64), np.ones(len(opened))]
    for g, members in enumerate(p.limit_members):
        counted = members[columns.node]
        column.append(owner[counted])
        index.append(np.full(int(counted.sum()), first_node + p.nodes + g))
        value.append(np.ones(int(counted.sum())))
    share, cut = wave.whole_of(columns.line, columns.node)
    column.append(owner[share])
    index.append(first_node + p.nodes + len(p.line_limit) + cut)
    value.append(np.ones(len(cut)))
    height = first_node + p.nodes + len(p.line_limit) + len(wave.whole_room)
    key = np.concatenate(column) * height + np.concatenate(index)
    keys, place = np.unique(key, return_inverse=True)
    total = np.bincount(place, weights=np.concatenate(value)).astype(np.float64)
    return Matrix(
        np.searchsorted(keys, np.arange(m + 1) * height).astype(np.int64), keys % height, total
    )


def row_limits(wave: Relaxation) -> tuple[Floats, Floats]:
    """Lower and upper side of every row."""
    p = wave.problem
    limits = (
        np.ones(p.orders),
        wave.stock,
        wave.calm,
        p.line_limit.astype(np.float64),
        wave.whole_room,
    )
    upper = np.concatenate(limits)
    lower = np.full(len(upper), -INF)
    lower[: p.orders] = 1.0
    return lower, upper


class Master:
    """The linear program, grown column by column and solved again from its last basis."""

    def __init__(self, wave: Relaxation) -> None:
        self.wave = wave
        self.highs: highspy.Highs = new_highs(time_limit=60.0)
        p = wave.problem
        lower, upper = row_limits(wave)
        none = np.zeros(0, dtype=np.int32)
        self.highs.addRows(len(lower), lower, upper, 0, none, none, np.zeros(0))
        at = (p.orders + len(wave.cells) + np.arange(p.nodes)).astype(np.int32)
        room = wave.room - wave.calm
        start = np.arange(p.nodes, dtype=np.int32)
        self.highs.addCols(
            p.nodes, p.pressure, np.zeros(p.nodes), room, p.nodes, start, at, -np.ones(p.nodes)
        )

    def add(self, columns: Columns) -> None:
        a, m = matrix(self.wave, columns), len(columns)
        self.highs.addCols(
            m, columns.cost, np.zeros(m), np.full(m, INF), len(a.index),
            a.start[:-1].astype(np.int32), a.index.astype(np.int32), a.value,
        )  # fmt: skip

    def add_cuts(self, columns: Columns, before: int) -> None:
        """
        Rows for the cuts the wave got since it had `before`, over all columns added so far, in their
        order.
        """
        wave, p = self.wave, self.wave.problem
        share, cut = wave.whole_of(columns.line, columns.node)
        new = cut >= before
        m, count = len(columns), len(wave.whole_room) - before
        # a plan with the same SKU twice counts twice in a row
        keys, times = np.unique(
            (cut[new] - before) * m + columns.owner[share[new]], return_counts=True
        )
        start = np.searchsorted(keys, np.arange(count) * m).astype(np.int32)
        index = (p.nodes + keys % m).astype(np.int32)
        upper, value = wave.whole_room[before:], times.astype(np.float64)
        self.highs.addRows(count, np.full(count, -INF), upper, len(index), start, index, value)

    def expect(self, count: Floats) -> None:
        """Every order stands for so many of its kind (B,)."""
        rows = np.arange(len(count), dtype=np.int32)
        self.highs.changeRowsBounds(len(rows), rows, count, count)  # type: ignore[attr-defined]

    def nudge(self, by: Floats) -> None:
        """Makes stock, room and counted lines scarcer or richer by these units; not below nothing."""
        p = self.wave.problem
        lower, upper = row_limits(self.wave)
        upper[p.orders : p.orders + len(by)] += by
        upper = np.maximum(upper, 0.0)
        rows = np.arange(p.orders, p.orders + len(by), dtype=np.int32)
        self.highs.changeRowsBounds(len(rows), rows, lower[rows], upper[rows])  # type: ignore[attr-defined]

    def solve(self) -> tuple[float, Prices, Floats]:
        """Optimum, prices of the rows and the share of every plan added so far."""
        self.highs.run()
        p, scarce = self.wave.problem, len(self.wave.cells)
        answer = self.highs.getSolution()
        # a row's dual is what one more unit of it changes the cost by: never above zero here
        dual = np.maximum(0.0, -np.array(answer.row_dual)[p.orders :])
        ends = np.cumsum([scarce, p.nodes, len(p.line_limit)])
        prices = Prices(*np.split(dual, ends))
        return (
            float(self.highs.getInfo().objective_function_value),
            prices,
            np.array(answer.col_value)[p.nodes :],
        )


def as_model(wave: Relaxation, columns: Columns) -> Model:
    """The integer program over these columns; the first N columns are the pressure of each node."""
    p, m = wave.problem, len(columns)
    a = matrix(wave, columns)
    lower, upper = row_limits(wave)
    first_node = p.orders + len(wave.cells)
    column = np.concatenate(
        [np.arange(p.nodes), p.nodes + np.repeat(np.arange(m), np.diff(a.start))]
    )
    index = np.concatenate([first_node + np.arange(p.nodes), a.index])
    value = np.concatenate([-np.ones(p.nodes), a.value])
    by = np.lexsort((column, index))
    return Model(
        cost=np.concatenate([p.pressure, columns.cost]),
        lower=np.zeros(p.nodes + m),
        upper=np.concatenate([wave.room - wave.calm, np.ones(m)]),
        integer=np.concatenate([np.zeros(p.nodes, dtype=bool), np.ones(m, dtype=bool)]),
        row_lower=lower,
        row_upper=upper,
        start=np.searchsorted(index[by], np.arange(len(lower) + 1)).astype(np.int64),
        index=column[by],
        value=value[by],
    )

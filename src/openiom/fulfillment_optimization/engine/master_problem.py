"""The set-partitioning master problem: one plan for every order within all coupling rows.

Rows, in this sequence: orders (exactly one plan each), stock cells, parcels of nodes, counted order
lines, cover cuts. The first N columns are the parcels of each node beyond the soft capacity, which
cost its pressure; plans follow. The linear program gives prices; the integer program gives plans.
"""

from __future__ import annotations

from dataclasses import dataclass

import highspy
import numpy as np

from .columns import Columns
from .lagrangian import Prices, Relaxation
from .milp import INF, Model, new_highs
from .problem import Floats, Ints

TIME_LIMIT = 60.0
"""Seconds of one solution of the linear program."""


@dataclass(frozen=True, slots=True, eq=False)
class Matrix:
    """Coefficients of plans, column by column (compressed sparse columns)."""

    start: Ints
    index: Ints
    value: Floats


def matrix(relaxation: Relaxation, columns: Columns) -> Matrix:
    """Return what each plan uses of each row."""
    p, m = relaxation.problem, len(columns)
    owner = columns.owner
    first_node = p.orders + len(relaxation.cells)
    first_group = first_node + p.nodes
    first_cut = first_group + len(p.line_limit)
    height = first_cut + len(relaxation.cut_limit)

    row = relaxation.row_of_cell[columns.node * p.skus + p.line_sku[columns.line]]
    scarce = row < len(relaxation.cells)
    parcel = np.unique(owner * p.nodes + columns.node)
    column = [np.arange(m), owner[scarce], parcel // p.nodes]
    index = [columns.order, p.orders + row[scarce], first_node + parcel % p.nodes]
    value = [np.ones(m), columns.quantity[scarce].astype(np.float64), np.ones(len(parcel))]

    for g, members in enumerate(p.limit_members):
        counted = members[columns.node]
        count = int(counted.sum())
        column.append(owner[counted])
        index.append(np.full(count, first_group + g))
        value.append(np.ones(count))

    share, cut = relaxation.cuts_of(columns.line, columns.node)
    column.append(owner[share])
    index.append(first_cut + cut)
    value.append(np.ones(len(cut)))

    key = np.concatenate(column) * height + np.concatenate(index)
    keys, position = np.unique(key, return_inverse=True)
    total = np.bincount(position, weights=np.concatenate(value)).astype(np.float64)
    start = np.searchsorted(keys, np.arange(m + 1) * height).astype(np.int64)
    return Matrix(start, keys % height, total)


def row_limits(relaxation: Relaxation) -> tuple[Floats, Floats]:
    """Return the lower and the upper side of every row."""
    p = relaxation.problem
    upper = np.concatenate(
        (
            np.ones(p.orders),
            relaxation.stock,
            relaxation.free_soft_capacity,
            p.line_limit.astype(np.float64),
            relaxation.cut_limit,
        )
    )
    lower = np.full(len(upper), -INF)
    lower[: p.orders] = 1.0
    return lower, upper


class Master:
    """The restricted linear program: grown by columns and rows, restarted from its last basis."""

    def __init__(self, relaxation: Relaxation) -> None:
        self.relaxation = relaxation
        self.highs: highspy.Highs = new_highs(time_limit=TIME_LIMIT)
        p = relaxation.problem
        lower, upper = row_limits(relaxation)
        none = np.zeros(0, dtype=np.int32)
        self.highs.addRows(len(lower), lower, upper, 0, none, none, np.zeros(0))
        parcel_row = (p.orders + len(relaxation.cells) + np.arange(p.nodes)).astype(np.int32)
        beyond = relaxation.free_capacity - relaxation.free_soft_capacity
        start = np.arange(p.nodes, dtype=np.int32)
        self.highs.addCols(
            p.nodes, p.pressure, np.zeros(p.nodes), beyond,
            p.nodes, start, parcel_row, -np.ones(p.nodes),
        )  # fmt: skip

    def add(self, columns: Columns) -> None:
        """Add columns."""
        a, m = matrix(self.relaxation, columns), len(columns)
        self.highs.addCols(
            m, columns.cost, np.zeros(m), np.full(m, INF), len(a.index),
            a.start[:-1].astype(np.int32), a.index.astype(np.int32), a.value,
        )  # fmt: skip

    def add_cuts(self, columns: Columns, before: int) -> None:
        """Add rows for the cuts of the relaxation from number `before` on.

        `columns` are all columns added so far, in that sequence.
        """
        relaxation, nodes = self.relaxation, self.relaxation.problem.nodes
        share, cut = relaxation.cuts_of(columns.line, columns.node)
        new = cut >= before
        m, count = len(columns), len(relaxation.cut_limit) - before
        # a plan with one SKU on two lines counts twice in a row
        key = (cut[new] - before) * m + columns.owner[share[new]]
        keys, times = np.unique(key, return_counts=True)
        start = np.searchsorted(keys, np.arange(count) * m).astype(np.int32)
        index = (nodes + keys % m).astype(np.int32)
        lower, upper = np.full(count, -INF), relaxation.cut_limit[before:]
        value = times.astype(np.float64)
        self.highs.addRows(count, lower, upper, len(index), start, index, value)

    def perturb(self, by: Floats) -> None:
        """Change the limits of stock, parcels and counted order lines by these units.

        Limits are not lowered below zero.
        """
        p = self.relaxation.problem
        lower, upper = row_limits(self.relaxation)
        upper[p.orders : p.orders + len(by)] += by
        upper = np.maximum(upper, 0.0)
        rows = np.arange(p.orders, p.orders + len(by), dtype=np.int32)
        self.highs.changeRowsBounds(len(rows), rows, lower[rows], upper[rows])  # type: ignore[attr-defined]

    def solve(self) -> tuple[float, Prices, Floats]:
        """Return the optimum, the prices of the rows and the value of every column added."""
        self.highs.run()
        p = self.relaxation.problem
        solution = self.highs.getSolution()
        # the dual is the change of cost by one more unit of a row: never above zero here
        dual = np.maximum(0.0, -np.array(solution.row_dual)[p.orders :])
        ends = np.cumsum([len(self.relaxation.cells), p.nodes, len(p.line_limit)])
        stock, node, lines, cuts = np.split(dual, ends)
        optimum = float(self.highs.getInfo().objective_function_value)
        columns = np.array(solution.col_value)[p.nodes :]
        return optimum, Prices(stock, node, lines, cuts), columns


def as_model(relaxation: Relaxation, columns: Columns) -> Model:
    """Return the integer program over these columns, its matrix by rows."""
    p, m = relaxation.problem, len(columns)
    a = matrix(relaxation, columns)
    lower, upper = row_limits(relaxation)
    first_node = p.orders + len(relaxation.cells)
    plan_column = p.nodes + np.repeat(np.arange(m), np.diff(a.start))
    column = np.concatenate([np.arange(p.nodes), plan_column])
    index = np.concatenate([first_node + np.arange(p.nodes), a.index])
    value = np.concatenate([-np.ones(p.nodes), a.value])
    by_row = np.lexsort((column, index))
    return Model(
        cost=np.concatenate([p.pressure, columns.cost]),
        lower=np.zeros(p.nodes + m),
        upper=np.concatenate(
            [relaxation.free_capacity - relaxation.free_soft_capacity, np.ones(m)]
        ),
        integer=np.concatenate([np.zeros(p.nodes, dtype=bool), np.ones(m, dtype=bool)]),
        row_lower=lower,
        row_upper=upper,
        start=np.searchsorted(index[by_row], np.arange(len(lower) + 1)).astype(np.int64),
        index=column[by_row],
        value=value[by_row],
    )

"""Cover cuts on stock cells.

Undivided lines are served whole. Of a cover, lines that together need more units of a cell than it
holds, at least one must be served elsewhere; the linear program would still serve two thirds of a
line of three from the two units that are left. Lines at least as large as the largest of the cover
extend the cut. A cut names (line, node) pairs, so it only adds to the money of serving a line
there, and pricing stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .columns import Columns
from .costs import tally
from .lagrangian import Cuts, Relaxation
from .problem import Floats, Ints

VIOLATION = 0.02
"""Least violation of a cut that is worth a row."""
USED = 1e-7
"""Shares of a plan in the linear program up to which it counts as not used."""
WHOLE = 1 - 1e-6
"""Shares of a line at a node from which it counts as served whole there."""


@dataclass(frozen=True, slots=True, eq=False)
class _Amounts:
    """How much of each undivided line the linear program serves from a node, by stock cell."""

    line: Ints  # (m,)
    node: Ints  # (m,)
    cell: Ints  # (m,) ascending
    amount: Floats  # (m,) 0 to 1
    need: Ints  # (m,) units of the whole line

    def at(self, which: Ints) -> _Amounts:
        return _Amounts(
            self.line[which], self.node[which], self.cell[which], self.amount[which],
            self.need[which],
        )  # fmt: skip


@dataclass(slots=True)
class _Rows:
    """The cuts found so far."""

    entries: list[tuple[int, int, int]] = field(default_factory=list)  # row, line, node
    most: list[float] = field(default_factory=list)

    def add(self, lines: list[int], node: int, most: float) -> None:
        row = len(self.most)
        for line in lines:
            self.entries.append((row, line, node))
        self.most.append(most)

    def as_cuts(self) -> Cuts | None:
        if not self.most:
            return None
        table = np.array(self.entries, dtype=np.int64)
        return Cuts(table[:, 0], table[:, 1], table[:, 2], np.array(self.most))


def separate(relaxation: Relaxation, columns: Columns, share: Floats) -> Cuts | None:
    """Return cuts that the linear program's solution violates, None when there are none.

    `share` (m,) is the value of each column.
    """
    amounts = _fractional_cells(relaxation, columns, share)
    rows = _Rows()
    if len(amounts.cell):
        for which in np.split(
            np.arange(len(amounts.cell)), np.flatnonzero(np.diff(amounts.cell)) + 1
        ):
            _separate_cell(relaxation, amounts.at(which), rows)

    return rows.as_cuts()


def _fractional_cells(relaxation: Relaxation, columns: Columns, share: Floats) -> _Amounts:
    """Return the amounts in all cells where a line of several units is served in part."""
    p = relaxation.problem
    value = np.repeat(share, np.diff(columns.first))
    used = value > USED
    pair, position = np.unique(
        columns.line[used] * p.nodes + columns.node[used], return_inverse=True
    )
    amount = np.minimum(1.0, tally(position, len(pair), value[used]))
    line, node = pair // p.nodes, pair % p.nodes
    need = p.quantity[line]
    cell = node * p.skus + p.line_sku[line]
    undivided = (p.max_line_nodes[line] == 1) | (need == 1)
    fractional = undivided & (need > 1) & (amount < WHOLE)
    keep = np.flatnonzero(undivided & np.isin(cell, np.unique(cell[fractional])))
    keep = keep[np.lexsort((line[keep], cell[keep]))]
    return _Amounts(line, node, cell, amount, need).at(keep)


def _separate_cell(relaxation: Relaxation, here: _Amounts, rows: _Rows) -> None:
    """Add the violated cuts of one stock cell."""
    p = relaxation.problem
    cell, node = int(here.cell[0]), int(here.node[0])
    stock = int(p.stock.reshape(-1)[cell])

    seen: set[tuple[int, ...]] = set()
    for must in np.flatnonzero((here.amount < WHOLE) & (here.need > 1)).tolist():
        cover = _cover(here.need, here.amount, stock, must)
        if cover is None or tuple(cover) in seen:
            continue

        seen.add(tuple(cover))
        lines = set(here.line[cover].tolist())
        lines |= _extension(relaxation, cell, int(here.need[cover].max()))
        rows.add(sorted(lines), node, float(len(cover) - 1))


def _extension(relaxation: Relaxation, cell: int, largest: int) -> set[int]:
    """Return undivided lines in reach of the cell that need at least `largest` units."""
    p = relaxation.problem
    begin = np.searchsorted(relaxation.reach_cell, cell)
    end = np.searchsorted(relaxation.reach_cell, cell, side="right")
    lines = relaxation.reach_line[begin:end]
    large = lines[p.quantity[lines] >= largest]
    undivided: list[int] = large[p.max_line_nodes[large] == 1].tolist()
    return set(undivided)


def _cover(need: Ints, amount: Floats, stock: int, must: int) -> list[int] | None:
    """Return a minimal cover that contains `must` and whose cut is violated, or None.

    A greedy solution of the separation knapsack: lines that are nearly whole for their size come
    first, then those not needed for the cover leave, the least whole first.
    """
    missing = 1.0 - amount
    cover, total = [must], int(need[must])

    for i in np.lexsort((-need, missing / need)).tolist():
        if total > stock:
            break

        if i != must:
            cover.append(i)
            total += int(need[i])

    if total <= stock:
        return None

    least_whole_first = sorted(cover[1:], key=lambda j: (-missing[j], j))
    for i in least_whole_first:
        if total - int(need[i]) > stock:
            cover.remove(i)
            total -= int(need[i])

    violated = float(missing[cover].sum()) < 1.0 - VIOLATION
    return sorted(cover) if violated else None

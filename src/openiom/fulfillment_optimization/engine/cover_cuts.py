"""
Cover cuts: lines are served whole, so of lines that together need more than a shelf holds, one must go
elsewhere.

The linear program would serve two thirds of a line of three with the two units that are left. A cut
names (line, node) pairs, so it only adds to what serving a line there costs, and pricing stays exact.
"""

from __future__ import annotations

import numpy as np

from .columns import Columns
from .costs import tally
from .lagrangian import Cuts, Relaxation
from .problem import Floats, Ints

VIOLATION = 0.02


def separate(wave: Relaxation, columns: Columns, share: Floats) -> Cuts | None:
    """
    Cuts that the shares (m,) of the plans violate; None when there are none. Lines as large as the
    largest of a cover join its cut.
    """
    p, reach_line, reach_node = wave.problem, wave.reach_line, wave.reach_node
    used = np.repeat(share, np.diff(columns.first))
    on = used > 1e-7
    pair, place = np.unique(columns.line[on] * p.nodes + columns.node[on], return_inverse=True)
    amount = np.minimum(1.0, tally(place, len(pair), used[on]))
    line, node = pair // p.nodes, pair % p.nodes
    parse_id = (p.max_line_nodes[line] == 1) | (p.quantity[line] == 1)
    cell = node * p.skus + p.line_sku[line]
    violations = parse_id & (p.quantity[line] > 1) & (amount < 1 - 1e-6)
    hot = np.unique(cell[violations])
    keep = np.flatnonzero(parse_id & np.isin(cell, hot))
    keep = keep[np.lexsort((line[keep], cell[keep]))]
    all_cells = reach_node * p.skus + p.line_sku[reach_line]
    rows: list[tuple[int, int, int]] = []
    most: list[float] = []
    for at in np.split(keep, np.flatnonzero(np.diff(cell[keep])) + 1) if len(keep) else []:
        here = int(cell[at[0]])
        shelf = int(p.stock.reshape(-1)[here])
        need = p.quantity[line[at]]
        seen: set[tuple[int, ...]] = set()
        for must in np.flatnonzero((amount[at] < 1 - 1e-6) & (need > 1)).tolist():
            cover = _cover(need, amount[at], shelf, must)
            if cover is None or tuple(cover) in seen:
                continue
            seen.add(tuple(cover))
            members = set(line[at[cover]].tolist())
            others = reach_line[
                np.searchsorted(all_cells, here) : np.searchsorted(all_cells, here, side="right")
            ]
            large = others[p.quantity[others] >= need[cover].max()]
            members |= set(large[(p.max_line_nodes[large] == 1)].tolist())
            rows += [(len(most), member, int(node[at[0]])) for member in sorted(members)]
            most.append(float(len(cover) - 1))
    if not most:
        return None
    table = np.array(rows, dtype=np.int64)
    return Cuts(table[:, 0], table[:, 1], table[:, 2], np.array(most))


def _cover(need: Ints, amount: Floats, shelf: int, must: int) -> list[int] | None:
    """
    Lines that need more than the shelf holds and that the shares hold too much of; `must` is one of
    them.
    """
    missing = 1.0 - amount
    by = np.lexsort((-need, missing / need)).tolist()
    cover, total = [must], int(need[must])
    for i in by:
        if total > shelf:
            break
        if i != must:
            cover.append(i)
            total += int(need[i])
    if total <= shelf:
        return None
    for i in sorted(cover[1:], key=lambda j: (-missing[j], j)):
        if total - int(need[i]) > shelf:
            cover.remove(i)
            total -= int(need[i])
    return sorted(cover) if float(missing[cover].sum()) < 1.0 - VIOLATION else None

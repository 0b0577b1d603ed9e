"""
All plans of every order that cost at most a little more than its cheapest one, under given prices.

Lines are settled from the lowest on: it stays open, or it goes with some other lines to one candidate.
What is still to be settled can cost no less than its own cheapest completion, so a branch that cannot
stay within the margin is cut.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .columns import Columns, columns_of, distinct, open_columns
from .groups import Group
from .lagrangian import Prices, Relaxation
from .problem import Floats, Ints
from .subset_dp import cheapest, tables


@dataclass(frozen=True, slots=True, eq=False)
class _Branches:
    row: Ints  # (m,) order within the group
    left: Ints  # (m,) lines still to be settled, as a bit mask
    cost: Floats  # (m,) of what is settled
    place: Ints  # (m, l) candidate, -1 = open
    used: Ints  # (m, l) candidates opened so far, -1 = none

    def only(self, which: Ints) -> _Branches:
        return _Branches(
            self.row[which], self.left[which], self.cost[which], self.place[which], self.used[which]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Enumerated:
    columns: Columns
    margin: Floats  # (B,) every plan within this of the order's cheapest is there


def near_best(wave: Relaxation, prices: Prices, *, margin: float, most: int) -> Enumerated:
    """
    The plans of every order within `margin` money of its cheapest, at most about `most` an order: where
    there are more, the dearer ones are left out and the margin of that order says so.
    """
    p = wave.problem
    margins = np.full(p.orders, np.inf)
    parts = [open_columns(p)]
    for i, group in enumerate(wave.groups[: wave.whole_orders]):
        serve = wave.priced_serve(i, prices)
        found, reached = _group(group, wave.priced_parcel(i, prices), serve, margin, most)
        margins[group.order] = reached
        parts.append(_as_columns(wave, group, found))
    margins[wave.loose] = 0.0
    return Enumerated(distinct(parts), margins)


def _group(
    group: Group, parcel: Floats, serve: Floats, margin: float, most: int
) -> tuple[_Branches, Floats]:
    b, size, k = serve.shape
    t = tables(size)
    cost = np.empty((b, 1 << size, k))
    cost[:, 0] = parcel
    for i in range(size):
        np.add(cost[:, : 1 << i], serve[:, i, None, :], out=cost[:, 1 << i : 2 << i])
    to_go = _completions(cost.min(axis=2), group.open_cost)
    # branches are compared before the refund of one split fee; only an order that ships nothing goes without
    ceiling = cheapest(group, parcel, serve).value + group.split + margin
    state = _Branches(
        np.arange(b),
        np.full(b, (1 << size) - 1),
        np.zeros(b),
        np.full((b, size), -1),
        np.full((b, size), -1),
    )
    reached = np.full(b, margin)
    for _ in range(size):
        state = _settle_lowest(state, cost, to_go, ceiling, group.open_cost, t.size)
        state = _trim(state, to_go, ceiling, reached, margin, most)
    return state, reached


def _completions(single: Floats, open_cost: Floats) -> Floats:
    """(b, 2^l) the least that settling these lines can cost."""
    size = open_cost.shape[1]
    least = np.zeros_like(single)
    for step in tables(size).steps:
        ways = single[:, step.part] + least[:, step.rest]
        lowest = np.array([int(s & -s).bit_length() - 1 for s in step.parse_id])
        opened = open_cost[:, lowest] + least[:, step.parse_id & (step.parse_id - 1)]
        least[:, step.parse_id] = np.minimum(ways.min(axis=2), opened)
    return least


def _settle_lowest(
    state: _Branches, cost: Floats, to_go: Floats, ceiling: Floats, open_cost: Floats, size: int
) -> _Branches:
    """Every branch with its lowest unsettled line settled in every way that stays under the ceiling."""
    grown = [state.only(np.flatnonzero(state.left == 0))]
    for left in np.unique(state.left[state.left > 0]).tolist():
        here = state.only(np.flatnonzero(state.left == left))
        low = int(left & -left).bit_length() - 1
        opened = here.cost + open_cost[here.row, low]
        stay = np.flatnonzero(opened + to_go[here.row, left ^ (1 << low)] <= ceiling[here.row])
        kept = here.only(stay)
        grown.append(
            _Branches(kept.row, kept.left ^ (1 << low), opened[stay], kept.place, kept.used)
        )
        others = [s for s in range(left + 1) if s & left == s and s & (1 << low)]
        for part in others:
            money = here.cost[:, None] + cost[here.row, part]
            fits = money + to_go[here.row, left ^ part][:, None] <= ceiling[here.row][:, None]
            at, node = np.nonzero(fits)
            if not len(at):
                continue
            new = (here.used[at] != node[:, None]).all(axis=1)
            at, node = at[new], node[new]
            place, used = here.place[at], here.used[at]
            mine = [i for i in range(size) if part >> i & 1]
            place[:, mine] = node[:, None]
            used[:, low] = node
            grown.append(
                _Branches(here.row[at], here.left[at] ^ part, money[at, node], place, used)
            )
    return _Branches(
        np.concatenate([g.row for g in grown]),
        np.concatenate([g.left for g in grown]),
        np.concatenate([g.cost for g in grown]),
        np.concatenate([g.place for g in grown]),
        np.concatenate([g.used for g in grown]),
    )


def _trim(
    state: _Branches, to_go: Floats, ceiling: Floats, reached: Floats, margin: float, most: int
) -> _Branches:
    """The cheapest `most` branches of every order; `reached` remembers how far its plans are complete."""
    total = state.cost + to_go[state.row, state.left]
    by = np.lexsort((total, state.row))
    row = state.row[by]
    rank = np.arange(len(by)) - np.searchsorted(row, row)
    cut = rank == most
    first_lost = total[by][cut] - (ceiling[row[cut]] - margin)
    reached[row[cut]] = np.minimum(reached[row[cut]], np.maximum(0.0, first_lost - 1e-9))
    return state.only(by[rank < most])


def _as_columns(wave: Relaxation, group: Group, found: _Branches) -> Columns:
    column, at = np.nonzero(found.place >= 0)
    row = found.row[column]
    line = group.line[row, at]
    node = group.node[row, found.place[column, at]]
    quantity = wave.problem.quantity[line]
    return columns_of(wave.problem, group.order[found.row], column, line, node, quantity)

"""Enumeration of all plans of an order within a margin of its least cost under given prices.

Branch and bound over the lines, lowest first: the line stays open, or one candidate serves it with
some of the remaining lines. The bound of the remaining lines is their least cost without limits on
sources, so a branch that cannot stay within the margin is cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .columns import Columns, columns_of, distinct, open_columns
from .groups import OrderGroup
from .lagrangian import Prices, Relaxation
from .problem import Floats, Ints
from .subset_dp import cheapest, parts_with_lowest_line, single_node_costs, tables


@dataclass(frozen=True, slots=True, eq=False)
class _Branches:
    """m partial plans of the orders of a group of l lines."""

    row: Ints  # (m,) order within the group
    left: Ints  # (m,) lines still to be decided, as a bit mask
    cost: Floats  # (m,) money of the lines decided
    place: Ints  # (m, l) candidate of each line, -1 = open or not decided
    used: Ints  # (m, l) candidates opened so far, by the lowest line they serve; -1 = none

    def only(self, which: Ints) -> _Branches:
        return _Branches(
            self.row[which], self.left[which], self.cost[which], self.place[which], self.used[which]
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """The costs and bounds of the branches of one group."""

    cost: Floats  # (b, 2^l, k) money of serving a subset from a candidate
    to_go: Floats  # (b, 2^l) bound of the lines still to be decided
    ceiling: Floats  # (b,) money a plan may cost at most
    open_cost: Floats  # (b, l)

    def bound(self, branches: _Branches) -> Floats:
        """(m,) money that no completion of the branch goes below."""
        return np.asarray(branches.cost + self.to_go[branches.row, branches.left])


@dataclass(frozen=True, slots=True, eq=False)
class Enumerated:
    """Near-best plans of all orders."""

    columns: Columns
    margin: Floats  # (B,) every plan of the order within this of its least cost is included


def near_best(relaxation: Relaxation, prices: Prices, *, margin: float, most: int) -> Enumerated:
    """Return the plans of every order within `margin` money of its least cost.

    Of an order with more than about `most` such plans the dearer ones are left out, and its margin
    is lowered accordingly.
    """
    p = relaxation.problem
    margins = np.full(p.orders, np.inf)
    parts = [open_columns(p)]

    for i, group in enumerate(relaxation.groups[: relaxation.complete_groups]):
        parcel, serve = relaxation.priced_parcel(i, prices), relaxation.priced_serve(i, prices)
        plans, reached = _enumerate(group, parcel, serve, margin, most)
        margins[group.order] = reached
        parts.append(_as_columns(relaxation, group, plans))

    margins[relaxation.inexact] = 0.0
    return Enumerated(distinct(parts), margins)


def _enumerate(
    group: OrderGroup, parcel: Floats, serve: Floats, margin: float, most: int
) -> tuple[_Branches, Floats]:
    """Return the near-best plans of a group, and (b,) the margin reached for each order."""
    b, size, _ = serve.shape
    cost = single_node_costs(parcel, serve)
    search = _Search(
        cost=cost,
        to_go=_completion_bounds(cost.min(axis=2), group.open_cost),
        # branches are compared before the refund of one split fee, which any parcel brings
        ceiling=cheapest(group, parcel, serve).value + group.split + margin,
        open_cost=group.open_cost,
    )
    nothing = np.full((b, size), -1)
    all_lines = np.full(b, (1 << size) - 1)
    branches = _Branches(np.arange(b), all_lines, np.zeros(b), nothing, nothing.copy())
    reached = np.full(b, margin)

    for _ in range(size):
        branches = _decide_lowest_line(branches, search)
        branches = _trim(branches, search, reached, margin, most)

    return branches, reached


def _completion_bounds(single: Floats, open_cost: Floats) -> Floats:
    """(b, 2^l) least money of deciding these lines, limits on sources ignored."""
    size = open_cost.shape[1]
    least = np.zeros_like(single)

    for step in tables(size).steps:
        served = single[:, step.part] + least[:, step.rest]
        lowest = np.array([_lowest_line(subset) for subset in step.subset.tolist()])
        left_open = open_cost[:, lowest] + least[:, step.subset & (step.subset - 1)]
        least[:, step.subset] = np.minimum(served.min(axis=2), left_open)

    return least


def _lowest_line(subset: int) -> int:
    return (subset & -subset).bit_length() - 1


def _decide_lowest_line(branches: _Branches, search: _Search) -> _Branches:
    """Return every branch with its lowest line decided in every way below the ceiling."""
    grown = [branches.only(np.flatnonzero(branches.left == 0))]
    for left in np.unique(branches.left[branches.left > 0]).tolist():
        here = branches.only(np.flatnonzero(branches.left == left))
        grown += _decide(here, left, search)

    def all_of(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in grown])

    return _Branches(all_of("row"), all_of("left"), all_of("cost"), all_of("place"), all_of("used"))


def _decide(here: _Branches, left: int, search: _Search) -> list[_Branches]:
    """Return branches that all have the lines of `left`, with its lowest line decided."""
    low = _lowest_line(left)
    grown = [_leave_open(here, low, search)]
    for part in parts_with_lowest_line(left)[::-1]:
        served = _serve_together(here, part, low, search)
        if served is not None:
            grown.append(served)
    return grown


def _leave_open(here: _Branches, low: int, search: _Search) -> _Branches:
    cost = here.cost + search.open_cost[here.row, low]
    left = here.left ^ (1 << low)
    keep = np.flatnonzero(cost + search.to_go[here.row, left] <= search.ceiling[here.row])
    kept = here.only(keep)
    return _Branches(kept.row, left[keep], cost[keep], kept.place, kept.used)


def _serve_together(here: _Branches, part: int, low: int, search: _Search) -> _Branches | None:
    """Return the branches in which one candidate, not used before, serves the lines of `part`.

    None when there are none.
    """
    money = here.cost[:, None] + search.cost[here.row, part]
    to_go = search.to_go[here.row, here.left ^ part]
    fits = money + to_go[:, None] <= search.ceiling[here.row][:, None]
    which, candidate = np.nonzero(fits)
    if not len(which):
        return None

    is_new = (here.used[which] != candidate[:, None]).all(axis=1)
    which, candidate = which[is_new], candidate[is_new]
    place, used = here.place[which], here.used[which]
    lines = [line for line in range(place.shape[1]) if part >> line & 1]
    place[:, lines] = candidate[:, None]
    used[:, low] = candidate
    return _Branches(here.row[which], here.left[which] ^ part, money[which, candidate], place, used)


def _trim(
    branches: _Branches, search: _Search, reached: Floats, margin: float, most: int
) -> _Branches:
    """Return the `most` cheapest branches of every order; lower `reached` where some are lost."""
    bound = search.bound(branches)
    ascending = np.lexsort((bound, branches.row))
    row = branches.row[ascending]
    rank = np.arange(len(ascending)) - np.searchsorted(row, row)
    first_lost = rank == most
    lost_row = row[first_lost]
    lost_margin = bound[ascending][first_lost] - (search.ceiling[lost_row] - margin)
    lost_margin = np.maximum(0.0, lost_margin - 1e-9)
    reached[lost_row] = np.minimum(reached[lost_row], lost_margin)
    return branches.only(ascending[rank < most])


def _as_columns(relaxation: Relaxation, group: OrderGroup, plans: _Branches) -> Columns:
    column, line_index = np.nonzero(plans.place >= 0)
    row = plans.row[column]
    line = group.line[row, line_index]
    node = group.node[row, plans.place[column, line_index]]
    quantity = relaxation.problem.quantity[line]
    order = group.order[plans.row]
    return columns_of(relaxation.problem, order, column, line, node, quantity)

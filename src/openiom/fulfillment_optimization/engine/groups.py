"""Orders grouped by number of lines and of candidate nodes, so that one NumPy call prices many.

A candidate of an order is a node that could serve at least one of its lines: no hard constraint
refuses it, it has the stock and can open another parcel. Candidates are in node order, so that ties
go to the lowest node.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .problem import Bools, Floats, Ints, SourcingProblem

MAX_LINES = 8
"""Most lines of an order solved by the subset dynamic program, which has 2 ** lines states."""

FEW = 16
"""Orders of as many lines that share a group whatever their numbers of candidates."""

WIDTHS = (4, 8, 16, 32, 64, 128, 256, 512, 1024, 1 << 20)
"""Numbers of candidates up to which orders share a group."""


@dataclass(slots=True, eq=False)
class OrderGroup:
    """b orders of the same number of lines l, with at most k candidates each.

    Pairs that do not exist have infinite cost.
    """

    order: Ints  # (b,)
    line: Ints  # (b, l)
    node: Ints  # (b, k) padded with 0
    parcel: Floats  # (b, k) money of a parcel, split fee included
    serve: Floats  # (b, l, k) money of serving the whole line
    cell: Ints  # (b, l, k) stock cell, node * S + sku
    quantity: Ints  # (b, l) units
    least: Ints  # (b, l) units a node must have
    open_cost: Floats  # (b, l)
    split: Floats  # (b,) split fee
    partial: Floats  # (b,) penalty of serving the order in part
    limit: Ints  # (b,) sources the order may use, at most l
    soft_limit: Ints  # (b,) sources without penalty, at most l
    extra: Floats  # (b,) money of each source beyond soft_limit
    counts_sources: bool  # a limit on sources could bind for some order
    portion: float = 1.0  # of each parcel's money; below 1 for parts of long orders

    def rows(self, keep: Ints | slice) -> OrderGroup:
        """Return the group of the orders at these positions."""
        return OrderGroup(
            order=self.order[keep],
            line=self.line[keep],
            node=self.node[keep],
            parcel=self.parcel[keep],
            serve=self.serve[keep],
            cell=self.cell[keep],
            quantity=self.quantity[keep],
            least=self.least[keep],
            open_cost=self.open_cost[keep],
            split=self.split[keep],
            partial=self.partial[keep],
            limit=self.limit[keep],
            soft_limit=self.soft_limit[keep],
            extra=self.extra[keep],
            counts_sources=self.counts_sources,
            portion=self.portion,
        )


def repeats_a_sku(problem: SourcingProblem) -> Bools:
    """(B,) whether an order has one SKU on two lines, whose shares must be checked jointly."""
    pairs = np.sort(problem.line_order * problem.skus + problem.line_sku)
    repeated = pairs[1:][pairs[1:] == pairs[:-1]]
    repeats = np.zeros(problem.orders, dtype=bool)
    repeats[repeated // max(1, problem.skus)] = True
    return repeats


def lines_of(problem: SourcingProblem, orders: Ints) -> Ints:
    """Return the lines of these orders, order by order."""
    counts = problem.start[orders + 1] - problem.start[orders]
    before = np.cumsum(counts) - counts
    lines: Ints = np.repeat(problem.start[orders] - before, counts) + np.arange(counts.sum())
    return lines


def in_reach(problem: SourcingProblem, stock: Ints, lines: Ints) -> Bools:
    """(lines, N) whether the node could serve the line from this stock (N, S).

    One unit brings a divisible line within reach, so its price is a bound until the chosen plan has
    been checked against the stock.
    """
    reach = np.asarray(stock.T[problem.line_sku[lines]] >= problem.least[lines, None])
    reach &= problem.line_refusal[lines] == 0
    reach &= problem.order_refusal[problem.line_order[lines]] == 0
    reach &= (problem.capacity > problem.used)[None, :]
    if len(problem.line_limit):
        exhausted = problem.limit_members[problem.line_limit <= 0].any(axis=0)
        reach &= ~np.asarray(exhausted)

    return reach


def gather(problem: SourcingProblem, orders: Ints, reach: Bools) -> list[OrderGroup]:
    """Return groups that together hold the given orders once each.

    `reach` has one row for each of `lines_of(orders)`. Orders without lines and those of more than
    MAX_LINES are in no group.
    """
    groups: list[OrderGroup] = []
    sizes = problem.start[orders + 1] - problem.start[orders]
    first = np.cumsum(sizes) - sizes

    for size in range(1, MAX_LINES + 1):
        of_size = np.flatnonzero(sizes == size)
        if not len(of_size):
            continue

        offsets = np.arange(size)
        usable = reach[first[of_size][:, None] + offsets]  # (b, l, N)
        candidates = usable.any(axis=1)  # (b, N)
        counts = candidates.sum(axis=1)
        bucket = np.searchsorted(WIDTHS, counts)
        if len(of_size) <= FEW:
            bucket[:] = 0  # padding costs less than NumPy calls for a group of its own

        for width in np.unique(bucket):
            rows = np.flatnonzero(bucket == width)
            lines = problem.start[orders[of_size[rows]]][:, None] + offsets
            most = max(1, int(counts[rows].max()))
            groups.append(
                _group(problem, orders[of_size[rows]], lines, usable[rows], candidates[rows], most)
            )

    return groups


def _group(
    problem: SourcingProblem, order: Ints, line: Ints, usable: Bools, candidates: Bools, width: int
) -> OrderGroup:
    """Return the group of these orders; `usable` is (b, l, N), `candidates` (b, N)."""
    b, size = line.shape
    row, candidate_node = np.nonzero(candidates)
    place = np.arange(len(row)) - np.searchsorted(row, np.arange(b))[row]
    node = np.zeros((b, width), dtype=np.int64)
    node[row, place] = candidate_node
    split = problem.split_fee[order]
    parcel = np.full((b, width), np.inf)
    parcel[row, place] = problem.parcel[order[row], candidate_node] + split[row]
    serve = np.full((b, size, width), np.inf)

    for i in range(size):
        cost = problem.serve[line[row, i], candidate_node]
        cost[~usable[row, i, candidate_node]] = np.inf
        serve[row, i, place] = cost

    limit = np.minimum(problem.max_nodes[order], size)
    soft_limit = np.minimum(problem.preferred_nodes[order], size)
    extra = problem.extra_node_penalty[order]
    may_bind = (limit < size) | ((soft_limit < size) & (extra > 0))
    return OrderGroup(
        order=order,
        line=line,
        node=node,
        parcel=parcel,
        serve=serve,
        cell=node[:, None, :] * problem.skus + problem.line_sku[line][:, :, None],
        quantity=problem.quantity[line],
        least=problem.least[line],
        open_cost=problem.open_cost[line],
        split=split,
        partial=problem.partial_penalty[order],
        limit=limit,
        soft_limit=soft_limit,
        extra=extra,
        counts_sources=bool(may_bind.any()),
    )


def gather_parts(problem: SourcingProblem, orders: Ints, reach: Bools) -> list[OrderGroup]:
    """Return orders of more than MAX_LINES as groups of parts, for bounds only.

    Each part pays for an equal portion of every parcel. A part alone costs no more than its portion
    of any plan of the order, so the parts together bound the order from below. A plan made of them
    must be checked.
    """
    parts: list[OrderGroup] = []
    lines_of_order = np.diff(problem.start)

    for order in orders[lines_of_order[orders] > MAX_LINES].tolist():
        lines = np.arange(problem.start[order], problem.start[order + 1])
        count = -(-len(lines) // MAX_LINES)

        for part_lines in np.array_split(lines, count):
            parts.append(_part_of_order(problem, order, part_lines, reach[part_lines], count))

    return parts


def _part_of_order(
    problem: SourcingProblem, order: int, lines: Ints, reach: Bools, count: int
) -> OrderGroup:
    """Return one of `count` parts of an order; `reach` is (lines of the part, N)."""
    usable = reach[None]
    candidates = np.asarray(usable.any(axis=1))
    width = max(1, int(candidates.sum()))
    part = _group(problem, np.array([order]), lines[None], usable, candidates, width)
    part.parcel /= count
    part.split = part.split / count
    part.partial, part.extra = np.zeros(1), np.zeros(1)
    part.counts_sources = bool(part.limit[0] < len(lines))
    part.portion = 1.0 / count
    return part

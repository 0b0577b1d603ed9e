"""
Orders gathered by number of lines and of candidate nodes, so that one NumPy call prices many of them.

A candidate of an order is a node that could serve at least one of its lines: no hard constraint refuses
it, the stock is there and it can still open a parcel. Candidates stand in node order, which makes the
lowest node win ties.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .problem import Bools, Floats, Ints, Problem

MAX_LINES = 8
"""Orders of more lines go to the one-order program instead; their subsets would be too many."""

WIDTHS = (4, 8, 16, 32, 64, 128, 256, 512, 1024, 1 << 20)


@dataclass(slots=True, eq=False)
class Group:
    """b orders of the same number of lines l with at most k candidates each; absent entries cost infinity."""

    order: Ints  # (b,)
    line: Ints  # (b, l)
    node: Ints  # (b, k) padded with 0
    parcel: Floats  # (b, k) parcel and split fee
    serve: Floats  # (b, l, k)
    cell: Ints  # (b, l, k) node * S + sku
    quantity: Ints  # (b, l)
    least: Ints  # (b, l) units a node must have
    open_cost: Floats  # (b, l)
    split: Floats  # (b,)
    partial: Floats  # (b,)
    limit: Ints  # (b,) sources the order may use, at most l
    soft_limit: Ints  # (b,)
    extra: Floats  # (b,) money of each source beyond soft_limit
    layered: bool  # some order has a limit that could bind
    portion: float = (
        1.0  # of a parcel's money that these lines answer for; below 1 for parts of long orders
    )

    def rows(self, keep: Ints | slice) -> Group:
        """The orders at these places only."""
        return Group(
            self.order[keep], self.line[keep], self.node[keep], self.parcel[keep], self.serve[keep],
            self.cell[keep], self.quantity[keep], self.least[keep], self.open_cost[keep], self.split[keep],
            self.partial[keep], self.limit[keep], self.soft_limit[keep], self.extra[keep],
            self.layered, self.portion,
        )  # fmt: skip


def repeats_a_sku(problem: Problem) -> Bools:
    """(B,) orders with the same SKU on two lines; their shares must be checked together."""
    ordered = np.sort(problem.line_order * problem.skus + problem.line_sku)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    answer = np.zeros(problem.orders, dtype=bool)
    answer[twice // max(1, problem.skus)] = True
    return answer


def lines_of(problem: Problem, orders: Ints) -> Ints:
    """The lines of these orders, order by order."""
    counts = problem.start[orders + 1] - problem.start[orders]
    before = np.cumsum(counts) - counts
    answer: Ints = np.repeat(problem.start[orders] - before, counts) + np.arange(counts.sum())
    return answer


def in_reach(problem: Problem, stock: Ints, lines: Ints) -> Bools:
    """
    (lines, N) the node is worth pricing for the line now. A line that may be divided counts as in reach
    of one unit, so its price is a bound until the chosen plan has been checked against the stock.
    """
    ok = np.asarray(stock.T[problem.line_sku[lines]] >= problem.least[lines, None])
    ok &= problem.line_refusal[lines] == 0
    ok &= problem.order_refusal[problem.line_order[lines]] == 0
    ok &= (problem.capacity > problem.used)[None, :]
    if len(problem.line_limit):
        closed = np.asarray(problem.limit_members[problem.line_limit <= 0].any(axis=0))
        ok &= ~closed
    return ok


def gather(problem: Problem, orders: Ints, reach: Bools) -> list[Group]:
    """
    Groups that together hold the given orders once each; `reach` has one row for each of `lines_of(orders)`.
    Orders without lines or with more than MAX_LINES are in no group.
    """
    groups: list[Group] = []
    sizes = problem.start[orders + 1] - problem.start[orders]
    first = np.cumsum(sizes) - sizes
    for size in range(1, MAX_LINES + 1):
        which = np.flatnonzero(sizes == size)
        if not len(which):
            continue
        steps = np.arange(size)
        usable = reach[first[which][:, None] + steps]  # (b, l, N)
        mask = usable.any(axis=1)
        counts = mask.sum(axis=1)
        bucket = np.searchsorted(WIDTHS, counts)
        for width in np.unique(bucket):
            at = np.flatnonzero(bucket == width)
            mine = orders[which[at]]
            lines = problem.start[mine][:, None] + steps
            groups.append(
                _group(problem, mine, lines, usable[at], mask[at], max(1, int(counts[at].max())))
            )
    return groups


def _group(
    problem: Problem, order: Ints, line: Ints, usable: Bools, mask: Bools, width: int
) -> Group:
    b, size = line.shape
    row, node_at = np.nonzero(mask)
    first = np.searchsorted(row, np.arange(b))
    place = np.arange(len(row)) - first[row]
    node = np.zeros((b, width), dtype=np.int64)
    node[row, place] = node_at
    parcel = np.full((b, width), np.inf)
    split = problem.split_fee[order]
    parcel[row, place] = problem.parcel[order[row], node_at] + split[row]
    serve = np.full((b, size, width), np.inf)
    for i in range(size):
        cost = problem.serve[line[row, i], node_at]
        cost[~usable[row, i, node_at]] = np.inf
        serve[row, i, place] = cost
    limit = np.minimum(problem.max_nodes[order], size)
    soft = np.minimum(problem.preferred_nodes[order], size)
    extra = problem.extra_node_penalty[order]
    layered = bool(np.any(limit < size) or np.any((soft < size) & (extra > 0)))
    return Group(
        order, line, node, parcel, serve,
        node[:, None, :] * problem.skus + problem.line_sku[line][:, :, None],
        problem.quantity[line], problem.least[line], problem.open_cost[line], split,
        problem.partial_penalty[order],
        limit, soft, extra, layered,
    )  # fmt: skip


def gather_parts(problem: Problem, orders: Ints, reach: Bools) -> list[Group]:
    """
    Orders of more than MAX_LINES, cut into parts that answer for an equal portion of every parcel: each
    part alone costs no more than its share of any plan, so together they bound the order from below. No
    plan should be made of them without checking it.
    """
    parts: list[Group] = []
    for order in orders[np.diff(problem.start)[orders] > MAX_LINES].tolist():
        lines = np.arange(problem.start[order], problem.start[order + 1])
        count = -(-len(lines) // MAX_LINES)
        for mine in np.array_split(lines, count):
            usable = reach[mine][None]
            mask = usable.any(axis=1)
            group = _group(
                problem, np.array([order]), mine[None], usable, mask, max(1, int(mask.sum()))
            )
            group.parcel /= count
            group.split = group.split / count
            group.partial, group.extra = np.zeros(1), np.zeros(1)
            group.layered = bool(group.limit[0] < len(mine))
            group.portion = 1.0 / count
            parts.append(group)
    return parts

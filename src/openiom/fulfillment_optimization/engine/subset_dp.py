"""Subset dynamic program: exact least-cost plans of single orders, many orders at a time.

Let W(T) be the least cost of serving the lines in T from one candidate node, and F(T) the least
cost of serving T from any number of nodes. Then F({}) = 0 and

    F(T) = min over P, a subset of T that holds T's lowest line, of W(P) + F(T \\ P),

and the plan serves the subset T that minimizes F(T) + the cost of leaving the other lines open.
With limits or penalties on the number of sources, F has one layer for each number of sources.

Ties are broken the same way always: more lines served, then fewer parcels, then the lowest node.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from .groups import OrderGroup
from .problem import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class SubsetStep:
    """All subsets of one size, and each way to split a part with its lowest line off the rest."""

    subset: Ints  # (s,) bit masks
    part: Ints  # (s, t) largest part first
    rest: Ints  # (s, t) subset without part


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """Index tables for orders of `size` lines; a subset of the lines is a bit mask."""

    size: int
    steps: tuple[SubsetStep, ...]  # by size of the subsets, smallest first
    has: Bools  # (2^l, l) whether the line is in the subset
    falling: Ints  # (2^l,) every subset, larger ones first


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The least-cost plan of each order of a group under given prices."""

    value: Floats  # (b,) money, prices included
    place: Ints  # (b, l) candidate that serves each line, -1 = open


@cache
def tables(size: int) -> Tables:
    """Return the index tables for orders of this many lines."""
    full = 1 << size
    steps = [_step(size, count) for count in range(1, size + 1)]
    has = (np.arange(full)[:, None] >> np.arange(size)) & 1 == 1
    falling = sorted(range(full), key=_larger_first)
    return Tables(size, tuple(steps), has, np.array(falling, dtype=np.int64))


def _step(size: int, count: int) -> SubsetStep:
    """Return the subsets of `count` out of `size` lines with their parts."""
    subsets = [subset for subset in range(1, 1 << size) if subset.bit_count() == count]
    parts: list[list[int]] = []
    for subset in subsets:
        parts.append(sorted(parts_with_lowest_line(subset), key=_largest_mask_first))
    subset_array = np.array(subsets, dtype=np.int64)
    part_array = np.array(parts, dtype=np.int64)
    return SubsetStep(subset_array, part_array, subset_array[:, None] ^ part_array)


def parts_with_lowest_line(subset: int) -> list[int]:
    """Return the parts of a subset that hold its lowest line, by falling bit mask."""
    lowest = subset & -subset
    return [part for part in range(subset, 0, -1) if part & subset == part and part & lowest]


def _larger_first(subset: int) -> tuple[int, int]:
    return -subset.bit_count(), subset


def _largest_mask_first(subset: int) -> tuple[int, int]:
    return -subset.bit_count(), -subset


def cheapest(group: OrderGroup, parcel: Floats, serve: Floats) -> Best:
    """Return the least-cost plan of each order of a group.

    Opening candidate k costs `parcel` (b, k), serving a line there `serve` (b, l, k); split fees,
    limits, penalties and the cost of open lines are those of the group.
    """
    size = serve.shape[1]
    if size == 1:
        return _single_line(group, parcel, serve)

    t = tables(size)
    single, node = _from_one_node(parcel, serve, t)
    if group.counts_sources:
        return _counting_sources(group, single, node, t)

    b = len(single)
    joined = np.empty_like(single)
    joined[:, 0] = 0.0
    chosen = np.zeros(single.shape, dtype=np.int64)

    for step in t.steps:
        _extend(single, joined, step, joined, chosen)

    total = joined + leftovers(group, t)
    pick = total[:, t.falling].argmin(axis=1)
    remaining = t.falling[pick]
    rows = np.arange(b)
    value = total[rows, remaining]
    place = np.full((b, size), -1, dtype=np.int64)

    for _ in range(size):
        part = chosen[rows, remaining]
        candidate = node[rows, part]
        place = np.where(t.has[part], candidate[:, None], place)
        remaining = remaining ^ part
        if not remaining.any():
            break

    return Best(value, place)


def _extend(single: Floats, before: Floats, step: SubsetStep, joined: Floats, chosen: Ints) -> None:
    """Write F of one step's subsets into `joined`, and the parts that attain it into `chosen`.

    `before` holds F of the rests: `joined` itself, or the layer of one source less.
    """
    ways = single[:, step.part] + before[:, step.rest]
    best = ways.argmin(axis=2)
    joined[:, step.subset] = np.take_along_axis(ways, best[:, :, None], axis=2)[:, :, 0]
    chosen[:, step.subset] = step.part[np.arange(len(step.subset)), best]


def leftovers(group: OrderGroup, t: Tables) -> Floats:
    """(b, 2^l) money besides F, by the subset served.

    The cost of the open lines, the refund of one split fee (the first parcel pays none) and the
    penalty of an order served in part.
    """
    served = np.arange(1 << t.size)
    extra: Floats = group.open_cost @ (~t.has).T.astype(np.float64)
    extra[:, 1:] -= group.split[:, None]
    if group.partial.any():
        in_part = (served > 0) & (served < (1 << t.size) - 1)
        extra[:, in_part] += group.partial[:, None]

    return extra


def _single_line(group: OrderGroup, parcel: Floats, serve: Floats) -> Best:
    """Return the plans of orders of one line: the cheapest candidate, or open."""
    cost = parcel + serve[:, 0, :]
    place = cost.argmin(axis=1)
    value = cost[np.arange(len(cost)), place] - group.split
    open_cost = group.open_cost[:, 0]
    serves = value <= open_cost
    return Best(np.where(serves, value, open_cost), np.where(serves, place, -1)[:, None])


def single_node_costs(parcel: Floats, serve: Floats) -> Floats:
    """(b, 2^l, k) money of serving every subset of the lines from every candidate alone."""
    b, size, k = serve.shape
    cost = np.empty((b, 1 << size, k))
    cost[:, 0] = parcel
    for i in range(size):
        np.add(cost[:, : 1 << i], serve[:, i, None, :], out=cost[:, 1 << i : 2 << i])
    return cost


def _from_one_node(parcel: Floats, serve: Floats, t: Tables) -> tuple[Floats, Ints]:
    """Return W, (b, 2^l) the least cost of each subset from one candidate, and that candidate."""
    cost = single_node_costs(parcel, serve)
    node = cost.argmin(axis=2)
    single = np.take_along_axis(cost, node[:, :, None], axis=2)[:, :, 0]
    single[:, 0] = 0.0
    return single, node


def _counting_sources(group: OrderGroup, single: Floats, node: Ints, t: Tables) -> Best:
    """Return plans where the number of sources is limited or costs a penalty.

    Layer c holds F with exactly c sources; the best layer within the limit is kept.
    """
    b = len(single)
    rows = np.arange(b)
    left_over = leftovers(group, t)
    layer = np.full_like(single, np.inf)
    layer[:, 0] = 0.0
    value = left_over[:, 0].copy()
    served, count = np.zeros(b, dtype=np.int64), np.zeros(b, dtype=np.int64)

    chosen_by_layer = []
    for sources in range(1, t.size + 1):
        before, layer = layer, np.full_like(single, np.inf)
        chosen = np.zeros(single.shape, dtype=np.int64)

        for step in t.steps:
            _extend(single, before, step, layer, chosen)

        chosen_by_layer.append(chosen)
        penalty = group.extra * np.maximum(0, sources - group.soft_limit)
        total = layer + left_over + penalty[:, None]
        pick = t.falling[total[:, t.falling].argmin(axis=1)]
        cost = total[rows, pick]
        serves_more = t.has[pick].sum(axis=1) > t.has[served].sum(axis=1)
        better = (cost < value) | ((cost == value) & serves_more)
        better &= sources <= group.limit
        value = np.where(better, cost, value)
        served, count = np.where(better, pick, served), np.where(better, sources, count)

    return Best(value, _places(chosen_by_layer, node, served, count, t))


def _places(chosen_by_layer: list[Ints], node: Ints, served: Ints, count: Ints, t: Tables) -> Ints:
    """(b, l) candidate of each line of plans that serve `served` (b,) from `count` (b,) sources."""
    rows = np.arange(len(served))
    place = np.full((len(served), t.size), -1, dtype=np.int64)
    remaining = served

    for sources in range(t.size, 0, -1):
        uses_layer = count >= sources
        part = np.where(uses_layer, chosen_by_layer[sources - 1][rows, remaining], 0)
        candidate = node[rows, part]
        place = np.where(t.has[part], candidate[:, None], place)
        remaining = np.where(uses_layer, remaining ^ part, remaining)

    return place

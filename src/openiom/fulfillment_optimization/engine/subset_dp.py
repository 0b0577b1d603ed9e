"""
The subset programme: one order alone, solved exactly, many orders at a time.

For every subset of an order's lines, the cheapest single node that can serve all of it; then the
cheapest way to put the served lines together from such subsets; then which lines stay open. Ties are
broken the same way always: serve more lines, then fewer parcels, then the lowest node.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from .groups import Group
from .problem import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """All subsets of one size: how each divides into a part holding its lowest line, and the rest."""

    parse_id: Ints  # (s,)
    part: Ints  # (s, t) largest part first
    rest: Ints  # (s, t)


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    size: int
    steps: tuple[Step, ...]
    has: Bools  # (2^l, l) the line is in the subset
    falling: Ints  # every subset, larger ones first


@cache
def tables(size: int) -> Tables:
    """The index tables for orders of this many lines."""
    subsets = range(1, 1 << size)
    steps = []
    for count in range(1, size + 1):
        wholes = [s for s in subsets if s.bit_count() == count]
        parts = [[t for t in range(s, 0, -1) if t & s == t and t & (s & -s)] for s in wholes]
        for row in parts:
            row.sort(key=lambda t: (-t.bit_count(), -t))
        part = np.array(parts, dtype=np.int64)
        parse_id = np.array(wholes, dtype=np.int64)
        steps.append(Step(parse_id, part, parse_id[:, None] ^ part))
    has = (np.arange(1 << size)[:, None] >> np.arange(size)) & 1 == 1
    falling = np.array(sorted(range(1 << size), key=lambda s: (-s.bit_count(), s)), dtype=np.int64)
    return Tables(size, tuple(steps), has, falling)


@dataclass(frozen=True, slots=True, eq=False)
class Best:
    """The cheapest plan of each order of a group, under the prices asked."""

    value: Floats  # (b,) cost with prices
    place: Ints  # (b, l) candidate serving each line, -1 = open


def cheapest(group: Group, parcel: Floats, serve: Floats) -> Best:
    """
    The cheapest plan of each order when opening candidate k costs `parcel` (b, k) and serving a line
    there `serve` (b, l, k); split fees, limits, penalties and open lines come from the group.
    """
    size = serve.shape[1]
    if size == 1:
        return _single(group, parcel, serve)
    t = tables(size)
    single, node = _one_node(parcel, serve, t)
    if group.layered:
        return _layered(group, single, node, t)
    b = len(single)
    joined = np.empty_like(single)
    joined[:, 0] = 0.0
    chosen = np.zeros(single.shape, dtype=np.int64)
    for step in t.steps:
        ways = single[:, step.part] + joined[:, step.rest]
        best = ways.argmin(axis=2)
        joined[:, step.parse_id] = np.take_along_axis(ways, best[:, :, None], axis=2)[:, :, 0]
        chosen[:, step.parse_id] = step.part[np.arange(len(step.parse_id)), best]
    total = joined + leftovers(group, t)
    pick = total[:, t.falling].argmin(axis=1)
    left = t.falling[pick]
    rows = np.arange(b)
    value = total[rows, left]
    place = np.full((b, size), -1, dtype=np.int64)
    for _ in range(size):
        part = chosen[rows, left]
        at = node[rows, part]
        place = np.where(t.has[part], at[:, None], place)
        left = left ^ part
        if not left.any():
            break
    return Best(value, place)


def leftovers(group: Group, t: Tables) -> Floats:
    """(b, 2^l) open lines, the refunded split fee and the penalty of a partial order, by subset served."""
    served = np.arange(1 << t.size)
    extra: Floats = group.open_cost @ (~t.has).T.astype(np.float64)
    extra[:, 1:] -= group.split[:, None]
    if group.partial.any():
        some = (served > 0) & (served < (1 << t.size) - 1)
        extra[:, some] += group.partial[:, None]
    return extra


def _single(group: Group, parcel: Floats, serve: Floats) -> Best:
    cost = parcel + serve[:, 0, :]
    place = cost.argmin(axis=1)
    rows = np.arange(len(cost))
    value = cost[rows, place] - group.split
    keep = value <= group.open_cost[:, 0]
    return Best(np.where(keep, value, group.open_cost[:, 0]), np.where(keep, place, -1)[:, None])


def _one_node(parcel: Floats, serve: Floats, t: Tables) -> tuple[Floats, Ints]:
    """(b, 2^l) the cheapest single candidate for every subset, and its place."""
    b, size, k = serve.shape
    cost = np.empty((b, 1 << size, k))
    cost[:, 0] = parcel
    for i in range(size):
        np.add(cost[:, : 1 << i], serve[:, i, None, :], out=cost[:, 1 << i : 2 << i])
    node = cost.argmin(axis=2)
    single = np.take_along_axis(cost, node[:, :, None], axis=2)[:, :, 0]
    single[:, 0] = 0.0
    return single, node


def _layered(group: Group, single: Floats, node: Ints, t: Tables) -> Best:
    """The same, counting sources: layer c holds the cheapest way with exactly c of them."""
    b, full = single.shape
    rows = np.arange(b)
    left_over = leftovers(group, t)
    layer = np.full_like(single, np.inf)
    layer[:, 0] = 0.0
    value = left_over[:, 0].copy()
    served, count = np.zeros(b, dtype=np.int64), np.zeros(b, dtype=np.int64)
    chosen = []
    for c in range(1, t.size + 1):
        before, layer = layer, np.full_like(single, np.inf)
        choice = np.zeros(single.shape, dtype=np.int64)
        for step in t.steps:
            ways = single[:, step.part] + before[:, step.rest]
            best = ways.argmin(axis=2)
            layer[:, step.parse_id] = np.take_along_axis(ways, best[:, :, None], axis=2)[:, :, 0]
            choice[:, step.parse_id] = step.part[np.arange(len(step.parse_id)), best]
        chosen.append(choice)
        total = layer + left_over + (group.extra * np.maximum(0, c - group.soft_limit))[:, None]
        pick = t.falling[total[:, t.falling].argmin(axis=1)]
        cost = total[rows, pick]
        more = t.has[pick].sum(axis=1) > t.has[served].sum(axis=1)
        better = (c <= group.limit) & ((cost < value) | ((cost == value) & more))
        value = np.where(better, cost, value)
        served, count = np.where(better, pick, served), np.where(better, c, count)
    place = np.full((b, t.size), -1, dtype=np.int64)
    for c in range(t.size, 0, -1):
        on = count >= c
        part = np.where(on, chosen[c - 1][rows, served], 0)
        at = node[rows, part]
        place = np.where(t.has[part], at[:, None], place)
        served = np.where(on, served ^ part, served)
    return Best(value, place)

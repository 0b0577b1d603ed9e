"""
What orders would give for a parcel place or a unit: how much dearer each order is without it.

An order's gain from a resource is its cheapest plan without that resource, less its cheapest plan that may use it
for nothing; everything else it pays for at the prices given. So a place that holds no more than others hold is worth
nothing to anybody, and the last unit in reach is worth a parcel, or an open line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .groups import Group
from .problem import Floats, Ints
from .subset_dp import Tables, cheapest, leftovers, tables

LEAST = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class MarginalValues:
    """One entry for each order and resource it would pay for."""

    node: Ints
    node_gain: Floats  # money of a parcel place
    cell: Ints  # node * S + sku
    cell_gain: Floats  # money a unit
    units: Ints  # asked for at once


def marginal_values(
    groups: Sequence[Group], stock_price: Floats, node_price: Floats
) -> MarginalValues:
    """Of all orders of the groups; prices are (N * S,) a unit and (N,) a parcel."""
    found = [_of_group(group, stock_price, node_price) for group in groups]
    none = (
        np.zeros(0, dtype=np.int64),
        np.zeros(0),
        np.zeros(0, dtype=np.int64),
        np.zeros(0),
        np.zeros(0, np.int64),
    )
    return MarginalValues(*(np.concatenate(column) for column in zip(none, *found, strict=True)))


def _of_group(
    group: Group, stock_price: Floats, node_price: Floats
) -> tuple[Ints, Floats, Ints, Floats, Ints]:
    place_price = node_price[group.node] * group.portion
    unit_price = stock_price[group.cell] * group.quantity[:, :, None]
    parcel, serve = group.parcel + place_price, group.serve + unit_price
    best = cheapest(group, parcel, serve)
    t = tables(serve.shape[1])
    using = _using(group, parcel, serve, t)
    with_place = using.min(axis=1) - place_price
    gain = _without(group, parcel, serve, best.place, best.value, line=None) - with_place
    here = np.isfinite(gain) & (gain > LEAST)
    cells, money, units = [], [], []
    for line in range(t.size):
        with_unit = using[:, np.flatnonzero(t.has[1:, line])].min(axis=1) - unit_price[:, line]
        more = _without(group, parcel, serve, best.place, best.value, line=line) - with_unit
        there = np.isfinite(more) & (more > LEAST)
        quantity = np.broadcast_to(group.quantity[:, line, None], there.shape)[there]
        cells.append(group.cell[:, line][there])
        money.append(more[there] / quantity)
        units.append(quantity)
    return (
        group.node[here],
        gain[here],
        np.concatenate(cells),
        np.concatenate(money),
        np.concatenate(units),
    )


def _using(group: Group, parcel: Floats, serve: Floats, t: Tables) -> Floats:
    """(b, 2^l - 1, k) the cheapest plan in which candidate k serves exactly this subset of the lines."""
    b, _, k = serve.shape
    alone = np.empty((b, 1 << t.size, k))
    alone[:, 0] = parcel
    for i in range(t.size):
        np.add(alone[:, : 1 << i], serve[:, i, None, :], out=alone[:, 1 << i : 2 << i])
    single = alone.min(axis=2)
    single[:, 0] = 0.0
    joined = np.empty_like(single)
    joined[:, 0] = 0.0
    for step in t.steps:
        joined[:, step.parse_id] = (single[:, step.part] + joined[:, step.rest]).min(axis=2)
    found: Floats = alone[:, 1:] + _rest(joined, leftovers(group, t))[:, 1:, None]
    return found


def _rest(joined: Floats, left: Floats) -> Floats:
    """(b, 2^l) the cheapest way for the lines outside a subset that is served: served by others, or open."""
    full = joined.shape[1]
    found = np.full(joined.shape, np.inf)
    for subset in range(full):
        outside = (full - 1) ^ subset
        more = outside
        while True:
            np.minimum(
                found[:, subset], joined[:, more] + left[:, subset | more], out=found[:, subset]
            )
            if not more:
                break
            more = (more - 1) & outside
    return found


def _without(
    group: Group, parcel: Floats, serve: Floats, place: Ints, value: Floats, *, line: int | None
) -> Floats:
    """(b, k) the cheapest plan without candidate k, or without it serving `line`: the best one where it does not."""
    found = np.repeat(value[:, None], parcel.shape[1], axis=1)
    for used in range(place.shape[1]) if line is None else (line,):
        at = np.flatnonzero(place[:, used] >= 0)
        if not len(at):
            continue
        rows, candidate = np.arange(len(at)), place[at, used]
        closed, closed_serve = parcel[at], serve[at]
        if line is None:
            closed[rows, candidate] = np.inf
        else:
            closed_serve[rows, line, candidate] = np.inf
        found[at, candidate] = cheapest(group.rows(at), closed, closed_serve).value
    return found

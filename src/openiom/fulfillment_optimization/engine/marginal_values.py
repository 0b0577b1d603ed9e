"""Marginal values: what each order loses without a parcel of a node or a unit of a stock cell.

The value of a resource to an order is its least cost without the resource, less its least cost when
it may use the resource for free; it pays the given prices for everything else. A resource that an
order can replace at the same cost has no value to it; the last unit in reach is worth a parcel or
an open line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .groups import OrderGroup
from .problem import Floats, Ints
from .subset_dp import Best, Tables, cheapest, leftovers, single_node_costs, tables

LEAST = 1e-6
"""Money below which a value counts as zero."""


@dataclass(frozen=True, slots=True, eq=False)
class MarginalValues:
    """One entry for each order and resource of value to it."""

    node: Ints
    node_gain: Floats  # money of a parcel
    cell: Ints  # node * S + sku
    cell_gain: Floats  # money a unit
    units: Ints  # units the order needs at once

    @classmethod
    def none(cls) -> MarginalValues:
        """Return no entries."""
        ints, floats = np.zeros(0, dtype=np.int64), np.zeros(0)
        return cls(ints, floats, ints, floats, ints)


def marginal_values(
    groups: Sequence[OrderGroup], stock_price: Floats, node_price: Floats
) -> MarginalValues:
    """Return the marginal values of all orders of the groups.

    Prices are (N * S,) money a unit and (N,) money a parcel.
    """
    parts = [MarginalValues.none()]
    for group in groups:
        parts.append(_of_group(group, stock_price, node_price))

    def all_of(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in parts])

    return MarginalValues(
        node=all_of("node"),
        node_gain=all_of("node_gain"),
        cell=all_of("cell"),
        cell_gain=all_of("cell_gain"),
        units=all_of("units"),
    )


def _of_group(group: OrderGroup, stock_price: Floats, node_price: Floats) -> MarginalValues:
    place_price = node_price[group.node] * group.portion
    unit_price = stock_price[group.cell] * group.quantity[:, :, None]
    parcel, serve = group.parcel + place_price, group.serve + unit_price
    best = cheapest(group, parcel, serve)
    t = tables(serve.shape[1])
    using = _least_cost_using(group, parcel, serve, t)

    with_node = using.min(axis=1) - place_price
    node_gain = _without_node(group, parcel, serve, best) - with_node
    of_value = np.isfinite(node_gain) & (node_gain > LEAST)

    cells: list[Ints] = []
    money: list[Floats] = []
    units: list[Ints] = []
    for line in range(t.size):
        subsets = np.flatnonzero(t.has[1:, line])
        with_unit = using[:, subsets].min(axis=1) - unit_price[:, line]
        gain = _without_line(group, parcel, serve, best, line) - with_unit
        line_of_value = np.isfinite(gain) & (gain > LEAST)
        quantity = np.broadcast_to(group.quantity[:, line, None], gain.shape)[line_of_value]
        cells.append(group.cell[:, line][line_of_value])
        money.append(gain[line_of_value] / quantity)
        units.append(quantity)

    return MarginalValues(
        node=group.node[of_value],
        node_gain=node_gain[of_value],
        cell=np.concatenate(cells),
        cell_gain=np.concatenate(money),
        units=np.concatenate(units),
    )


def _least_cost_using(group: OrderGroup, parcel: Floats, serve: Floats, t: Tables) -> Floats:
    """(b, 2^l - 1, k) least cost when candidate k serves exactly this nonempty subset."""
    alone = single_node_costs(parcel, serve)
    single = alone.min(axis=2)
    single[:, 0] = 0.0
    joined = np.empty_like(single)

    joined[:, 0] = 0.0
    for step in t.steps:
        ways = single[:, step.part] + joined[:, step.rest]
        joined[:, step.subset] = ways.min(axis=2)

    rest = _least_cost_of_rest(joined, leftovers(group, t))
    using: Floats = alone[:, 1:] + rest[:, 1:, None]
    return using


def _least_cost_of_rest(joined: Floats, left_over: Floats) -> Floats:
    """(b, 2^l) least cost of the lines outside a served subset: served by others, or open."""
    full = joined.shape[1]
    least = np.full(joined.shape, np.inf)

    for subset in range(full):
        outside = (full - 1) ^ subset
        more = outside  # runs through all subsets of `outside`, the empty one last

        while True:
            cost = joined[:, more] + left_over[:, subset | more]
            np.minimum(least[:, subset], cost, out=least[:, subset])
            if not more:
                break

            more = (more - 1) & outside

    return least


def _without_node(group: OrderGroup, parcel: Floats, serve: Floats, best: Best) -> Floats:
    """(b, k) least cost when candidate k is closed; that of `best` where it is not used."""
    least = np.repeat(best.value[:, None], parcel.shape[1], axis=1)
    for line in range(best.place.shape[1]):
        served = np.flatnonzero(best.place[:, line] >= 0)
        if not len(served):
            continue

        candidate = best.place[served, line]
        closed = parcel[served]
        closed[np.arange(len(served)), candidate] = np.inf
        least[served, candidate] = cheapest(group.rows(served), closed, serve[served]).value

    return least


def _without_line(
    group: OrderGroup, parcel: Floats, serve: Floats, best: Best, line: int
) -> Floats:
    """(b, k) least cost when candidate k may not serve `line`; that of `best` where it does not."""
    least = np.repeat(best.value[:, None], parcel.shape[1], axis=1)
    served = np.flatnonzero(best.place[:, line] >= 0)
    if len(served):
        candidate = best.place[served, line]
        closed = serve[served]
        closed[np.arange(len(served)), line, candidate] = np.inf
        least[served, candidate] = cheapest(group.rows(served), parcel[served], closed).value

    return least

"""The family of Jasin and Sinha: ten cities, five nodes, orders of up to five of twenty items.

What its description leaves open is decided here. Cities and nodes are distinct places among the
largest US cities. The kind of an order (one of five sets of each size) and its city are
independent, both with random shares. An item that no node would stock is stocked at one. Leaving a
line open costs twice what a parcel of its own from the farthest node would.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openiom.fulfillment_optimization.engine.problem import (
    Floats,
    Ints,
    SourcingProblem,
    problem_from_arrays,
)

from .osb1_family import cities, great_circle

CITIES, NODES, ITEMS = 10, 5, 20
SIZES, SETS = 5, 5
BOX, UNIT, UNIT_MILE = 8.759, 0.423, 0.000541
STOCKED, SAFETY = 0.75, 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A network; `kinds` has one order for every set of items in every city."""

    kinds: SourcingProblem
    expected: Floats  # (B,) orders of each kind
    miles: Floats  # (B, N)

    def arrivals(self, count: int, seed: int) -> Ints:
        """(count,) the kinds of the orders, in sequence of arrival."""
        share = self.expected / self.expected.sum()
        return (
            np.random.default_rng([seed, count]).choice(len(share), count, p=share).astype(np.int64)
        )


def network(*, seed: int, arrivals: int = 10_000) -> Network:
    """Return the network of this number, stocked for so many arrivals."""
    r = np.random.default_rng([seed, CITIES, NODES, ITEMS])
    where, _ = cities()
    places = where[r.permutation(len(where))[: CITIES + NODES]]
    sets = [
        r.choice(ITEMS, size, replace=False) for size in range(1, SIZES + 1) for _ in range(SETS)
    ]
    of_set, of_city = r.random(len(sets)), r.random(CITIES)
    share = np.outer(of_city / of_city.sum(), of_set / of_set.sum()).reshape(-1)
    miles = great_circle(places[:CITIES], places[CITIES:])  # (cities, nodes)
    size = np.array([len(s) for s in sets])
    line_order = np.repeat(np.arange(CITIES * len(sets)), np.tile(size, CITIES))
    line_sku = np.tile(np.concatenate(sets), CITIES)
    city_of = np.repeat(np.arange(CITIES), len(sets))
    expected = arrivals * share
    wanted = np.zeros((CITIES, ITEMS))
    np.add.at(wanted, (city_of[line_order], line_sku), expected[line_order])
    unit = (UNIT + UNIT_MILE * miles)[city_of]
    kinds = problem_from_arrays(
        line_order=line_order,
        line_sku=line_sku,
        quantity=np.ones(len(line_order), dtype=np.int64),
        stock=_stock(r, miles, wanted),
        parcel_parts={"box": BOX},
        serve_parts={"unit": unit[line_order]},
        open_cost=2 * (BOX + unit.max(axis=1)[line_order]),
    )
    return Network(kinds, expected, miles[city_of])


def _stock(r: np.random.Generator, miles: Floats, wanted: Floats) -> Ints:
    """(N, S) units: the expected demand of the nearest cities plus half a standard deviation."""
    stocked = r.random((NODES, ITEMS)) < STOCKED
    for item in np.flatnonzero(~stocked.any(axis=0)).tolist():
        stocked[r.integers(NODES), item] = True

    mean = np.zeros((NODES, ITEMS))
    for item in range(ITEMS):
        holders = np.flatnonzero(stocked[:, item])
        nearest = holders[miles[:, holders].argmin(axis=1)]
        np.add.at(mean[:, item], nearest, wanted[:, item])

    return np.ceil(mean + SAFETY * np.sqrt(mean)).astype(np.int64)

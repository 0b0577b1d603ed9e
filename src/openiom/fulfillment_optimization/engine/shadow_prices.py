"""
What one more unit on a shelf, or one more parcel of a day, would have saved.

A batch's duals say what a unit is worth at the margin, and often far too much of it: what one whole unit really saves
is another number. It is found by planning again, with the unit, the orders that could want it, while all others keep
what they have: a saving that is there for the taking, never more than planning the whole wave again would save.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .batch import solve_batch
from .costs import cost_of
from .groups import lines_of
from .perturbations import orders_alone
from .plan import Plan
from .problem import Floats, Ints, Problem
from .shares import Shares

WANTING = 100
"""Orders planned again for one unit: those that could gain most."""
SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ShadowPrice:
    """Money of one more unit of `sku` at `node`; without a SKU of one more parcel of its day."""

    node: int
    sku: int | None
    price: float  # the dual
    saving: float | None = None  # what planning again with one more saved; None where nobody looked


def shadow_prices(plan: Plan, *, least: float = 0.01, verify: int = 5) -> tuple[ShadowPrice, ...]:
    """
    The prices a batch left behind from `least` money on, dearest first; the first `verify` of stock and of parcels
    each with the saving found by planning again. Empty for plans without prices.
    """
    if plan.prices is None:
        return ()
    node, sku = np.nonzero(plan.prices.stock >= least)
    stock = [
        ShadowPrice(n, s, float(plan.prices.stock[n, s]))
        for n, s in zip(node.tolist(), sku.tolist(), strict=True)
    ]
    full = np.flatnonzero(plan.prices.node >= least).tolist()
    parcels = [ShadowPrice(n, None, float(plan.prices.node[n])) for n in full]
    found: list[ShadowPrice] = []
    for prices in (stock, parcels):
        prices.sort(key=lambda s: (-s.price, s.node, s.sku or 0))
        found += [
            replace(s, saving=saving_of_one_more(plan, s.node, s.sku)) for s in prices[:verify]
        ]
        found += prices[verify:]
    return tuple(sorted(found, key=lambda s: (-s.price, s.node, s.sku is None, s.sku or 0)))


def saving_of_one_more(plan: Plan, node: int, sku: int | None) -> float:
    """Money saved by one more unit of `sku` at `node`, or one more parcel there; never below zero."""
    orders = _wanting(plan, node, sku)
    if not len(orders):
        return 0.0
    without = orders_alone(plan, orders)
    now = cost_of(without, _shares_of(plan, orders)).total if plan.proved else _cheapest(without)
    return max(0.0, round(now - _cheapest(_with_one_more(without, node, sku)), 6))


def _shares_of(plan: Plan, orders: Ints) -> Shares:
    """What the plan gives these orders, their lines counted from the first of them."""
    p, shares = plan.problem, plan.shares
    mine = np.isin(p.line_order[shares.line], orders)
    return Shares(
        np.searchsorted(lines_of(p, orders), shares.line[mine]),
        shares.node[mine],
        shares.quantity[mine],
    )


def _with_one_more(p: Problem, node: int, sku: int | None) -> Problem:
    one = np.arange(p.nodes) == node
    if sku is None:
        return replace(p, capacity=p.capacity + one, soft_capacity=p.soft_capacity + one)
    stock = p.stock.copy()
    stock[node, sku] += 1
    return replace(p, stock=stock)


def _cheapest(problem: Problem) -> float:
    return cost_of(problem, solve_batch(problem, time_limit=SECONDS, bid_prices=None).shares).total


def _wanting(plan: Plan, node: int, sku: int | None) -> Ints:
    """
    (at most WANTING) orders, ascending: those that could be served by the unit, dearest first, then those served from
    the node now, who could make room for others.
    """
    p = plan.problem
    if p.orders <= WANTING:
        return np.arange(p.orders)
    lines = np.flatnonzero(p.eligible[:, node] & ((p.line_sku == sku) | (sku is None)))
    held = p.stock[node, p.line_sku[lines]] + (sku is not None)
    orders = np.unique(p.line_order[lines[held >= p.least[lines]]])
    now: Floats = np.sum(list(plan.cost_parts.values()), axis=0)
    ranked = orders[np.argsort(p.parcel[orders, node] - now[orders], kind="stable")]
    here = np.unique(p.line_order[plan.shares.line[plan.shares.node == node]])
    both = np.concatenate([ranked, here[~np.isin(here, ranked)]]) if len(orders) else orders
    return np.sort(both[:WANTING])

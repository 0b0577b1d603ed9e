"""Small random instances with every type of constraint, solved by brute force."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np

from openiom.fulfillment_optimization.engine import (
    Refusal,
    Shares,
    SourcingProblem,
    cost_of,
    problem_from_arrays,
    violations,
)

Rows = list[tuple[int, int, int]]


def small_instance(seed: int, orders: int = 3, nodes: int = 3, skus: int = 3) -> SourcingProblem:
    """Return an instance small enough for brute force.

    Each type of constraint appears in about a third of the instances.
    """
    r = np.random.default_rng(seed)
    sizes = r.integers(1, 4, orders)
    lines = int(sizes.sum())
    has = r.random(8) < 0.35
    line_sku = np.concatenate([r.choice(skus, k, replace=bool(has[0])) for k in sizes])
    divided = has[1]
    other = np.random.default_rng([seed, 1])
    reasons = other.integers(1, len(Refusal), (2, lines, nodes))
    # in every other instance parcels are cheap and plenty, so that splits pay off
    cheap, spare = (0.1, 3) if other.random() < 0.5 else (1.0, 0)
    members = r.random((2, nodes)) < 0.6
    return problem_from_arrays(
        line_order=np.repeat(np.arange(orders), sizes),
        line_sku=line_sku,
        quantity=r.integers(1, 4, lines) if divided else r.choice([1, 1, 2], lines),
        stock=r.integers(0, 5, (nodes, skus)) * (r.random((nodes, skus)) < 0.8),
        parcel_parts={
            "carrier": cheap * r.uniform(3, 12, (orders, nodes)),
            "packing": r.uniform(0, 1, (1, nodes)),
        },
        serve_parts={
            "weight": r.uniform(0, 3, (lines, nodes)),
            "markdown": r.uniform(-1, 0, (1, nodes)),
        },
        split_fee=r.choice([0.0, 1.5], orders),
        open_cost=r.uniform(4, 25, lines),
        capacity=r.integers(0, 4, nodes) + spare,
        used=r.integers(0, 2, nodes),
        soft_capacity=r.integers(0, 3, nodes) + spare,
        pressure=r.uniform(0, 3, nodes),
        order_refusal=np.where(r.random((orders, nodes)) < 0.2, reasons[0, :orders], 0)
        if has[2]
        else 0,
        line_refusal=np.where(r.random((lines, nodes)) < 0.2, reasons[1], 0) if has[2] else 0,
        max_nodes=r.integers(1, 3, orders) if has[3] else 9,
        preferred_nodes=r.integers(1, 3, orders) if has[4] else 9,
        extra_node_penalty=r.uniform(0, 4, orders) if has[4] else 0,
        max_line_nodes=r.integers(1, 4, lines) if divided else 1,
        preferred_line_nodes=1 if divided else 9,
        extra_line_node_penalty=r.uniform(0, 2, lines) if divided else 0,
        partial_penalty=r.choice([0.0, 3.0, np.inf], orders) if has[5] else 0,
        limit_members=members if has[6] else None,
        line_limit=r.integers(0, 4, 2) if has[6] else (),
    )


def without(p: SourcingProblem, constraint: str) -> SourcingProblem:
    """Return the instance with one type of constraint lifted."""
    plenty = 99
    free: dict[str, dict[str, object]] = {
        "stock": {"stock": p.stock + plenty},
        "capacity": {"capacity": p.capacity + plenty},
        "capacity pressure": {"pressure": 0 * p.pressure},
        "a refused order": {"order_refusal": 0 * p.order_refusal},
        "a refused line": {"line_refusal": 0 * p.line_refusal},
        "sources per order": {"max_nodes": p.max_nodes + plenty},
        "preferred sources per order": {"preferred_nodes": p.preferred_nodes + plenty},
        "preferred sources per line": {"preferred_line_nodes": p.preferred_line_nodes + plenty},
        "undivided lines": {"max_line_nodes": p.max_line_nodes + plenty},
        "restricted or dear partial orders": {
            "partial_penalty": 0 * np.nan_to_num(p.partial_penalty, posinf=0.0)
        },
        "order lines of a day": {"line_limit": p.line_limit + plenty},
    }
    return replace(p, **free[constraint])  # type: ignore[arg-type]


def ways_of_line(p: SourcingProblem, line: int) -> Iterator[Rows]:
    """Return every way to serve one line, open included."""
    quantity, limit = int(p.quantity[line]), int(p.max_line_nodes[line])
    usable = [n for n in range(p.nodes) if p.eligible[line, n]]

    for units in product(range(quantity + 1), repeat=len(usable)):
        total, used = sum(units), sum(u > 0 for u in units)
        if total > quantity or used > limit or (limit == 1 and 0 < total < quantity):
            continue

        rows = [(line, n, u) for n, u in zip(usable, units, strict=True) if u]
        if all(p.stock[n, p.line_sku[line]] >= u for _, n, u in rows):
            yield rows


def plans_of(p: SourcingProblem, order: int) -> list[tuple[float, Rows]]:
    """Return every plan of one order alone with its money (without pressure), cheapest first."""
    lines = range(int(p.start[order]), int(p.start[order + 1]))
    found = []
    for choice in product(*(list(ways_of_line(p, line)) for line in lines)):
        rows = [row for part in choice for row in part]
        shares = Shares.of(rows)
        if not violations(p, shares):
            parts = cost_of(p, shares).by_order
            found.append(
                (sum(float(v[order]) for k, v in parts.items() if k != "capacity pressure"), rows)
            )

    return sorted(found, key=lambda plan: plan[0])


def best_by_brute_force(p: SourcingProblem) -> tuple[float, Rows]:
    """Return the cost and the rows of the cheapest feasible plan."""
    plans = [plans_of(p, order) for order in range(p.orders)]
    least_costs = np.array([order_plans[0][0] for order_plans in plans])
    cheapest_rest = [float(least_costs[order:].sum()) for order in range(p.orders + 1)]
    best: tuple[float, Rows] = (np.inf, [])

    def extend(order: int, money: float, rows: Rows) -> None:
        nonlocal best
        if money + cheapest_rest[order] >= best[0]:
            return
        if order == p.orders:
            shares = Shares.of(rows)
            total = cost_of(p, shares).total
            if total < best[0] and not violations(p, shares):
                best = (total, rows)

            return

        for cost, plan in plans[order]:
            if money + cost + cheapest_rest[order + 1] >= best[0]:
                break

            extend(order + 1, money + cost, rows + plan)

    extend(0, 0.0, [])
    return best

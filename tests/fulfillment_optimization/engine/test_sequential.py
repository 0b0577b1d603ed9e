"""Real time: each order alone is solved exactly, on what the earlier ones left."""

from dataclasses import replace

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.small_instances import (
    best_by_brute_force,
    small_instance,
)

from openiom.fulfillment_optimization.engine import BidPrices, Shares, cost_of, solve, violations


def after(p, rows):
    """The problem once these shares are taken."""
    shares = Shares.of(rows)
    stock = p.stock.copy()
    np.subtract.at(stock, (shares.node, p.line_sku[shares.line]), shares.quantity)
    limit = p.line_limit - p.limit_members[:, shares.node].sum(axis=1)
    return replace(p, stock=stock, used=p.used + cost_of(p, shares).load, line_limit=limit)


@pytest.mark.parametrize("block", range(10))
def test_every_order_in_turn_gets_the_optimum_of_brute_force(block):
    for seed in range(block * 40, block * 40 + 40):
        p = small_instance(seed)
        plan = solve(p)
        assert violations(p, plan.shares) == [], seed
        left = p
        for order in range(p.orders):
            alone = left.only([order])
            first, last = p.start[order], p.start[order + 1]
            mine = (plan.shares.line >= first) & (plan.shares.line < last)
            columns = (
                plan.shares.line[mine] - first,
                plan.shares.node[mine],
                plan.shares.quantity[mine],
            )
            rows = list(zip(*(c.tolist() for c in columns), strict=True))
            best, _ = best_by_brute_force(alone)
            assert cost_of(alone, Shares.of(rows)).total == pytest.approx(best, abs=1e-6), (
                seed,
                order,
            )
            left = after(left, [(line + int(first), n, q) for line, n, q in rows])


def test_the_same_problem_gives_the_same_plan_twice():
    for seed in range(30):
        one, two = solve(small_instance(seed)), solve(small_instance(seed))
        assert one.shares.node.tolist() == two.shares.node.tolist()
        assert one.shares.line.tolist() == two.shares.line.tolist()


def test_bid_prices_of_zero_change_nothing():
    for seed in range(30):
        p = small_instance(seed)
        assert solve(p, bid_prices=BidPrices.zero(p)).cost == solve(p).cost


def test_cost_parts_add_up_to_the_cost():
    for seed in range(30):
        plan = solve(small_instance(seed))
        assert sum(part.sum() for part in plan.cost_parts.values()) == pytest.approx(plan.cost)

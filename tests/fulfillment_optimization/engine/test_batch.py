"""The batch method against brute force: feasible, proved, repeatable, never worse."""

from functools import cache

import numpy as np
import pytest
from benchmarks.osb1_family import generate
from tests.fulfillment_optimization.engine.small_instances import (
    best_by_brute_force,
    small_instance,
    without,
)

from openiom.fulfillment_optimization.engine import Refusal, problem_from_arrays, solve, violations
from openiom.fulfillment_optimization.engine.compact_mip import solve_compact
from openiom.fulfillment_optimization.engine.lagrangian import Relaxation

BLOCKS = [0, 1, *(pytest.param(block, marks=pytest.mark.slow) for block in range(2, 20))]


@cache
def plan_of_instance(seed):
    return solve(small_instance(seed), mode="batch")


@pytest.mark.parametrize("block", BLOCKS)
def test_a_batch_finds_the_optimum_of_brute_force(block):
    for seed in range(1000 + block * 52, 1000 + block * 52 + 52):
        p = small_instance(seed)
        plan = plan_of_instance(seed)
        best, _ = best_by_brute_force(p)
        assert violations(p, plan.shares) == [], seed
        assert plan.cost == pytest.approx(best, abs=1e-6), seed
        assert plan.lower_bound <= best + 1e-6, seed
        assert plan.proved, seed


CONSTRAINTS = [
    "stock",
    "capacity",
    "capacity pressure",
    "a refused order",
    "a refused line",
    "sources per order",
    "preferred sources per order",
    "preferred sources per line",
    "undivided lines",
    "restricted or dear partial orders",
    "order lines of a day",
]


IS_PRESENT = {
    "a refused order": lambda p: p.order_refusal.any(),
    "a refused line": lambda p: p.line_refusal.any(),
    "preferred sources per order": lambda p: p.extra_node_penalty.any(),
    "preferred sources per line": lambda p: p.extra_line_node_penalty.any(),
}
"""Whether there is something to lift, for the constraints that many instances do not have."""


@pytest.mark.slow
@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_every_constraint_type_decides_some_of_the_thousand_instances_and_lifting_it_never_costs(
    constraint,
):
    decided = 0
    for seed in range(1000, 2040):
        p = small_instance(seed)
        if constraint in IS_PRESENT and not IS_PRESENT[constraint](p):
            continue

        cost = plan_of_instance(seed).cost
        free = solve(without(p, constraint), mode="batch").cost
        assert free <= cost + 1e-6, seed
        decided += free < cost - 1e-6
        if decided == 3:
            return

    pytest.fail(f"only {decided} waves")


def test_every_reason_to_refuse_a_source_occurs():
    seen = {int(c) for s in range(1000, 1208) for c in small_instance(s).order_refusal.flat}
    assert seen == {int(r) for r in Refusal}


def test_the_same_problem_gives_the_same_plan_twice():
    for seed in range(40):
        one, two = (solve(small_instance(seed), mode="batch") for _ in range(2))
        assert one.shares.line.tolist() == two.shares.line.tolist()
        assert one.shares.node.tolist() == two.shares.node.tolist()
        assert one.shares.quantity.tolist() == two.shares.quantity.tolist()


def test_a_batch_of_300_orders_gives_the_same_plan_twice_and_keeps_every_limit():
    p = generate(orders=300, nodes=50, seed=1).problem
    one, two = (solve(p, mode="batch") for _ in range(2))

    assert np.array_equal(one.node, two.node)
    assert one.lower_bound == two.lower_bound
    assert violations(p, one.shares) == []
    assert one.gap <= 0.001


def test_a_batch_is_never_worse_than_real_time_even_without_time():
    for seed in range(5):
        p = generate(orders=100, nodes=50, seed=seed).problem
        assert solve(p, mode="batch", time_limit=0.0).cost <= solve(p).cost


def test_small_benchmark_instances_are_solved_and_proved():
    for seed in range(3):
        plan = solve(generate(orders=100, nodes=50, seed=seed).problem, mode="batch")
        assert plan.proved
        assert plan.gap == pytest.approx(0.0, abs=1e-8)


def test_bid_prices_of_a_batch_make_real_time_better():
    p = generate(orders=1000, nodes=50, seed=0).problem
    batch = solve(p, mode="batch")
    greedy, priced = solve(p), solve(p, bid_prices=batch.prices)

    assert (greedy.cost - batch.lower_bound) / batch.lower_bound > 0.08
    assert (priced.cost - batch.lower_bound) / batch.lower_bound < 0.03
    assert violations(p, priced.shares) == []


def long_order_instance(seed):
    """An order of ten lines among short ones, on three nodes: beyond the subset dynamic program."""
    r = np.random.default_rng(seed)
    sizes = [2, 10, 1]
    order = np.repeat(np.arange(3), sizes)
    return problem_from_arrays(
        line_order=order,
        line_sku=np.concatenate([r.permutation(12)[:k] for k in sizes]),
        quantity=r.integers(1, 3, 13),
        stock=r.integers(0, 4, (3, 12)),
        parcel_parts={"carrier": r.uniform(4, 12, (3, 3))},
        serve_parts={"picking": r.uniform(0, 3, (13, 3))},
        split_fee=1.5,
        open_cost=r.uniform(5, 20, 13),
        capacity=[2, 2, 2],
        pressure=1.0,
        max_nodes=[9, int(r.integers(1, 4)), 9],
    )


def test_orders_of_many_lines_are_solved_and_proved_too():
    for seed in range(25):
        p = long_order_instance(seed)
        plan = solve(p, mode="batch")
        everything = np.argwhere(p.eligible & (p.stock.T[p.line_sku] >= p.quantity[:, None]))
        reach = np.zeros((p.lines, p.nodes), dtype=bool)
        reach[tuple(everything.T)] = True
        exact = solve_compact(p, stock=p.stock, reach=reach)
        assert plan.cost == pytest.approx(exact.cost, abs=1e-6), seed
        assert plan.lower_bound <= exact.cost + 1e-6
        assert violations(p, plan.shares) == []


def test_the_relaxation_of_long_orders_bounds_them_from_below():
    for seed in range(25):
        p = long_order_instance(seed)
        wave = Relaxation(p)
        assert wave.price(wave.zero_prices()).bound <= solve(p, mode="batch").cost + 1e-9


def test_an_empty_problem_costs_nothing():
    p = small_instance(0).only([])
    assert solve(p).cost == 0.0
    assert solve(p, mode="batch").cost == 0.0

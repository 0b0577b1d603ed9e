"""Counterfactuals hold when the order is solved again, and fail with a step less."""

import time
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from benchmarks.osb1_family import generate
from tests.fulfillment_optimization.engine.small_instances import plans_of, small_instance
from tests.fulfillment_optimization.engine.test_plan import two_orders

from openiom.fulfillment_optimization.engine import (
    Change,
    Refusal,
    Relief,
    cost_of,
    counterfactuals,
    order_alone,
    solve,
    violations,
    with_change,
)
from openiom.fulfillment_optimization.engine.shares import Shares

STEP = {"money": 0.01}


def smaller(found):
    """Yield the counterfactual with each of its changes one step smaller."""
    for i, change in enumerate(found.changes):
        if (
            change.amount == 0
        ):  # would win as it is, were the order planned again after everybody else
            continue

        whole = change.kind in ("km", "minutes")
        less = 0.0 if whole else round(change.amount - STEP.get(change.kind, 1.0), 2)
        rest = [
            *found.changes[:i],
            *([Change(change.kind, less)] if less > 0 else []),
            *found.changes[i + 1 :],
        ]
        yield replace(found, changes=tuple(rest))


def wins(alone, found):
    """Solved by real time, as a sale would be."""
    shares = solve(with_change(alone, found)).shares
    return bool(((shares.line == found.line) & (shares.node == found.node)).any())


def gain_by_brute_force(alone, found):
    """By how much the best plan that uses the node beats the best one that does not."""
    p = with_change(alone, found)
    served, others = [], []
    for _, rows in plans_of(p, 0):
        pairs = {(line, n) for line, n, _ in rows}
        uses_node = (found.line, found.node) in pairs
        group = served if uses_node else others
        group.append(cost_of(p, Shares.of(rows)).total)

    return min(others) - min(served, default=np.inf)


def claims_of(problem, orders, each=10**6):
    plan = solve(problem)
    for order in orders:
        alone = order_alone(plan, order)
        first = int(problem.start[order])
        found = counterfactuals(plan, order)
        picked = np.random.default_rng(order).permutation(len(found))[:each]
        for i in picked.tolist():
            yield alone, replace(found[i], line=found[i].line - first)


def test_a_thousand_claims_of_the_benchmark_family_hold_when_solved_again():
    checked = 0
    for seed in range(4):
        problem = generate(orders=100, nodes=50, seed=seed).problem
        for alone, found in islice(claims_of(problem, range(100), each=4), 300):
            assert found.verified
            assert wins(alone, found), (seed, found)

            for less in smaller(found):
                assert not wins(alone, less), (seed, found)

            checked += 1

    assert checked >= 1000


@pytest.mark.parametrize(
    "block", [0, *(pytest.param(b, marks=pytest.mark.slow) for b in range(1, 8))]
)
def test_claims_under_every_constraint_type_hold_against_brute_force(block):
    checked = 0
    for seed in range(block * 12, block * 12 + 12):
        problem = small_instance(seed)
        for alone, found in claims_of(problem, range(problem.orders)):
            assert found.verified, (seed, found)
            assert gain_by_brute_force(alone, found) > -1e-6, (seed, found)

            for less in smaller(found):
                assert gain_by_brute_force(alone, less) < 1e-6, (seed, found, less)

            checked += 1

    assert checked > 100


def test_the_second_order_needs_one_more_near_unit_and_the_empty_shelf_as_well():
    found = {c.node: c for c in counterfactuals(solve(two_orders()), 1)}

    assert (found[0].changes, found[0].refusal) == (
        (Change("units", 1.0),),
        Refusal.USED_BY_OTHER_ORDERS,
    )
    assert (found[2].changes, found[2].refusal) == ((Change("units", 1.0),), Refusal.NOT_ON_HAND)
    assert all(c.verified and c.single for c in found.values())


def test_a_source_that_is_only_dearer_needs_its_distance_in_money_to_the_cent():
    (dear, empty) = counterfactuals(solve(two_orders()), 0)

    assert (dear.node, dear.kind, dear.amount) == (
        1,
        "money",
        2.71,
    )  # 10.80 against 8.10, and one cent to win
    assert (empty.node, empty.kind) == (2, "units")


def test_a_full_day_needs_one_parcel_more():
    (full, _) = counterfactuals(solve(two_orders(capacity=[0, 5, 5])), 0)
    assert (full.node, full.changes, full.refusal) == (
        0,
        (Change("capacity", 1.0),),
        Refusal.NO_CAPACITY,
    )


def test_a_source_that_is_too_far_needs_its_kilometers():
    refused = [[0, 0, Refusal.MAXIMUM_DISTANCE], [0, 0, 0]]
    plan = solve(two_orders(order_refusal=refused, stock=[[1], [9], [9]]))
    km = Relief("km", np.array([0.0, 0.0, 41.5]), Refusal.MAXIMUM_DISTANCE)
    far = next(c for c in counterfactuals(plan, 0, reliefs=[km]) if c.node == 2)

    assert (far.changes, far.refusal, far.verified) == (
        (Change("km", 41.5),),
        Refusal.MAXIMUM_DISTANCE,
        True,
    )


def test_a_source_that_loses_by_lateness_needs_its_minutes_where_these_are_enough():
    late = {"carrier": [[7.0, 6.0, 5.0]], "lateness": [[0.0, 4.0, 0.0]]}
    plan = solve(two_orders(parcel_parts=late))
    minutes = Relief("minutes", np.array([0.0, 25.0, 0.0]), saves=np.array([0.0, 4.0, 0.0]))
    found = {c.kind: c for c in counterfactuals(plan, 0, reliefs=[minutes]) if c.node == 1}

    assert (found["minutes"].amount, found["minutes"].verified) == (25.0, True)
    assert found["money"].amount == pytest.approx(3.21)


def test_a_far_and_empty_source_is_said_to_need_both():
    plan = solve(two_orders(order_refusal=[[0, 0, Refusal.INACTIVE]] * 2))
    both = next(c for c in counterfactuals(plan, 0) if c.node == 2)

    assert both.changes == (Change("constraint", 1.0), Change("units", 1.0))
    assert not both.single
    assert both.verified


def test_an_order_of_five_lines_and_200_sources_is_answered_within_a_second():
    problem = generate(orders=100, nodes=200, seed=0).problem
    order = int(np.flatnonzero(np.diff(problem.start) == 5)[0])
    plan = solve(problem)
    spent = time.process_time()
    found = counterfactuals(plan, order)

    assert time.process_time() - spent < 1.0
    assert len(found) == 5 * 200 - 5
    assert all(c.verified for c in found)
    assert violations(problem, plan.shares) == []

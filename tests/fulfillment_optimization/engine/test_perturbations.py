"""Perturbations of one order: the vectorized solver agrees with solving the changed problem."""

from dataclasses import replace

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.small_instances import small_instance

from openiom.fulfillment_optimization.engine import (
    BidPrices,
    Refusal,
    SourcingProblem,
    cost_of,
    order_alone,
    problem_from_arrays,
    solve,
)
from openiom.fulfillment_optimization.engine.perturbations import (
    Perturbation,
    PerturbationSolver,
    orders_alone,
    perturbed,
)

CHANGES: list[dict[str, float | bool]] = [
    {},
    {"money": 3.0},
    {"units": 2},
    {"capacity": 1},
    {"lift_line": True},
    {"lift_order": True},
    {"saves": 0.2},
    {"sources": 1},
    {"partial": True},
    {"forbid": True},
    {"money": 4.0, "units": 1, "capacity": 1, "lift_line": True, "lift_order": True},
]


def simple_orders() -> list[SourcingProblem]:
    """Orders that the subset dynamic program covers."""
    found: list[SourcingProblem] = []
    for seed in range(120):
        plan = solve(small_instance(seed))
        for order in range(plan.problem.orders):
            alone = order_alone(plan, order)
            if PerturbationSolver(alone, None).simple:
                found.append(alone)

    return found


ORDERS = simple_orders()[:40]


def test_many_orders_of_the_small_instances_are_simple() -> None:
    assert len(ORDERS) == 40


@pytest.mark.parametrize("fields", CHANGES)
def test_all_perturbations_at_once_give_what_each_alone_gives(fields: dict[str, float]) -> None:
    for alone in ORDERS:
        changes = [
            Perturbation(line, node, **fields)  # type: ignore[arg-type]
            for line in range(alone.lines)
            for node in range(alone.nodes)
        ]
        outcomes = PerturbationSolver(alone, None).solve(changes)

        for i, change in enumerate(changes):
            problem = perturbed(alone, change)
            # pressure is a price here: the cost of the order with what it adds to each node
            best = solve(problem)
            pressed = problem.soft_capacity - problem.used <= 0
            added = problem.pressure * pressed
            expected = cost_of(problem, best.shares).total
            nodes = np.unique(best.shares.node)
            parts = best.cost_parts["capacity pressure"].sum()
            expected += float(added[nodes].sum()) - float(parts)
            assert outcomes.value[i] == pytest.approx(expected, abs=1e-6), (i, fields)


def small_order(**changes: object) -> SourcingProblem:
    arrays: dict[str, object] = {
        "line_order": [0],
        "line_sku": [0],
        "quantity": [2],
        "stock": [[2], [1]],
        "parcel_parts": {"carrier": [[5.0, 3.0]]},
        "serve_parts": {"picking": 1.0},
        "open_cost": 30.0,
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def outcome(
    p: SourcingProblem, prices: BidPrices | None = None, **fields: float | bool
) -> tuple[float, int]:
    change = Perturbation(0, 1, **fields)  # type: ignore[arg-type]
    found = PerturbationSolver(p, prices).solve([change])
    return float(found.value[0]), int(found.units[0])


def test_a_missing_unit_makes_the_near_source_win() -> None:
    assert outcome(small_order()) == (6.0, 0)
    assert outcome(small_order(), units=1) == (4.0, 2)


def test_a_full_source_needs_a_parcel() -> None:
    full = small_order(stock=[[2], [2]], capacity=[9, 4], used=[0, 4])
    assert outcome(full) == (6.0, 0)
    assert outcome(full, capacity=1) == (4.0, 2)


def test_refusals_are_lifted_one_by_one() -> None:
    refused = small_order(
        stock=[[2], [2]],
        line_refusal=[[0, Refusal.DECLINED]],
        order_refusal=[[0, Refusal.INACTIVE]],
    )
    assert outcome(refused, lift_line=True) == (6.0, 0)
    assert outcome(refused, lift_order=True) == (6.0, 0)
    assert outcome(refused, lift_line=True, lift_order=True) == (4.0, 2)


def test_bid_prices_are_paid_for_units_and_parcels() -> None:
    p = small_order(stock=[[2], [2]])
    prices = BidPrices(np.array([[0.0], [1.5]]), np.array([0.0, 0.5]))
    assert outcome(p, prices) == (6.0, 0)
    assert outcome(p, prices, money=2.0) == (5.5, 2)
    assert outcome(p, prices, saves=1.0)[1] == 0
    assert outcome(p, prices, saves=2.0)[1] == 2


def test_a_divisible_line_is_solved_one_by_one() -> None:
    p = small_order(max_line_nodes=2, split_fee=0.0, parcel_parts={"carrier": [[5.0, 3.0]]})
    solver = PerturbationSolver(p, None)
    assert not solver.simple
    found = solver.solve([Perturbation(0, 1), Perturbation(0, 1, units=1)])
    assert found.value.tolist() == pytest.approx([6.0, 4.0])
    assert found.units.tolist() == [0, 2]


@pytest.mark.parametrize(
    "changes",
    [
        {"max_line_nodes": 2},
        {"line_order": [0, 0], "line_sku": [0, 0], "quantity": [1, 1]},
        {"limit_members": [[True, False]], "line_limit": [5]},
        {
            "line_order": [0] * 9,
            "line_sku": range(9),
            "quantity": [1] * 9,
            "stock": np.ones((2, 9)),
        },
    ],
)
def test_orders_beyond_the_subset_program_are_recognized(changes: dict[str, object]) -> None:
    assert not PerturbationSolver(small_order(**changes), None).simple
    assert PerturbationSolver(small_order(), None).simple


def test_counted_order_lines_can_be_added() -> None:
    p = small_order(stock=[[2], [2]], limit_members=[[False, True]], line_limit=[0])
    assert outcome(p) == (6.0, 0)
    assert outcome(p, lines=1) == (4.0, 2)


def test_no_perturbations_have_no_outcomes() -> None:
    found = PerturbationSolver(small_order(), None).solve([])
    assert len(found.value) == len(found.units) == 0


def test_an_order_alone_finds_what_the_others_left_and_what_it_had() -> None:
    p = problem_from_arrays(
        line_order=[0, 1],
        line_sku=[0, 0],
        quantity=[2, 1],
        stock=[[3], [3]],
        parcel_parts={"carrier": [[1.0, 9.0]]},
        serve_parts={"picking": 0.0},
        open_cost=30.0,
        capacity=[5, 5],
        used=[1, 0],
        limit_members=[[True, False]],
        line_limit=[4],
    )
    plan = solve(p)
    assert plan.node.tolist() == [0, 0]
    second = order_alone(plan, 1)
    assert second.stock.tolist() == [[1], [3]]
    assert second.used.tolist() == [2, 0]
    assert second.line_limit.tolist() == [3]
    both = orders_alone(plan, np.array([0, 1]))
    assert both.stock.tolist() == [[3], [3]]
    assert both.used.tolist() == [1, 0]
    assert both.line_limit.tolist() == [4]


def test_a_perturbed_problem_leaves_the_original_alone() -> None:
    p = small_order()
    before = replace(p)
    changed = perturbed(p, Perturbation(0, 1, units=5, capacity=1, money=2.0, forbid=True))
    assert changed.stock.tolist() == [[2], [6]]
    assert changed.serve.tolist() == [[1.0, -1.0]]
    assert not changed.eligible[0, 1]
    assert p.stock.tolist() == before.stock.tolist() == [[2], [1]]
    assert p.serve.tolist() == [[1.0, 1.0]]

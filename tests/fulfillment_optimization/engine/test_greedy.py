"""Large orders: a plan in seconds, close to the exact one, and never beyond stock or limits."""

from time import monotonic

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.small_instances import small_instance

from openiom.fulfillment_optimization.engine import (
    FeasiblePlan,
    Shares,
    SourcingProblem,
    problem_from_arrays,
    solve,
    violations,
)
from openiom.fulfillment_optimization.engine.greedy import greedy_rows, money_of
from openiom.fulfillment_optimization.engine.sequential import order_seconds


def large_order(lines: int, nodes: int, *, divided: bool = False) -> SourcingProblem:
    """Return one order whose lines are scattered over the nodes."""
    r = np.random.default_rng(1)
    return problem_from_arrays(
        line_order=np.zeros(lines, dtype=np.int64),
        line_sku=np.arange(lines),
        quantity=r.integers(1, 5, lines),
        stock=r.integers(0, 6, (nodes, lines)) * (r.random((nodes, lines)) < 0.6),
        parcel_parts={"carrier": r.uniform(4, 12, (1, nodes))},
        serve_parts={"weight": r.uniform(0, 3, (lines, nodes))},
        split_fee=1.5,
        open_cost=r.uniform(10, 25, lines),
        preferred_nodes=2,
        extra_node_penalty=3.0,
        max_line_nodes=3 if divided else 1,
    )


def greedy(problem: SourcingProblem) -> tuple[Shares, float]:
    """Return the greedy plan of a problem of one order, and what it costs."""
    no_price = np.zeros(problem.nodes)
    whole = problem.eligible & (problem.stock.T[problem.line_sku] >= problem.quantity[:, None])
    rows = greedy_rows(problem, whole=whole, node_price=no_price, stock_price=None)
    return Shares.of(rows), money_of(problem, rows, node_price=no_price, stock_price=None)


def test_a_greedy_plan_is_feasible_and_close_to_the_exact_one() -> None:
    problem = large_order(300, 6)
    shares, money = greedy(problem)
    exact = solve(problem).costs.total

    assert violations(problem, shares) == []
    assert money == pytest.approx(FeasiblePlan(problem=problem, shares=shares).costs.total)
    assert exact - 1e-6 <= money <= 1.02 * exact


def test_a_greedy_plan_that_breaks_no_limit_never_costs_less_than_the_best_one() -> None:
    """Capacity, counted lines and a repeated SKU are checked by the solver."""
    compared = 0
    for seed in range(60):
        problem = small_instance(seed, orders=1)
        shares, money = greedy(problem)
        if violations(problem, shares):
            continue

        compared += 1
        charged = FeasiblePlan(problem=problem, shares=shares).costs.total
        assert charged >= money - 1e-6
        assert charged >= solve(problem).costs.total - 1e-6

    assert compared >= 20


def test_an_order_that_no_node_can_serve_is_left_open() -> None:
    problem = large_order(5, 2)
    none = np.zeros((5, 2), dtype=bool)

    rows = greedy_rows(problem, whole=none, node_price=np.zeros(2), stock_price=None)

    assert rows == []
    assert money_of(problem, [], node_price=np.zeros(2), stock_price=None) == pytest.approx(
        problem.open_cost.sum()
    )


def test_prices_of_stock_and_nodes_count() -> None:
    problem = large_order(50, 3)
    whole = problem.stock.T[problem.line_sku] >= problem.quantity[:, None]
    dear = np.full(problem.stock.shape, 100.0)

    rows = greedy_rows(problem, whole=whole, node_price=np.zeros(3), stock_price=dear)

    assert rows == []


@pytest.mark.parametrize(
    ("lines", "seconds"), [(1, 2.004), (500, 4.0), (2_000, 10.0), (100_000, 10.0)]
)
def test_the_time_of_an_order_grows_with_its_lines_up_to_a_limit(
    lines: int, seconds: float
) -> None:
    assert order_seconds(lines) == seconds


def test_an_order_whose_time_is_up_has_a_good_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    """The exact plan of this order takes half a minute."""
    monkeypatch.setattr(
        "openiom.fulfillment_optimization.engine.sequential.order_seconds", lambda lines: 0.1
    )
    problem = large_order(2_000, 8, divided=True)
    started = monotonic()
    plan = solve(problem)

    assert monotonic() - started < 30
    assert violations(problem, plan.shares) == []
    assert plan.costs.total <= greedy(problem)[1] + 1e-6

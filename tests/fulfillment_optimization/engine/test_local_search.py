"""Local search removes each order and reinserts it at its least true cost."""

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.judge import violated
from tests.fulfillment_optimization.engine.small_instances import small_instance

from openiom.fulfillment_optimization.engine import (
    Shares,
    SourcingProblem,
    cost_of,
    problem_from_arrays,
    solve,
)
from openiom.fulfillment_optimization.engine.local_search import improve

Rows = list[tuple[int, int, int]]


def two_orders(**changes: object) -> SourcingProblem:
    """Two orders of one unit; node 0 costs 1, node 1 costs 3 for order 0 and 6 for order 1."""
    arrays: dict[str, object] = {
        "line_order": [0, 1],
        "line_sku": [0, 0],
        "quantity": 1,
        "stock": [[1], [9]],
        "parcel_parts": {"carrier": [[1.0, 3.0], [1.0, 6.0]]},
        "serve_parts": {},
        "open_cost": 20.0,
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def improved(p: SourcingProblem, rows: Rows, passes: int = 1) -> Rows:
    return improve(p, Shares.of(rows), passes=passes).rows()


def test_open_orders_are_served_from_what_is_left() -> None:
    assert improved(two_orders(), []) == [(0, 0, 1), (1, 1, 1)]
    assert improved(two_orders(stock=[[0], [1]]), []) == [(0, 1, 1)]


def test_an_order_moves_to_a_cheaper_node_with_stock() -> None:
    assert improved(two_orders(), [(0, 1, 1), (1, 1, 1)]) == [(0, 0, 1), (1, 1, 1)]
    assert improved(two_orders(stock=[[2], [9]]), [(0, 1, 1), (1, 1, 1)]) == [
        (0, 0, 1),
        (1, 0, 1),
    ]


def test_orders_do_not_swap_in_one_move() -> None:
    """The unit is worth 5 to order 1 and 2 to order 0, which has it and keeps it."""
    assert improved(two_orders(), [(0, 0, 1), (1, 1, 1)], passes=3) == [(0, 0, 1), (1, 1, 1)]


def test_a_second_pass_uses_what_the_first_one_released() -> None:
    """Order 0 moves to the empty node 2 only after it was order 1's turn to find node 0."""
    p = two_orders(
        stock=[[1], [1], [1]],
        parcel_parts={"carrier": [[9.0, 5.0, 20.0], [1.0, 6.0, 20.0]]},
        open_cost=30.0,
    )
    start = [(0, 0, 1), (1, 1, 1)]
    assert improved(p, start) == [(0, 0, 1), (1, 1, 1)]
    swapped = [(0, 2, 1), (1, 1, 1)]
    assert improved(p, swapped) == [(0, 0, 1), (1, 1, 1)]
    waiting = [(0, 2, 1), (1, 0, 1)]
    assert improved(p, waiting) == [(0, 1, 1), (1, 0, 1)]


def test_a_plan_of_equal_cost_is_kept() -> None:
    p = two_orders(parcel_parts={"carrier": 2.0}, stock=[[9], [9]])
    assert improved(p, [(0, 1, 1), (1, 0, 1)]) == [(0, 1, 1), (1, 0, 1)]


def test_an_order_that_costs_more_served_than_open_is_left_open() -> None:
    p = two_orders(open_cost=0.5)
    assert improved(p, [(0, 0, 1), (1, 1, 1)]) == []


@pytest.mark.parametrize(("pressure", "node"), [(1.0, 0), (1.9, 0), (2.1, 1), (5.0, 1)])
def test_the_pressure_of_a_parcel_counts_when_orders_are_compared(
    pressure: float, node: int
) -> None:
    """The second parcel of node 0 is pressed; order 0 costs 2 more at node 1, order 1 costs 5."""
    p = two_orders(stock=[[9], [9]], capacity=9, soft_capacity=[1, 9], pressure=pressure)
    assert improved(p, [(0, 0, 1), (1, 0, 1)]) == [(0, node, 1), (1, 0, 1)]


def test_a_full_node_can_keep_the_order_it_serves() -> None:
    p = two_orders(stock=[[9], [9]], capacity=[1, 9], soft_capacity=[1, 9])
    assert improved(p, [(0, 0, 1)]) == [(0, 0, 1), (1, 1, 1)]
    assert improved(p, [(1, 0, 1)]) == [(0, 1, 1), (1, 0, 1)]


def test_counted_order_lines_are_returned_and_counted_once_more() -> None:
    p = two_orders(stock=[[9], [9]], limit_members=[[True, False]], line_limit=[1])
    assert improved(p, [(0, 0, 1), (1, 1, 1)]) == [(0, 0, 1), (1, 1, 1)]
    assert improved(p, [(0, 1, 1), (1, 1, 1)]) == [(0, 0, 1), (1, 1, 1)]
    assert improved(p, [(0, 1, 1), (1, 0, 1)]) == [(0, 1, 1), (1, 0, 1)]


def test_a_divided_line_is_put_together_when_a_node_has_all_of_it() -> None:
    p = two_orders(
        quantity=[3, 1], stock=[[3], [9]], max_line_nodes=3, split_fee=1.0, open_cost=[30.0, 20.0]
    )
    assert improved(p, [(0, 0, 2), (0, 1, 1), (1, 1, 1)]) == [(0, 0, 3), (1, 1, 1)]


@pytest.mark.parametrize("seed", range(60))
def test_no_plan_is_made_worse_or_infeasible_and_passes_are_repeatable(seed: int) -> None:
    p = small_instance(seed)
    start = solve(p).shares
    r = np.random.default_rng(seed)
    # some orders are thrown out of the plan, so that there is something to improve
    dropped = np.flatnonzero(r.random(p.orders) < 0.5)
    kept = ~np.isin(p.line_order[start.line], dropped)
    partial = Shares(start.line[kept], start.node[kept], start.quantity[kept])
    one, two = improve(p, partial), improve(p, partial, passes=2)
    assert violated(p, one.rows()) == violated(p, two.rows()) == set()
    costs = [cost_of(p, shares).total for shares in (two, one, partial)]
    assert costs[0] <= costs[1] + 1e-9
    assert costs[1] <= costs[2] + 1e-9
    assert improve(p, partial).rows() == one.rows()

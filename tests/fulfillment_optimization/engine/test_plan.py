"""A plan explains itself: every source with its money, or the constraint that refused it."""

import pytest

from openiom.fulfillment_optimization.engine import (
    ProblemInvalid,
    Refusal,
    problem_from_arrays,
    solve,
)
from openiom.kernel import Invalid


def two_orders(**changes):
    """Two orders of one line for the last unit at node 0; node 1 has plenty and is dearer."""
    given = dict(
        line_order=[0, 1],
        line_sku=[0, 0],
        quantity=[1, 1],
        stock=[[1], [9], [0]],
        parcel_parts={"carrier": [[7.0, 9.0, 5.0]], "packing": [[0.5, 1.0, 0.5]]},
        serve_parts={"picking": [[0.6, 0.8, 0.6]]},
        open_cost=40.0,
        capacity=[5, 5, 5],
    )
    return problem_from_arrays(**(given | changes))


def test_the_first_order_takes_the_last_near_unit_and_the_second_is_told_so():
    plan = solve(two_orders())

    assert plan.node.tolist() == [0, 1]
    assert plan.cost == pytest.approx(7.0 + 0.5 + 0.6 + 9.0 + 1.0 + 0.8)
    chosen, taken, empty = plan.explain(1).lines[0].candidates
    assert (chosen.node, chosen.quantity, chosen.refusal, chosen.left) == (1, 1, Refusal.NONE, 8)
    assert (taken.node, taken.refusal, taken.cost) == (2, Refusal.NOT_ON_HAND, pytest.approx(6.1))
    assert (empty.node, empty.refusal) == (0, Refusal.USED_BY_OTHER_ORDERS)
    assert taken.parcel == {"carrier": 5.0, "packing": 0.5}


def test_a_refusing_constraint_is_named_before_the_empty_shelf():
    plan = solve(two_orders(order_refusal=[[0, 0, Refusal.MAXIMUM_DISTANCE]] * 2))

    refused = {c.node: c.refusal for c in plan.explain(0).lines[0].candidates}
    assert refused == {0: Refusal.NONE, 1: Refusal.NONE, 2: Refusal.MAXIMUM_DISTANCE}


def test_a_full_source_is_named():
    plan = solve(two_orders(capacity=[0, 5, 5]))

    assert plan.node.tolist() == [1, 1]
    assert {c.node: c.refusal for c in plan.explain(0).lines[0].candidates}[
        0
    ] is Refusal.NO_CAPACITY


def test_daily_order_lines_run_out():
    plan = solve(two_orders(stock=[[9], [9], [0]], limit_members=[[1, 0, 0]], line_limit=[1]))

    assert plan.node.tolist() == [0, 1]
    assert {c.node: c.refusal for c in plan.explain(1).lines[0].candidates}[
        0
    ] is Refusal.MAXIMUM_ORDER_LINES


def test_cost_parts_of_an_order_are_kept_apart():
    plan = solve(
        two_orders(
            line_order=[0, 0], line_sku=[0, 1], stock=[[1, 0], [0, 1], [0, 0]], split_fee=1.5
        )
    )

    parts = plan.explain(0).cost
    assert parts["carrier"] == 16.0
    assert parts["split"] == 1.5
    assert parts["packing"] == 1.5
    assert parts["picking"] == pytest.approx(1.4)
    assert parts["open"] == 0.0


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"line_order": [1, 0]}, "line_order"),
        ({"line_sku": [0, 3]}, "line_sku"),
        ({"quantity": [1, 0]}, "quantity"),
        ({"stock": [[1], [-9], [0]]}, "stock"),
        ({"max_nodes": [1, 0]}, "max_nodes"),
        ({"open_cost": float("inf")}, "open_cost"),
        ({"serve_parts": {"picking": [[0.6, float("nan"), 0.6]]}}, "picking"),
        ({"extra_node_penalty": -1.0}, "extra_node_penalty"),
        ({"parcel_parts": {"credit": -3.0}}, "parcel_parts"),
        ({"capacity": [1, 2]}, "capacity"),
    ],
)
def test_a_contradictory_problem_is_refused_by_name(changes, says):
    with pytest.raises(ProblemInvalid) as refused:
        two_orders(**changes)
    assert isinstance(refused.value, Invalid)
    assert (refused.value.status, refused.value.where) == (422, says)

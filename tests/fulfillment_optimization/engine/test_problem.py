"""Problems are completed, checked and cut down to some of their orders."""

import numpy as np
import pytest

from openiom.fulfillment_optimization.engine import (
    UNLIMITED,
    ProblemInvalid,
    SourcingProblem,
    problem_from_arrays,
)

ARRAYS: dict[str, object] = {
    "line_order": [0, 1, 1],
    "line_sku": [0, 1, 0],
    "quantity": [2, 1, 3],
    "stock": [[3, 4], [2, 5]],
    "parcel_parts": {"carrier": [[5.0, 7.0], [6.0, 8.0]], "packing": 0.5},
    "serve_parts": {"picking": [[1.0], [2.0], [3.0]]},
    "open_cost": 10.0,
}


def make(**changes: object) -> SourcingProblem:
    return problem_from_arrays(**(ARRAYS | changes))  # type: ignore[arg-type]


def test_scalars_spread_and_defaults_limit_nothing() -> None:
    p = make()
    assert (p.orders, p.lines, p.nodes, p.skus) == (2, 3, 2, 2)
    assert p.open_cost.tolist() == [10.0] * 3
    assert p.capacity.tolist() == p.soft_capacity.tolist() == [UNLIMITED] * 2
    assert p.max_nodes.tolist() == [UNLIMITED] * 2
    assert p.max_line_nodes.tolist() == [1] * 3
    assert p.line_limit.tolist() == []
    assert p.limit_members.shape == (0, 2)
    assert p.eligible.all()


def test_parts_add_up_at_their_full_shape() -> None:
    p = make()
    assert p.parcel.tolist() == [[5.5, 7.5], [6.5, 8.5]]
    assert p.serve.tolist() == [[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]
    assert p.start.tolist() == [0, 1, 3]


def test_pressure_begins_at_four_fifths_of_a_day_unless_stated() -> None:
    assert make(capacity=[10, 7]).soft_capacity.tolist() == [8, 5]
    assert make(capacity=[10, 7], soft_capacity=[3, 7]).soft_capacity.tolist() == [3, 7]


def test_orders_without_lines_count_when_their_number_is_given() -> None:
    p = make(orders=3, parcel_parts={"carrier": 1.0})
    assert p.orders == 3
    assert p.start.tolist() == [0, 1, 3, 3]


def test_a_divisible_line_needs_one_unit_of_a_node_and_another_one_all() -> None:
    assert make(max_line_nodes=[1, 1, 2]).least.tolist() == [2, 1, 1]


def test_the_problem_of_some_orders_has_their_rows_only() -> None:
    p = make(split_fee=[1.0, 2.0], line_refusal=[[0, 0], [0, 5], [0, 0]])
    one = p.only([1])
    assert (one.orders, one.lines) == (1, 2)
    assert one.line_order.tolist() == [0, 0]
    assert one.quantity.tolist() == [1, 3]
    assert one.parcel.tolist() == [[6.5, 8.5]]
    assert one.serve.tolist() == [[2.0, 2.0], [3.0, 3.0]]
    assert one.split_fee.tolist() == [2.0]
    assert one.line_refusal.tolist() == [[0, 5], [0, 0]]


def test_orders_may_be_reordered_and_repeated() -> None:
    twice = make().only([1, 0, 1])
    assert twice.line_order.tolist() == [0, 0, 1, 2, 2]
    assert twice.line_sku.tolist() == [1, 0, 0, 1, 0]
    assert twice.parcel[:, 0].tolist() == [6.5, 5.5, 6.5]


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"line_order": [1, 0, 1]}, "line_order"),
        ({"line_order": [-1, 0, 1]}, "line_order"),
        ({"line_order": [0, 1, 2], "orders": 2}, "line_order"),
        ({"line_sku": [0, 2, 0]}, "line_sku"),
        ({"line_sku": [0, -1, 0]}, "line_sku"),
        ({"quantity": [2, 0, 3]}, "quantity"),
        ({"stock": [3, 4]}, "stock"),
        ({"stock": [[3, 4], [-1, 5]]}, "stock"),
        ({"capacity": [1, 2, 3]}, "capacity"),
        ({"max_nodes": 0}, "max_nodes"),
        ({"preferred_nodes": 0}, "preferred_nodes"),
        ({"max_line_nodes": [1, 0, 1]}, "max_line_nodes"),
        ({"preferred_line_nodes": 0}, "preferred_line_nodes"),
        ({"pressure": -1.0}, "pressure"),
        ({"extra_node_penalty": -1.0}, "extra_node_penalty"),
        ({"extra_line_node_penalty": -1.0}, "extra_line_node_penalty"),
        ({"partial_penalty": -1.0}, "partial_penalty"),
        ({"partial_penalty": np.nan}, "partial_penalty"),
        ({"open_cost": np.inf}, "open_cost"),
        ({"split_fee": np.nan}, "split_fee"),
        ({"parcel_parts": {"carrier": np.inf}}, "carrier"),
        ({"serve_parts": {"picking": np.inf}}, "picking"),
        ({"parcel_parts": {"carrier": [1.0, 2.0, 3.0]}}, "carrier"),
        ({"serve_parts": {"picking": np.ones((2, 2))}}, "picking"),
        ({"parcel_parts": {"carrier": -2.0}, "split_fee": 1.0}, "parcel_parts"),
    ],
)
def test_contradictory_arrays_are_refused_by_name(changes: dict[str, object], where: str) -> None:
    with pytest.raises(ProblemInvalid) as refused:
        make(**changes)
    assert refused.value.where == where


def test_a_rebate_on_a_refused_node_is_no_contradiction() -> None:
    p = make(parcel_parts={"carrier": [[-2.0, 1.0]]}, order_refusal=[[1, 0], [1, 0]])
    assert p.parcel.min() == -2.0
    assert make(parcel_parts={"carrier": -2.0}, split_fee=2.0).orders == 2

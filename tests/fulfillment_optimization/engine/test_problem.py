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
    assert twice.quantity.tolist() == [1, 3, 2, 1, 3]
    assert twice.start.tolist() == [0, 2, 3, 5]
    assert twice.parcel[:, 0].tolist() == [6.5, 5.5, 6.5]
    assert twice.serve[:, 0].tolist() == [2.0, 3.0, 1.0, 2.0, 3.0]


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


def test_every_default_of_a_problem_limits_or_costs_nothing() -> None:
    p = make()
    assert p.used.tolist() == [0, 0]
    assert p.pressure.tolist() == [0.0, 0.0]
    assert p.split_fee.tolist() == [0.0, 0.0]
    assert p.preferred_nodes.tolist() == [UNLIMITED] * 2
    assert p.extra_node_penalty.tolist() == [0.0] * 2
    assert p.preferred_line_nodes.tolist() == [UNLIMITED] * 3
    assert p.extra_line_node_penalty.tolist() == [0.0] * 3
    assert p.partial_penalty.tolist() == [0.0] * 2
    assert p.order_refusal.tolist() == [[0, 0]] * 2
    assert p.line_refusal.tolist() == [[0, 0]] * 3
    assert p.names == {}


def test_arrays_have_the_types_the_engine_computes_with() -> None:
    p = make(capacity=[3, 4], limit_members=[[1, 0]], line_limit=[2])
    whole = (p.line_order, p.line_sku, p.quantity, p.stock, p.capacity, p.line_limit, p.least)
    assert {array.dtype for array in whole} == {np.dtype(np.int64)}
    money = (p.open_cost, p.split_fee, p.parcel, p.serve, p.pressure, p.partial_penalty)
    assert {array.dtype for array in money} == {np.dtype(np.float64)}
    assert p.order_refusal.dtype == p.line_refusal.dtype == np.uint8
    assert p.limit_members.dtype == np.bool_


def test_parts_of_cost_are_kept_small_and_spread_on_use() -> None:
    p = make(parcel_parts={"by node": [[1.0, 2.0]], "by order": [[10.0], [20.0]], "each": 100})
    assert p.parcel_parts["by node"].shape == (1, 2)
    assert p.parcel_parts["each"].shape == ()
    assert p.parcel.tolist() == [[111.0, 112.0], [121.0, 122.0]]
    assert make(serve_parts={}).serve.tolist() == [[0.0, 0.0]] * 3


def test_sums_of_parts_do_not_change_the_parts() -> None:
    p = make()
    assert p.parcel is p.parcel
    assert p.parcel_parts["carrier"].tolist() == [[5.0, 7.0], [6.0, 8.0]]


@pytest.mark.parametrize(
    ("capacity", "soft"),
    [(0, 0), (1, 0), (4, 3), (5, 4), (100, 80), (UNLIMITED - 1, (UNLIMITED - 1) * 80 // 100)],
)
def test_the_usual_soft_capacity_is_rounded_down(capacity: int, soft: int) -> None:
    assert make(capacity=capacity).soft_capacity.tolist() == [soft, soft]


def test_a_node_without_a_capacity_is_never_pressed() -> None:
    p = make(capacity=[10, UNLIMITED])
    assert p.soft_capacity.tolist() == [8, UNLIMITED]
    assert make(capacity=UNLIMITED + 5).soft_capacity.tolist() == [UNLIMITED + 5] * 2


def test_a_pair_is_eligible_unless_the_line_or_the_order_refuses_the_node() -> None:
    p = make(
        order_refusal=[[0, 0], [0, 7]],
        line_refusal=[[2, 0], [0, 0], [1, 0]],
        stock=[[0, 0], [0, 0]],
    )
    assert p.eligible.tolist() == [[False, True], [True, False], [False, False]]


@pytest.mark.parametrize("sources", [1, 2, 9])
def test_only_lines_of_one_source_must_find_all_units_at_once(sources: int) -> None:
    least = make(max_line_nodes=sources).least.tolist()
    assert least == ([2, 1, 3] if sources == 1 else [1, 1, 1])


def test_some_orders_keep_their_lines_costs_limits_and_refusals() -> None:
    p = make(
        split_fee=[1.0, 2.0],
        open_cost=[10.0, 20.0, 30.0],
        order_refusal=[[0, 3], [5, 0]],
        line_refusal=[[0, 0], [0, 6], [8, 0]],
        max_nodes=[1, 2],
        preferred_nodes=[3, 4],
        extra_node_penalty=[0.5, 0.6],
        max_line_nodes=[1, 2, 3],
        preferred_line_nodes=[4, 5, 6],
        extra_line_node_penalty=[0.1, 0.2, 0.3],
        partial_penalty=[7.0, 8.0],
        capacity=[5, 6],
        limit_members=[[True, False]],
        line_limit=[9],
    )
    one = p.only([1])
    assert (one.orders, one.lines) == (1, 2)
    assert one.line_order.tolist() == [0, 0]
    assert one.line_sku.tolist() == [1, 0]
    assert one.quantity.tolist() == [1, 3]
    assert one.parcel.tolist() == [[6.5, 8.5]]
    assert one.serve.tolist() == [[2.0, 2.0], [3.0, 3.0]]
    assert one.split_fee.tolist() == [2.0]
    assert one.open_cost.tolist() == [20.0, 30.0]
    assert one.order_refusal.tolist() == [[5, 0]]
    assert one.line_refusal.tolist() == [[0, 6], [8, 0]]
    assert (one.max_nodes.tolist(), one.preferred_nodes.tolist()) == ([2], [4])
    assert one.extra_node_penalty.tolist() == [0.6]
    assert one.max_line_nodes.tolist() == [2, 3]
    assert one.preferred_line_nodes.tolist() == [5, 6]
    assert one.extra_line_node_penalty.tolist() == [0.2, 0.3]
    assert one.partial_penalty.tolist() == [8.0]
    assert one.stock.tolist() == p.stock.tolist()
    assert one.capacity.tolist() == [5, 6]
    assert one.line_limit.tolist() == [9]


def test_parts_that_are_the_same_for_all_orders_are_not_copied() -> None:
    p = make(parcel_parts={"carrier": [[5.0, 7.0]], "order": [[1.0], [2.0]]})
    one = p.only([1])
    assert one.parcel_parts["carrier"] is p.parcel_parts["carrier"]
    assert one.parcel_parts["order"].tolist() == [[2.0]]
    single = make(line_order=[0, 0, 0], parcel_parts={"carrier": [[5.0, 7.0]]})
    assert single.only([0, 0]).parcel.tolist() == [[5.0, 7.0]] * 2


def test_names_of_orders_and_lines_do_not_outlive_a_selection_of_orders() -> None:
    p = make(names={"nodes": ("A", "B"), "skus": ("x", "y"), "orders": ("1", "2")})
    assert p.only([0]).names == {"nodes": ("A", "B"), "skus": ("x", "y")}
    assert make(names={"nodes": ("A", "B")}).only([0]).names == {"nodes": ("A", "B")}


def test_no_orders_are_a_problem_without_lines() -> None:
    none = make().only([])
    assert (none.orders, none.lines, none.nodes, none.skus) == (0, 0, 2, 2)
    assert none.start.tolist() == [0]
    empty = make(line_order=[], line_sku=[], quantity=[], parcel_parts={}, serve_parts={})
    assert (empty.orders, empty.lines) == (0, 0)


REFUSED_TEXTS: list[tuple[dict[str, object], str]] = [
    ({"stock": [1, 2]}, "stock: needs one row for each node and one column for each SKU"),
    (
        {"line_order": [1, 0, 0]},
        "line_order: lines must be sorted by order and name an order of the problem",
    ),
    (
        {"line_order": [0, 1, 2], "orders": 2},
        "line_order: lines must be sorted by order and name an order of the problem",
    ),
    (
        {"line_order": [-1, 0, 1]},
        "line_order: lines must be sorted by order and name an order of the problem",
    ),
    ({"line_sku": [0, 2, 0]}, "line_sku: names a SKU outside the stock table"),
    ({"line_sku": [0, -1, 0]}, "line_sku: names a SKU outside the stock table"),
    ({"quantity": [1, 0, 1]}, "quantity: every line needs at least one unit. leave the line out"),
    ({"max_nodes": [1, 0]}, "max_nodes: must be at least one source"),
    ({"preferred_line_nodes": 0}, "preferred_line_nodes: must be at least one source"),
    ({"stock": [[0, -1], [0, 0]]}, "stock: cannot be below zero"),
    ({"partial_penalty": [0.0, -0.5]}, "partial_penalty: cannot be below zero"),
    (
        {"open_cost": [1.0, np.nan, 1.0]},
        "open_cost: must be finite. refuse a node with a reason instead",
    ),
    (
        {"parcel_parts": {"rebate": -1.01}, "split_fee": 1.0},
        "parcel_parts: parcel plus split fee below zero would reward needless splits",
    ),
    ({"used": [1, 2, 3]}, "used: shape (3,) does not broadcast to (2,)"),
    (
        {"order_refusal": np.zeros((3, 2))},
        "order_refusal: shape (3, 2) does not broadcast to (2, 2)",
    ),
]


@pytest.mark.parametrize(("changes", "text"), REFUSED_TEXTS)
def test_a_refused_problem_says_what_is_wrong_where(changes: dict[str, object], text: str) -> None:
    with pytest.raises(ProblemInvalid) as refused:
        make(**changes)
    assert str(refused.value) == text


def test_values_at_the_edge_of_what_is_allowed_are_accepted() -> None:
    p = make(
        stock=[[0, 0], [0, 0]],
        quantity=1,
        max_nodes=1,
        preferred_nodes=1,
        preferred_line_nodes=1,
        pressure=0.0,
        partial_penalty=[0.0, np.inf],
        line_sku=[0, 1, 1],
        parcel_parts={"rebate": -1.0},
        split_fee=1.0,
        serve_parts={"rebate": -5.0},
    )
    assert p.partial_penalty.tolist() == [0.0, np.inf]
    assert p.serve.tolist() == [[-5.0, -5.0]] * 3


def test_the_last_order_and_the_last_sku_are_within_the_problem() -> None:
    p = make(line_order=[0, 2, 2], orders=3, parcel_parts={"carrier": 1.0}, line_sku=[1, 1, 1])
    assert p.start.tolist() == [0, 1, 1, 3]
    assert p.orders == 3

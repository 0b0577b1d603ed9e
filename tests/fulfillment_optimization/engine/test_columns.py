"""Columns: plans of single orders, their costs, and operations on many of them."""

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.judge import money_of, violated
from tests.fulfillment_optimization.engine.small_instances import small_instance

from openiom.fulfillment_optimization.engine import Shares, SourcingProblem, problem_from_arrays
from openiom.fulfillment_optimization.engine.columns import (
    Columns,
    columns_of,
    columns_of_nodes,
    columns_of_plan,
    distinct,
    fitting_alone,
    joined,
    open_columns,
    plan_costs,
)


def two_orders(**changes: object) -> SourcingProblem:
    """Order 0 has lines 0 and 1 of different SKUs, order 1 has line 2; three nodes."""
    arrays: dict[str, object] = {
        "line_order": [0, 0, 1],
        "line_sku": [0, 1, 0],
        "quantity": [2, 4, 3],
        "stock": [[9, 9], [9, 9], [9, 9]],
        "parcel_parts": {"carrier": [[5.0, 6.0, 7.0], [1.0, 2.0, 3.0]]},
        "serve_parts": {"picking": [[1.0, 2.0, 3.0], [4.0, 8.0, 12.0], [0.5, 0.5, 0.5]]},
        "split_fee": [1.5, 2.5],
        "open_cost": [10.0, 20.0, 30.0],
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def cost_of_rows(p: SourcingProblem, rows: list[tuple[int, int, int]]) -> list[float]:
    cost: list[float] = columns_of_plan(p, Shares.of(rows)).cost.tolist()
    return cost


def test_a_column_costs_parcels_split_fees_lines_and_what_stays_open() -> None:
    p = two_orders()
    assert cost_of_rows(p, []) == [30.0, 30.0]
    assert cost_of_rows(p, [(0, 0, 2)]) == [5.0 + 1.0 + 20.0, 30.0]
    assert cost_of_rows(p, [(0, 0, 2), (1, 0, 4), (2, 1, 3)]) == [10.0, 2.5]
    assert cost_of_rows(p, [(0, 0, 2), (1, 1, 4)]) == [5.0 + 6.0 + 1.5 + 1.0 + 8.0, 30.0]


def test_a_part_of_a_line_costs_its_portion() -> None:
    p = two_orders(max_line_nodes=3)
    quarter = [(1, 2, 1)]
    assert cost_of_rows(p, quarter) == [7.0 + 12.0 / 4 + 10.0 + 15.0, 30.0]
    divided = [(1, 0, 1), (1, 1, 1), (1, 2, 2)]
    assert cost_of_rows(p, divided) == [18.0 + 3.0 + 1.0 + 2.0 + 6.0 + 10.0, 30.0]


@pytest.mark.parametrize(("most", "allowed"), [(1, False), (2, True), (3, True)])
def test_more_sources_than_the_order_may_have_cost_infinity(most: int, allowed: bool) -> None:
    split = [(0, 0, 2), (1, 1, 4)]
    cost = cost_of_rows(two_orders(max_nodes=[most, 9]), split)
    assert cost == ([21.5, 30.0] if allowed else [np.inf, 30.0])


@pytest.mark.parametrize(("preferred", "penalty"), [(1, 3.0), (2, 0.0)])
def test_each_source_beyond_the_preferred_ones_costs_its_penalty(
    preferred: int, penalty: float
) -> None:
    p = two_orders(preferred_nodes=[preferred, 1], extra_node_penalty=[3.0, 7.0])
    assert cost_of_rows(p, [(0, 0, 2), (1, 1, 4)]) == [21.5 + penalty, 30.0]


def test_an_order_served_in_part_pays_its_penalty_and_a_whole_or_open_one_does_not() -> None:
    p = two_orders(partial_penalty=[6.0, np.inf], max_line_nodes=2)
    assert cost_of_rows(p, []) == [30.0, 30.0]
    assert cost_of_rows(p, [(0, 0, 2)]) == [26.0 + 6.0, 30.0]
    assert cost_of_rows(p, [(0, 0, 2), (1, 0, 4)]) == [10.0, 30.0]
    assert cost_of_rows(p, [(2, 0, 2)]) == [30.0, np.inf]
    assert cost_of_rows(p, [(2, 0, 3)]) == [30.0, 1.5]


@pytest.mark.parametrize(
    ("most", "preferred", "cost"), [(3, 3, 30.0), (3, 2, 34.0), (3, 1, 38.0), (2, 1, np.inf)]
)
def test_sources_of_a_divided_line_are_limited_and_charged(
    most: int, preferred: int, cost: float
) -> None:
    p = two_orders(
        max_line_nodes=[1, most, 1],
        preferred_line_nodes=[9, preferred, 9],
        extra_line_node_penalty=[1.0, 4.0, 2.0],
        open_cost=[0.0, 20.0, 30.0],
    )
    assert cost_of_rows(p, [(1, 0, 1), (1, 1, 1), (1, 2, 2)]) == [cost, 30.0]


def test_a_penalty_for_a_second_source_needs_a_second_source_of_the_same_line() -> None:
    p = two_orders(preferred_line_nodes=1, extra_line_node_penalty=4.0, max_line_nodes=2)
    assert cost_of_rows(p, [(0, 0, 2), (1, 1, 4)]) == [21.5, 30.0]
    assert cost_of_rows(p, [(0, 0, 1), (0, 1, 1), (1, 1, 4)]) == [22.0 + 4.0, 30.0]


@pytest.mark.parametrize("seed", range(40))
def test_costs_of_random_plans_are_those_of_the_judge_without_pressure(seed: int) -> None:
    p = small_instance(seed)
    r = np.random.default_rng(seed)

    for _ in range(10):
        rows: list[tuple[int, int, int]] = []
        for line in range(p.lines):
            for node in range(p.nodes):
                if r.random() < 0.4:
                    rows.append((line, node, int(r.integers(1, p.quantity[line] + 1))))

        for order in range(p.orders):
            own = [row for row in rows if p.line_order[row[0]] == order]
            first = int(p.start[order])
            alone = p.only([order])
            shifted = [(line - first, node, units) for line, node, units in own]
            broken = violated(alone, shifted)
            if "more units than ordered" in broken:
                continue

            money = money_of(alone, shifted)
            expected = sum(money.values()) - money.get("capacity pressure", 0.0)
            if broken & {"maximum sources per order", "maximum sources per order line"}:
                expected = np.inf

            cost = columns_of_plan(p, Shares.of(rows)).cost[order]
            assert cost == pytest.approx(expected), (order, own)


def test_plans_of_the_same_order_are_different_columns() -> None:
    p = two_orders()
    columns = columns_of(
        p,
        order=np.array([1, 0, 1]),
        owner=np.array([0, 1, 1, 2]),
        line=np.array([2, 0, 1, 2]),
        node=np.array([0, 1, 1, 2]),
        quantity=np.array([3, 2, 4, 3]),
    )
    assert columns.cost.tolist() == [1.5, 6.0 + 2.0 + 8.0, 3.5]
    assert columns.first.tolist() == [0, 1, 3, 4]
    assert columns.owner.tolist() == [0, 1, 1, 2]
    assert len(columns) == 3


def test_a_column_without_shares_lies_between_others() -> None:
    p = two_orders()
    order = np.array([0, 1, 0])
    empty_in_the_middle = columns_of(
        p, order, np.array([0, 2]), np.array([0, 1]), np.array([0, 2]), np.array([2, 4])
    )
    assert empty_in_the_middle.first.tolist() == [0, 1, 1, 2]
    assert empty_in_the_middle.cost.tolist() == [26.0, 30.0, 7.0 + 12.0 + 10.0]


def test_no_plans_have_no_costs() -> None:
    none = np.zeros(0, dtype=np.int64)
    assert plan_costs(two_orders(), none, none, none, none, none).tolist() == []


def test_columns_of_nodes_serve_whole_lines() -> None:
    p = two_orders()
    columns = columns_of_nodes(p, np.array([0, -1, 2]))
    assert columns.order.tolist() == [0, 1]
    assert columns.shares().rows() == [(0, 0, 2), (2, 2, 3)]
    assert columns.cost.tolist() == [26.0, 3.5]


def test_open_columns_serve_nothing_and_cost_the_open_lines() -> None:
    columns = open_columns(two_orders())
    assert columns.cost.tolist() == [30.0, 30.0]
    assert columns.shares().rows() == []
    assert columns.first.tolist() == [0, 0, 0]


def plans() -> Columns:
    """Five plans: both orders open, both from node 0, and order 0 split."""
    p = two_orders()
    split = columns_of_nodes(p, np.array([0, 1, -1])).take(np.array([0]))
    return joined([open_columns(p), columns_of_nodes(p, np.array([0, 0, 0])), split])


def test_joined_columns_follow_each_other() -> None:
    columns = plans()
    assert columns.order.tolist() == [0, 1, 0, 1, 0]
    assert columns.first.tolist() == [0, 0, 0, 2, 3, 5]
    assert columns.node.tolist() == [0, 0, 0, 0, 1]
    assert columns.cost.tolist() == [30.0, 30.0, 10.0, 1.5, 21.5]


def test_columns_are_taken_in_any_sequence_and_several_times() -> None:
    columns = plans().take(np.array([4, 2, 2, 1]))
    assert columns.order.tolist() == [0, 0, 0, 1]
    assert columns.first.tolist() == [0, 2, 4, 6, 6]
    assert columns.line.tolist() == [0, 1, 0, 1, 0, 1]
    assert columns.node.tolist() == [0, 1, 0, 0, 0, 0]
    assert columns.quantity.tolist() == [2, 4, 2, 4, 2, 4]
    assert len(plans().take(np.zeros(0, dtype=np.int64))) == 0


def test_shares_of_columns_are_sorted_by_line_then_node() -> None:
    p = two_orders(max_line_nodes=2)
    columns = columns_of(
        p,
        np.array([1, 0]),
        np.array([0, 1, 1]),
        np.array([2, 0, 0]),
        np.array([1, 2, 0]),
        np.array([3, 1, 1]),
    )
    assert columns.shares().rows() == [(0, 0, 1), (0, 2, 1), (2, 1, 3)]


def test_keys_tell_orders_lines_nodes_and_units_apart() -> None:
    p = two_orders(max_line_nodes=2, line_order=[0, 0, 1], quantity=[2, 2, 2])
    rows = [
        [],
        [(0, 0, 2)],
        [(0, 1, 2)],
        [(0, 0, 1)],
        [(1, 0, 2)],
        [(0, 0, 2), (1, 0, 2)],
        [(0, 0, 2), (1, 1, 2)],
        [(0, 1, 2), (1, 0, 2)],
    ]
    of_first = [columns_of_plan(p, Shares.of(one)).take(np.array([0])) for one in rows]
    keys = joined(of_first).keys()
    assert len(set(keys.tolist())) == len(rows)
    assert keys.dtype == np.int64
    assert keys.tolist() == joined(of_first).keys().tolist()
    both_open = open_columns(p).keys().tolist()
    assert both_open[0] != both_open[1]
    assert both_open[0] == keys[0]


def test_columns_without_some_keys_keep_their_sequence() -> None:
    columns = plans()
    keys = columns.keys()
    assert columns.without(keys[[0, 3]]).cost.tolist() == [30.0, 10.0, 21.5]
    assert len(columns.without(keys)) == 0
    assert len(columns.without(np.zeros(0, dtype=np.int64))) == 5


def test_distinct_columns_are_the_first_of_equals_and_of_finite_cost() -> None:
    p = two_orders(max_nodes=1)
    refused = columns_of_nodes(p, np.array([0, 1, 0]))
    assert refused.cost.tolist() == [np.inf, 1.5]
    kept = distinct([plans(), refused, plans()])
    assert kept.order.tolist() == [0, 1, 0, 1, 0]
    assert kept.cost.tolist() == [30.0, 30.0, 10.0, 1.5, 21.5]
    assert distinct([refused]).order.tolist() == [1]


@pytest.mark.parametrize(("units", "fits"), [(5, False), (6, True), (7, True)])
def test_the_lines_of_an_order_share_the_stock_of_their_sku(units: int, fits: bool) -> None:
    p = two_orders(line_sku=[0, 0, 0], stock=[[units, 0], [9, 9], [9, 9]])
    columns = columns_of_nodes(p, np.array([0, 0, 0]))
    assert fitting_alone(p, columns).order.tolist() == ([0, 1] if fits else [1])


def test_plans_of_other_orders_do_not_use_the_stock_of_a_plan() -> None:
    p = two_orders(line_sku=[0, 1, 0], stock=[[3, 4], [0, 0], [0, 0]])
    columns = columns_of_nodes(p, np.array([0, 0, 0]))
    assert fitting_alone(p, columns) is columns


@pytest.mark.parametrize(("limit", "orders"), [(0, []), (1, [1]), (2, [0, 1])])
def test_counted_order_lines_of_one_plan_are_within_their_limit(
    limit: int, orders: list[int]
) -> None:
    p = two_orders(limit_members=[[True, False, False]], line_limit=[limit])
    columns = columns_of_nodes(p, np.array([0, 0, 0]))
    assert fitting_alone(p, columns).order.tolist() == orders
    elsewhere = columns_of_nodes(p, np.array([1, 2, 1]))
    assert fitting_alone(p, elsewhere).order.tolist() == [0, 1]

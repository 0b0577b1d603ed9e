"""A plan explains itself: every source with its money, or the constraint that refused it."""

import numpy as np
import pytest

from openiom.fulfillment_optimization.engine import (
    BidPrices,
    FeasiblePlan,
    ProblemInvalid,
    Refusal,
    Shares,
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


def test_the_first_order_takes_the_last_near_unit_and_the_second_sees_the_reason():
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


def by_hand(shares, problem=None, **about):
    return FeasiblePlan(problem=problem or two_orders(), shares=Shares.of(shares), **about)


@pytest.mark.parametrize(
    ("bound", "gap"),
    [
        (None, None),
        (18.9, 0.0),
        (20.0, 0.0),
        (10.0, 0.89),
        (-10.0, 2.89),
        (0.0, 18.9e9),
    ],
)
def test_the_gap_is_relative_to_the_bound_and_never_negative(bound, gap):
    plan = by_hand([(0, 0, 1), (1, 1, 1)], lower_bound=bound)

    assert plan.cost == pytest.approx(18.9)
    assert plan.gap == pytest.approx(gap)


def test_a_plan_made_by_hand_is_a_plan_of_real_time_without_a_bound():
    plan = by_hand([])
    assert (plan.method, plan.proved, plan.lower_bound, plan.prices) == (
        "realtime",
        False,
        None,
        None,
    )
    assert plan.node.tolist() == [-1, -1]
    assert plan.served.tolist() == [0, 0]
    assert plan.cost == 80.0


def divided_order(**changes):
    """Order 0 has lines of 5 and of 2 units of SKU 0, order 1 a line of 1 unit of SKU 1."""
    return two_orders(
        line_order=[0, 0, 1],
        line_sku=[0, 0, 1],
        quantity=[5, 2, 1],
        stock=[[4, 1], [6, 0], [2, 3]],
        capacity=[3, 2, 1],
        used=[1, 0, 0],
        max_line_nodes=2,
        limit_members=[[1, 1, 0], [0, 0, 1]],
        line_limit=[5, 2],
        **changes,
    )


DIVIDED = [(0, 0, 3), (0, 1, 2), (1, 0, 1), (2, 2, 1)]


def test_a_plan_says_what_it_serves_and_what_it_leaves():
    plan = by_hand(DIVIDED, divided_order())

    assert plan.node.tolist() == [0, 0, 2]
    assert plan.served.tolist() == [5, 1, 1]
    assert plan.stock_left.tolist() == [[0, 1], [4, 0], [2, 2]]
    assert plan.parcels_left.tolist() == [1, 1, 0]
    assert plan.lines_left.tolist() == [2, 1]
    assert plan.problem.stock.tolist() == [[4, 1], [6, 0], [2, 3]]


def test_costs_of_a_plan_are_those_of_its_shares():
    plan = by_hand(DIVIDED, divided_order())

    assert plan.costs.total == plan.cost
    assert plan.cost_parts is plan.costs.by_order
    assert plan.costs.load.tolist() == [1, 1, 1]
    assert plan.costs.open_lines == 1


def test_an_order_is_explained_with_its_sources_and_its_lines():
    explained = by_hand(DIVIDED, divided_order()).explain(0)

    assert (explained.order, explained.nodes) == (0, (0, 1))
    assert [(line.line, line.sku, line.quantity) for line in explained.lines] == [
        (0, 0, 5),
        (1, 0, 2),
    ]
    assert [line.open_cost for line in explained.lines] == [40.0, 40.0]
    assert explained.cost["open"] == 20.0
    assert explained.cost["carrier"] == 16.0
    assert explained.cost["packing"] == 1.5
    assert explained.cost["picking"] == pytest.approx(0.6 * 3 / 5 + 0.8 * 2 / 5 + 0.6 / 2)


def test_each_candidate_shows_stock_before_and_after_and_the_units_it_serves():
    explained = by_hand(DIVIDED, divided_order()).explain(0)

    first, second = explained.lines
    rows = [(c.node, c.quantity, c.on_hand, c.left) for c in first.candidates]
    assert rows == [(0, 3, 4, 0), (1, 2, 6, 4), (2, 0, 2, 2)]
    rows = [(c.node, c.quantity, c.on_hand, c.left) for c in second.candidates]
    assert rows == [(0, 1, 4, 0), (1, 0, 6, 4), (2, 0, 2, 2)]


def test_the_second_order_is_explained_by_its_own_rows():
    explained = by_hand(DIVIDED, divided_order()).explain(1)

    assert (explained.order, explained.nodes) == (1, (2,))
    [line] = explained.lines
    assert (line.line, line.sku, line.quantity) == (2, 1, 1)
    assert [(c.node, c.quantity) for c in line.candidates if c.quantity] == [(2, 1)]
    assert explained.cost["carrier"] == 5.0


def test_candidates_are_sorted_chosen_then_possible_by_cost_then_refused_by_cost():
    p = problem_from_arrays(
        line_order=[0],
        line_sku=[0],
        quantity=[1],
        stock=[[1]] * 7,
        parcel_parts={"carrier": [[9.0, 4.0, 4.0, 3.0, 8.0, 1.0, 2.0]]},
        serve_parts={"picking": [[0.0, 1.0, 1.0, 3.0, 0.0, 1.0, 0.0]]},
        open_cost=40.0,
        line_refusal=[[0, 0, 0, 0, 0, Refusal.DECLINED, Refusal.DECLINED]],
    )
    [line] = by_hand([(0, 4, 1)], p).explain(0).lines

    assert [c.node for c in line.candidates] == [4, 1, 2, 3, 0, 5, 6]
    assert [c.cost for c in line.candidates] == [8.0, 5.0, 5.0, 6.0, 9.0, 2.0, 2.0]
    assert line.candidates[0].parcel == {"carrier": 8.0}
    assert line.candidates[1].serve == {"picking": 1.0}


def test_a_chosen_source_is_not_refused_whatever_the_constraints_say():
    p = two_orders(line_refusal=[[Refusal.CLOSED, 0, 0]] * 2)
    explained = by_hand([(0, 0, 1)], p).explain(0)
    assert explained.lines[0].candidates[0].refusal is Refusal.NONE
    assert explained.lines[0].candidates[0].node == 0


def refused_nodes(**changes):
    """One line of two units; node n is kept from it by the first n reasons, weakest first."""
    groups = np.arange(9) >= 2
    given = dict(
        line_order=[0, 1],
        line_sku=[0, 0],
        quantity=[2, 1],
        stock=[[9], [9], [9], [2], [1], [0], [0], [0], [9]],
        parcel_parts={"carrier": 1.0},
        serve_parts={"picking": 0.0},
        open_cost=9.0,
        capacity=[9, 0, 0, 1, 0, 0, 0, 0, 9],
        limit_members=[groups],
        line_limit=[1],
        line_refusal=[[0] * 6 + [Refusal.DECLINED] * 2 + [0], [0] * 9],
        order_refusal=[[0] * 7 + [Refusal.INACTIVE, 0], [0] * 9],
    )
    return problem_from_arrays(**(given | changes))


def test_of_several_reasons_the_most_basic_one_is_shown():
    """Order 1 has one of the two units of node 3, its parcel, and the last counted order line."""
    plan = by_hand([(1, 3, 1)], refused_nodes())

    assert [Refusal(code) for code in plan.refusals(0, 0).tolist()] == [
        Refusal.NONE,
        Refusal.NO_CAPACITY,
        Refusal.MAXIMUM_ORDER_LINES,
        Refusal.USED_BY_OTHER_ORDERS,
        Refusal.NOT_ENOUGH_ON_HAND,
        Refusal.NOT_ON_HAND,
        Refusal.DECLINED,
        Refusal.INACTIVE,
        Refusal.MAXIMUM_ORDER_LINES,
    ]


def test_a_group_with_an_order_line_left_refuses_none_of_its_members():
    plan = by_hand([(1, 3, 1)], refused_nodes(line_limit=[2]))

    codes = [Refusal(code) for code in plan.refusals(0, 0).tolist()]
    assert codes[2] is Refusal.NO_CAPACITY
    assert codes[3] is Refusal.USED_BY_OTHER_ORDERS
    assert codes[8] is Refusal.NONE


def test_what_the_order_itself_uses_does_not_refuse_it():
    """Its line took the last unit, parcel and counted order line of node 0."""
    p = two_orders(
        stock=[[1], [9], [9]], capacity=[1, 5, 5], limit_members=[[1, 0, 0]], line_limit=[1]
    )
    plan = by_hand([(0, 0, 1)], p)

    assert plan.refusals(0, 0, (0,)).tolist() == [0, 0, 0]
    assert plan.refusals(0, 0).tolist() == [Refusal.NO_CAPACITY, 0, 0]
    assert plan.refusals(1, 1).tolist() == [Refusal.USED_BY_OTHER_ORDERS, 0, 0]


def test_units_of_another_line_of_the_order_count_as_free_for_the_same_sku_only():
    p = two_orders(
        line_order=[0, 0, 0],
        line_sku=[0, 0, 1],
        quantity=[1, 1, 1],
        stock=[[1, 1], [9, 9], [9, 9]],
    )
    plan = by_hand([(0, 0, 1), (2, 0, 1)], p)

    assert plan.stock_left[0].tolist() == [0, 0]
    assert plan.refusals(0, 1, (0,)).tolist() == [0, 0, 0]
    assert plan.stock_left[0].tolist() == [0, 0]


def test_a_divisible_line_is_refused_only_where_no_unit_is_left():
    p = two_orders(quantity=[3, 2], stock=[[2], [5], [0]], max_line_nodes=2)
    plan = by_hand([(1, 0, 2)], p)
    assert plan.refusals(0, 0).tolist() == [
        Refusal.USED_BY_OTHER_ORDERS,
        Refusal.NONE,
        Refusal.NOT_ON_HAND,
    ]
    assert by_hand([(1, 0, 1)], p).refusals(0, 0).tolist() == [0, 0, Refusal.NOT_ON_HAND]


@pytest.mark.parametrize("mode", ["realtime", "batch"])
def test_both_methods_return_a_plan_that_states_how_it_was_found(mode):
    plan = solve(two_orders(), mode=mode)

    assert plan.method == mode
    assert plan.cost == pytest.approx(18.9)
    if mode == "batch":
        assert plan.proved
        assert plan.lower_bound == pytest.approx(18.9)
        assert plan.gap == pytest.approx(0.0, abs=1e-9)
        assert plan.prices.stock.shape == (3, 1)
    else:
        assert not plan.proved
        assert plan.gap is None


def test_a_real_time_plan_keeps_the_bid_prices_it_paid():
    prices = BidPrices(np.array([[3.0], [0.0], [0.0]]), np.zeros(3))
    plan = solve(two_orders(), bid_prices=prices)

    assert plan.prices is prices
    assert plan.node.tolist() == [1, 1]
    assert plan.cost == pytest.approx(21.6)

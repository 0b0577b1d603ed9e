"""Real time: each order alone is solved exactly, on what the earlier ones left."""

from dataclasses import replace

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.small_instances import (
    best_by_brute_force,
    small_instance,
)

from openiom.fulfillment_optimization.engine import (
    BidPrices,
    Shares,
    cost_of,
    problem_from_arrays,
    solve,
    violations,
)
from openiom.fulfillment_optimization.engine.groups import gather, in_reach
from openiom.fulfillment_optimization.engine.sequential import (
    SequentialSolver,
    group_rows,
    rows_by_order,
    solve_remaining,
    solve_sequentially,
)


def after(p, rows):
    """The problem once these shares are taken."""
    shares = Shares.of(rows)
    stock = p.stock.copy()
    np.subtract.at(stock, (shares.node, p.line_sku[shares.line]), shares.quantity)
    limit = p.line_limit - p.limit_members[:, shares.node].sum(axis=1)
    return replace(p, stock=stock, used=p.used + cost_of(p, shares).load, line_limit=limit)


@pytest.mark.parametrize("block", range(10))
def test_every_order_in_turn_gets_the_optimum_of_brute_force(block):
    for seed in range(block * 40, block * 40 + 40):
        p = small_instance(seed)
        plan = solve(p)
        assert violations(p, plan.shares) == [], seed
        left = p

        for order in range(p.orders):
            alone = left.only([order])
            first, last = p.start[order], p.start[order + 1]
            mine = (plan.shares.line >= first) & (plan.shares.line < last)
            columns = (
                plan.shares.line[mine] - first,
                plan.shares.node[mine],
                plan.shares.quantity[mine],
            )
            rows = list(zip(*(c.tolist() for c in columns), strict=True))
            best, _ = best_by_brute_force(alone)
            assert cost_of(alone, Shares.of(rows)).total == pytest.approx(best, abs=1e-6), (
                seed,
                order,
            )
            left = after(left, [(line + int(first), n, q) for line, n, q in rows])


def test_the_same_problem_gives_the_same_plan_twice():
    for seed in range(30):
        one, two = solve(small_instance(seed)), solve(small_instance(seed))
        assert one.shares.node.tolist() == two.shares.node.tolist()
        assert one.shares.line.tolist() == two.shares.line.tolist()


def test_bid_prices_of_zero_change_nothing():
    for seed in range(30):
        p = small_instance(seed)
        assert solve(p, bid_prices=BidPrices.zero(p)).cost == solve(p).cost


def test_cost_parts_add_up_to_the_cost():
    for seed in range(30):
        plan = solve(small_instance(seed))
        assert sum(part.sum() for part in plan.cost_parts.values()) == pytest.approx(plan.cost)


def orders_of_one_line(**changes):
    """Three orders of one unit each; node 0 is nearer to every one of them."""
    given = {
        "line_order": [0, 1, 2],
        "line_sku": [0, 0, 0],
        "quantity": 1,
        "stock": [[2], [9]],
        "parcel_parts": {"carrier": [[1.0, 4.0], [1.0, 6.0], [1.0, 9.0]]},
        "serve_parts": {},
        "open_cost": 50.0,
    }
    return problem_from_arrays(**(given | changes))


def nodes_of_plan(problem, **how):
    return solve_sequentially(problem, **how).node_of_line(problem.lines).tolist()


@pytest.mark.parametrize(
    ("arrival", "node"),
    [
        ([0, 1, 2], [0, 0, 1]),
        ([2, 1, 0], [1, 0, 0]),
        ([1, 2, 0], [1, 0, 0]),
        ([2, 0, 1], [0, 1, 0]),
    ],
)
def test_orders_that_arrive_first_get_the_near_units(arrival, node):
    assert nodes_of_plan(orders_of_one_line(), arrival=np.array(arrival)) == node


def test_orders_that_do_not_arrive_stay_open():
    assert nodes_of_plan(orders_of_one_line(), arrival=np.array([2])) == [-1, -1, 0]
    assert nodes_of_plan(orders_of_one_line(), arrival=np.zeros(0, dtype=np.int64)) == [-1] * 3


@pytest.mark.parametrize(
    ("changes", "node"),
    [
        ({}, [0, 0, 1]),
        ({"stock": [[0], [9]]}, [1, 1, 1]),
        ({"stock": [[0], [2]]}, [1, 1, -1]),
        ({"stock": [[0], [0]]}, [-1, -1, -1]),
        ({"stock": [[9], [9]]}, [0, 0, 0]),
        ({"stock": [[9], [9]], "capacity": [1, 1]}, [0, 1, -1]),
        ({"stock": [[9], [9]], "capacity": [3, 9], "used": [2, 0]}, [0, 1, 1]),
        ({"stock": [[9], [9]], "capacity": [3, 9], "used": [4, 0]}, [1, 1, 1]),
        ({"open_cost": [50.0, 0.5, 50.0]}, [0, -1, 0]),
        ({"open_cost": [50.0, 1.0, 50.0]}, [0, 0, 1]),
        ({"quantity": [1, 2, 1]}, [0, 1, 0]),
        ({"quantity": [3, 2, 1]}, [1, 0, 1]),
        ({"order_refusal": [[0, 0], [2, 0], [0, 0]]}, [0, 1, 0]),
        ({"line_refusal": [[0, 0], [3, 3], [0, 0]]}, [0, -1, 0]),
        ({"limit_members": [[True, False]], "line_limit": [1]}, [0, 1, 1]),
        ({"limit_members": [[True, True]], "line_limit": [2]}, [0, 0, -1]),
        ({"limit_members": [[True, False]], "line_limit": [0]}, [1, 1, 1]),
    ],
)
def test_each_limit_sends_the_order_that_meets_it_elsewhere(changes, node):
    assert nodes_of_plan(orders_of_one_line(**changes)) == node


@pytest.mark.parametrize(
    ("soft", "pressure", "node"),
    [
        (9, 9.0, [0, 0, 0]),
        (2, 9.0, [0, 0, 1]),
        (1, 4.0, [0, 0, 0]),
        (1, 9.0, [0, 1, 1]),
        (1, 5.5, [0, 1, 0]),
        (0, 3.5, [1, 0, 0]),
    ],
)
def test_the_pressure_begins_with_the_parcel_beyond_the_soft_capacity(soft, pressure, node):
    """Node 1 costs 3, 5 and 8 more than node 0."""
    p = orders_of_one_line(
        stock=[[9], [9]], capacity=9, soft_capacity=[soft, 9], pressure=[pressure, 0.0]
    )
    assert nodes_of_plan(p) == node


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_the_size_of_a_chunk_does_not_change_the_plan(chunk, monkeypatch):
    plans = [solve_sequentially(small_instance(seed)).rows() for seed in range(30)]
    monkeypatch.setattr(SequentialSolver, "chunk", chunk)

    for seed, rows in enumerate(plans):
        p = small_instance(seed)
        shares = solve_sequentially(p)
        assert violations(p, shares) == []
        assert cost_of(p, shares).total == pytest.approx(
            cost_of(p, Shares.of(rows)).total, abs=1e-6
        ), seed


def test_a_divided_line_takes_from_several_nodes_what_one_does_not_have():
    p = orders_of_one_line(
        quantity=[3, 1, 1], stock=[[2], [2]], max_line_nodes=2, open_cost=[90.0, 50.0, 50.0]
    )
    assert solve_sequentially(p).rows() == [(0, 0, 2), (0, 1, 1), (1, 1, 1)]
    undivided = orders_of_one_line(quantity=[3, 1, 1], stock=[[2], [2]])
    assert solve_sequentially(undivided).rows() == [(1, 0, 1), (2, 0, 1)]


def test_two_lines_of_one_sku_do_not_take_the_same_units():
    p = orders_of_one_line(line_order=[0, 0, 1], parcel_parts={"carrier": [[1.0, 4.0]]})
    assert nodes_of_plan(p) == [0, 0, 1]
    scarce = orders_of_one_line(
        line_order=[0, 0, 1],
        parcel_parts={"carrier": [[1.0, 4.0]]},
        stock=[[1], [2]],
        open_cost=[50.0, 50.0, 2.0],
    )
    # both lines from node 1 cost less than one from each
    assert nodes_of_plan(scarce) == [1, 1, 0]


def test_fixed_shares_are_kept_and_the_rest_is_decided_on_what_they_leave():
    p = orders_of_one_line()
    fixed = Shares.of([(2, 0, 1)])
    free = BidPrices.zero(p)
    shares = solve_remaining(p, free, fixed, np.array([1, 0]))
    assert shares.rows() == [(0, 1, 1), (1, 0, 1), (2, 0, 1)]
    assert solve_remaining(p, free, fixed, np.array([], dtype=np.int64)).rows() == [(2, 0, 1)]
    nothing_fixed = solve_remaining(p, free, Shares.none(), np.array([0, 1, 2]))
    assert nothing_fixed.rows() == solve_sequentially(p).rows()


def test_fixed_shares_use_parcels_and_counted_order_lines():
    fixed = Shares.of([(2, 0, 1)])
    full = orders_of_one_line(stock=[[9], [9]], capacity=[1, 9])
    rest = np.array([0, 1])
    assert solve_remaining(full, BidPrices.zero(full), fixed, rest).node.tolist() == [1, 1, 0]
    counted = orders_of_one_line(stock=[[9], [9]], limit_members=[[True, False]], line_limit=[2])
    shares = solve_remaining(counted, BidPrices.zero(counted), fixed, rest)
    assert shares.node.tolist() == [0, 1, 0]


def test_shares_are_grouped_by_their_order():
    p = orders_of_one_line(line_order=[0, 0, 1], parcel_parts={})
    rows = rows_by_order(p, Shares.of([(0, 0, 1), (1, 1, 1), (2, 0, 1)]))
    assert rows == {0: [(0, 0, 1), (1, 1, 1)], 1: [(2, 0, 1)]}
    assert rows_by_order(p, Shares.of([(2, 0, 1)])) == {1: [(2, 0, 1)]}
    assert rows_by_order(p, Shares.none()) == {}


def test_one_order_can_be_solved_without_reserving_anything():
    p = orders_of_one_line()
    solver = SequentialSolver(p, None)
    reach = in_reach(p, p.stock, np.arange(p.lines))
    groups = group_rows(gather(p, np.arange(p.orders), reach))
    assert solver.solve_order(2, groups) == solver.solve_order(2, groups) == [(2, 0, 1)]
    solver.reserve([(0, 0, 1)])
    solver.reserve([(1, 0, 1)])
    assert solver.solve_order(2, groups) == [(2, 1, 1)]
    assert solver.solve_order(2, {}) == [(2, 1, 1)]


def test_new_bid_prices_apply_to_orders_decided_later():
    p = orders_of_one_line(stock=[[9], [9]])
    solver = SequentialSolver(p, BidPrices.zero(p))
    solver.run(np.array([0]))
    solver.set_bid_prices(BidPrices(np.zeros((2, 1)), np.array([6.0, 0.0])))
    assert solver.run(np.array([1, 2])).node.tolist() == [0, 1, 0]


def test_new_bid_prices_do_not_open_a_full_node():
    p = orders_of_one_line(stock=[[9], [9]], capacity=[1, 9])
    solver = SequentialSolver(p, BidPrices.zero(p))
    solver.run(np.array([0]))
    solver.set_bid_prices(BidPrices.zero(p))
    assert solver.price.tolist() == [np.inf, 0.0]
    assert solver.run(np.array([1])).node.tolist() == [0, 1]


def test_an_order_without_lines_is_decided_like_any_other():
    p = orders_of_one_line(line_order=[0, 2, 2], orders=4, parcel_parts={"carrier": [[1.0, 4.0]]})
    assert nodes_of_plan(p) == [0, 1, 1]
    assert nodes_of_plan(p, arrival=np.array([3, 1])) == [-1, -1, -1]


def test_an_order_of_more_lines_than_the_subset_program_takes_is_exact():
    p = problem_from_arrays(
        line_order=[0] * 9,
        line_sku=range(9),
        quantity=1,
        stock=[[1, 1, 1, 1, 1, 1, 1, 1, 0], [1] * 9],
        parcel_parts={"carrier": [[1.0, 2.0]]},
        serve_parts={"picking": [[0.1, 0.3]]},
        split_fee=3.0,
        open_cost=50.0,
    )
    # one parcel from node 1 costs 4.70; eight lines from node 0 would need a second one
    assert nodes_of_plan(p) == [1] * 9
    cheap_split = replace(p, split_fee=np.array([-1.0]))
    assert nodes_of_plan(cheap_split) == [0] * 8 + [1]

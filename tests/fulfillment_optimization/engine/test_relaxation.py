"""Coupling rows of the relaxation: their limits, what plans use of them, and what they cost."""

import numpy as np
import pytest

from openiom.fulfillment_optimization.engine import SourcingProblem, problem_from_arrays
from openiom.fulfillment_optimization.engine.lagrangian import Cuts, Prices, Relaxation, padded
from openiom.fulfillment_optimization.engine.subgradient import (
    _subgradient,
    ascend,
)


def three_orders(**changes: object) -> SourcingProblem:
    """Three orders of two units of SKU 0 each; node 0 is near, node 1 has plenty."""
    arrays: dict[str, object] = {
        "line_order": [0, 1, 2],
        "line_sku": [0, 0, 0],
        "quantity": 2,
        "stock": [[3], [99]],
        "parcel_parts": {"carrier": [[1.0, 4.0], [1.0, 6.0], [1.0, 9.0]]},
        "serve_parts": {"picking": 0.5},
        "open_cost": 50.0,
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def prices_of(relaxation: Relaxation, **rows: object) -> Prices:
    prices = relaxation.zero_prices()
    for name, values in rows.items():
        setattr(prices, name, np.array(values, dtype=np.float64))
    return prices


@pytest.mark.parametrize(("stock", "cells"), [(5, [0]), (6, []), (7, [])])
def test_a_cell_with_as_many_units_as_all_lines_need_has_no_row(
    stock: int, cells: list[int]
) -> None:
    relaxation = Relaxation(three_orders(stock=[[stock], [99]]))
    assert relaxation.cells.tolist() == cells
    assert relaxation.row_of_cell.tolist() == ([0, 1] if cells else [0, 0])


def test_lines_out_of_reach_do_not_make_a_cell_scarce() -> None:
    refused = three_orders(stock=[[4], [99]], line_refusal=[[0, 0], [0, 0], [3, 0]])
    assert Relaxation(refused).cells.tolist() == []
    too_few_units = three_orders(stock=[[1], [99]])
    assert Relaxation(too_few_units).cells.tolist() == []


def test_limits_of_the_rows_are_what_is_left_of_stock_parcels_and_order_lines() -> None:
    relaxation = Relaxation(
        three_orders(capacity=[10, 4], used=[7, 9], soft_capacity=[8, 2], pressure=3.0)
    )
    assert relaxation.stock.tolist() == [3.0]
    assert relaxation.free_capacity.tolist() == [3.0, 0.0]
    assert relaxation.free_soft_capacity.tolist() == [1.0, 0.0]


@pytest.mark.parametrize(
    ("used", "soft", "free"), [(0, 8, 8.0), (7, 8, 1.0), (8, 8, 0.0), (9, 8, 0.0), (0, 99, 10.0)]
)
def test_the_free_soft_capacity_is_between_nothing_and_the_free_capacity(
    used: int, soft: int, free: float
) -> None:
    relaxation = Relaxation(three_orders(capacity=10, used=used, soft_capacity=soft))
    assert relaxation.free_soft_capacity.tolist() == [free, free]


def test_the_bound_without_prices_is_every_order_at_its_own_best() -> None:
    relaxation = Relaxation(three_orders())
    priced = relaxation.price(relaxation.zero_prices())
    assert priced.bound == 4.5
    assert priced.node.tolist() == [0, 0, 0]
    assert priced.usage.stock.tolist() == [6.0]
    assert priced.usage.node.tolist() == [3.0, 0.0]


@pytest.mark.parametrize(
    ("price", "bound", "node"),
    [
        (1.0, 3 * 1.5 + 3 * 2.0 - 3.0, [0, 0, 0]),
        (2.0, 4.5 + 2 * (1.5 + 4.0) - 6.0, [1, 0, 0]),
        (3.0, 4.5 + 6.5 + 1.5 + 6.0 - 9.0, [1, 1, 0]),
        (5.0, 4.5 + 6.5 + 9.5 - 15.0, [1, 1, 1]),
    ],
)
def test_a_price_of_stock_moves_orders_and_is_refunded_for_what_there_is(
    price: float, bound: float, node: list[int]
) -> None:
    relaxation = Relaxation(three_orders())
    priced = relaxation.price(prices_of(relaxation, stock=[price]))
    assert priced.bound == pytest.approx(bound)
    assert priced.node.tolist() == node


def test_a_price_of_parcels_is_paid_once_for_each_order_at_the_node() -> None:
    p = three_orders(
        line_order=[0, 0, 1],
        parcel_parts={"carrier": 2.0},
        capacity=4,
        soft_capacity=4,
        stock=[[99], [0]],
    )
    relaxation = Relaxation(p)
    priced = relaxation.price(prices_of(relaxation, node=[3.0, 0.0]))
    assert priced.usage.node.tolist() == [2.0, 0.0]
    assert priced.bound == pytest.approx(2 * 2.0 + 3 * 0.5 + 2 * 3.0 - 3.0 * 4.0)


@pytest.mark.parametrize(
    ("price", "value"), [(0.0, 0.0), (2.0, 8.0), (3.0, 12.0), (5.0, 20.0 + 2 * 2.0)]
)
def test_parcels_beyond_the_soft_capacity_are_worth_what_exceeds_the_pressure(
    price: float, value: float
) -> None:
    """Four parcels are free below the soft capacity, and two more at a pressure of 3."""
    relaxation = Relaxation(three_orders(capacity=[6, 6], soft_capacity=[4, 6], pressure=3.0))
    assert relaxation.value_of_limits(prices_of(relaxation, node=[price, 0.0])) == value


def test_the_value_of_all_limits_adds_up() -> None:
    p = three_orders(
        capacity=[2, 9], soft_capacity=[2, 9], limit_members=[[True, True]], line_limit=[4]
    )
    relaxation = Relaxation(p)
    prices = prices_of(relaxation, stock=[2.0], node=[1.0, 0.5], lines=[3.0])
    assert relaxation.value_of_limits(prices) == 2.0 * 3 + 1.0 * 2 + 0.5 * 9 + 3.0 * 4


def test_a_price_of_order_lines_is_paid_at_every_member_of_every_group() -> None:
    p = three_orders(limit_members=[[True, False], [True, True]], line_limit=[2, 5])
    relaxation = Relaxation(p)
    prices = prices_of(relaxation, lines=[1.0, 0.25])
    assert relaxation.priced_serve(0, prices)[:, 0].tolist() == [[1.75, 0.75]] * 3
    assert relaxation.priced_serve(0, relaxation.zero_prices())[:, 0].tolist() == [[0.5, 0.5]] * 3


def test_prices_of_units_are_paid_for_the_quantity_of_the_line() -> None:
    relaxation = Relaxation(three_orders(quantity=[1, 2, 3], stock=[[3], [5]]))
    assert relaxation.cells.tolist() == [0, 1]
    prices = prices_of(relaxation, stock=[1.0, 10.0])
    assert relaxation.priced_serve(0, prices)[:, 0].tolist() == [
        [1.5, 10.5],
        [2.5, 20.5],
        [3.5, 30.5],
    ]
    assert relaxation.groups[0].serve[:, 0].tolist() == [[0.5, 0.5]] * 3


def test_prices_of_parcels_are_added_to_the_parcels_of_the_group() -> None:
    relaxation = Relaxation(three_orders(split_fee=2.0))
    prices = prices_of(relaxation, node=[0.25, 0.5])
    assert relaxation.priced_parcel(0, prices).tolist() == [
        [3.25, 6.5],
        [3.25, 8.5],
        [3.25, 11.5],
    ]


def test_usage_leaves_open_lines_out() -> None:
    relaxation = Relaxation(three_orders(limit_members=[[True, True]], line_limit=[5]))
    usage = relaxation.usage(np.array([-1, 0, 1]))
    assert usage.stock.tolist() == [2.0]
    assert usage.node.tolist() == [1.0, 1.0]
    assert usage.lines.tolist() == [2.0]
    nothing = relaxation.usage(np.array([-1, -1, -1]))
    assert (nothing.stock.tolist(), nothing.node.tolist()) == ([0.0], [0.0, 0.0])


def test_lines_of_one_order_at_one_node_share_a_parcel() -> None:
    relaxation = Relaxation(three_orders(line_order=[0, 0, 1], parcel_parts={"carrier": 1.0}))
    assert relaxation.usage(np.array([0, 0, 0])).node.tolist() == [2.0, 0.0]


def cuts(*rows: tuple[list[tuple[int, int]], float]) -> Cuts:
    """Rows of (line, node) pairs with the most of them that a plan may hold."""
    row: list[int] = []
    pairs: list[tuple[int, int]] = []
    for number, (members, _) in enumerate(rows):
        row += [number] * len(members)
        pairs += members
    line, node = np.array(pairs, dtype=np.int64).T
    return Cuts(np.array(row), line, node, np.array([most for _, most in rows]))


def test_cuts_count_the_pairs_of_a_plan_in_each_row() -> None:
    relaxation = Relaxation(three_orders())
    relaxation.add_cuts(cuts(([(0, 0), (1, 0)], 1.0), ([(2, 1), (0, 0)], 1.0)))
    assert relaxation.usage(np.array([0, 0, 1])).cuts.tolist() == [2.0, 2.0]
    assert relaxation.usage(np.array([1, -1, 1])).cuts.tolist() == [0.0, 1.0]
    position, row = relaxation.cuts_of(np.array([1, 0]), np.array([0, 0]))
    assert sorted(zip(position.tolist(), row.tolist(), strict=True)) == [(0, 0), (1, 0), (1, 1)]


def test_cuts_added_later_are_rows_after_the_first_ones() -> None:
    relaxation = Relaxation(three_orders())
    relaxation.add_cuts(cuts(([(0, 0), (1, 0)], 1.0)))
    relaxation.add_cuts(cuts(([(1, 0), (2, 0)], 2.0)))
    assert relaxation.cut_limit.tolist() == [1.0, 2.0]
    assert relaxation.usage(np.array([0, 0, 0])).cuts.tolist() == [2.0, 2.0]
    prices = prices_of(relaxation, cuts=[1.0, 10.0])
    assert relaxation.priced_serve(0, prices)[:, 0].tolist() == [
        [1.5, 0.5],
        [11.5, 0.5],
        [10.5, 0.5],
    ]
    assert relaxation.value_of_limits(prices) == 21.0


def test_prices_known_before_a_cut_was_added_are_zero_for_it() -> None:
    relaxation = Relaxation(three_orders())
    before = relaxation.zero_prices()
    relaxation.add_cuts(cuts(([(0, 0), (1, 0)], 1.0)))
    assert relaxation.priced_serve(0, before)[:, 0, 0].tolist() == [0.5, 0.5, 0.5]
    assert relaxation.value_of_limits(before) == 0.0
    assert relaxation.zero_prices().cuts.tolist() == [0.0]
    assert padded(np.array([1.0, 2.0]), 4).tolist() == [1.0, 2.0, 0.0, 0.0]
    assert padded(np.array([1.0]), 1).tolist() == [1.0]


def test_a_cut_on_a_pair_out_of_reach_prices_nothing() -> None:
    relaxation = Relaxation(three_orders(line_refusal=[[5, 0], [0, 0], [0, 0]]))
    relaxation.add_cuts(cuts(([(0, 0), (1, 0)], 1.0)))
    prices = prices_of(relaxation, cuts=[7.0])
    serve = np.concatenate(
        [relaxation.priced_serve(i, prices) for i in range(len(relaxation.groups))]
    )
    assert sorted(serve[np.isfinite(serve)].tolist()) == [0.5] * 4 + [7.5]


def test_orders_priced_as_a_bound_only_are_divisible_or_long() -> None:
    p = three_orders(quantity=[1, 2, 2], max_line_nodes=[2, 2, 1])
    assert Relaxation(p).inexact.tolist() == [False, True, False]
    long_order = problem_from_arrays(
        line_order=[0] * 8 + [1] * 9,
        line_sku=[*range(8), *range(9)],
        quantity=1,
        stock=np.full((1, 9), 9),
        parcel_parts={},
        serve_parts={},
        open_cost=1.0,
    )
    relaxation = Relaxation(long_order)
    assert relaxation.inexact.tolist() == [False, True]
    assert (relaxation.complete_groups, len(relaxation.groups)) == (1, 3)


@pytest.mark.parametrize(("parcel", "rebate"), [(-1.0, -3.0), (0.0, 0.0), (1.0, 0.0)])
def test_a_long_order_with_a_credited_parcel_forgoes_its_split_fee(
    parcel: float, rebate: float
) -> None:
    p = problem_from_arrays(
        line_order=[0] * 9 + [1],
        line_sku=[*range(9), 0],
        quantity=1,
        stock=np.full((2, 9), 9),
        parcel_parts={"credit": [[parcel, 5.0], [-1.0, 5.0]]},
        serve_parts={},
        split_fee=[3.0, 7.0],
        open_cost=9.0,
    )
    relaxation = Relaxation(p)
    assert relaxation.rebate == rebate
    # the credit of each part is its half; the parts refund their halves of the split fee
    expected = parcel - 1.0 + rebate
    assert relaxation.price(relaxation.zero_prices()).bound == pytest.approx(expected)


def test_bid_prices_spread_the_prices_of_scarce_cells_over_the_stock_table() -> None:
    p = three_orders(line_sku=[0, 1, 1], stock=[[9, 3], [1, 9]], capacity=5)
    relaxation = Relaxation(p)
    assert relaxation.cells.tolist() == [1]
    prices = prices_of(relaxation, stock=[4.0], node=[1.0, 2.0])
    bid = relaxation.bid_prices(prices)
    assert bid.stock.tolist() == [[0.0, 4.0], [0.0, 0.0]]
    assert bid.node.tolist() == [1.0, 2.0]
    prices.node[0] = 99.0
    assert bid.node.tolist() == [1.0, 2.0]


def slope_of(relaxation: Relaxation, node: list[int], point: list[float]) -> list[float]:
    p = relaxation.problem
    ends = np.cumsum([len(relaxation.cells), p.nodes, len(p.line_limit)])
    limits = np.concatenate([relaxation.stock, relaxation.free_soft_capacity, p.line_limit])
    usage = relaxation.usage(np.array(node))
    slope: list[float] = _subgradient(relaxation, usage, np.array(point), limits, ends).tolist()
    return slope


def test_the_subgradient_is_usage_beyond_the_limits() -> None:
    relaxation = Relaxation(
        three_orders(
            capacity=[2, 9],
            soft_capacity=[2, 9],
            limit_members=[[True, False]],
            line_limit=[1],
        )
    )
    assert slope_of(relaxation, [0, 0, 0], [0.0] * 4) == [3.0, 1.0, 0.0, 2.0]
    assert slope_of(relaxation, [1, 1, 1], [0.0] * 4) == [0.0, 0.0, 0.0, 0.0]
    assert slope_of(relaxation, [1, 1, 1], [1.0, 2.0, 3.0, 4.0]) == [-3.0, -2.0, -6.0, -1.0]


@pytest.mark.parametrize(("price", "slope"), [(0.0, 2.0), (1.9, 2.0), (2.0, 0.0), (3.0, 0.0)])
def test_a_price_at_the_pressure_does_not_rise_for_parcels_that_pay_the_pressure(
    price: float, slope: float
) -> None:
    """Three parcels where one is free below the soft capacity and two are pressed."""
    relaxation = Relaxation(
        three_orders(stock=[[99], [99]], capacity=[3, 9], soft_capacity=[1, 9], pressure=2.0)
    )
    assert slope_of(relaxation, [0, 0, 0], [price, 0.0]) == [slope, 0.0]


def test_the_ascent_finds_the_price_that_clears_the_stock() -> None:
    """Between 2.50 and 4.00 a unit one and a half orders are served from node 0."""
    relaxation = Relaxation(three_orders())
    start = relaxation.zero_prices()
    bound, prices = ascend(relaxation, upper=12.5, steps=60, start=start)
    assert bound == pytest.approx(1.5 + 4.5 + 0.5 * 6.5 + 0.5 * 1.5, abs=0.05)
    assert 2.3 <= prices.stock[0] <= 4.2
    assert relaxation.price(prices).bound == pytest.approx(bound)


def test_an_ascent_that_has_proved_its_upper_bound_stops_where_it_is() -> None:
    relaxation = Relaxation(three_orders(stock=[[99], [99]]))
    bound, prices = ascend(relaxation, upper=4.5, steps=50, start=relaxation.zero_prices())
    assert bound == 4.5
    assert prices.stock.tolist() == []
    assert prices.node.tolist() == [0.0, 0.0]


def test_an_ascent_of_one_step_returns_the_bound_of_its_start() -> None:
    relaxation = Relaxation(three_orders())
    start = prices_of(relaxation, stock=[2.0])
    bound, prices = ascend(relaxation, upper=99.0, steps=1, start=start)
    assert bound == pytest.approx(relaxation.price(start).bound)
    assert prices.stock.tolist() == [2.0]

"""Shadow prices: duals, and the saving that solving again really finds."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from benchmarks.osb1_family import generate
from tests.fulfillment_optimization.engine.test_plan import two_orders

from openiom.fulfillment_optimization.engine import (
    BidPrices,
    FeasiblePlan,
    Shares,
    problem_from_arrays,
    saving_of_one_more,
    shadow_prices,
    solve,
)

# the package exports a function of the same name
shadow_price_module = import_module("openiom.fulfillment_optimization.engine.shadow_prices")


def with_one_more(p, node, sku):
    if sku is None:
        one = np.arange(p.nodes) == node
        return replace(p, capacity=p.capacity + one, soft_capacity=p.soft_capacity + one)
    stock = p.stock.copy()
    stock[node, sku] += 1
    return replace(p, stock=stock)


def test_one_more_near_unit_saves_the_difference_to_the_far_one():
    plan = solve(two_orders(), mode="batch")

    assert saving_of_one_more(plan, 0, 0) == pytest.approx(10.8 - 8.1)
    assert saving_of_one_more(plan, 1, 0) == 0.0
    assert saving_of_one_more(plan, 2, 0) == pytest.approx(10.8 - 6.1)
    prices = {(s.node, s.sku): s for s in shadow_prices(plan)}
    assert prices[0, 0].saving == pytest.approx(2.7)
    assert (1, 0) not in prices


def test_one_more_parcel_of_a_full_day_saves_the_way_to_the_next_source():
    plan = solve(
        two_orders(stock=[[9], [9], [0]], capacity=[1, 5, 5], soft_capacity=[1, 5, 5]), mode="batch"
    )
    assert saving_of_one_more(plan, 0, None) == pytest.approx(2.7)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_saving_is_what_solving_the_whole_batch_again_saves(seed):
    p = generate(orders=100, nodes=50, seed=seed).problem
    plan = solve(p, mode="batch")
    found = shadow_prices(plan, verify=5)
    looked_at = [s for s in found if s.saving is not None]

    assert len(looked_at) == 10
    assert {s.sku is None for s in looked_at} == {True, False}
    assert [s.price for s in found] == sorted((s.price for s in found), reverse=True)

    for s in looked_at:
        again = solve(with_one_more(p, s.node, s.sku), mode="batch")
        assert again.proved
        assert s.saving == pytest.approx(plan.cost - again.cost, abs=1e-4), s


def test_in_a_large_batch_the_saving_is_never_more_than_the_whole_batch_could_save():
    p = generate(orders=400, nodes=50, seed=0).problem
    plan = solve(p, mode="batch")
    for s in shadow_prices(plan, verify=2):
        if s.saving is not None:
            again = solve(with_one_more(p, s.node, s.sku), mode="batch")
            assert 0.0 <= s.saving <= plan.cost - again.lower_bound + 1e-6


def test_a_plan_without_prices_has_no_shadow_prices():
    assert shadow_prices(solve(two_orders())) == ()


def priced(unit_prices, parcel_prices, **changes):
    """A plan made by hand: both orders at node 1, with these prices."""
    return FeasiblePlan(
        problem=two_orders(**changes),
        shares=Shares.of([(0, 1, 1), (1, 1, 1)]),
        prices=BidPrices(np.array(unit_prices, dtype=float), np.array(parcel_prices, dtype=float)),
    )


def test_prices_below_the_least_are_left_out_and_equal_ones_kept():
    plan = priced([[0.5], [0.49], [2.0]], [0.5, 0.2, 0.0])

    found = shadow_prices(plan, least=0.5, verify=0)
    assert [(s.node, s.sku, s.price, s.saving) for s in found] == [
        (2, 0, 2.0, None),
        (0, 0, 0.5, None),
        (0, None, 0.5, None),
    ]


def test_a_cent_is_the_least_price_unless_stated():
    plan = priced([[0.01], [0.0099], [0.0]], [0.0, 0.0, 0.0])
    assert [(s.node, s.sku) for s in shadow_prices(plan, verify=0)] == [(0, 0)]


def test_ties_are_sorted_by_node_then_stock_before_parcels_then_sku():
    plan = priced(
        [[1.0, 1.0], [1.0, 3.0], [0.0, 1.0]],
        [1.0, 1.0, 3.0],
        stock=[[1, 1], [9, 9], [0, 0]],
        line_sku=[0, 1],
    )
    found = shadow_prices(plan, verify=0)
    assert [(s.price, s.node, s.sku) for s in found] == [
        (3.0, 1, 1),
        (3.0, 2, None),
        (1.0, 0, 0),
        (1.0, 0, 1),
        (1.0, 0, None),
        (1.0, 1, 0),
        (1.0, 1, None),
        (1.0, 2, 1),
    ]


def test_the_first_of_stock_and_the_first_of_parcels_are_verified():
    plan = priced([[5.0], [4.0], [6.0]], [9.0, 8.0, 7.0])

    found = shadow_prices(plan, verify=1)
    verified = [(s.node, s.sku) for s in found if s.saving is not None]
    assert verified == [(0, None), (2, 0)]
    assert len(found) == 6


def test_the_saving_of_a_plan_that_is_not_proved_is_measured_from_its_own_best():
    """The plan costs 21.60, the best one 18.90, and the best one with a unit more 16.20."""
    plan = priced([[1.0], [0.0], [0.0]], [0.0, 0.0, 0.0])
    assert plan.cost == pytest.approx(21.6)
    assert saving_of_one_more(plan, 0, 0) == pytest.approx(2.7)
    assert saving_of_one_more(replace(plan, proved=True), 0, 0) == pytest.approx(5.4)


def test_a_parcel_more_also_raises_the_soft_capacity():
    """Without pressure on its second parcel, node 0 serves the second order for 8.10."""
    plan = solve(
        two_orders(
            stock=[[9], [9], [0]], capacity=[1, 5, 5], soft_capacity=[1, 5, 5], pressure=2.0
        ),
        mode="batch",
    )
    assert plan.node.tolist() == [0, 1]
    assert saving_of_one_more(plan, 0, None) == pytest.approx(2.7)


def four_orders(**changes):
    """Orders 0, 1 and 2 want SKU 0 and order 3 SKU 1; node 0 is near and has one unit of SKU 0."""
    given = dict(
        line_order=[0, 1, 2, 3],
        line_sku=[0, 0, 0, 1],
        quantity=[1, 1, 1, 1],
        stock=[[1, 5], [9, 9]],
        parcel_parts={"carrier": [[1.0, 8.0], [1.0, 5.0], [1.0, 9.0], [1.0, 3.0]]},
        serve_parts={},
        open_cost=50.0,
    )
    return FeasiblePlan(
        problem=problem_from_arrays(**(given | changes)),
        shares=Shares.of([(0, 0, 1), (1, 1, 1), (2, 1, 1), (3, 0, 1)]),
    )


@pytest.mark.parametrize(
    ("most", "orders"), [(1, [2]), (2, [1, 2]), (3, [0, 1, 2]), (4, [0, 1, 2, 3])]
)
def test_orders_with_most_to_gain_are_solved_for_a_unit_of_stock(monkeypatch, most, orders):
    monkeypatch.setattr(shadow_price_module, "MOST_ORDERS", most)
    assert shadow_price_module._interested_orders(four_orders(), 0, 0).tolist() == orders


@pytest.mark.parametrize(("most", "orders"), [(1, [2]), (2, [1, 2]), (3, [0, 1, 2])])
def test_a_parcel_more_concerns_the_orders_of_all_skus(monkeypatch, most, orders):
    monkeypatch.setattr(shadow_price_module, "MOST_ORDERS", most)
    assert shadow_price_module._interested_orders(four_orders(), 0, None).tolist() == orders


def test_orders_the_unit_cannot_serve_are_not_solved_unless_served_there_now(monkeypatch):
    """Order 0 needs three units of two, and order 1 may not be served from node 0."""
    monkeypatch.setattr(shadow_price_module, "MOST_ORDERS", 3)
    plan = four_orders(quantity=[3, 1, 1, 1], order_refusal=[[0, 0], [1, 0], [0, 0], [0, 0]])
    assert shadow_price_module._interested_orders(plan, 0, 0).tolist() == [0, 2, 3]
    monkeypatch.setattr(shadow_price_module, "MOST_ORDERS", 2)
    assert shadow_price_module._interested_orders(plan, 0, 0).tolist() == [0, 2]


@pytest.mark.parametrize(("units", "sku", "orders"), [(2, 0, [2]), (3, 0, [1]), (2, None, [1])])
def test_the_unit_itself_counts_towards_what_a_line_needs(monkeypatch, units, sku, orders):
    monkeypatch.setattr(shadow_price_module, "MOST_ORDERS", 1)
    plan = four_orders(quantity=[1, 1, units, 1])
    assert shadow_price_module._interested_orders(plan, 0, sku).tolist() == orders


def test_a_unit_that_no_order_can_use_saves_nothing(monkeypatch):
    monkeypatch.setattr(shadow_price_module, "MOST_ORDERS", 3)
    plan = four_orders(line_refusal=[[1, 0]] * 3 + [[0, 0]])
    assert shadow_price_module._interested_orders(plan, 0, 0).tolist() == []
    assert saving_of_one_more(plan, 0, 0) == 0.0


@pytest.mark.parametrize(("most", "saving"), [(1, 8.0), (2, 8.0), (3, 7.0), (4, 7.0)])
def test_orders_that_are_not_solved_keep_their_plans(monkeypatch, most, saving):
    """Order 2 gains 8 from the unit; order 0, which has the first one, would lose only 7."""
    monkeypatch.setattr(shadow_price_module, "MOST_ORDERS", most)
    assert saving_of_one_more(four_orders(), 0, 0) == pytest.approx(saving)

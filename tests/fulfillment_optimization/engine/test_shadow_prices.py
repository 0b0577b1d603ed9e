"""Shadow prices: duals, and the saving that solving again really finds."""

from dataclasses import replace

import numpy as np
import pytest
from benchmarks.osb1_family import generate
from tests.fulfillment_optimization.engine.test_plan import two_orders

from openiom.fulfillment_optimization.engine import saving_of_one_more, shadow_prices, solve


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

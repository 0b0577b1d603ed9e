"""Bid prices from expected demand, on the family of Jasin and Sinha."""

import numpy as np
import pytest
from benchmarks.jasin_sinha import nearest, paper_bound, resolved, run
from benchmarks.jasin_sinha_family import network

from openiom.fulfillment_optimization.engine import cost_of, problem_from_arrays, solve, violations
from openiom.fulfillment_optimization.engine.forecast import forecast


def two_customers(stock):
    """A unit is nearer to both kinds of order than the next one; the second kind has nowhere else to go."""
    return problem_from_arrays(
        line_order=[0, 1],
        line_sku=[0, 0],
        quantity=[1, 1],
        stock=[[stock], [99]],
        parcel_parts={"carrier": [[5.0, 6.0], [5.0, 25.0]]},
        serve_parts={"picking": 0.0},
        open_cost=40.0,
    )


def test_a_unit_that_somebody_else_will_need_is_priced_at_what_he_would_lose():
    known = forecast(two_customers(3), expected=np.array([5.0, 3.0]), samples=0)

    assert known.bound == pytest.approx(5 * 6.0 + 3 * 5.0)
    assert 1.0 <= known.prices.stock[0, 0] <= 20.0
    assert known.prices.stock[1, 0] == 0.0


def test_sampled_demand_prices_the_last_unit_by_how_often_it_is_missed():
    plenty = forecast(two_customers(30), expected=np.array([5.0, 3.0]))
    enough = forecast(two_customers(8), expected=np.array([5.0, 3.0]))

    assert plenty.prices.stock[0, 0] == 0.0
    assert 0.0 < enough.prices.stock[0, 0] < 1.0


def test_the_same_forecast_twice():
    net = network(seed=0, arrivals=1000)
    one, two = (forecast(net.kinds, expected=net.expected) for _ in range(2))
    assert np.array_equal(one.prices.stock, two.prices.stock)
    assert one.bound == two.bound


def test_expected_demand_makes_real_time_better_and_what_is_left_better_still():
    found = run(network(seed=1, arrivals=4000), 4000, 0)

    assert found["feasible"]
    assert found["plan_bound_over_bound"] >= 1
    assert found["static"] <= 1.05
    assert found["resolved"] < found["static"] < found["exact_per_order"] < found["myopic"]


def test_decisions_in_tenths_keep_the_shelves():
    net = network(seed=2, arrivals=500)
    coming = net.arrivals(500, 0)
    problem = net.kinds.only(coming)

    assert violations(problem, resolved(net, coming)) == []
    assert cost_of(problem, nearest(problem, net.miles[coming])).total >= solve(problem).cost
    assert paper_bound(net) <= forecast(net.kinds, expected=net.expected, samples=0).bound + 1e-6

"""Opportunity costs learned from past demand improve sequential solutions."""

import numpy as np
import pytest
from benchmarks.osb1_family import generate
from benchmarks.sourcing_bench import nearest

from openiom.fulfillment_optimization.engine import cost_of, problem_from_arrays, solve, violations
from openiom.fulfillment_optimization.engine.groups import gather, in_reach
from openiom.fulfillment_optimization.engine.marginal_values import marginal_values
from openiom.fulfillment_optimization.engine.opportunity_costs import (
    learn_opportunity_costs,
    solve_with_opportunity_costs,
)


def one_shelf(units, orders=1):
    """A product at one place: served for 5, or open for 25."""
    return problem_from_arrays(
        line_order=range(orders),
        line_sku=[0] * orders,
        quantity=[1] * orders,
        stock=[[units]],
        parcel_parts={"carrier": 5.0},
        serve_parts={"picking": 0.0},
        open_cost=25.0,
        orders=orders,
    )


def groups_of(problem):
    everything = np.arange(problem.orders)
    return gather(problem, everything, in_reach(problem, problem.stock, np.arange(problem.lines)))


def test_the_last_unit_is_worth_its_gain_times_the_chance_of_a_request():
    known = learn_opportunity_costs(one_shelf(3), [one_shelf(3)], rounds=1)
    worth = [known.prices(1.0, np.array([[left]]), np.array([9])).stock[0, 0] for left in (1, 2, 3)]

    # the past instance had one order in a horizon: they arrive as a Poisson process of rate one
    none, one = np.exp(-1.0), np.exp(-1.0)
    assert worth == pytest.approx(
        [20 * (1 - none), 20 * (1 - none - one), 20 * (1 - 2.5 * none)], abs=0.35
    )


def test_costs_fall_as_the_horizon_ends_and_rise_as_the_shelf_empties():
    known = learn_opportunity_costs(one_shelf(2), [one_shelf(2, orders=4)])
    late, early = (
        known.prices(left, np.array([[1]]), np.array([9])).stock[0, 0] for left in (0.1, 0.9)
    )

    assert 0 < late < early < 20
    assert known.prices(0.0, np.array([[1]]), np.array([9])).stock[0, 0] == 0.0
    assert known.prices(0.9, np.array([[2]]), np.array([9])).stock[0, 0] < early


def test_a_place_counts_its_pressure_and_what_it_is_worth_to_others():
    crowded = problem_from_arrays(
        line_order=[0, 1, 2],
        line_sku=[0, 0, 0],
        quantity=[1, 1, 1],
        stock=[[9], [9]],
        capacity=[2, 9],
        soft_capacity=[1, 9],
        pressure=2.0,
        parcel_parts={"carrier": [[5.0, 12.0]]},
        serve_parts={"picking": 0.0},
        open_cost=40.0,
        orders=3,
    )
    known = learn_opportunity_costs(crowded, [crowded])
    full, last = (known.prices(1.0, crowded.stock, np.array([room, 9])).node for room in (2, 1))

    assert 0 < full[0] < last[0]
    assert last[0] > 2.0  # the last place is pressed
    assert last[0] <= 7.0  # no order loses more than the seven the other node costs more
    assert full[1] == 0.0


@pytest.mark.parametrize("seed", range(40))
def test_gains_are_what_closing_the_resource_costs(seed):
    """Against the optimum with and without the resource, orders of one to three lines."""
    r = np.random.default_rng(seed)
    sizes = r.integers(1, 4, 6)
    line_order, line_sku = (
        np.repeat(np.arange(6), sizes),
        np.concatenate([r.permutation(4)[:n] for n in sizes]),
    )
    quantity = r.integers(1, 3, len(line_order))
    stock = r.integers(0, 4, (3, 4))
    p = problem_from_arrays(
        line_order=line_order,
        line_sku=line_sku,
        quantity=quantity,
        stock=stock,
        orders=6,
        split_fee=1.0,
        parcel_parts={"carrier": r.uniform(3, 9, (6, 3))},
        open_cost=r.uniform(4, 20, len(line_order)),
        serve_parts={"picking": r.uniform(0, 3, (len(line_order), 3))},
    )
    unit, place = r.uniform(0, 2, stock.size), r.uniform(0, 2, 3)
    found = marginal_values(groups_of(p), unit, place)

    def best(order, *, unit=unit, place=place, closed=None):
        one = p.only([order])
        refused = np.zeros((1, 3), dtype=np.uint8)
        if closed is not None:
            refused[0, closed] = 1

        priced = problem_from_arrays(
            line_order=one.line_order,
            line_sku=one.line_sku,
            quantity=one.quantity,
            stock=stock,
            orders=1,
            split_fee=1.0,
            parcel_parts={"carrier": one.parcel + place},
            open_cost=one.open_cost,
            serve_parts={
                "x": one.serve + unit.reshape(3, 4).T[one.line_sku] * one.quantity[:, None]
            },
            order_refusal=refused,
        )
        return solve(priced, mode="batch").cost

    for node in range(3):
        free = np.where(np.arange(3) == node, 0.0, place)
        want = sum(max(0.0, best(o, closed=node) - best(o, place=free)) for o in range(6))
        assert found.node_gain[found.node == node].sum() == pytest.approx(want, abs=1e-5)


def test_learned_costs_beat_none_and_the_nearest_source_on_demand_they_have_not_seen():
    instance = generate(orders=1000, nodes=50, seed=3)
    problem = instance.problem
    known = learn_opportunity_costs(
        problem, [instance.past_instance(seed) for seed in range(12)], rounds=4
    )
    shares = solve_with_opportunity_costs(problem, known)

    assert violations(problem, shares) == []
    cost = cost_of(problem, shares).total
    assert cost < 0.97 * solve(problem).cost
    assert cost < 0.8 * cost_of(problem, nearest(instance)).total


def test_the_same_demand_teaches_the_same_and_no_demand_teaches_nothing():
    instance = generate(orders=100, nodes=20, seed=1)
    one, two = (
        learn_opportunity_costs(instance.problem, [instance.past_instance(0)]) for _ in range(2)
    )
    nothing = learn_opportunity_costs(instance.problem, [])
    room = instance.problem.capacity

    assert np.array_equal(one.units.table, two.units.table)
    assert np.array_equal(
        solve_with_opportunity_costs(instance.problem, one).node,
        solve_with_opportunity_costs(instance.problem, two).node,
    )
    assert nothing.prices(1.0, instance.problem.stock, room).stock.max() == 0.0

"""Bounds, columns, cuts and their master problem on instances small enough for brute force."""

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.small_instances import (
    best_by_brute_force,
    plans_of,
    small_instance,
)

from openiom.fulfillment_optimization.engine import (
    Shares,
    SourcingProblem,
    cost_of,
    problem_from_arrays,
    solve,
    violations,
)
from openiom.fulfillment_optimization.engine.columns import (
    columns_of_nodes,
    columns_of_plan,
    distinct,
    fitting_alone,
    joined,
    open_columns,
)
from openiom.fulfillment_optimization.engine.cover_cuts import separate
from openiom.fulfillment_optimization.engine.enumerate_plans import near_best
from openiom.fulfillment_optimization.engine.lagrangian import Cuts, Prices, Relaxation
from openiom.fulfillment_optimization.engine.local_search import improve
from openiom.fulfillment_optimization.engine.master_problem import Master, as_model
from openiom.fulfillment_optimization.engine.milp import solve_model
from openiom.fulfillment_optimization.engine.subgradient import ascend

SEEDS = range(1000, 1040)


def random_prices(relaxation: Relaxation, seed: int) -> Prices:
    r = np.random.default_rng(seed)
    zero = relaxation.zero_prices()
    return Prices(
        r.uniform(0, 5, len(zero.stock)),
        r.uniform(0, 5, len(zero.node)),
        r.uniform(0, 5, len(zero.lines)),
        np.zeros(0),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_any_prices_bound_the_optimum_from_below(seed: int) -> None:
    p = small_instance(seed)
    best, _ = best_by_brute_force(p)
    relaxation = Relaxation(p)
    assert relaxation.price(relaxation.zero_prices()).bound <= best + 1e-9
    for draw in range(3):
        assert relaxation.price(random_prices(relaxation, draw)).bound <= best + 1e-9


def test_subgradient_ascent_improves_the_bound_and_never_exceeds_the_optimum() -> None:
    improved = 0
    for seed in SEEDS:
        p = small_instance(seed)
        relaxation = Relaxation(p)
        start = relaxation.zero_prices()
        bound, prices = ascend(relaxation, upper=solve(p).cost, steps=30, start=start)
        best, _ = best_by_brute_force(p)
        assert bound <= best + 1e-9
        assert relaxation.price(prices).bound == pytest.approx(bound)
        improved += bound > relaxation.price(start).bound + 1e-6

    assert improved > 10


def contested(quantity: int = 2, stock: int = 3) -> SourcingProblem:
    """Three orders that would all rather be served from node 0, which cannot serve them all."""
    return problem_from_arrays(
        line_order=[0, 1, 2],
        line_sku=[0, 0, 0],
        quantity=quantity,
        stock=[[stock], [99]],
        parcel_parts={"carrier": [[1.0, 4.0], [1.0, 6.0], [1.0, 9.0]]},
        serve_parts={"picking": 0.0},
        open_cost=50.0,
    )


def test_only_cells_that_could_run_short_have_a_row() -> None:
    relaxation = Relaxation(contested())
    assert relaxation.cells.tolist() == [0]
    assert relaxation.stock.tolist() == [3.0]


def test_usage_counts_units_parcels_and_order_lines() -> None:
    p = problem_from_arrays(
        line_order=[0, 0, 1],
        line_sku=[0, 0, 0],
        quantity=[2, 1, 1],
        stock=[[2], [2]],
        parcel_parts={"carrier": 1.0},
        serve_parts={"picking": 0.0},
        open_cost=9.0,
        limit_members=[[True, False]],
        line_limit=[5],
    )
    usage = Relaxation(p).usage(np.array([0, 0, 1]))
    assert usage.stock.tolist() == [3.0, 1.0]
    assert usage.node.tolist() == [1.0, 1.0]
    assert usage.lines.tolist() == [2.0]


def test_prices_mix_add_and_scale_row_by_row() -> None:
    one = Prices(np.array([1.0]), np.array([2.0]), np.array([3.0]), np.array([4.0, 8.0]))
    two = Prices(np.array([3.0]), np.array([6.0]), np.array([5.0]), np.array([2.0]))
    mixed = one.mixed(two, 0.25)
    assert (mixed.stock[0], mixed.node[0], mixed.lines[0]) == (2.5, 5.0, 4.5)
    assert mixed.cuts.tolist() == [2.5, 2.0]
    assert one.plus(one).cuts.tolist() == [8.0, 16.0]
    assert one.scaled(0.5).node.tolist() == [1.0]


@pytest.mark.parametrize("seed", SEEDS)
def test_near_best_plans_are_exactly_those_within_the_margin(seed: int) -> None:
    p = small_instance(seed)
    relaxation = Relaxation(p)
    if relaxation.inexact.any() or len(p.line_limit):
        pytest.skip("plans of divided or counted lines are not all enumerated")

    margin = 4.0
    found = near_best(relaxation, relaxation.zero_prices(), margin=margin, most=10_000)

    for order in range(p.orders):
        columns = found.columns.take(np.flatnonzero(found.columns.order == order))
        # the least cost of the relaxation, whose plan need not fit the stock
        most = columns.cost.min() + margin + 1e-9
        # the judge's costs without the pressure, which the relaxation prices at its rows
        expected = [cost for cost, _ in plans_of(p, order) if cost <= most]
        fitting = np.sort(fitting_alone(p, columns).cost)
        assert fitting[fitting <= most].tolist() == pytest.approx(expected), order


def test_of_too_many_plans_the_dearer_ones_are_left_out_and_the_margin_says_so() -> None:
    p = contested()
    relaxation = Relaxation(p)
    all_plans = near_best(relaxation, relaxation.zero_prices(), margin=100.0, most=100)
    few = near_best(relaxation, relaxation.zero_prices(), margin=100.0, most=1)
    assert all_plans.margin.tolist() == [100.0] * 3
    assert few.margin.tolist() == pytest.approx([3.0, 5.0, 8.0])
    assert len(few.columns) < len(all_plans.columns)


def test_columns_state_the_costs_the_judge_states() -> None:
    for seed in SEEDS:
        p = small_instance(seed)
        plan = solve(p)
        columns = columns_of_plan(p, plan.shares)
        parts = {k: v for k, v in plan.cost_parts.items() if k != "capacity pressure"}
        assert columns.cost.tolist() == pytest.approx(np.sum(list(parts.values()), axis=0))
        assert columns.shares().rows() == plan.shares.rows()


def test_a_column_beyond_the_limits_of_its_order_costs_infinity() -> None:
    p = problem_from_arrays(
        line_order=[0, 0],
        line_sku=[0, 1],
        quantity=[2, 2],
        stock=[[9, 9], [9, 9], [9, 9]],
        parcel_parts={"carrier": 1.0},
        serve_parts={"picking": 0.0},
        open_cost=9.0,
        max_nodes=1,
        max_line_nodes=[2, 2],
    )
    two_sources = columns_of_plan(p, Shares.of([(0, 0, 2), (1, 1, 2)]))
    assert two_sources.cost.tolist() == [np.inf]
    wide = problem_from_arrays(
        line_order=[0],
        line_sku=[0],
        quantity=[3],
        stock=[[9], [9], [9]],
        parcel_parts={"carrier": 1.0},
        serve_parts={"picking": 0.0},
        open_cost=9.0,
        max_line_nodes=2,
    )
    three = columns_of_plan(wide, Shares.of([(0, 0, 1), (0, 1, 1), (0, 2, 1)]))
    assert three.cost.tolist() == [np.inf]


def test_equal_columns_have_equal_keys_and_are_kept_once() -> None:
    p = contested()
    one, two = columns_of_nodes(p, np.array([0, 1, -1])), columns_of_nodes(p, np.array([0, 0, 1]))
    assert one.keys()[0] == two.keys()[0]
    assert len(set(joined([one, two]).keys().tolist())) == 5
    assert len(distinct([one, two, one])) == 5
    assert len(one.without(two.keys())) == 2


def test_taking_columns_keeps_their_shares() -> None:
    p = contested()
    columns = joined([open_columns(p), columns_of_nodes(p, np.array([0, 1, 1]))])
    picked = columns.take(np.array([4, 0, 3]))
    assert picked.order.tolist() == [1, 0, 0]
    assert picked.owner.tolist() == [0, 2]
    assert (picked.line.tolist(), picked.node.tolist()) == ([1, 0], [1, 0])
    assert picked.cost.tolist() == [6.0, 50.0, 1.0]


def test_plans_that_the_stock_cannot_hold_even_alone_are_left_out() -> None:
    p = problem_from_arrays(
        line_order=[0, 0],
        line_sku=[0, 0],
        quantity=[2, 2],
        stock=[[3], [4]],
        parcel_parts={"carrier": 1.0},
        serve_parts={"picking": 0.0},
        open_cost=9.0,
        limit_members=[[False, True]],
        line_limit=[2],
    )
    both = joined([columns_of_nodes(p, np.array([n, n])) for n in (0, 1)])
    assert fitting_alone(p, both).node.tolist() == [1, 1]
    tighter = problem_from_arrays(
        line_order=[0, 0],
        line_sku=[0, 0],
        quantity=[2, 2],
        stock=[[3], [4]],
        parcel_parts={"carrier": 1.0},
        serve_parts={"picking": 0.0},
        open_cost=9.0,
        limit_members=[[False, True]],
        line_limit=[1],
    )
    assert len(fitting_alone(tighter, both)) == 0


def all_columns(p: SourcingProblem, relaxation: Relaxation) -> list[object]:
    return [
        fitting_alone(
            p, near_best(relaxation, relaxation.zero_prices(), margin=1e6, most=10**6).columns
        )
    ]


def test_the_linear_program_divides_what_a_cover_cut_forbids() -> None:
    """Node 0 has three units for three lines of two; whole lines allow one only."""
    p = contested(quantity=2, stock=3)
    relaxation = Relaxation(p)
    master = Master(relaxation)
    [columns] = all_columns(p, relaxation)
    master.add(columns)
    optimum, prices, value = master.solve()
    best, _ = best_by_brute_force(p)
    assert best == 1.0 + 4.0 + 6.0
    assert optimum == pytest.approx(1.0 + 4.0 + 0.5 * 6.0 + 0.5 * 1.0)
    assert prices.stock[0] == pytest.approx(2.5)

    cuts = separate(relaxation, columns, value)
    assert cuts is not None
    assert cuts.most.tolist() == [1.0]
    assert sorted(cuts.line.tolist()) == [0, 1, 2]
    relaxation.add_cuts(cuts)
    master.add_cuts(columns, 0)
    optimum, prices, value = master.solve()
    assert optimum == pytest.approx(best)
    assert relaxation.price(prices).bound == pytest.approx(best)
    assert separate(relaxation, columns, value) is None


def test_a_cut_adds_its_price_to_the_pairs_it_names_only() -> None:
    p = contested()
    relaxation = Relaxation(p)
    before = relaxation.priced_serve(0, relaxation.zero_prices()).copy()
    relaxation.add_cuts(Cuts(np.array([0, 0]), np.array([0, 2]), np.array([0, 0]), np.array([1.0])))
    prices = relaxation.zero_prices()
    prices.cuts = np.array([7.0])
    added = relaxation.priced_serve(0, prices) - before
    assert added[:, 0, 0].tolist() == [7.0, 0.0, 7.0]
    assert added[:, 0, 1].tolist() == [0.0, 0.0, 0.0]
    assert relaxation.value_of_limits(prices) == 7.0
    assert relaxation.usage(np.array([0, 0, 0])).cuts.tolist() == [2.0]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_integer_program_over_all_plans_is_the_optimum(seed: int) -> None:
    p = small_instance(seed)
    relaxation = Relaxation(p)
    if relaxation.inexact.any():
        pytest.skip("plans of divided lines are not all enumerated")
    [columns] = all_columns(p, relaxation)
    solution = solve_model(as_model(relaxation, columns))
    best, _ = best_by_brute_force(p)
    assert solution.objective == pytest.approx(best, abs=1e-6)


def test_a_perturbed_limit_changes_the_optimum_by_its_price() -> None:
    p = contested(quantity=1, stock=1)
    relaxation = Relaxation(p)
    master = Master(relaxation)
    [columns] = all_columns(p, relaxation)
    master.add(columns)
    optimum, _, _ = master.solve()
    change = np.zeros(len(relaxation.cells) + p.nodes)
    change[0] = 0.5
    master.perturb(change)
    richer, _, _ = master.solve()
    change[0] = -0.5
    master.perturb(change)
    scarcer, _, _ = master.solve()
    assert richer == pytest.approx(optimum - 0.5 * 5.0)
    assert scarcer == pytest.approx(optimum + 0.5 * 8.0)
    change[0] = -5.0
    master.perturb(change)
    assert master.solve()[0] == pytest.approx(4.0 + 6.0 + 9.0)


def test_local_search_undoes_a_needless_split_and_never_worsens_a_plan() -> None:
    p = problem_from_arrays(
        line_order=[0, 0],
        line_sku=[0, 1],
        quantity=1,
        stock=[[5, 5], [5, 5]],
        parcel_parts={"carrier": [[3.0, 4.0]]},
        serve_parts={"picking": 0.0},
        split_fee=2.0,
        open_cost=50.0,
    )
    split = Shares.of([(0, 0, 1), (1, 1, 1)])
    better = improve(p, split)
    assert better.rows() == [(0, 0, 1), (1, 0, 1)]
    assert improve(p, better).rows() == better.rows()

    for seed in SEEDS:
        one = small_instance(seed)
        plan = solve(one)
        again = improve(one, plan.shares, passes=2)
        assert violations(one, again) == []
        assert cost_of(one, again).total <= plan.cost + 1e-9

"""The subset dynamic program against every plan of orders of one to four lines."""

from itertools import product

import numpy as np
import pytest

from openiom.fulfillment_optimization.engine import (
    Shares,
    SourcingProblem,
    cost_of,
    problem_from_arrays,
    violations,
)
from openiom.fulfillment_optimization.engine.groups import OrderGroup, gather, in_reach, lines_of
from openiom.fulfillment_optimization.engine.subset_dp import Best, cheapest, tables


def random_order(seed: int, lines: int, **limits: object) -> SourcingProblem:
    """One order of different SKUs on three nodes with plenty of stock where there is any."""
    r = np.random.default_rng([seed, lines])
    arrays: dict[str, object] = {
        "line_order": [0] * lines,
        "line_sku": np.arange(lines),
        "quantity": r.integers(1, 3, lines),
        "stock": 9 * (r.random((3, lines)) < 0.8),
        "parcel_parts": {"carrier": r.uniform(1, 9, (1, 3))},
        "serve_parts": {"picking": r.uniform(0, 6, (lines, 3))},
        "split_fee": r.uniform(0, 3),
        "open_cost": r.uniform(2, 14, lines),
    }
    return problem_from_arrays(**(arrays | limits))  # type: ignore[arg-type]


def group_of(p: SourcingProblem) -> OrderGroup:
    orders = np.arange(p.orders)
    [group] = gather(p, orders, in_reach(p, p.stock, lines_of(p, orders)))
    return group


def least_cost(p: SourcingProblem) -> float:
    """The least cost among all assignments of lines to nodes or to none."""
    costs: list[float] = []
    for nodes in product(range(-1, p.nodes), repeat=p.lines):
        shares = Shares.undivided(np.array(nodes), p.quantity)
        if not violations(p, shares):
            costs.append(cost_of(p, shares).total)
    return min(costs)


def shares_of(p: SourcingProblem, group: OrderGroup, best: Best) -> Shares:
    place = best.place[0]
    node = np.where(place >= 0, group.node[0, np.maximum(place, 0)], -1)
    return Shares.undivided(node, p.quantity)


def solved(p: SourcingProblem) -> tuple[float, Shares]:
    group = group_of(p)
    best = cheapest(group, group.parcel, group.serve)
    return float(best.value[0]), shares_of(p, group, best)


@pytest.mark.parametrize("lines", [1, 2, 3, 4])
@pytest.mark.parametrize(
    "limits",
    [
        {},
        {"max_nodes": 1},
        {"max_nodes": 2},
        {"preferred_nodes": 1, "extra_node_penalty": 2.5},
        {"max_nodes": 2, "preferred_nodes": 1, "extra_node_penalty": 1.0},
        {"partial_penalty": 3.0},
        {"partial_penalty": np.inf},
        {"partial_penalty": np.inf, "max_nodes": 1},
    ],
)
def test_the_plan_is_the_cheapest_of_all_and_has_the_stated_cost(
    lines: int, limits: dict[str, object]
) -> None:
    for seed in range(12):
        p = random_order(seed, lines, **limits)
        value, shares = solved(p)
        assert violations(p, shares) == []
        assert value == pytest.approx(least_cost(p), abs=1e-9), seed
        assert value == pytest.approx(cost_of(p, shares).total, abs=1e-9), seed


def test_an_order_of_eight_lines_is_covered() -> None:
    p = random_order(0, 8)
    value, shares = solved(p)
    assert value == pytest.approx(cost_of(p, shares).total)
    assert value <= p.open_cost.sum()


def test_of_equal_costs_the_lowest_node_is_taken() -> None:
    p = random_order(
        0,
        2,
        stock=np.full((3, 2), 9),
        parcel_parts={"carrier": 4.0},
        serve_parts={"picking": 1.0},
        open_cost=50.0,
    )
    assert solved(p)[1].node.tolist() == [0, 0]


def test_of_equal_costs_more_lines_are_served() -> None:
    p = random_order(
        0,
        1,
        stock=np.full((3, 1), 9),
        parcel_parts={"carrier": 4.0},
        serve_parts={"picking": 1.0},
        open_cost=5.0,
    )
    assert solved(p)[1].node.tolist() == [0]
    two = random_order(
        0,
        2,
        stock=np.full((3, 2), 9),
        parcel_parts={"carrier": 4.0},
        serve_parts={"picking": [[1.0], [6.0]]},
        open_cost=[9.0, 6.0],
        split_fee=0.0,
    )
    assert solved(two)[1].node.tolist() == [0, 0]


@pytest.mark.parametrize("limits", [{}, {"max_nodes": 1}])
def test_of_equal_costs_fewer_parcels_are_opened(limits: dict[str, object]) -> None:
    p = random_order(
        0,
        2,
        stock=np.full((3, 2), 9),
        parcel_parts={"carrier": 0.0},
        serve_parts={"picking": 1.0},
        open_cost=9.0,
        split_fee=0.0,
        **limits,
    )
    assert len(set(solved(p)[1].node.tolist())) == 1


def test_many_orders_are_solved_in_one_call_as_each_alone() -> None:
    r = np.random.default_rng(5)
    p = problem_from_arrays(
        line_order=np.repeat(np.arange(20), 3),
        line_sku=np.tile(np.arange(3), 20),
        quantity=1,
        stock=np.full((4, 3), 99),
        parcel_parts={"carrier": r.uniform(1, 9, (20, 4))},
        serve_parts={"picking": r.uniform(0, 6, (60, 4))},
        split_fee=1.0,
        open_cost=r.uniform(2, 14, 60),
    )
    group = group_of(p)
    best = cheapest(group, group.parcel, group.serve)

    for order in range(20):
        alone, _ = solved(p.only([order]))
        assert best.value[order] == pytest.approx(alone)


def test_prices_change_the_plan_and_are_part_of_its_value() -> None:
    p = random_order(
        0,
        1,
        stock=np.full((3, 1), 9),
        parcel_parts={"carrier": [[1.0, 2.0, 3.0]]},
        serve_parts={"picking": 0.0},
        open_cost=50.0,
        split_fee=0.0,
    )
    group = group_of(p)
    dear = np.array([[5.0, 0.0, 0.0]])
    best = cheapest(group, group.parcel + dear, group.serve)
    assert (best.value[0], best.place[0, 0]) == (2.0, 1)


def test_index_tables_hold_every_subset_and_every_part_with_its_lowest_line() -> None:
    t = tables(3)
    assert [step.subset.tolist() for step in t.steps] == [[1, 2, 4], [3, 5, 6], [7]]
    assert t.steps[1].part.tolist() == [[3, 1], [5, 1], [6, 2]]
    assert t.steps[1].rest.tolist() == [[0, 2], [0, 4], [0, 4]]
    assert t.steps[2].part.tolist() == [[7, 5, 3, 1]]
    assert t.falling.tolist() == [7, 3, 5, 6, 1, 2, 4, 0]
    assert t.has[5].tolist() == [True, False, True]

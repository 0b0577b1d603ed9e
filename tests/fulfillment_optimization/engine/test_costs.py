"""The judge of all methods, checked by hand on one small instance."""

from dataclasses import replace

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.judge import money_of, violated
from tests.fulfillment_optimization.engine.small_instances import small_instance

from openiom.fulfillment_optimization.engine import (
    Refusal,
    Shares,
    SourcingProblem,
    cost_of,
    problem_from_arrays,
    violations,
)
from openiom.fulfillment_optimization.engine.costs import tally


def instance(**changes: object) -> SourcingProblem:
    """Two orders: lines 0 and 1 of order 0, line 2 of order 1; two nodes, two SKUs."""
    arrays: dict[str, object] = {
        "line_order": [0, 0, 1],
        "line_sku": [0, 1, 0],
        "quantity": [2, 4, 1],
        "stock": [[3, 4], [2, 4]],
        "parcel_parts": {"carrier": [[5.0, 7.0], [6.0, 8.0]], "packing": [[0.5, 1.0]]},
        "serve_parts": {"picking": [[1.0, 2.0], [4.0, 8.0], [3.0, 3.5]]},
        "split_fee": [1.5, 2.5],
        "open_cost": [10.0, 20.0, 30.0],
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


FROM_NODE_0 = Shares.of([(0, 0, 2), (1, 0, 4), (2, 0, 1)])
SPLIT = Shares.of([(0, 0, 2), (1, 1, 4), (2, 0, 1)])


def by_part(problem: SourcingProblem, shares: Shares) -> dict[str, list[float]]:
    return {name: part.tolist() for name, part in cost_of(problem, shares).by_order.items()}


def test_every_part_of_a_plan_from_one_node() -> None:
    assert by_part(instance(), FROM_NODE_0) == {
        "carrier": [5.0, 6.0],
        "packing": [0.5, 0.5],
        "split": [0.0, 0.0],
        "picking": [5.0, 3.0],
        "open": [0.0, 0.0],
        "soft constraints": [0.0, 0.0],
        "capacity pressure": [0.0, 0.0],
    }
    costs = cost_of(instance(), FROM_NODE_0)
    assert costs.total == 20.0
    assert costs.load.tolist() == [2, 0]
    assert (costs.parcels, costs.open_lines) == (2, 0)


def test_each_parcel_after_the_first_pays_the_split_fee() -> None:
    parts = by_part(instance(), SPLIT)
    assert parts["split"] == [1.5, 0.0]
    assert parts["carrier"] == [12.0, 6.0]
    assert parts["picking"] == [9.0, 3.0]


def test_a_line_served_in_part_pays_its_portion_and_leaves_the_rest_open() -> None:
    costs = cost_of(instance(max_line_nodes=2), Shares.of([(1, 0, 1)]))
    assert costs.by_order["picking"].tolist() == [1.0, 0.0]
    assert costs.by_order["open"].tolist() == [10.0 + 15.0, 30.0]
    assert costs.open_lines == 3


def test_pressure_is_charged_for_parcels_of_this_plan_only() -> None:
    crowded = instance(capacity=9, used=[3, 0], soft_capacity=[2, 5], pressure=[4.0, 9.0])
    parts = by_part(crowded, FROM_NODE_0)
    assert parts["capacity pressure"] == [4.0, 4.0]


def test_pressure_of_a_partly_calm_node_is_shared_by_its_parcels() -> None:
    half_calm = instance(capacity=9, used=[3, 0], soft_capacity=[4, 5], pressure=[4.0, 9.0])
    assert by_part(half_calm, FROM_NODE_0)["capacity pressure"] == [2.0, 2.0]


def test_a_single_pressed_parcel_pays_the_whole_pressure() -> None:
    crowded = instance(capacity=9, used=[0, 3], soft_capacity=[9, 2], pressure=[4.0, 9.0])
    assert by_part(crowded, SPLIT)["capacity pressure"] == [9.0, 0.0]


def test_sources_beyond_the_preferred_number_cost_their_penalty() -> None:
    preferred = instance(preferred_nodes=1, extra_node_penalty=[3.0, 5.0])
    assert by_part(preferred, SPLIT)["soft constraints"] == [3.0, 0.0]


def test_a_divided_line_beyond_its_preferred_sources_costs_its_penalty() -> None:
    divided = instance(
        max_line_nodes=2, preferred_line_nodes=1, extra_line_node_penalty=[1.0, 2.5, 4.0]
    )
    shares = Shares.of([(1, 0, 1), (1, 1, 3)])
    assert by_part(divided, shares)["soft constraints"] == [2.5, 0.0]


def test_an_order_in_part_pays_its_penalty_and_an_open_one_does_not() -> None:
    partial = instance(partial_penalty=[7.0, 9.0])
    assert by_part(partial, Shares.of([(0, 0, 2)]))["soft constraints"] == [7.0, 0.0]
    assert by_part(partial, Shares.none())["soft constraints"] == [0.0, 0.0]
    assert by_part(partial, SPLIT)["soft constraints"] == [0.0, 0.0]


def test_a_feasible_plan_violates_nothing() -> None:
    assert violations(instance(), FROM_NODE_0) == []
    assert violations(instance(), SPLIT) == []
    assert violations(instance(), Shares.none()) == []


@pytest.mark.parametrize(
    ("changes", "shares", "violated"),
    [
        ({"stock": [[2, 4], [2, 4]]}, FROM_NODE_0, ["stock"]),
        ({"capacity": [2, 5], "used": [1, 0]}, FROM_NODE_0, ["capacity"]),
        (
            {"order_refusal": [[0, 0], [Refusal.INACTIVE, 0]]},
            FROM_NODE_0,
            ["a hard constraint of a source"],
        ),
        (
            {"line_refusal": [[0, 0], [0, Refusal.DECLINED], [0, 0]]},
            SPLIT,
            ["a hard constraint of a source"],
        ),
        ({"max_nodes": 1}, SPLIT, ["maximum sources per order"]),
        (
            {"max_line_nodes": 2},
            Shares.of([(1, 0, 3), (1, 1, 3)]),
            ["more units than ordered"],
        ),
        ({}, Shares.of([(1, 0, 3)]), ["a line that may not be divided"]),
        ({"partial_penalty": np.inf}, Shares.of([(0, 0, 2)]), ["restrict partial fulfillment"]),
        (
            {"limit_members": [[True, False]], "line_limit": [2]},
            FROM_NODE_0,
            ["maximum order lines"],
        ),
        ({"max_line_nodes": 2}, Shares.of([(1, 0, 0), (1, 1, 4)]), ["a share of no units"]),
    ],
)
def test_each_hard_limit_is_named_when_violated(
    changes: dict[str, object], shares: Shares, violated: list[str]
) -> None:
    assert violations(instance(**changes), shares) == violated


def test_limits_reached_exactly_are_kept() -> None:
    tight = instance(
        stock=[[3, 4], [0, 0]],
        capacity=[3, 0],
        used=[1, 0],
        max_nodes=1,
        limit_members=[[True, True]],
        line_limit=[3],
    )
    assert violations(tight, FROM_NODE_0) == []


def test_a_line_divided_across_too_many_sources_is_named() -> None:
    p = replace(instance(max_line_nodes=2), max_line_nodes=np.array([1, 1, 1]))
    assert violations(p, Shares.of([(1, 0, 2), (1, 1, 2)])) == ["maximum sources per order line"]


def test_a_group_that_is_exhausted_already_is_violated_only_by_its_members() -> None:
    exhausted = instance(limit_members=[[False, True]], line_limit=[0])
    assert violations(exhausted, FROM_NODE_0) == []
    assert violations(exhausted, SPLIT) == ["maximum order lines"]


def random_rows(p: SourcingProblem, seed: int) -> list[tuple[int, int, int]]:
    """Shares that may violate every limit: up to two nodes for each line, one unit too many."""
    r = np.random.default_rng([seed, 7])
    rows: list[tuple[int, int, int]] = []
    for line in range(p.lines):
        nodes = r.permutation(p.nodes)[: int(r.integers(0, 3))]
        for node in nodes.tolist():
            rows.append((line, node, int(r.integers(0, int(p.quantity[line]) + 2))))
    return rows


@pytest.mark.parametrize("seed", range(60))
def test_a_judge_that_counts_row_by_row_finds_the_same_money_and_violations(seed: int) -> None:
    p = small_instance(seed)
    for draw in range(20):
        rows = random_rows(p, 100 * seed + draw)
        shares = Shares.of(rows)
        costs = cost_of(p, shares)
        parts = {name: float(part.sum()) for name, part in costs.by_order.items()}
        expected = money_of(p, rows)
        assert parts == pytest.approx({name: expected.get(name, 0.0) for name in parts})
        assert expected.keys() <= parts.keys()
        assert costs.total == pytest.approx(sum(expected.values()))
        assert set(violations(p, shares)) == violated(p, rows)


def test_random_shares_violate_every_limit_somewhere() -> None:
    seen: set[str] = set()
    for seed in range(60):
        p = small_instance(seed)
        for draw in range(20):
            seen |= violated(p, random_rows(p, 100 * seed + draw))
    assert len(seen) == 10


def test_orders_left_open_cost_their_lines_and_nothing_else() -> None:
    costs = cost_of(instance(pressure=9.0, soft_capacity=0), Shares.none())
    assert costs.total == 60.0
    assert costs.by_order["open"].tolist() == [30.0, 30.0]
    assert (costs.parcels, costs.open_lines, costs.load.tolist()) == (0, 3, [0, 0])
    parts = [part for name, part in costs.by_order.items() if name != "open"]
    assert not np.any(parts)


def test_a_line_divided_across_two_nodes_pays_both_in_proportion() -> None:
    divided = instance(max_line_nodes=2)
    costs = cost_of(divided, Shares.of([(1, 0, 1), (1, 1, 3)]))
    assert costs.by_order["carrier"].tolist() == [12.0, 0.0]
    assert costs.by_order["packing"].tolist() == [1.5, 0.0]
    assert costs.by_order["split"].tolist() == [1.5, 0.0]
    assert costs.by_order["picking"].tolist() == [1.0 + 6.0, 0.0]
    assert costs.by_order["open"].tolist() == [10.0, 30.0]
    assert costs.total == 12.0 + 1.5 + 1.5 + 7.0 + 40.0
    assert (costs.parcels, costs.open_lines, costs.load.tolist()) == (2, 2, [1, 1])


def test_parts_of_parcels_and_of_lines_may_share_a_name() -> None:
    p = instance(parcel_parts={"fee": 5.0}, serve_parts={"fee": [[1.0], [2.0], [4.0]]})
    assert by_part(p, FROM_NODE_0)["fee"] == [8.0, 9.0]


def test_parts_are_named_in_the_sequence_they_are_shown_in() -> None:
    assert list(by_part(instance(), SPLIT)) == [
        "carrier",
        "packing",
        "split",
        "picking",
        "open",
        "soft constraints",
        "capacity pressure",
    ]


@pytest.mark.parametrize(
    ("used", "soft", "each"),
    [
        (0, 3, 0.0),
        (0, 2, 0.0),
        (0, 1, 2.0),
        (0, 0, 4.0),
        (1, 2, 2.0),
        (2, 2, 4.0),
        (3, 2, 4.0),
        (2, 3, 2.0),
    ],
)
def test_parcels_beyond_the_soft_capacity_are_pressed(used: int, soft: int, each: float) -> None:
    """Two parcels at node 0; each of them bears its share of the pressure of 4."""
    pressed = instance(capacity=99, used=[used, 0], soft_capacity=[soft, 99], pressure=[4.0, 9.0])
    assert by_part(pressed, FROM_NODE_0)["capacity pressure"] == [each, each]


@pytest.mark.parametrize(("preferred", "penalty"), [(1, 6.0), (2, 3.0), (3, 0.0), (4, 0.0)])
def test_each_source_beyond_the_preferred_ones_costs_once(preferred: int, penalty: float) -> None:
    p = problem_from_arrays(
        line_order=[0, 0, 0],
        line_sku=[0, 0, 0],
        quantity=1,
        stock=[[9], [9], [9]],
        parcel_parts={"carrier": 1.0},
        serve_parts={},
        open_cost=50.0,
        preferred_nodes=preferred,
        extra_node_penalty=3.0,
    )
    three_sources = Shares.of([(0, 0, 1), (1, 1, 1), (2, 2, 1)])
    assert by_part(p, three_sources)["soft constraints"] == [penalty]
    assert cost_of(p, three_sources).total == 3.0 + penalty


def test_penalties_of_several_soft_limits_add_up() -> None:
    p = instance(
        max_line_nodes=2,
        preferred_nodes=1,
        extra_node_penalty=3.0,
        preferred_line_nodes=1,
        extra_line_node_penalty=[1.0, 2.5, 4.0],
        partial_penalty=[7.0, 9.0],
    )
    both_lines_divided = Shares.of([(0, 0, 1), (0, 1, 1), (1, 0, 2), (1, 1, 1)])
    assert by_part(p, both_lines_divided)["soft constraints"] == [3.0 + 1.0 + 2.5 + 7.0, 0.0]


def test_a_line_served_in_part_makes_its_order_partial() -> None:
    p = instance(max_line_nodes=2, partial_penalty=np.inf)
    whole = Shares.of([(0, 0, 2), (1, 0, 4)])
    short = Shares.of([(0, 0, 2), (1, 0, 3)])
    assert violations(p, whole) == []
    assert violations(p, short) == ["restrict partial fulfillment"]
    assert cost_of(p, short).total == np.inf


def test_several_violations_are_all_named() -> None:
    p = instance(stock=[[0, 0], [0, 0]], capacity=1, used=1, max_nodes=1)
    assert violations(p, SPLIT) == ["stock", "capacity", "maximum sources per order"]


def test_a_node_that_was_full_before_is_violated_only_by_a_parcel_of_its_own() -> None:
    full = instance(capacity=[9, 2], used=[0, 5])
    assert violations(full, FROM_NODE_0) == []
    assert violations(full, SPLIT) == ["capacity"]


def test_two_lines_of_one_sku_draw_on_the_same_stock() -> None:
    p = instance(line_sku=[0, 0, 0], quantity=[2, 1, 1], stock=[[3, 0], [9, 0]])
    assert violations(p, Shares.of([(0, 0, 2), (1, 0, 1)])) == []
    assert violations(p, Shares.of([(0, 0, 2), (1, 0, 1), (2, 0, 1)])) == ["stock"]


def test_tally_counts_or_weighs_every_index_up_to_the_size() -> None:
    index = np.array([2, 0, 2])
    assert tally(index, 4).tolist() == [1.0, 0.0, 2.0, 0.0]
    assert tally(index, 4, np.array([0.5, 1.5, 2.0])).tolist() == [1.5, 0.0, 2.5, 0.0]
    assert tally(np.zeros(0, dtype=np.int64), 2).tolist() == [0.0, 0.0]
    assert tally(index, 3).dtype == np.float64

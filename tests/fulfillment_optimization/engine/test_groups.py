"""Orders are grouped with the candidates that could serve them."""

import numpy as np
import pytest
from tests.fulfillment_optimization.engine.small_instances import small_instance

from openiom.fulfillment_optimization.engine import (
    Refusal,
    SourcingProblem,
    problem_from_arrays,
)
from openiom.fulfillment_optimization.engine.groups import (
    FEW,
    MAX_LINES,
    OrderGroup,
    gather,
    gather_parts,
    in_reach,
    lines_of,
    repeats_a_sku,
)


def three_orders(**changes: object) -> SourcingProblem:
    """Orders of one, two and one lines, three nodes; SKU 1 is only at node 2."""
    arrays: dict[str, object] = {
        "line_order": [0, 1, 1, 2],
        "line_sku": [0, 0, 1, 0],
        "quantity": [2, 3, 1, 4],
        "stock": [[3, 0], [2, 0], [9, 5]],
        "parcel_parts": {"carrier": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]},
        "serve_parts": {"picking": [[0.1], [0.2], [0.3], [0.4]]},
        "split_fee": [10.0, 20.0, 30.0],
        "open_cost": [50.0, 60.0, 70.0, 80.0],
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def reach_of(p: SourcingProblem) -> np.ndarray:
    return in_reach(p, p.stock, np.arange(p.lines))


def groups_of(p: SourcingProblem, orders: list[int] | None = None) -> list[OrderGroup]:
    chosen = np.arange(p.orders) if orders is None else np.array(orders, dtype=np.int64)
    return gather(p, chosen, in_reach(p, p.stock, lines_of(p, chosen)))


def test_a_node_reaches_a_line_of_which_it_has_all_units() -> None:
    assert reach_of(three_orders()).tolist() == [
        [True, True, True],
        [True, False, True],
        [False, False, True],
        [False, False, True],
    ]


def test_one_unit_brings_a_divisible_line_within_reach() -> None:
    p = three_orders(max_line_nodes=[1, 2, 2, 2], stock=[[1, 0], [0, 0], [9, 1]])
    assert reach_of(p).tolist() == [
        [False, False, True],
        [True, False, True],
        [False, False, True],
        [True, False, True],
    ]


def test_reach_is_measured_on_the_stock_given_and_for_the_lines_given() -> None:
    p = three_orders()
    left = np.array([[0, 0], [4, 0], [0, 0]])
    assert in_reach(p, left, np.array([3, 0])).tolist() == [[False, True, False]] * 2


@pytest.mark.parametrize(
    ("changes", "node"),
    [
        ({"line_refusal": [[Refusal.DECLINED, 0, 0], [0] * 3, [0] * 3, [0] * 3]}, 0),
        ({"order_refusal": [[0, Refusal.CLOSED, 0], [0] * 3, [0] * 3]}, 1),
        ({"capacity": [9, 9, 4], "used": [0, 0, 4]}, 2),
        ({"capacity": [9, 9, 4], "used": [0, 0, 5]}, 2),
        ({"limit_members": [[True, False, False]], "line_limit": [0]}, 0),
        ({"limit_members": [[False, True, False]], "line_limit": [-1]}, 1),
    ],
)
def test_a_refused_full_or_exhausted_node_reaches_no_line_of_the_order(
    changes: dict[str, object], node: int
) -> None:
    expected = [True] * 3
    expected[node] = False
    assert reach_of(three_orders(**changes))[0].tolist() == expected


def test_a_node_with_one_parcel_or_one_order_line_left_is_in_reach() -> None:
    p = three_orders(capacity=[5, 5, 5], used=[4, 4, 4], limit_members=[[True] * 3], line_limit=[1])
    assert reach_of(p)[0].tolist() == [True, True, True]


def test_lines_of_orders_come_order_by_order() -> None:
    p = three_orders()
    assert lines_of(p, np.array([1])).tolist() == [1, 2]
    assert lines_of(p, np.array([2, 0, 1])).tolist() == [3, 0, 1, 2]
    assert lines_of(p, np.zeros(0, dtype=np.int64)).tolist() == []


@pytest.mark.parametrize(
    ("sku", "repeats"),
    [
        ([0, 0, 1, 0], [False, False, False]),
        ([0, 1, 1, 1], [False, True, False]),
        ([0, 0, 0, 0], [False, True, False]),
    ],
)
def test_an_order_repeats_a_sku_only_within_itself(sku: list[int], repeats: list[bool]) -> None:
    assert repeats_a_sku(three_orders(line_sku=sku)).tolist() == repeats


def test_an_order_without_lines_repeats_no_sku() -> None:
    p = three_orders(orders=4, parcel_parts={}, split_fee=0.0)
    assert repeats_a_sku(p).tolist() == [False] * 4
    three_times = three_orders(line_order=[0, 0, 0, 1], line_sku=[1, 1, 1, 1], orders=3)
    assert repeats_a_sku(three_times).tolist() == [True, False, False]


def test_orders_of_equal_size_share_a_group_in_their_sequence() -> None:
    one_line, two_lines = groups_of(three_orders())
    assert one_line.order.tolist() == [0, 2]
    assert one_line.line.tolist() == [[0], [3]]
    assert two_lines.order.tolist() == [1]
    assert two_lines.line.tolist() == [[1, 2]]


def test_candidates_are_in_node_order_and_padded_at_infinite_cost() -> None:
    one_line, two_lines = groups_of(three_orders())
    assert one_line.node.tolist() == [[0, 1, 2], [2, 0, 0]]
    assert one_line.parcel.tolist() == [[11.0, 12.0, 13.0], [39.0, np.inf, np.inf]]
    assert one_line.serve.tolist() == [[[0.1, 0.1, 0.1]], [[0.4, np.inf, np.inf]]]
    assert two_lines.node.tolist() == [[0, 2]]
    assert two_lines.parcel.tolist() == [[24.0, 26.0]]
    assert two_lines.serve.tolist() == [[[0.2, 0.2], [np.inf, 0.3]]]


def test_a_group_has_the_fields_of_its_orders_and_lines() -> None:
    p = three_orders(
        partial_penalty=[1.0, 2.0, np.inf],
        max_line_nodes=[1, 2, 1, 1],
    )
    _, two_lines = groups_of(p)
    assert two_lines.cell.tolist() == [[[0, 2, 4], [1, 3, 5]]]
    assert two_lines.quantity.tolist() == [[3, 1]]
    assert two_lines.least.tolist() == [[1, 1]]
    assert two_lines.open_cost.tolist() == [[60.0, 70.0]]
    assert two_lines.split.tolist() == [20.0]
    assert two_lines.partial.tolist() == [2.0]
    assert two_lines.portion == 1.0


@pytest.mark.parametrize(
    ("limits", "limit", "soft", "counts"),
    [
        ({}, 2, 2, False),
        ({"max_nodes": 1}, 1, 2, True),
        ({"max_nodes": 2}, 2, 2, False),
        ({"max_nodes": 9, "preferred_nodes": 1, "extra_node_penalty": 5.0}, 2, 1, True),
        ({"preferred_nodes": 1, "extra_node_penalty": 0.0}, 2, 1, False),
        ({"preferred_nodes": 2, "extra_node_penalty": 5.0}, 2, 2, False),
    ],
)
def test_sources_are_counted_where_a_limit_could_bind(
    limits: dict[str, object], limit: int, soft: int, counts: bool
) -> None:
    _, two_lines = groups_of(three_orders(**limits))
    assert (two_lines.limit.tolist(), two_lines.soft_limit.tolist()) == ([limit], [soft])
    assert two_lines.counts_sources is counts


def test_an_order_that_no_node_can_serve_has_one_impossible_candidate() -> None:
    p = three_orders(stock=[[0, 0], [0, 0], [0, 0]])
    one_line, two_lines = groups_of(p)
    assert one_line.node.shape == (2, 1)
    assert np.isinf(one_line.parcel).all()
    assert np.isinf(two_lines.serve).all()


def test_only_the_orders_given_are_gathered() -> None:
    [group] = groups_of(three_orders(), [2])
    assert group.order.tolist() == [2]
    assert group.line.tolist() == [[3]]
    swapped = groups_of(three_orders(), [2, 0])
    assert [group.order.tolist() for group in swapped] == [[2, 0]]
    assert swapped[0].node.tolist() == [[2, 0, 0], [0, 1, 2]]
    assert groups_of(three_orders(), []) == []


def test_orders_with_many_more_candidates_are_in_a_group_of_their_own_if_there_are_many() -> None:
    """Orders 0, 3 … have four candidates, 1, 4 … five, and 2, 5 … none."""
    sources = np.arange(5) < 4
    p = problem_from_arrays(
        line_order=np.arange(18),
        line_sku=np.arange(18) % 3,
        quantity=1,
        stock=np.stack([sources, np.ones(5), np.zeros(5)], axis=1),
        parcel_parts={"carrier": 1.0},
        serve_parts={},
        open_cost=9.0,
    )
    narrow, wide = groups_of(p)
    assert (narrow.order % 3).tolist() == [0, 2] * 6
    assert (narrow.node.shape, wide.node.shape) == ((12, 4), (6, 5))
    assert wide.order.tolist() == [1, 4, 7, 10, 13, 16]

    [together] = groups_of(p, list(range(FEW)))
    assert together.order.tolist() == list(range(FEW))
    assert together.node.shape == (FEW, 5)


def test_rows_of_a_group_keep_every_field() -> None:
    one_line, _ = groups_of(three_orders(partial_penalty=[1.0, 2.0, 3.0]))
    second = one_line.rows(slice(1, 2))
    assert second.order.tolist() == [2]
    assert second.line.tolist() == [[3]]
    assert second.node.tolist() == [[2, 0, 0]]
    assert second.parcel.tolist() == [[39.0, np.inf, np.inf]]
    assert second.serve.tolist() == [[[0.4, np.inf, np.inf]]]
    assert second.quantity.tolist() == second.least.tolist() == [[4]]
    assert second.open_cost.tolist() == [[80.0]]
    assert (second.split.tolist(), second.partial.tolist()) == ([30.0], [3.0])
    assert second.cell.tolist() == [[[4, 0, 0]]]
    both = one_line.rows(np.array([1, 0]))
    assert both.order.tolist() == [2, 0]
    assert both.extra.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("seed", range(30))
def test_every_pair_in_reach_is_a_candidate_at_its_own_cost(seed: int) -> None:
    p = small_instance(seed)
    reach = reach_of(p)

    seen: set[tuple[int, int]] = set()
    for group in groups_of(p):
        for row, order in enumerate(group.order.tolist()):
            for place, node in enumerate(group.node[row].tolist()):
                if np.isinf(group.parcel[row, place]):
                    continue

                assert group.parcel[row, place] == p.parcel[order, node] + p.split_fee[order]
                for i, line in enumerate(group.line[row].tolist()):
                    cost = group.serve[row, i, place]
                    if np.isfinite(cost):
                        assert cost == p.serve[line, node]
                        seen.add((line, node))

    assert seen == set(zip(*(part.tolist() for part in np.nonzero(reach)), strict=True))


def long_order(lines: int, **changes: object) -> SourcingProblem:
    arrays: dict[str, object] = {
        "line_order": [0] * lines + [1],
        "line_sku": [*range(lines), 0],
        "quantity": 1,
        "stock": np.full((2, lines), 9),
        "parcel_parts": {"carrier": [[4.0, 6.0], [1.0, 1.0]]},
        "serve_parts": {"picking": 0.5},
        "split_fee": [2.0, 1.0],
        "open_cost": 9.0,
    }
    return problem_from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def parts_of(p: SourcingProblem) -> list[OrderGroup]:
    return gather_parts(p, np.arange(p.orders), reach_of(p))


def test_orders_up_to_the_most_lines_are_gathered_and_longer_ones_are_not() -> None:
    assert [group.order.tolist() for group in groups_of(long_order(MAX_LINES))] == [[1], [0]]
    assert [group.order.tolist() for group in groups_of(long_order(MAX_LINES + 1))] == [[1]]
    assert parts_of(long_order(MAX_LINES)) == []


@pytest.mark.parametrize(("lines", "sizes"), [(9, [5, 4]), (16, [8, 8]), (17, [6, 6, 5])])
def test_a_long_order_is_divided_into_parts_of_about_equal_size(
    lines: int, sizes: list[int]
) -> None:
    parts = parts_of(long_order(lines))
    assert [part.line.shape[1] for part in parts] == sizes
    assert np.concatenate([part.line[0] for part in parts]).tolist() == list(range(lines))
    assert {part.order.tolist()[0] for part in parts} == {0}


def test_each_part_pays_an_equal_portion_of_every_parcel() -> None:
    one, other = parts_of(long_order(10, partial_penalty=3.0, extra_node_penalty=4.0))
    for part in (one, other):
        assert part.parcel.tolist() == [[3.0, 4.0]]
        assert part.split.tolist() == [1.0]
        assert part.portion == 0.5
        assert part.partial.tolist() == part.extra.tolist() == [0.0]
        assert part.counts_sources is False
        assert part.serve.tolist() == [[[0.5, 0.5]] * 5]


def test_parts_of_an_order_with_a_limit_below_their_size_count_sources() -> None:
    assert [part.counts_sources for part in parts_of(long_order(9, max_nodes=4))] == [True, False]
    assert [part.counts_sources for part in parts_of(long_order(9, max_nodes=3))] == [True, True]


def test_a_part_no_node_can_serve_has_one_impossible_candidate() -> None:
    stock = np.zeros((2, 9), dtype=np.int64)
    stock[1, :5] = 9
    served, open_part = parts_of(long_order(9, stock=stock))
    assert served.node.tolist() == [[1]]
    assert np.isinf(open_part.parcel).all()

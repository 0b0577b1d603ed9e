"""Shares are sorted, and say which node serves most of a line."""

import numpy as np
import pytest

from openiom.fulfillment_optimization.engine import Shares


def test_rows_in_any_sequence_are_sorted_by_line_then_node() -> None:
    shares = Shares.of([(2, 0, 5), (0, 3, 1), (0, 1, 4)])
    assert shares.line.tolist() == [0, 0, 2]
    assert shares.node.tolist() == [1, 3, 0]
    assert shares.quantity.tolist() == [4, 1, 5]
    assert shares.rows() == [(0, 1, 4), (0, 3, 1), (2, 0, 5)]


@pytest.mark.parametrize("shares", [Shares.of([]), Shares.none()])
def test_a_plan_that_serves_nothing_has_no_rows(shares: Shares) -> None:
    assert shares.rows() == []
    assert shares.line.dtype == shares.node.dtype == shares.quantity.dtype == np.int64
    assert shares.node_of_line(3).tolist() == [-1, -1, -1]


def test_whole_lines_have_one_row_for_each_line_that_is_served() -> None:
    node = np.array([2, -1, 0, 0])
    shares = Shares.undivided(node, np.array([7, 8, 9, 10]))
    assert shares.rows() == [(0, 2, 7), (2, 0, 9), (3, 0, 10)]
    assert shares.node_of_line(4).tolist() == node.tolist()


def test_all_lines_open_is_no_row_and_node_zero_is_a_node() -> None:
    assert Shares.undivided(np.array([-1, -1]), np.array([1, 1])).rows() == []
    assert Shares.undivided(np.array([0]), np.array([3])).rows() == [(0, 0, 3)]


@pytest.mark.parametrize(
    ("rows", "node"),
    [
        ([(0, 1, 2), (0, 2, 3)], 2),
        ([(0, 1, 3), (0, 2, 2)], 1),
        ([(0, 4, 2), (0, 2, 2)], 2),
        ([(0, 1, 1), (0, 2, 5), (0, 3, 5)], 2),
        ([(0, 0, 1)], 0),
    ],
)
def test_the_node_of_a_divided_line_serves_most_of_it_the_lowest_of_equals(
    rows: list[tuple[int, int, int]], node: int
) -> None:
    shares = Shares.of([*rows, (2, 9, 1)])
    assert shares.node_of_line(3).tolist() == [node, -1, 9]

"""Rows turned into the parallel arrays of set-based statements."""

from typing import NamedTuple

import pytest

from openiom.inventory_visibility.columns import columns_of, split_pairs


class Row(NamedTuple):
    number: int
    name: str


ROWS = [Row(2, "b"), Row(1, "a"), Row(2, "c")]


def test_columns_keep_the_order_of_rows_and_of_names() -> None:
    assert columns_of(ROWS, "name", "number") == [["b", "a", "c"], [2, 1, 2]]
    assert columns_of(ROWS, "number") == [[2, 1, 2]]


def test_without_rows_every_column_is_empty() -> None:
    assert columns_of([], "number", "name") == [[], []]


def test_an_unknown_column_is_an_error() -> None:
    with pytest.raises(AttributeError, match="weight"):
        columns_of(ROWS, "weight")


def test_pairs_are_split_in_order_and_duplicates_stay() -> None:
    pairs = [("LAMP", "SEA"), ("DESK", "CHI"), ("LAMP", "SEA")]
    assert split_pairs(pairs) == (["LAMP", "DESK", "LAMP"], ["SEA", "CHI", "SEA"])
    assert split_pairs(iter(pairs[:1])) == (["LAMP"], ["SEA"])
    assert split_pairs([]) == ([], [])

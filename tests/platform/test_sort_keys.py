"""Sort keys of lists: their names, their SQL and their cursors."""

from typing import NamedTuple

import pytest

from openiom.kernel import Invalid
from openiom.platform.sort_keys import (
    TEXT_PATTERN,
    SortKey,
    SortKeys,
    day_or_last,
    moment_or_last,
)


class Row(NamedTuple):
    id: int
    name: str


ID = SortKey[Row]("t.id", int, lambda row: row.id)
KEYS = SortKeys(
    {
        "id": ID,
        "name": SortKey[Row]("lower(t.name)", str, lambda row: row.name, "lower(%s)", TEXT_PATTERN),
    },
    noun="rows",
    ties=(ID,),
)


def test_every_key_sorts_in_both_directions() -> None:
    assert KEYS.names == ("id", "-id", "name", "-name")
    assert KEYS.parse("name").order_by == "lower(t.name) USING ~<~, t.id"
    assert KEYS.parse("-name").order_by == "lower(t.name) USING ~>~, t.id DESC"


def test_a_page_starts_behind_the_last_row() -> None:
    sort = KEYS.parse("-name")
    cursor = sort.cursor(Row(7, "Lamp"))
    assert cursor == ("Lamp", 7)
    assert sort.field_types == (str, int)
    condition, parameters = sort.after(cursor)
    assert condition == (
        "lower(t.name) ~<=~ lower(%s) AND (lower(t.name) ~<~ lower(%s) OR (t.id) < (%s))"
    )
    assert parameters == ["Lamp", "Lamp", 7]
    assert KEYS.parse("id").after((7, 7)) == (
        "t.id >= %s AND (t.id > %s OR (t.id) > (%s))",
        [7, 7, 7],
    )


@pytest.mark.parametrize("name", ["", "-", "--id", "price"])
def test_an_unknown_sort_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match=f"rows cannot be sorted by {name}"):
        KEYS.parse(name)


def test_rows_without_a_date_come_last() -> None:
    assert day_or_last("d") == "COALESCE(d, '9000-12-31'::date)"
    assert moment_or_last("m") == (
        "COALESCE(m, '9000-12-31 00:00:00+00'::timestamp with time zone)"
    )

"""Rows written in bulk are read back unchanged, whatever they contain."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from openiom.kernel import new_ids
from openiom.platform.bulk import (
    array_literal,
    copy_rows,
    escape_like,
    execute,
    fetch,
    fetch_as,
)
from openiom.platform.database import Database

ROWS = [
    (
        i,
        n,
        'tab\t"quote" \\back\\ {brace}, comma\nline\r',
        Decimal("12.3400"),
        True,
        datetime(2026, 1, 2, 3, tzinfo=UTC),
    )
    for n, i in enumerate(new_ids(3))
]
COLUMNS = ("id", "n", "words", "amount", "flag", "at")


@pytest.fixture
def table(database: Database) -> Database:
    with database.unit_of_work() as session:
        session.execute(text("DROP TABLE IF EXISTS public.bulk_test"))
        session.execute(
            text(
                "CREATE TABLE public.bulk_test (id uuid, n bigint, words text, amount numeric,"
                " flag boolean, at timestamptz)"
            )
        )

    return database


def everything(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as session:
        return fetch(session, "SELECT * FROM public.bulk_test ORDER BY n NULLS LAST")


def test_copied_rows_come_back_unchanged(table: Database) -> None:
    with table.unit_of_work() as session:
        assert copy_rows(session, "public.bulk_test", COLUMNS, ROWS) == 3
        assert copy_rows(session, "public.bulk_test", COLUMNS, iter(())) == 0
    assert everything(table) == ROWS


def test_null_is_null_in_every_type(table: Database) -> None:
    rows = [*ROWS, (None, None, None, None, None, None)]
    with table.unit_of_work() as session:
        copy_rows(session, "public.bulk_test", COLUMNS, rows)
    assert everything(table) == rows


def test_columns_of_nulls_and_of_one_value_are_written_unchanged(table: Database) -> None:
    rows = [(None, n, None, Decimal(7), False, ROWS[0][5]) for n in range(3)]
    with table.unit_of_work() as session:
        copy_rows(session, "public.bulk_test", COLUMNS, rows)
    assert everything(table) == rows


def test_arrays_carry_every_type(table: Database) -> None:
    rows = [*ROWS, (None, 9, None, None, None, None)]
    columns = [list(column) for column in zip(*rows, strict=True)]

    with table.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO public.bulk_test SELECT * FROM unnest(%s::uuid[], %s::bigint[],"
            " %s::text[], %s::numeric[], %s::boolean[], %s::timestamptz[])",
            columns,
        )
        found = fetch(
            session,
            "SELECT n FROM public.bulk_test WHERE id = ANY(%s) ORDER BY n",
            ([r[0] for r in ROWS],),
        )

    assert everything(table) == rows
    assert found == [(0,), (1,), (2,)]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    words=st.lists(
        st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))), max_size=5
    )
)
def test_any_text_survives_both_ways(table: Database, words: list[str]) -> None:
    with table.unit_of_work() as session:
        execute(session, "TRUNCATE public.bulk_test")
        copy_rows(session, "public.bulk_test", ("n", "words"), list(enumerate(words)))
        copied = [row[0] for row in fetch(session, "SELECT words FROM public.bulk_test ORDER BY n")]
        sent = fetch(session, "SELECT %s::text[]", (words,))[0][0]
    assert copied == words
    assert sent == words


def test_dates_nested_lists_and_empty_lists_have_literals() -> None:
    assert array_literal([date(2026, 1, 2), None]) == "{2026-01-02,NULL}"
    assert array_literal([[1, 2], [3, 4]]) == "{{1,2},{3,4}}"
    assert array_literal([]) == "{}"
    assert array_literal(["a", "b"]) == '{"a","b"}'
    assert array_literal(['a"', "b\\"]) == '{"a\\"","b\\\\"}'
    assert array_literal(['","', ""]) == '{"\\",\\"",""}'
    assert array_literal(["a", None]) == '{"a",NULL}'
    with pytest.raises(TypeError, match="values of type dict"):
        array_literal([{}])


class Word(NamedTuple):
    n: int
    words: str


def test_rows_are_read_as_objects_by_column_name(table: Database) -> None:
    with table.unit_of_work() as session:
        copy_rows(session, "public.bulk_test", ("n", "words"), [(1, "one"), (2, "two")])
        query = "SELECT words, n FROM public.bulk_test WHERE n = ANY(%s) ORDER BY n"
        assert fetch_as(session, Word, query, ([1, 2],)) == [Word(1, "one"), Word(2, "two")]
        assert fetch_as(session, Word, query, ([9],)) == []
        in_order = "SELECT n, words FROM public.bulk_test ORDER BY n LIMIT 1"
        assert fetch_as(session, Word, in_order) == [Word(1, "one")]
        with pytest.raises(TypeError):
            fetch_as(session, Word, "SELECT n FROM public.bulk_test")


def test_statements_return_the_number_of_affected_rows(table: Database) -> None:
    with table.unit_of_work() as session:
        copy_rows(session, "public.bulk_test", ("n",), [(n,) for n in range(5)])
        assert execute(session, "UPDATE public.bulk_test SET flag = true WHERE n > 1") == 3
        assert execute(session, "DELETE FROM public.bulk_test WHERE n = %(n)s", {"n": 9}) == 0


def test_lists_in_named_parameters_become_arrays(table: Database) -> None:
    with table.reading() as session:
        found = fetch(
            session, "SELECT %(ids)s::int[] || %(more)s::int[]", {"ids": [1, 2], "more": []}
        )
    assert found == [([1, 2],)]


def test_many_rows_are_copied_in_chunks(table: Database) -> None:
    rows = [(n, f"word {n}") for n in range(4_001)]
    with table.unit_of_work() as session:
        assert copy_rows(session, "public.bulk_test", ("n", "words"), iter(rows)) == 4_001
        assert fetch(session, "SELECT count(*), max(n) FROM public.bulk_test") == [(4_001, 4_000)]


def test_a_violated_constraint_undoes_the_whole_copy(table: Database) -> None:
    def copy_twice() -> None:
        with table.unit_of_work() as session:
            execute(session, "ALTER TABLE public.bulk_test ADD UNIQUE (n)")
            copy_rows(session, "public.bulk_test", ("n",), [(1,), (2,), (1,)])

    with pytest.raises(psycopg.errors.UniqueViolation):
        copy_twice()
    assert everything(table) == []


@pytest.mark.parametrize("words", ["100%", "a_b", "back\\slash", "%_\\", "plain"])
def test_text_for_like_matches_literally(database: Database, words: str) -> None:
    with database.reading() as session:
        [(same, other)] = fetch(
            session,
            "SELECT %s LIKE %s, 'another text' LIKE %s",
            (words, escape_like(words), escape_like(words)),
        )
    assert same
    assert not other

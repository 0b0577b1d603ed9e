"""What is written in bulk is read back as it was, whatever stands in it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from openiom.kernel import new_ids
from openiom.platform.bulk import array_literal, copy_rows, execute, fetch
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
                "CREATE TABLE public.bulk_test (id uuid, n bigint, words text, amount numeric, flag boolean,"
                " at timestamptz)"
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


def test_nothing_is_nothing_in_every_type(table: Database) -> None:
    rows = [*ROWS, (None, None, None, None, None, None)]
    with table.unit_of_work() as session:
        copy_rows(session, "public.bulk_test", COLUMNS, rows)
    assert everything(table) == rows


def test_a_column_of_nothing_or_of_one_value_is_written_as_such(table: Database) -> None:
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
            "INSERT INTO public.bulk_test SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::numeric[],"
            " %s::boolean[], %s::timestamptz[])",
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
    with pytest.raises(TypeError, match="values of type dict"):
        array_literal([{}])

"""Sessions commit once, roll back on an error, and read without writing."""

from threading import Barrier, Thread

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from openiom.platform.bulk import execute, fetch
from openiom.platform.database import (
    Database,
    driver,
    libpq_url,
    psycopg_url,
    to_json,
    to_json_text,
)
from openiom.platform.embedded import ensure_database


@pytest.fixture
def numbers(database: Database) -> Database:
    with database.unit_of_work() as session:
        execute(session, "DROP TABLE IF EXISTS public.database_test")
        execute(session, "CREATE TABLE public.database_test (n int)")
    return database


def insert(database: Database, number: int, *, fail: bool = False) -> None:
    with database.unit_of_work() as session:
        execute(session, "INSERT INTO public.database_test VALUES (%s)", (number,))
        if fail:
            raise RuntimeError("changed my mind")


def stored(database: Database) -> list[tuple[int, ...]]:
    with database.reading() as session:
        return fetch(session, "SELECT n FROM public.database_test ORDER BY n")


def test_a_unit_of_work_is_committed_at_its_end(numbers: Database) -> None:
    with numbers.unit_of_work() as session:
        execute(session, "INSERT INTO public.database_test VALUES (1)")
        assert stored(numbers) == []

    assert stored(numbers) == [(1,)]


def test_a_unit_of_work_that_raises_changes_nothing(numbers: Database) -> None:
    with pytest.raises(RuntimeError, match="changed my mind"):
        insert(numbers, 1, fail=True)

    assert stored(numbers) == []


def test_a_reading_session_cannot_write(numbers: Database) -> None:
    with (
        numbers.reading() as session,
        pytest.raises((psycopg.errors.ReadOnlySqlTransaction, DBAPIError)),
    ):
        execute(session, "INSERT INTO public.database_test VALUES (1)")


def test_times_are_in_utc_and_statements_are_prepared(numbers: Database) -> None:
    with numbers.reading() as session:
        assert fetch(session, "SHOW timezone") == [("UTC",)]
        assert fetch(session, "SHOW jit") == [("off",)]
        assert driver(session).prepare_threshold == 1


def test_the_pool_has_two_connections_per_thread(numbers: Database) -> None:
    database = Database(numbers.url, threads=3)
    together = Barrier(6)

    def hold_a_connection() -> None:
        with database.reading() as session:
            fetch(session, "SELECT 1")
            together.wait(20)

    threads = [Thread(target=hold_a_connection) for _ in range(6)]
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    assert not together.broken
    database.close()


def test_a_connection_of_its_own_commits_every_statement(numbers: Database) -> None:
    with numbers.connect() as connection:
        connection.execute("INSERT INTO public.database_test VALUES (7)")
        assert stored(numbers) == [(7,)]


@pytest.mark.parametrize(
    ("url", "sqlalchemy"),
    [
        ("postgresql://a/b", "postgresql+psycopg://a/b"),
        ("postgres://a/b", "postgresql+psycopg://a/b"),
        ("postgresql+psycopg://a/b", "postgresql+psycopg://a/b"),
        ("other://a/b", "other://a/b"),
    ],
)
def test_urls_are_written_for_sqlalchemy(url: str, sqlalchemy: str) -> None:
    assert psycopg_url(url) == sqlalchemy


def test_urls_are_written_for_psycopg() -> None:
    assert libpq_url("postgresql+psycopg://a/b?c=d") == "postgresql://a/b?c=d"
    assert libpq_url("postgresql://a/b") == "postgresql://a/b"


def test_values_that_json_does_not_know_become_text() -> None:
    assert to_json({"a": 1, "b": [None, True]}) == b'{"a":1,"b":[null,true]}'
    assert to_json_text({"path": object}) == '{"path":"<class \'object\'>"}'


def test_json_columns_are_read_and_written_as_values(numbers: Database) -> None:
    with numbers.reading() as session:
        assert fetch(session, "SELECT %s::jsonb", ('{"a": [1, "x"]}',)) == [({"a": [1, "x"]},)]


def test_a_database_is_created_once(postgres_url: str) -> None:
    first = ensure_database(postgres_url, "openiom_ensure_test")
    second = ensure_database(postgres_url, "openiom_ensure_test")

    assert first == second
    assert "/openiom_ensure_test" in first

    with psycopg.connect(first) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == (
            "openiom_ensure_test",
        )

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE openiom_ensure_test")

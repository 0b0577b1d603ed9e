"""Write buffers are flushed with savepoints and the commit, and discarded with a rollback."""

from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.write_behind import (
    BatchFailed,
    flush_buffers,
    one_savepoint,
    register_buffer,
    savepoint,
)


@dataclass
class Pending:
    """New values for rows of one table, kept until they are flushed."""

    values: dict[int, str] = field(default_factory=dict)
    flushes: int = 0
    discards: int = 0

    def flush(self, session: Session) -> None:
        values, self.values = self.values, {}
        for key, value in values.items():
            execute(session, "UPDATE public.buffered SET v = %s WHERE id = %s", (value, key))
        self.flushes += bool(values)

    def discard(self) -> None:
        self.values.clear()
        self.discards += 1


@pytest.fixture
def table(database: Database) -> Database:
    with database.unit_of_work() as session:
        session.execute(text("DROP TABLE IF EXISTS public.buffered"))
        session.execute(text("CREATE TABLE public.buffered (id int primary key, v text)"))
        session.execute(text("INSERT INTO public.buffered VALUES (1, 'old'), (2, 'old')"))
    return database


def stored(database: Database) -> list[str]:
    with database.reading() as session:
        return [value for (value,) in fetch(session, "SELECT v FROM public.buffered ORDER BY id")]


def test_the_commit_flushes_what_is_pending(table: Database) -> None:
    with table.unit_of_work() as session:
        register_buffer(session, pending := Pending(values={1: "new"}))
        assert pending.flushes == 0
    assert (stored(table), pending.flushes) == (["new", "old"], 1)


def test_statements_do_not_flush_by_themselves(table: Database) -> None:
    with table.unit_of_work() as session:
        register_buffer(session, pending := Pending(values={1: "new"}))
        assert fetch(session, "SELECT v FROM public.buffered WHERE id = 1") == [("old",)]
        assert session.execute(text("SELECT v FROM public.buffered WHERE id = 1")).scalar() == "old"
        flush_buffers(session)
        assert fetch(session, "SELECT v FROM public.buffered WHERE id = 1") == [("new",)]
    assert pending.flushes == 1


def test_buffers_are_flushed_in_the_order_of_their_registration(table: Database) -> None:
    with table.unit_of_work() as session:
        register_buffer(session, Pending(values={1: "first"}))
        register_buffer(session, Pending(values={1: "second"}))
    assert stored(table) == ["second", "old"]


def test_an_error_discards_the_transaction_and_writes_nothing(table: Database) -> None:
    with suppress(ZeroDivisionError), table.unit_of_work() as session:
        register_buffer(session, pending := Pending(values={1: str(1 / 0)}))
    with suppress(ZeroDivisionError), table.unit_of_work() as session:
        register_buffer(session, pending := Pending(values={1: "new"}))
        pending.values[2] = str(1 / 0)
    assert (stored(table), pending.flushes) == (["old", "old"], 0)


def test_a_rolled_back_savepoint_keeps_what_was_pending_before_it(table: Database) -> None:
    with table.unit_of_work() as session:
        register_buffer(session, pending := Pending(values={1: "before"}))
        with suppress(ZeroDivisionError), savepoint(session):
            pending.values[2] = "inside"
            raise ZeroDivisionError
        assert pending.discards == 1
    assert stored(table) == ["before", "old"]


def test_a_savepoint_flushes_its_own_changes_where_it_ends(table: Database) -> None:
    with table.unit_of_work() as session:
        register_buffer(session, pending := Pending())
        with savepoint(session):
            pending.values[1] = "inside"
        assert pending.flushes == 1
        assert pending.discards == 0
    assert stored(table) == ["inside", "old"]


def test_a_buffer_registered_in_a_savepoint_is_flushed_where_it_ends(table: Database) -> None:
    with table.unit_of_work() as session:
        with savepoint(session):
            register_buffer(session, pending := Pending(values={2: "new"}))
        assert pending.flushes == 1
    assert stored(table) == ["old", "new"]


def test_nested_savepoints_roll_back_only_the_inner_changes(table: Database) -> None:
    with table.unit_of_work() as session:
        register_buffer(session, pending := Pending())
        with savepoint(session):
            pending.values[1] = "outer"
            with suppress(ZeroDivisionError), savepoint(session):
                pending.values[2] = "inner"
                flush_buffers(session)
                raise ZeroDivisionError

    assert stored(table) == ["outer", "old"]


def test_nothing_is_flushed_inside_the_one_savepoint_of_a_batch(table: Database) -> None:
    with table.unit_of_work() as session:
        register_buffer(session, pending := Pending())
        with one_savepoint(session):
            pending.values[1] = "first"
            with savepoint(session):
                pending.values[1] = "second"

            assert pending.flushes == 0

        assert pending.flushes == 1

    assert stored(table) == ["second", "old"]


def test_a_failure_inside_undoes_the_whole_batch(table: Database) -> None:
    with table.unit_of_work() as session:
        register_buffer(session, pending := Pending(values={1: "before"}))

        def go_on() -> None:
            execute(session, "UPDATE public.buffered SET v = 'batch' WHERE id = 2")
            try:
                with savepoint(session):
                    raise ZeroDivisionError
            except Exception:
                pytest.fail("only its own part seemed to be undone")

        with pytest.raises(BatchFailed) as failure, one_savepoint(session):
            go_on()

        assert isinstance(failure.value.error, ZeroDivisionError)
        assert pending.discards == 1
        with savepoint(session):
            pending.values[2] = "repeated"

    assert stored(table) == ["before", "repeated"]


def test_changes_that_cannot_be_written_fail_the_batch(table: Database) -> None:
    with table.unit_of_work() as session:
        register_buffer(session, pending := Pending())
        with pytest.raises(BatchFailed), one_savepoint(session):
            pending.values[1] = "no\x00text"

    assert stored(table) == ["old", "old"]

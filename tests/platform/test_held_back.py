"""What is held back is written before anybody can see that it was."""

from collections.abc import Collection
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import Database
from openiom.platform.write_behind import hold_back, savepoint


@dataclass
class Pending:
    """New values for rows of one table, kept until they must be written."""

    tables: tuple[str, ...] = ("public.held_test",)
    values: dict[int, str] = field(default_factory=dict)
    written: int = 0
    forgotten: int = 0

    def write(self, session: Session, named: Collection[str]) -> None:
        values, self.values = self.values, {}
        for key, value in values.items():
            session.connection().execute(
                text("UPDATE public.held_test SET v = :v WHERE id = :id"), {"v": value, "id": key}
            )
        self.written += bool(values)

    def forget(self) -> None:
        self.values.clear()
        self.forgotten += 1


@pytest.fixture
def table(database: Database) -> Database:
    with database.unit_of_work() as session:
        session.execute(text("DROP TABLE IF EXISTS public.held_test, public.held_other"))
        session.execute(text("CREATE TABLE public.held_test (id int primary key, v text)"))
        session.execute(text("CREATE TABLE public.held_other (id int primary key)"))
        session.execute(text("INSERT INTO public.held_test VALUES (1, 'old')"))
    return database


def kept(database: Database) -> str:
    with database.reading() as session:
        return str(fetch(session, "SELECT v FROM public.held_test")[0][0])


def test_the_commit_writes_what_nobody_asked_for(table: Database) -> None:
    with table.unit_of_work() as session:
        hold_back(session, pending := Pending(values={1: "new"}))
        execute(session, "INSERT INTO public.held_other VALUES (1)")
        assert pending.written == 0
    assert (kept(table), pending.written) == ("new", 1)


def test_a_reader_of_the_table_sees_it_and_a_reader_of_another_waits_for_nothing(
    table: Database,
) -> None:
    with table.unit_of_work() as session:
        hold_back(session, pending := Pending(values={1: "new"}))
        assert fetch(session, "SELECT count(*) FROM public.held_other") == [(0,)]
        assert pending.written == 0
        assert fetch(session, "SELECT v FROM public.held_test") == [("new",)]
        assert (pending.written, pending.forgotten) == (1, 0)


def test_a_statement_that_writes_the_table_comes_after_and_makes_what_was_read_stale(
    table: Database,
) -> None:
    with table.unit_of_work() as session:
        hold_back(session, pending := Pending(values={1: "new"}))
        execute(session, "UPDATE public.held_test SET v = v || ' and newer'")
        assert pending.forgotten == 1
        copy_rows(session, "public.held_test", ("id", "v"), [(2, "copied")])
        assert pending.forgotten == 2
    with table.reading() as session:
        assert fetch(session, "SELECT v FROM public.held_test ORDER BY id") == [
            ("new and newer",),
            ("copied",),
        ]


def test_the_orm_sees_it_too(table: Database) -> None:
    with table.unit_of_work() as session:
        hold_back(session, Pending(values={1: "new"}))
        assert session.execute(text("SELECT v FROM public.held_test")).scalar_one() == "new"


def test_a_savepoint_keeps_what_came_before_it_and_takes_its_own_back(table: Database) -> None:
    with table.unit_of_work() as session:
        hold_back(session, pending := Pending(values={1: "before"}))
        with pytest.raises(ZeroDivisionError), savepoint(session):
            pending.values[1] = str(1 / 0)
        assert pending.forgotten == 1
    assert kept(table) == "before"


def test_a_savepoint_that_holds_has_written_its_own(table: Database) -> None:
    with table.unit_of_work() as session:
        hold_back(session, pending := Pending())
        with savepoint(session):
            pending.values[1] = "inside"
        assert pending.written == 1
    assert kept(table) == "inside"

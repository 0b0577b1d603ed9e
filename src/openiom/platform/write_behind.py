"""
Writes a room holds back until they are needed: several changes of one row in one transaction become one UPDATE.

A wave moves an order through three states in one transaction; PostgreSQL would keep three dead versions of the row
and of every index entry. What is held back is written before anybody reads or writes its tables through `bulk`,
before a savepoint, at its end, and at the commit, so that nobody ever sees the difference.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Protocol

from sqlalchemy import Table
from sqlalchemy.orm import ORMExecuteState, Session

_KEY = "openiom.held_back"


class HeldBack(Protocol):
    """Changes of `tables` that are not written yet, and what was read of them."""

    @property
    def tables(self) -> tuple[str, ...]: ...

    def write(self, session: Session, named: Collection[str]) -> None:
        """Write what is pending for the named tables; called again and again, mostly with nothing to do."""

    def forget(self) -> None:
        """Drop everything read and pending: the rows may have changed, or a savepoint was rolled back."""


def hold_back(session: Session, held: HeldBack) -> None:
    """Have `held` written in time; for as long as the session lives."""
    session.info.setdefault(_KEY, []).append(held)


def write_held_back(session: Session) -> None:
    for held in session.info.get(_KEY, ()):
        held.write(session, held.tables)


def before_orm(state: ORMExecuteState) -> None:
    """The same for the ORM's statements: whatever is not plainly about another room's tables is kept waiting."""
    rooms = {
        mapper.local_table.schema
        for mapper in state.all_mappers
        if isinstance(mapper.local_table, Table)
    }
    for held in state.session.info.get(_KEY, ()):
        if not rooms or any(table.partition(".")[0] in rooms for table in held.tables):
            held.write(state.session, held.tables)


def before_statement(session: Session, query: str) -> None:
    """Bring the tables a statement names up to date; a statement that writes them makes what was read stale."""
    for held in session.info.get(_KEY, ()):
        named = [table for table in held.tables if table in query]
        if named and query.startswith("SELECT"):
            held.write(session, named)
        elif named:
            held.write(session, held.tables)
            held.forget()


@contextmanager
def savepoint(session: Session) -> Iterator[None]:
    """A savepoint that knows of what is held back: use it instead of `session.begin_nested()`."""
    write_held_back(session)
    try:
        with session.begin_nested():
            yield
            write_held_back(session)
    except BaseException:
        for held in session.info.get(_KEY, ()):
            held.forget()
        raise

"""Writing many rows at once, on the session's own transaction."""

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import sql
from sqlalchemy.orm import Session

from .database import driver


def copy_rows(session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPY `rows` into `schema.table`. Values in column order; JSON columns take text or psycopg Jsonb.

    Returns the number of rows. A broken constraint raises as it would for an INSERT, for the whole batch.
    """
    schema, _, name = table.partition(".")
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema, name), sql.SQL(",").join(map(sql.Identifier, columns))
    )
    written = 0
    with driver(session).cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
            written += 1
    return written


def fetch(session: Session, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Rows of a plain SQL query with `%s` parameters, without the ORM in the way (hot paths only)."""
    with driver(session).cursor() as cursor:
        cursor.execute(query.encode(), parameters)
        return cursor.fetchall()


def execute(session: Session, query: str, parameters: Sequence[Any] = ()) -> int:
    """Run a plain SQL statement with `%s` parameters; returns the number of rows it touched."""
    with driver(session).cursor() as cursor:
        cursor.execute(query.encode(), parameters)
        return cursor.rowcount

"""
Writing and reading many rows at once, on the session's own transaction.

Lists travel as array literals and COPY as whole columns of text: measured on a wave of orders, psycopg's dumpers,
which work value by value, cost three times as much.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from inspect import signature
from typing import Any, TypeVar, cast
from uuid import UUID

from psycopg import Cursor, sql
from psycopg.rows import RowFactory, RowMaker, class_row
from sqlalchemy.orm import Session

from .database import driver
from .write_behind import before_statement

_COPY_CHUNK = 2_000

Parameters = Sequence[Any] | Mapping[str, Any]
Row = TypeVar("Row")


def copy_rows(
    session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """COPY `rows` into `schema.table`. Values in column order; JSON columns take text.

    Returns the number of rows. A broken constraint raises as it would for an INSERT, for the whole batch.
    """
    every = rows if isinstance(rows, list) else list(rows)
    if not every:
        return 0
    before_statement(session, table)
    schema, _, name = table.partition(".")
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema, name), sql.SQL(",").join(map(sql.Identifier, columns))
    )
    with driver(session).cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(every), _COPY_CHUNK):
            texts = [
                _copy_column(values)
                for values in zip(*every[start : start + _COPY_CHUNK], strict=True)
            ]
            copy.write("\n".join(map("\t".join, zip(*texts, strict=True))) + "\n")
    return len(every)


def fetch(session: Session, query: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
    """Rows of a plain SQL query with `%s` parameters, without the ORM in the way.

    A list becomes an array: say its type in the query (`%s::uuid[]`, `= ANY(%s)`).
    """
    before_statement(session, query)
    with driver(session).cursor() as cursor:
        cursor.execute(query.encode(), _with_literals(parameters))
        return cursor.fetchall()


def execute(session: Session, query: str, parameters: Parameters = ()) -> int:
    """Run a plain SQL statement with `%s` parameters, lists as arrays; returns the number of rows it touched."""
    before_statement(session, query)
    with driver(session).cursor() as cursor:
        cursor.execute(query.encode(), _with_literals(parameters))
        return cursor.rowcount


def _with_literals(parameters: Parameters) -> Parameters:
    if isinstance(parameters, Mapping):
        return {k: array_literal(v) if isinstance(v, list) else v for k, v in parameters.items()}
    return [array_literal(v) if isinstance(v, list) else v for v in parameters]


def array_literal(values: list[Any]) -> str:
    """A PostgreSQL array literal of a list whose values are of one type, None apart, or of lists of such."""
    return "{" + ",".join(_texts(values, _quoted, "NULL")) + "}"


def _copy_column(values: Sequence[Any]) -> Sequence[str]:
    """One column as COPY writes it; the type of its first value stands for all of them."""
    first = next((v for v in values if v is not None), None)
    if first is None:
        return ["\\N"] * len(values)
    if not isinstance(first, str) and values[-1] == first and values.count(first) == len(values):
        return _texts([first], _copied, "") * len(values)
    if isinstance(first, str) and None not in values:
        every = "".join(values)
        if not ("\\" in every or "\t" in every or "\n" in every or "\r" in every):
            return values
    return _texts(values, _copied, "\\N")


def _quoted(text: str) -> str:
    # Replacing is many times quicker than str.translate, even where there is nothing to replace.
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _copied(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _texts(values: Sequence[Any], escape: Callable[[str], str], null: str) -> list[str]:
    """Values of one type as text; None as `null`. `escape` is for what may hold any character."""
    first = next((v for v in values if v is not None), None)
    if None in values:
        write = _writer(first, escape)
        return [null if v is None else write(v) for v in values]
    if isinstance(first, UUID):  # most of what is written are ids
        return [v.bytes.hex() for v in values]
    return list(map(_writer(first, escape), values))


def _writer(first: Any, escape: Callable[[str], str]) -> Callable[[Any], str]:
    """How values of this type are written as text."""
    if isinstance(first, str):
        return escape
    if isinstance(first, UUID):
        return lambda v: v.bytes.hex()
    if isinstance(first, bool):
        return lambda v: "t" if v else "f"
    if isinstance(first, int | float | Decimal):
        return str
    if isinstance(first, datetime | date):
        return lambda v: v.isoformat()
    if isinstance(first, list):
        return array_literal if escape is _quoted else lambda v: escape(array_literal(v))
    if first is None:
        return str  # every value is None, so this is never asked
    raise TypeError(f"values of type {type(first).__name__} cannot be written in bulk")


def fetch_as(
    session: Session, row_class: type[Row], query: str, parameters: Parameters = ()
) -> list[Row]:
    """Return the rows of a query like `fetch`, each as `row_class(**columns)`.

    The query's column names must be the constructor's parameters.
    """
    before_statement(session, query)
    with driver(session).cursor(row_factory=_rows_by_name(row_class)) as cursor:
        cursor.execute(query.encode(), _with_literals(parameters))
        return cursor.fetchall()


def _rows_by_name(row_class: type[Row]) -> RowFactory[Row]:
    """Return a row factory that compares names once per statement instead of once per row.

    Where the columns are the first parameters of the constructor in their order, rows are made
    positionally, which takes a third of the time.
    """

    def row_maker(cursor: Cursor[Any]) -> RowMaker[Row]:
        columns = tuple(column.name for column in cursor.description or ())
        parameters = _positional_parameters(cast(Hashable, row_class))
        if columns != parameters[: len(columns)]:
            return class_row(row_class)(cursor)
        make_tuple: RowMaker[Row] | None = getattr(row_class, "_make", None)
        if make_tuple and columns == parameters:
            return make_tuple
        return lambda values: row_class(*values)

    return row_maker


@cache
def _positional_parameters(row_class: Any) -> tuple[str, ...]:
    """Return the names of the constructor's parameters that can be given by position."""
    names = []
    for parameter in signature(row_class).parameters.values():
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            names.append(parameter.name)
    return tuple(names)

"""Reads and writes of many rows at once, in the session's own transaction.

Lists travel as array literals and COPY as whole columns of text: psycopg's dumpers, which work
value by value, cost three times as much for a batch of orders.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from psycopg import Cursor, sql
from psycopg.rows import RowMaker, no_result
from sqlalchemy.orm import Session

from .database import driver

Parameters = Sequence[Any] | Mapping[str, Any]
Row = TypeVar("Row")

_COPY_CHUNK = 2_000


def copy_rows(
    session: Session, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """COPY `rows`, values in the order of `columns`, into `schema.table` and return their number.

    JSON columns take text. A violated constraint raises as it would for an INSERT, for all rows.
    """
    every = rows if isinstance(rows, list) else list(rows)
    if not every:
        return 0

    schema, _, name = table.partition(".")
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(schema, name), sql.SQL(",").join(map(sql.Identifier, columns))
    )

    with driver(session).cursor() as cursor, cursor.copy(statement) as copy:
        for start in range(0, len(every), _COPY_CHUNK):
            copy.write(_copy_text(every[start : start + _COPY_CHUNK]))

    return len(every)


def fetch(session: Session, query: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
    """Return the rows of a plain SQL query with `%s` parameters.

    A list becomes an array; the query says its type (`%s::uuid[]`, `= ANY(%s)`).
    """
    with driver(session).cursor() as cursor:
        cursor.execute(query.encode(), _with_literals(parameters))
        return cursor.fetchall()


def fetch_under_lock(session: Session, key: int, query: str) -> list[tuple[Any, ...]]:
    """Take the shared advisory lock `key` until the transaction ends; return the rows of `query`.

    Both travel in one message, which takes half the time of two. The query has no parameters. It
    sees what was committed before the lock was granted, because it begins after it.
    """
    statements = f"SELECT pg_advisory_xact_lock_shared({int(key)});{query}"
    with driver(session).cursor() as cursor:
        cursor.execute(statements.encode(), prepare=False)
        cursor.nextset()
        return cursor.fetchall()


def fetch_as(
    session: Session,
    row_class: type[Row],
    query: str,
    parameters: Parameters = (),
    *,
    prepare: bool | None = None,
) -> list[Row]:
    """Return the rows of a query like `fetch`, each as an object of `row_class`.

    The query's column names must be the names of the class's fields. Columns in the order of the
    fields are passed by position, which takes half the time. With `prepare` False, the query is
    planned for the tables as they are now: a prepared plan of a queue that was empty may be used
    for a million rows.
    """
    with driver(session).cursor(row_factory=_row_factory(row_class)) as cursor:
        cursor.execute(query.encode(), _with_literals(parameters), prepare=prepare)
        return cursor.fetchall()


def _row_factory(row_class: type[Row]) -> Callable[[Cursor[Any]], RowMaker[Row]]:
    """Return a psycopg row factory that makes objects of `row_class`."""

    field_names = _field_names(row_class)

    def row_maker(cursor: Cursor[Any]) -> RowMaker[Row]:
        if cursor.description is None:
            return no_result

        names = tuple(column.name for column in cursor.description)
        if names == field_names[: len(names)]:
            return lambda values: row_class(*values)
        return lambda values: row_class(**dict(zip(names, values, strict=True)))

    return row_maker


def _field_names(row_class: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass or named tuple in their order."""
    if is_dataclass(row_class):
        return tuple(field.name for field in fields(row_class))
    return tuple(getattr(row_class, "_fields", ()))


def execute(session: Session, query: str, parameters: Parameters = ()) -> int:
    """Run a plain SQL statement, lists as arrays, and return the number of affected rows."""
    with driver(session).cursor() as cursor:
        cursor.execute(query.encode(), _with_literals(parameters))
        return cursor.rowcount


def escape_like(text: str) -> str:
    """Return `text` so that LIKE and ILIKE match it literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def array_literal(values: list[Any]) -> str:
    """Return a PostgreSQL array literal of values, or lists, of one type; None is NULL."""
    if values and isinstance(values[0], str) and None not in values:
        return "{" + _quoted(values) + "}"
    return "{" + ",".join(_texts(values, _quote, "NULL")) + "}"


def _quoted(texts: list[str]) -> str:
    """Return texts in quotes, separated by commas; together, because few need protection."""
    joined = '","'.join(texts)
    if "\\" in joined or joined.count('"') != 2 * (len(texts) - 1):
        return ",".join(map(_quote, texts))
    return f'"{joined}"'


def _with_literals(parameters: Parameters) -> Parameters:
    if isinstance(parameters, Mapping):
        return {name: _with_literal(value) for name, value in parameters.items()}
    return [_with_literal(value) for value in parameters]


def _with_literal(value: Any) -> Any:
    return array_literal(value) if isinstance(value, list) else value


def _copy_text(rows: Sequence[Sequence[Any]]) -> str:
    columns = [_copy_column(values) for values in zip(*rows, strict=True)]
    lines = map("\t".join, zip(*columns, strict=True))
    return "\n".join(lines) + "\n"


def _copy_column(values: Sequence[Any]) -> Sequence[str]:
    """Return one column as COPY reads it; its first value gives the type of all of them."""
    first = _first_value(values)
    if isinstance(first, str):
        return values if _is_plain_text(values) else _texts(values, _escape_copy, "\\N")
    if _is_constant(values, first):
        return _texts([first], _escape_copy, "\\N") * len(values)
    return _texts(values, _escape_copy, "\\N")


def _is_plain_text(values: Sequence[str | None]) -> bool:
    """Return whether COPY reads these texts as they are."""
    if None in values:
        return False
    every = "".join(values)  # type: ignore[arg-type]
    return not any(special in every for special in "\\\t\n\r")


def _is_constant(values: Sequence[Any], first: Any) -> bool:
    """Return whether all values equal the first one that is not None."""
    return bool(values[-1] == first) and values.count(first) == len(values)


def _quote(text: str) -> str:
    # str.replace is many times faster than str.translate, even where there is nothing to replace.
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escape_copy(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("\t", "\\t")
    return escaped.replace("\n", "\\n").replace("\r", "\\r")


def _texts(values: Sequence[Any], escape: Callable[[str], str], null: str) -> list[str]:
    """Return values of one type as text, None as `null`; `escape` protects arbitrary text."""
    first = _first_value(values)
    if first is None:
        return [null] * len(values)
    if isinstance(first, UUID):
        return _uuid_texts(values, null)
    return _written_texts(values, _writer(first, escape), null)


def _uuid_texts(values: Sequence[UUID | None], null: str) -> list[str]:
    # PostgreSQL reads an id without hyphens, and writing it so takes a third of the time.
    if None not in values:
        return [value.int.to_bytes(16, "big").hex() for value in values]  # type: ignore[union-attr]
    return [null if value is None else value.hex for value in values]


def _written_texts(values: Sequence[Any], write: Callable[[Any], str], null: str) -> list[str]:
    if None not in values:
        return list(map(write, values))
    return [null if value is None else write(value) for value in values]


def _first_value(values: Sequence[Any]) -> Any:
    """Return the first value that is not None, None when there is none."""
    return next((value for value in values if value is not None), None)


def _write_bool(value: bool) -> str:
    return "t" if value else "f"


def _write_date(value: date) -> str:
    return value.isoformat()


_WRITERS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (bool, _write_bool),
    (int, str),
    (float, str),
    (Decimal, str),
    (date, _write_date),
)
"""How values of a type are written; a bool is an int and a datetime a date."""


def _writer(first: Any, escape: Callable[[str], str]) -> Callable[[Any], str]:
    """Return the function that writes values of the type of `first` as text."""
    if isinstance(first, str):
        return escape
    if isinstance(first, list):
        return _list_writer(escape)
    return _plain_writer(first)


def _list_writer(escape: Callable[[str], str]) -> Callable[[Any], str]:
    if escape is _quote:
        return array_literal
    return lambda value: escape(array_literal(value))


def _plain_writer(first: Any) -> Callable[[Any], str]:
    """Return the function that writes values without characters to protect. Raise `TypeError`."""
    for value_type, write in _WRITERS:
        if isinstance(first, value_type):
            return write
    raise TypeError(f"values of type {type(first).__name__} cannot be written in bulk")


def fetch_column(session: Session, query: str, parameters: Parameters = ()) -> list[Any]:
    """Return the first column of the rows of a query like `fetch`."""
    return [row[0] for row in fetch(session, query, parameters)]


def fetch_grouped(
    session: Session, query: str, parameters: Parameters = ()
) -> dict[Any, list[Any]]:
    """Return the second column of the rows of a query like `fetch`, grouped by the first one."""
    grouped: dict[Any, list[Any]] = defaultdict(list)
    for key, value in fetch(session, query, parameters):
        grouped[key].append(value)

    return dict(grouped)

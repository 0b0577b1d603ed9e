"""Records as columns, for statements that write many rows with `unnest`, and single columns."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from openiom.platform.bulk import Parameters, fetch

Record = Mapping[str, Any]


def columns_of(records: Iterable[Record]) -> dict[str, list[Any]]:
    """Return the values of records by name, each in the order of the records.

    All records have the same names.
    """
    columns: dict[str, list[Any]] = {}
    for record in records:
        for name, value in record.items():
            columns.setdefault(name, []).append(value)
    return columns


def fetch_values(session: Session, query: str, parameters: Parameters = ()) -> list[Any]:
    """Return the values of a query with one column."""
    return [value for (value,) in fetch(session, query, parameters)]

"""Records as columns, for statements that write many rows with `unnest`."""

from collections.abc import Iterable, Mapping
from typing import Any

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

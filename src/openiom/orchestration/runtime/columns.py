"""Records as columns, for statements that write many rows with `unnest`."""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

Record = Mapping[str, Any]


def columns_of(records: Iterable[Record]) -> dict[str, list[Any]]:
    """Return the values of records by name, each in the order of the records.

    All records have the same names.
    """
    rows = list(records)
    columns: dict[str, list[Any]] = {}
    for name in rows[0] if rows else ():
        columns[name] = list(map(itemgetter(name), rows))

    return columns

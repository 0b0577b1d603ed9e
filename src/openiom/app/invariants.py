"""Every promise about data is a query in `invariants/` that must return no rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from openiom.platform.database import Database, driver, to_json_text

from .resources import folder

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Checked:
    """One promise: how many rows break it, the first of them, and how long the query took."""

    name: str
    promise: str
    broken: int
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    seconds: float


def invariant_names() -> list[str]:
    return sorted(path.stem for path in folder("invariants").glob("*.sql"))


def check_invariants(database: Database, names: Sequence[str] | None = None) -> list[Checked]:
    """Run the queries, each in a read-only transaction of its own."""
    return [_check(database, name) for name in (names if names is not None else invariant_names())]


def _check(database: Database, name: str) -> Checked:
    text = (folder("invariants") / f"{name}.sql").read_text("utf-8")
    promise = " ".join(line[2:].strip() for line in text.splitlines() if line.startswith("--"))
    started = monotonic()
    with database.reading() as session, driver(session).cursor() as cursor:
        cursor.execute(text.encode())
        rows = cursor.fetchmany(SHOWN)
        broken = max(cursor.rowcount, len(rows))
        columns = tuple(column.name for column in cursor.description or ())
    return Checked(name, promise, broken, columns, tuple(rows), round(monotonic() - started, 3))


def as_json(checked: Sequence[Checked]) -> list[dict[str, Any]]:
    """Results as JSON values, rows as objects."""
    return [
        {
            "name": c.name,
            "promise": c.promise,
            "broken": c.broken,
            "rows": [dict(zip(c.columns, map(_plain, row), strict=True)) for row in c.rows],
            "seconds": c.seconds,
        }
        for c in checked
    ]


def _plain(value: Any) -> Any:
    return (
        value
        if value is None or isinstance(value, int | float | bool | str)
        else to_json_text(value).strip('"')
    )

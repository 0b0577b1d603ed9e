"""Invariants: queries in `invariants/` that must return no rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from openiom.platform.database import Database, driver, to_json_text

from .resources import folder

SHOWN_ROWS = 20


@dataclass(frozen=True, slots=True)
class CheckedInvariant:
    """Result of one invariant.

    `violations` counts the rows that break it, `rows` are the first of them under `columns`, and
    `seconds` is how long the query took.
    """

    name: str
    promise: str
    violations: int
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    seconds: float


def invariant_names() -> list[str]:
    """Return the names of all invariants in alphabetical order."""
    return sorted(path.stem for path in folder("invariants").glob("*.sql"))


def check_invariants(
    database: Database, names: Sequence[str] | None = None
) -> list[CheckedInvariant]:
    """Run the named invariants, all by default, each in a read-only transaction of its own."""
    wanted = invariant_names() if names is None else names
    return [_check(database, name) for name in wanted]


def as_json(checked: Sequence[CheckedInvariant]) -> list[dict[str, Any]]:
    """Return results as JSON values with their rows as objects."""
    results: list[dict[str, Any]] = []
    for invariant in checked:
        rows = []
        for row in invariant.rows:
            values = [_json_value(value) for value in row]
            rows.append(dict(zip(invariant.columns, values, strict=True)))

        results.append(
            {
                "name": invariant.name,
                "promise": invariant.promise,
                "violations": invariant.violations,
                "rows": rows,
                "seconds": invariant.seconds,
            }
        )

    return results


def _check(database: Database, name: str) -> CheckedInvariant:
    query = (folder("invariants") / f"{name}.sql").read_text("utf-8")
    started = monotonic()
    with database.reading() as session, driver(session).cursor() as cursor:
        cursor.execute(query.encode())
        rows = cursor.fetchmany(SHOWN_ROWS)
        violations = max(cursor.rowcount, len(rows))
        columns = tuple(column.name for column in cursor.description or ())

    return CheckedInvariant(
        name=name,
        promise=_promise(query),
        violations=violations,
        columns=columns,
        rows=tuple(rows),
        seconds=round(monotonic() - started, 3),
    )


def _promise(query: str) -> str:
    """Return the comment lines of an invariant's query as one sentence."""
    comments: list[str] = []
    for line in query.splitlines():
        if line.startswith("--"):
            comments.append(line[2:].strip())
    return " ".join(comments)


def _json_value(value: Any) -> Any:
    if value is None or isinstance(value, int | float | bool | str):
        return value
    return to_json_text(value).strip('"')

"""What a policy says about a record, and how the test bench explains it."""

from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, slots=True)
class MatchedRow:
    """A row of the table, counted from 0, and its conditions as readable text."""

    index: int
    text: str

    @property
    def number(self) -> int:
        """Return the number of the row as people see it in the table, counted from 1."""
        return self.index + 1


class Verdict(NamedTuple):
    """The result of a policy for one record.

    matched_row  the row that decided; None when no row did
    values       the fields that the table read
    sets         field to value, for the caller to write
    error        names a cell that could not be computed; the record did not pass then
    """

    passed: bool
    reason: str
    matched_row: MatchedRow | None
    values: dict[str, Any]
    sets: dict[str, Any]
    error: str | None = None


class CellCheck(NamedTuple):
    """One cell against one record: whether it matched, or why it could not be evaluated."""

    column: str
    cell: str
    values: dict[str, Any]
    matched: bool
    error: str | None


class RowCheck(NamedTuple):
    """One row against one record."""

    row: MatchedRow
    matched: bool
    cells: tuple[CellCheck, ...]

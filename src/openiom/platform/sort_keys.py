"""The columns by which a paged list can be sorted, and their SQL.

A package declares the sort keys of a list once, each with an index that serves it:

    SORT_KEYS = SortKeys(
        {"placed": SortKey("o.placed_at", datetime, lambda row: row.placed_at)},
        noun="orders",
        ties=(SortKey("o.id", UUID, lambda row: row.id),),
    )
    chosen = SORT_KEYS.parse("-placed")
    after = paging.keyed_by(*chosen.field_types).after
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Generic, NamedTuple, TypeVar

from openiom.kernel import Invalid

Row = TypeVar("Row")

DESCENDING = "-"
LAST_DAY = date(9000, 12, 31)
"""The place of rows without a day: behind all others, as in `day_or_last`."""
LAST_MOMENT = datetime(9000, 12, 31, tzinfo=UTC)


class Operators(NamedTuple):
    """The comparisons of an index, for values below and above another one."""

    below: str
    above: str
    up_to: str
    from_on: str


ORDINARY = Operators("<", ">", "<=", ">=")
TEXT_PATTERN = Operators("~<~", "~>~", "~<=~", "~>=~")


def day_or_last(column: str) -> str:
    """Return the expression of a date column in which rows without a day come last."""
    return f"COALESCE({column}, '{LAST_DAY}'::date)"


def moment_or_last(column: str) -> str:
    """Return the expression of a timestamp column in which rows without a moment come last."""
    return f"COALESCE({column}, '{LAST_DAY} 00:00:00+00'::timestamp with time zone)"


@dataclass(frozen=True)
class SortKey(Generic[Row]):
    """What rows are sorted by; never null.

    `expression` and `operators` are those of the index; `parameter` turns a value of the cursor
    into one of the expression.
    """

    expression: str
    field_type: type
    value: Callable[[Row], Any]
    parameter: str = "%s"
    operators: Operators = ORDINARY


@dataclass(frozen=True)
class Sort(Generic[Row]):
    """A sort key and its direction; `ties` decide between equal values, in the same direction."""

    key: SortKey[Row]
    ties: tuple[SortKey[Row], ...]
    descending: bool

    @property
    def order_by(self) -> str:
        """The ORDER BY clause."""
        operators = self.key.operators
        operator = operators.above if self.descending else operators.below
        direction = " DESC" if self.descending else ""
        columns = [f"{self.key.expression} USING {operator}"]
        for tie in self.ties:
            columns.append(tie.expression + direction)

        return ", ".join(columns)

    @property
    def field_types(self) -> tuple[type, ...]:
        """The types of the fields of a cursor."""
        return (self.key.field_type, *(tie.field_type for tie in self.ties))

    def after(self, values: Sequence[Any]) -> tuple[str, list[Any]]:
        """Return the condition on rows behind the last one shown, and its parameters.

        `values` are those of the cursor of that row.
        """
        operators = self.key.operators
        beyond, reached, later = operators.above, operators.from_on, ">"
        if self.descending:
            beyond, reached, later = operators.below, operators.up_to, "<"

        value, *tie_values = values
        expression, parameter = self.key.expression, self.key.parameter
        columns = ", ".join(tie.expression for tie in self.ties)
        places = ", ".join(tie.parameter for tie in self.ties)
        condition = (
            f"{expression} {reached} {parameter}"
            f" AND ({expression} {beyond} {parameter} OR ({columns}) {later} ({places}))"
        )
        return condition, [value, value, *tie_values]

    def cursor(self, row: Row) -> tuple[Any, ...]:
        """Return the values by which a row is sorted."""
        return (self.key.value(row), *(tie.value(row) for tie in self.ties))


@dataclass(frozen=True)
class SortKeys(Generic[Row]):
    """The sort keys of a list by their names; `ties` identify a row, `noun` names the rows."""

    keys: Mapping[str, SortKey[Row]]
    noun: str
    ties: tuple[SortKey[Row], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all sorts, in both directions."""
        return tuple(prefix + name for name in self.keys for prefix in ("", DESCENDING))

    def parse(self, name: str) -> Sort[Row]:
        """Return the sort of a name such as `-placed`. Raise `Invalid` for an unknown one."""
        key = self.keys.get(name.removeprefix(DESCENDING))
        if key is None:
            raise Invalid(
                f"{self.noun} cannot be sorted by {name}",
                where="sort",
                remedy=f"use one of {', '.join(self.names)}",
            )

        return Sort(key, self.ties, name.startswith(DESCENDING))

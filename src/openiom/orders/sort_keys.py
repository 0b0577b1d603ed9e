"""The columns by which the order list can be sorted, each with an index that serves it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from openiom.kernel import Invalid

from .schemas import OrderRow

DESCENDING = "-"


class Operators(NamedTuple):
    """The comparisons of an index, for values below and above another one."""

    below: str
    above: str
    up_to: str
    from_on: str


ORDINARY = Operators("<", ">", "<=", ">=")
TEXT_PATTERN = Operators("~<~", "~>~", "~<=~", "~>=~")


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """What orders are sorted by, before their ids.

    `expression` and `operators` are those of the index; `parameter` turns a value of the cursor
    into one of the expression.
    """

    expression: str
    field_type: type
    value: Callable[[OrderRow], Any]
    parameter: str = "%s"
    operators: Operators = ORDINARY


SORT_KEYS: Mapping[str, SortKey] = {
    "received": SortKey(expression="o.id", field_type=UUID, value=lambda row: row.id),
    "placed": SortKey(
        expression="o.placed_at", field_type=datetime, value=lambda row: row.placed_at
    ),
    "total": SortKey(
        expression="o.total_amount",
        field_type=Decimal,
        value=lambda row: Decimal(row.total_amount),
    ),
    "number": SortKey(
        expression="lower(o.number)",
        field_type=str,
        value=lambda row: row.number,
        parameter="lower(%s)",
        operators=TEXT_PATTERN,
    ),
    "customer": SortKey(
        expression="lower(o.customer_name)",
        field_type=str,
        value=lambda row: row.customer_name,
        parameter="lower(%s)",
        operators=TEXT_PATTERN,
    ),
}
SORTS = tuple(prefix + name for name in SORT_KEYS for prefix in ("", DESCENDING))


class Sort(NamedTuple):
    """A sort key and its direction."""

    key: SortKey
    descending: bool

    @property
    def order_by(self) -> str:
        """The ORDER BY clause; ids decide between equal values."""
        operators = self.key.operators
        if self.descending:
            return f"{self.key.expression} USING {operators.above}, o.id DESC"
        return f"{self.key.expression} USING {operators.below}, o.id"

    def after(self, values: tuple[Any, ...]) -> tuple[str, list[Any]]:
        """Return the condition on rows behind the last one shown, and its parameters."""
        value, order_id = values
        operators = self.key.operators
        beyond, reached, later = operators.above, operators.from_on, ">"
        if self.descending:
            beyond, reached, later = operators.below, operators.up_to, "<"

        expression, parameter = self.key.expression, self.key.parameter
        condition = (
            f"{expression} {reached} {parameter}"
            f" AND ({expression} {beyond} {parameter} OR o.id {later} %s)"
        )
        return condition, [value, value, order_id]

    def cursor(self, row: OrderRow) -> tuple[Any, UUID]:
        """Return the sort key of a row."""
        return self.key.value(row), row.id


def sort_of(name: str) -> Sort:
    """Return the sort of a name such as `-placed`. Raise `Invalid` for an unknown one."""
    key = SORT_KEYS.get(name.removeprefix(DESCENDING))
    if key is None:
        raise Invalid(
            f"orders cannot be sorted by {name}",
            where="sort",
            remedy=f"use one of {', '.join(SORTS)}",
        )

    return Sort(key, name.startswith(DESCENDING))

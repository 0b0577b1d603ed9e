"""Deliver an order, or one line of it, on another day."""

from dataclasses import replace
from typing import Literal

from openiom.kernel import Day
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import find_line, find_unsent_line
from openiom.orders.changes.values import OrderValue

from .base import ChangeOperation, LineNumber, line_title
from .set_ship_to import require_unsent_goods


class SetRequestedDate(ChangeOperation):
    """Set the requested delivery date of the order or of one line; null removes it."""

    kind: Literal["set_requested_date"] = "set_requested_date"
    line: LineNumber | None = None
    date: Day | None

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for goods that are on their way."""
        if self.line is not None:
            find_unsent_line(value, self.line)
        else:
            require_unsent_goods(value, "date")

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the other date."""
        if self.line is None:
            return replace(value, requested_date=self.date)
        line = find_line(value, self.line)
        return value.with_line(replace(line, requested_date=self.date))

    def describe(self, value: OrderValue) -> str:
        """Return the date."""
        what = "the order"
        if self.line is not None:
            what = line_title(find_line(value, self.line))
        if self.date is None:
            return f"No requested delivery date of {what}"
        return f"Deliver {what} on {self.date.isoformat()}"

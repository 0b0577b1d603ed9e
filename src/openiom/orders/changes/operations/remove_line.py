"""Remove a line from an order."""

from typing import Literal

from openiom.kernel import Refused
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import find_line, find_unsent_line
from openiom.orders.changes.values import LineValue, OrderValue

from .base import ChangeOperation, LineNumber, line_title, resize


class RemoveLine(ChangeOperation):
    """Order nothing more of a line; what is shipped or canceled of it stays."""

    kind: Literal["remove_line"] = "remove_line"
    line: LineNumber

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for a line whose units have shipped or are at a fulfiller."""
        find_unsent_line(value, self.line)

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order without what can be removed of the line."""
        return without_rest(value, find_line(value, self.line))

    def describe(self, value: OrderValue) -> str:
        """Return the quantity that is removed."""
        line = find_line(value, self.line)
        return f"Removed {line.number(line.changeable)} {line.unit} of {line_title(line)}"


def without_rest(value: OrderValue, line: LineValue) -> OrderValue:
    """Return an order without the units of a line that are neither shipped nor canceled."""
    if line.fixed:
        return value.with_line(resize(line, line.fixed, value.currency))
    return value.without_line(line.line_number)


def require_lines(value: OrderValue) -> None:
    """Raise `Refused` for an order without anything to fulfill that was not shipped."""
    if all(line.canceled == line.quantity for line in value.lines):
        raise Refused(
            "the order has no line left",
            where="lines",
            remedy="keep a line, or cancel the order instead",
        )

"""Change the ordered quantity of a line."""

from decimal import Decimal
from typing import Literal

from openiom.documents import CountedQuantity
from openiom.kernel import Refused
from openiom.orders.changes.facts import ChangeFacts, quantity_steps
from openiom.orders.changes.guards import find_line, find_unsent_line
from openiom.orders.changes.values import LineValue, OrderValue

from .base import ChangeOperation, LineNumber, line_title, resize


class ChangeQuantity(ChangeOperation):
    """Order another quantity of a line, never less than is shipped and canceled of it."""

    kind: Literal["change_quantity"] = "change_quantity"
    line: LineNumber
    quantity: CountedQuantity

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for a quantity below what is shipped and canceled, or of nothing."""
        line = find_unsent_line(value, self.line)
        where = f"line {self.line}"
        steps = self._steps(line)
        if steps < line.fixed:
            least = line.number(line.fixed)
            raise Refused(
                f"{least} {line.unit} of line {self.line} are shipped or canceled, so its quantity"
                f" cannot be {line.number(steps)}",
                where=where,
                remedy=f"enter {least} or more",
            )
        if not steps:
            raise Refused(
                f"line {self.line} cannot have the quantity 0",
                where=where,
                remedy="remove the line",
            )

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the other quantity."""
        line = find_line(value, self.line)
        return value.with_line(resize(line, self._steps(line), value.currency))

    def describe(self, value: OrderValue) -> str:
        """Return the quantities before and after."""
        line = find_line(value, self.line)
        before, after = line.number(line.quantity), line.number(self._steps(line))
        return f"Quantity of {line_title(line)} from {before} to {after} {line.unit}"

    def _steps(self, line: LineValue) -> int:
        return quantity_steps(Decimal(self.quantity), line.unit, line.steps, f"line {self.line}")

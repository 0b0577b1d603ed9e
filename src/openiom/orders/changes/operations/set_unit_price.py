"""Charge another price for a line."""

from dataclasses import replace
from typing import Literal

from openiom.kernel import Refused, amount_text
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import find_line, find_unsent_line, require_unshipped
from openiom.orders.changes.values import OrderValue

from .base import ChangeOperation, LineNumber, Price, line_title, retax


class SetUnitPrice(ChangeOperation):
    """Set the unit price of a line of which nothing has shipped; its tax follows."""

    kind: Literal["set_unit_price"] = "set_unit_price"
    line: LineNumber
    unit_price: Price

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` when units have shipped, or the discount is more than the price."""
        line = find_unsent_line(value, self.line)
        require_unshipped(line, "price")
        if replace(line, unit_price=self.unit_price).net(value.currency) < 0:
            raise Refused(
                f"the discount of line {self.line} is more than it costs at {self.unit_price}",
                where=f"line {self.line}",
                remedy="lower its discount first",
            )

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the other price."""
        line = find_line(value, self.line)
        repriced = replace(line, unit_price=self.unit_price)
        return value.with_line(retax(line, repriced, value.currency))

    def describe(self, value: OrderValue) -> str:
        """Return the prices before and after."""
        line = find_line(value, self.line)
        before = amount_text(line.unit_price, value.currency)
        after = amount_text(self.unit_price, value.currency)
        return f"Unit price of {line_title(line)} from {before} to {after} {value.currency}"

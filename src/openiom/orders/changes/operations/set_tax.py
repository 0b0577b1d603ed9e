"""State another tax of an order or one of its lines."""

from dataclasses import replace
from typing import Literal

from openiom.kernel import amount_text
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import (
    find_line,
    find_unsent_line,
    require_amount,
    require_unfinished,
    require_unshipped,
)
from openiom.orders.changes.values import OrderValue

from .base import ChangeOperation, LineNumber, Price, line_title


class SetTax(ChangeOperation):
    """Set a tax where the proportion to the price is not right.

    Without a line, it is the tax of the order; null makes it the tax of its lines.
    """

    kind: Literal["set_tax"] = "set_tax"
    line: LineNumber | None = None
    amount: Price | None

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for a line of which units have shipped."""
        if self.amount is not None:
            require_amount(self.amount, value.currency, "amount")
        if self.line is None:
            require_unfinished(value)
        else:
            require_unshipped(find_unsent_line(value, self.line), "tax")

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the other tax."""
        if self.line is None:
            return replace(value, order_tax=self.amount)
        line = find_line(value, self.line)
        return value.with_line(replace(line, tax=self.amount or line.tax * 0))

    def describe(self, value: OrderValue) -> str:
        """Return what is taxed, and the tax."""
        what = "the order"
        if self.line is not None:
            what = line_title(find_line(value, self.line))
        if self.amount is None:
            return f"Tax of {what} from its lines"
        return f"Tax of {what}: {amount_text(self.amount, value.currency)} {value.currency}"

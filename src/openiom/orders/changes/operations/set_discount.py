"""Give another discount on an order or one of its lines."""

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from openiom.kernel import Refused, amount_text
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import (
    find_line,
    find_unsent_line,
    require_amount,
    require_unfinished,
    require_unshipped,
)
from openiom.orders.changes.values import LineValue, OrderValue

from .base import ChangeOperation, LineNumber, Price, line_title, retax


class SetDiscount(ChangeOperation):
    """Set the discount of the order, or of a line of which nothing has shipped; its tax follows."""

    kind: Literal["set_discount"] = "set_discount"
    line: LineNumber | None = None
    amount: Price

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for a discount of more than what is discounted."""
        require_amount(self.amount, value.currency, "amount")
        if self.line is None:
            self._check_order(value)
            return

        line = find_unsent_line(value, self.line)
        require_unshipped(line, "discount")
        self._check_limit(line.net(value.currency) + line.discount, f"line {self.line}")

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the other discount."""
        if self.line is None:
            return replace(value, discount=self.amount)
        line = find_line(value, self.line)
        return value.with_line(_discounted(line, self.amount, value.currency))

    def describe(self, value: OrderValue) -> str:
        """Return the discounts before and after."""
        what = "the order"
        before = value.discount
        if self.line is not None:
            line = find_line(value, self.line)
            what, before = line_title(line), line.discount
        amounts = f"from {amount_text(before, value.currency)} to {self.amount:f}"
        return f"Discount of {what} {amounts} {value.currency}"

    def _check_order(self, value: OrderValue) -> None:
        require_unfinished(value)
        if any(line.shipped and line.delivery != "digital" for line in value.lines):
            raise Refused(
                "units of the order have shipped, so its discount stays",
                where="order",
                remedy="give goodwill instead",
            )
        self._check_limit(value.subtotal, "the order")

    def _check_limit(self, most: Decimal, what: str) -> None:
        if self.amount > most:
            raise Refused(
                f"a discount of {self.amount} is more than the {most} that {what} costs",
                where="amount",
                remedy=f"enter {most} or less",
            )


def _discounted(line: LineValue, amount: Decimal, currency: str) -> LineValue:
    return retax(line, replace(line, discount=amount), currency)

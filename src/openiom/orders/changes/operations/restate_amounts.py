"""Amounts of an order that only its source states."""

from dataclasses import replace
from typing import Literal

from openiom.kernel import Refused, amount_text
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.values import OrderValue
from openiom.orders.decisions import TotalReading

from .base import ChangeOperation, Money, Price


class RestateAmounts(ChangeOperation):
    """Shipping, fees and credit as the store states them, and how its total is made.

    It is recorded when the store changes an order, and refused in a change by a person.
    """

    kind: Literal["restate_amounts"] = "restate_amounts"
    shipping: Price
    fees: Price
    credit: Price
    difference: Money
    reading: TotalReading

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused`: the amounts belong to the source of the order."""
        raise Refused(
            "fees, credit and the total are stated by the source of the order",
            where="operations",
            remedy="change prices, shipping or discounts, or give goodwill",
        )

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with these amounts."""
        return replace(
            value,
            shipping=self.shipping,
            fees=self.fees,
            credit=self.credit,
            difference=self.difference,
            reading=self.reading,
        )

    def describe(self, value: OrderValue) -> str:
        """Return the amounts."""
        amounts = (self.shipping, self.fees, self.credit)
        shipping, fees, credit = [amount_text(amount, value.currency) for amount in amounts]
        return f"Shipping {shipping}, fees {fees}, credit {credit} {value.currency}"

"""Ship an order by another method."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import require_amount
from openiom.orders.changes.values import OrderValue

from .base import ChangeOperation, Price
from .set_ship_to import require_unsent_goods


class SetShippingMethod(ChangeOperation):
    """Set the shipping method, and what the customer pays for shipping when it is given."""

    kind: Literal["set_shipping_method"] = "set_shipping_method"
    method: Annotated[str, Field(max_length=200)]
    amount: Price | None = None

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for goods that are on their way."""
        require_unsent_goods(value, "shipping method")
        if self.amount is not None:
            require_amount(self.amount, value.currency, "amount")

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the other method."""
        amount = value.shipping if self.amount is None else self.amount
        return replace(value, shipping_method=self.method, shipping=amount)

    def describe(self, value: OrderValue) -> str:
        """Return the method, and the charge when it changes."""
        words = f"Shipping method {self.method or 'none'}"
        if self.amount is None or self.amount == value.shipping:
            return words
        return f"{words} for {self.amount:f} {value.currency}"

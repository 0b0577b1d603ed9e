"""Give money back without units coming back."""

from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from openiom.kernel import Refused, amount_text
from openiom.orders.changes.facts import ChangeFacts
from openiom.orders.changes.guards import require_amount
from openiom.orders.changes.money import derive_money
from openiom.orders.changes.values import OrderValue

from .base import ChangeOperation, Money


class Goodwill(ChangeOperation):
    """Give an amount of an order back, at any time, for a reason; a negative one withdraws it."""

    kind: Literal["goodwill"] = "goodwill"
    amount: Money
    reason: Annotated[str, Field(min_length=1, max_length=500)]

    def check(self, value: OrderValue, facts: ChangeFacts) -> None:
        """Raise `Refused` for more than the order keeps, and for less than was given."""
        require_amount(self.amount, value.currency, "amount")
        kept = derive_money(value).kept
        if self.amount == 0:
            raise Refused("goodwill of 0 gives nothing", where="amount", remedy="enter an amount")
        if self.amount > kept:
            raise Refused(
                f"{self.amount} is more than the {amount_text(kept, value.currency)}"
                f" {value.currency} that the order keeps",
                where="amount",
                remedy=f"enter {amount_text(kept, value.currency)} or less",
            )
        if value.goodwill + self.amount < 0:
            given = amount_text(value.goodwill, value.currency)
            raise Refused(
                f"{-self.amount} is more than the goodwill of {given} {value.currency}",
                where="amount",
                remedy=f"withdraw {given} or less",
            )

    def change(self, value: OrderValue, facts: ChangeFacts) -> OrderValue:
        """Return the order with the goodwill added to what was given before."""
        return replace(value, goodwill=value.goodwill + self.amount)

    def describe(self, value: OrderValue) -> str:
        """Return the amount and its reason."""
        amount = amount_text(abs(self.amount), value.currency)
        words = "Goodwill of" if self.amount > Decimal(0) else "Withdrawn goodwill of"
        return f"{words} {amount} {value.currency}: {self.reason}"

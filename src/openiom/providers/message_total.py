"""What the order in a message costs, as its document says before any package has checked it.

No I/O.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

ORDER = "order"
"""Kind of the documents of orders."""
MAX_AMOUNT = Decimal(10) ** 14
_CURRENCY_LETTERS = 3


class MessageTotal(NamedTuple):
    """An amount in a currency."""

    amount: Decimal
    currency: str


def message_total(document: Mapping[str, Any]) -> MessageTotal | None:
    """Return the total that an order document states, None if it states none that can be stored."""
    amount = amount_of(document.get("total_amount"))
    currency = str(document.get("currency") or "")
    if amount is None or abs(amount) >= MAX_AMOUNT or len(currency) != _CURRENCY_LETTERS:
        return None
    return MessageTotal(amount, currency)


def amount_of(value: Any) -> Decimal | None:
    """Return an amount of a document that no package has checked yet, None if it is none."""
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        return None

    return amount if amount.is_finite() else None

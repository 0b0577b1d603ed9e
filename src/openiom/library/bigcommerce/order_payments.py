"""What an order of the store says of its payments."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

CAPTURED = frozenset(("captured", "paid", "partially refunded"))
AUTHORIZED = "authorized"
PENDING = frozenset(("", "pending", "capture pending", AUTHORIZED))
_KINDS = (
    ("paypal", "paypal"),
    ("bank", "bank_transfer"),
    ("invoice", "invoice"),
    ("purchase order", "invoice"),
    ("card", "card"),
    ("stripe", "card"),
    ("braintree", "card"),
)
"""Kinds of payment by what the name of the store's payment method contains."""

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PaymentReading:
    """Reads payments. `instance` captures what the store has only authorized, '' if none does."""

    instance: str = ""

    def payments(self, row: Mapping[str, Any]) -> list[dict[str, str]]:
        """Return the payments of an order: credit first, then the payment method.

        Credit and gift certificates are captured by the store. An order whose amounts cannot be
        read has no payments; its document refuses them.
        """
        credit = _amount(row, "store_credit_amount")
        certificates = _amount(row, "gift_certificate_amount")
        total = _amount(row, "total_inc_tax")
        payments: list[dict[str, str]] = []
        if credit > 0:
            payments.append(_captured("store_credit", credit))
        if certificates > 0:
            payments.append(_captured("gift_card", certificates))

        rest = total - credit - certificates if _includes_credit(row, total) else total
        if rest > 0:
            payments += self._method(row, rest)
        return payments

    def _method(self, row: Mapping[str, Any], amount: Decimal) -> list[dict[str, str]]:
        """Return the payment method with the amount that it pays; nothing if it pays nothing."""
        status = _text(row, "payment_status").lower()
        title = _text(row, "payment_method")
        kind = _kind(title)
        if status in CAPTURED:
            return [{**_captured(kind, amount), "title": title}]
        if status not in PENDING:
            return []

        payment = {"method": kind, "title": title, "amount": str(amount)}
        if status == AUTHORIZED:
            payment |= self._authorization(row)
        return [payment]

    def _authorization(self, row: Mapping[str, Any]) -> dict[str, str]:
        """Return who captures an authorization, and what it is called; empty if the store does."""
        reference = _text(row, "payment_provider_id")
        if not reference or not self.instance:
            return {}
        return {"provider": self.instance, "reference": reference}


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name) or "")


def _captured(kind: str, amount: Decimal) -> dict[str, str]:
    return {"method": kind, "amount": str(amount), "captured": str(amount)}


def _kind(title: str) -> str:
    name = title.lower()
    for part, kind in _KINDS:
        if part in name:
            return kind
    return "other"


def _includes_credit(row: Mapping[str, Any], total: Decimal) -> bool:
    """Return whether the total contains what was paid with credit, as the other amounts say."""
    gross = _amount(row, "subtotal_inc_tax") + _amount(row, "shipping_cost_inc_tax")
    gross += _amount(row, "handling_cost_inc_tax") + _amount(row, "wrapping_cost_inc_tax")
    gross -= _amount(row, "discount_amount") + _amount(row, "coupon_discount")
    credit = _amount(row, "store_credit_amount") + _amount(row, "gift_certificate_amount")
    return abs(total - gross) <= abs(total + credit - gross)


def _amount(row: Mapping[str, Any], name: str) -> Decimal:
    """Return an amount, 0 for one that is not a number."""
    try:
        return Decimal(str(row.get(name) or 0))
    except InvalidOperation:
        return ZERO

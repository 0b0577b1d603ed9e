"""Business events of payments, as the log stores them. Money is text in the order's currency."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from openiom.kernel import Event, from_minor_units

RECORDED = "payment.recorded"
AUTHORIZATION_EXPIRED = "payment.authorization_expired"
UNCOVERED = "payment.uncovered"
OUTCOME_UNKNOWN = "payment.outcome_unknown"
SUCCEEDED_EVENTS = {
    "capture": "payment.captured",
    "refund": "payment.refunded",
    "void": "payment.voided",
}
FAILED_EVENTS = {
    "capture": "payment.capture_failed",
    "refund": "payment.refund_failed",
    "void": "payment.void_failed",
}
EVENT_TITLES = {
    RECORDED: "Payments recorded",
    AUTHORIZATION_EXPIRED: "Authorization expired",
    UNCOVERED: "Shipped units are not paid",
    OUTCOME_UNKNOWN: "Outcome of a payment unknown",
    "payment.captured": "Payment captured",
    "payment.capture_failed": "Capturing the payment failed",
    "payment.refunded": "Payment refunded",
    "payment.refund_failed": "Refunding the payment failed",
    "payment.voided": "Authorization voided",
    "payment.void_failed": "Voiding the authorization failed",
}
"""Display titles, registered at the composition root."""


def order_payment_event(name: str, order_id: UUID, data: Mapping[str, Any]) -> Event:
    """Return an event about the payments of an order."""
    return Event(
        name=name, subject_type="order", subject_id=order_id, root_id=order_id, data=dict(data)
    )


def fact_event(name: str, order_id: UUID, fact_id: UUID, data: Mapping[str, Any]) -> Event:
    """Return an event whose subject is a payment fact."""
    return Event(
        name=name, subject_type="payment", subject_id=fact_id, root_id=order_id, data=dict(data)
    )


def money(amount: int, currency: str) -> dict[str, str]:
    """Return an amount as the data of an event."""
    return {"amount": str(from_minor_units(amount, currency)), "currency": currency}

"""Payments: what the connector of a payment provider offers to orders."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

PaymentKind = Literal["capture", "refund", "void"]


@dataclass(frozen=True, slots=True)
class PaymentCall:
    """Money to be captured, refunded or released.

    key        the idempotency key, the same on every attempt: the provider must not execute two
               calls of one key
    reference  what the provider calls the authorization
    amount     in `currency`; `minor_units` is the same amount in its smallest unit
    order      the number of the order, for the provider's records
    attempt    from the second one on, a previous one may have been executed
    """

    key: str
    reference: str
    amount: Decimal
    minor_units: int
    currency: str
    order: str = ""
    reason: str = ""
    attempt: int = 1


PaymentFunction = Callable[[Any, PaymentCall], str]
"""(connector, call) -> the provider's reference of what was executed.

Raises `ProviderRejected` only if it is certain that the call was not executed and never will be
under this key; `ProviderDown` without `retry_after` if the outcome is unknown, and with it if the
call was not executed yet.
"""


@dataclass(frozen=True)
class PaymentService:
    """The payments of a connector.

    concurrency   calls in flight at once, within the vendor's limits
    max_attempts  attempts before a person must look at the call
    """

    capture: PaymentFunction
    refund: PaymentFunction
    void: PaymentFunction
    concurrency: int = 8
    timeout_seconds: int = 60
    max_attempts: int = 12

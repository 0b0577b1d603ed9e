"""How returns request that refunds are paid; the composition root passes the implementation."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

AmountState = Literal["due", "requested", "completed", "failed"]


class ReturnRefund(NamedTuple):
    """A refund to pay to the customer of an order.

    `idempotency_key` is the same on every repetition.
    """

    order_id: UUID
    amount: Decimal
    currency: str
    reason: str
    idempotency_key: str


class RefundProgress(NamedTuple):
    """What became of a requested refund; `reference` is that of the payment."""

    state: AmountState
    reference: str = ""
    reason: str = ""


class RefundPort(Protocol):
    """Pays refunds."""

    def request_refunds(
        self, session: Session, refunds: Sequence[ReturnRefund], now: datetime, actor: str
    ) -> Sequence[RefundProgress]:
        """Request that these refunds are paid; one result each, in order."""


class RefundsByPeople:
    """Implements `RefundPort` where no payments are connected: refunds remain due.

    A person pays them in another system and records it.
    """

    def request_refunds(
        self, session: Session, refunds: Sequence[ReturnRefund], now: datetime, actor: str
    ) -> Sequence[RefundProgress]:
        """Return that every refund is due."""
        return [RefundProgress("due")] * len(refunds)


REFUNDS_BY_PEOPLE = RefundsByPeople()

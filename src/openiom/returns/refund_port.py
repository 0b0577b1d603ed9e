"""How returns request that refunds are paid."""

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

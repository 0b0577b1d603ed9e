"""What the orders package needs of payments.

Payments import this package; the composition root passes its implementation to `receive_orders`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import PaymentDocument


class StatedPayments(NamedTuple):
    """The payments of an order as its source states them."""

    order_id: UUID
    currency: str
    payments: Sequence[PaymentDocument]


class PaymentPort(Protocol):
    """Payments, as far as documents of orders state them."""

    def record(
        self, session: Session, stated: Sequence[StatedPayments], now: datetime, actor: str
    ) -> None:
        """Record the payments of new orders, and what changed of those of known orders.

        Called for orders with payments only; a new order may not be written yet.
        """


class NoPayments:
    """Implements the port where payments are not recorded."""

    def record(
        self, session: Session, stated: Sequence[StatedPayments], now: datetime, actor: str
    ) -> None:
        """Do nothing."""


NO_PAYMENTS = NoPayments()

"""What the orders package needs to know of fulfillment orders.

Fulfillment imports this package; the composition root passes its implementation of
`FulfillmentPort` to `receive_orders`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.orm import Session


class UnsentLine(NamedTuple):
    """Steps of an order line in a fulfillment order that its fulfiller does not have."""

    fulfillment_order_id: UUID
    order_line_id: UUID
    steps: int


class FulfillmentPort(Protocol):
    """Fulfillment orders, as far as a change of their orders concerns them."""

    def unsent_lines(self, session: Session, order_ids: Collection[UUID]) -> list[UnsentLine]:
        """Return the lines of fulfillment orders that were not sent.

        They are not sent before the transaction ends. The caller has locked the orders.
        """

    def recall(
        self, session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str
    ) -> None:
        """Cancel fulfillment orders that `unsent_lines` returned; their units are open again."""


class NoFulfillmentOrders:
    """Implements `FulfillmentPort` where orders have no fulfillment orders."""

    def unsent_lines(self, session: Session, order_ids: Collection[UUID]) -> list[UnsentLine]:
        """Return nothing."""
        return []

    def recall(
        self, session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str
    ) -> None:
        """Do nothing: `unsent_lines` returned nothing."""


NO_FULFILLMENT_ORDERS = NoFulfillmentOrders()

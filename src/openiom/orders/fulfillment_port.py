"""What the orders package needs to know of fulfillment orders.

Fulfillment imports this package; the composition root passes its implementation of
`FulfillmentPort` to `receive_orders`, and that of `FulfillmentProgressPort` to the routes.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
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

    def planned_lines(self, session: Session, order_ids: Collection[UUID]) -> list[UnsentLine]:
        """Return the lines of fulfillment orders that were not sent when they were read.

        Nothing is locked: the answer is for pages.
        """

    def recall(
        self, session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str
    ) -> None:
        """Cancel fulfillment orders that `unsent_lines` returned; their units are open again."""


class FulfillmentProgress(NamedTuple):
    """A fulfillment order, as far as its order waits for it.

    fulfiller        title of the provider that it was sent with, or of its source
    is_sent          whether its fulfiller has it
    send_failed      whether it could not be sent
    is_open          whether units of it are still to be shipped
    awaits_delivery  whether it has shipped and was not delivered
    """

    id: UUID
    number: str
    fulfiller: str
    recall: str
    is_sent: bool
    send_failed: bool
    is_open: bool
    awaits_delivery: bool
    planned_ship_date: date | None
    sent_at: datetime | None
    delivered_at: datetime | None


class FulfillmentProgressPort(Protocol):
    """Fulfillment orders, as far as pages of their orders show them."""

    def progress(self, session: Session, order_id: UUID) -> Sequence[FulfillmentProgress]:
        """Return the fulfillment orders of an order, oldest first."""

    def planned_before(self, session: Session, day: date, *, limit: int) -> list[UUID]:
        """Return orders of which units were planned to ship before a day, and did not.

        At most `limit`, those that are late for longest.
        """


class NoFulfillmentOrders:
    """Implements both ports where orders have no fulfillment orders."""

    def unsent_lines(self, session: Session, order_ids: Collection[UUID]) -> list[UnsentLine]:
        """Return nothing."""
        return []

    def planned_lines(self, session: Session, order_ids: Collection[UUID]) -> list[UnsentLine]:
        """Return nothing."""
        return []

    def recall(
        self, session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str
    ) -> None:
        """Do nothing: `unsent_lines` returned nothing."""

    def progress(self, session: Session, order_id: UUID) -> Sequence[FulfillmentProgress]:
        """Return nothing."""
        return []

    def planned_before(self, session: Session, day: date, *, limit: int) -> list[UUID]:
        """Return nothing."""
        return []


NO_FULFILLMENT_ORDERS = NoFulfillmentOrders()

"""All locks of this package: orders with payments, by their ids.

The lock of an order covers its methods, charges and facts. A worker leases facts without it, skips
those that are locked, and locks nothing after them.
"""

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import sorted_ids
from openiom.platform.bulk import fetch_as

_LOCK = """
SELECT order_id, currency FROM payments.order_payment
WHERE order_id = ANY(%s) ORDER BY order_id FOR UPDATE
"""


class LockedPayment(NamedTuple):
    """An order with payments, locked until the transaction ends."""

    order_id: UUID
    currency: str


def lock_payments(session: Session, order_ids: Iterable[UUID]) -> dict[UUID, LockedPayment]:
    """Return those of these orders that have payments, locked."""
    rows = fetch_as(session, LockedPayment, _LOCK, (sorted_ids(order_ids),))
    return {row.order_id: row for row in rows}

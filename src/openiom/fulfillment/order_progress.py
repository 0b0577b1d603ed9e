"""Fulfillment orders as pages of their orders show them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization import source_places
from openiom.orders import FulfillmentProgress
from openiom.platform.bulk import fetch_as, fetch_column
from openiom.providers import instance_titles

from .progress import BEFORE_SHIPPING, NEW, PARTIALLY_SHIPPED, SEND_FAILED, SHIPPED

UNSHIPPED = (*BEFORE_SHIPPING, PARTIALLY_SHIPPED)

_OF_ORDER = """
SELECT id, number, source, fulfiller, state, state_reason, recall, planned_ship_date, sent_at,
    delivered_at
FROM fulfillment.fulfillment_order WHERE order_id = %s ORDER BY id
"""
# The states are those of the partial index.
_PLANNED_BEFORE = """
SELECT DISTINCT ON (planned_ship_date, order_id) order_id FROM fulfillment.fulfillment_order
WHERE planned_ship_date IS NOT NULL AND planned_ship_date < %s
  AND state IN ('new', 'sent', 'accepted', 'picked', 'packed', 'partially_shipped')
ORDER BY planned_ship_date, order_id LIMIT %s
"""


class _Row(NamedTuple):
    id: UUID
    number: str
    source: str
    fulfiller: str
    state: str
    state_reason: str
    recall: str
    planned_ship_date: date | None
    sent_at: datetime | None
    delivered_at: datetime | None


class FulfillmentOrderProgress:
    """Implements `FulfillmentProgressPort` of the orders package."""

    def progress(self, session: Session, order_id: UUID) -> Sequence[FulfillmentProgress]:
        """Return the fulfillment orders of an order, oldest first."""
        rows = fetch_as(session, _Row, _OF_ORDER, (order_id,))
        if not rows:
            return []

        titles = _source_titles(session, {row.source for row in rows})
        titles |= instance_titles(session, {row.fulfiller for row in rows})

        found: list[FulfillmentProgress] = []
        for row in rows:
            found.append(
                FulfillmentProgress(
                    id=row.id,
                    number=row.number,
                    fulfiller=titles.get(row.fulfiller or row.source, row.source),
                    recall=row.recall,
                    is_sent=row.state != NEW,
                    send_failed=row.state == NEW and row.state_reason == SEND_FAILED,
                    is_open=row.state in UNSHIPPED,
                    awaits_delivery=row.state == SHIPPED and row.delivered_at is None,
                    planned_ship_date=row.planned_ship_date,
                    sent_at=row.sent_at,
                    delivered_at=row.delivered_at,
                )
            )

        return found

    def planned_before(self, session: Session, day: date, *, limit: int) -> list[UUID]:
        """Return orders of which units were planned to ship before a day, and did not."""
        return fetch_column(session, _PLANNED_BEFORE, (day, limit))


def _source_titles(session: Session, sources: Collection[str]) -> dict[str, str]:
    return {name: place.title for name, place in source_places(session, sources).items()}

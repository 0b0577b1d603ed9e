"""When order lines were shipped and delivered, for return windows."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import sorted_ids
from openiom.platform.bulk import fetch_as

_DELIVERIES = """
SELECT l.order_line_id, max(s.shipped_at) AS shipped_at,
    max(coalesce(s.delivered_at, f.delivered_at)) AS delivered_at,
    bool_and(coalesce(s.delivered_at, f.delivered_at) IS NOT NULL) AS all_delivered
FROM fulfillment.fulfillment_order_line l
JOIN fulfillment.shipment_line i ON i.fulfillment_order_line_id = l.id
JOIN fulfillment.shipment s ON s.id = i.shipment_id
JOIN fulfillment.fulfillment_order f ON f.id = s.fulfillment_order_id
WHERE l.order_line_id = ANY(%s) GROUP BY l.order_line_id
"""


class Delivery(NamedTuple):
    """When the last parcel of a line was shipped and delivered.

    `all_delivered` is whether every parcel of it was.
    """

    order_line_id: UUID
    shipped_at: datetime
    delivered_at: datetime | None
    all_delivered: bool


def deliveries(session: Session, order_line_ids: Collection[UUID]) -> dict[UUID, Delivery]:
    """Return when these lines were shipped and delivered; lines without a parcel are absent."""
    rows = fetch_as(session, Delivery, _DELIVERIES, (sorted_ids(order_line_ids),))
    return {row.order_line_id: row for row in rows}

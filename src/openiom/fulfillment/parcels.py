"""The parcels of orders, for packages that charge what has shipped."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as


class ParcelLine(NamedTuple):
    """Steps of an order line in one shipment."""

    order_id: UUID
    shipment_id: UUID
    order_line_id: UUID
    steps: int


_PARCEL_LINES = """
SELECT f.order_id, s.id AS shipment_id, l.order_line_id, sum(p.quantity)::bigint AS steps
FROM fulfillment.fulfillment_order f
JOIN fulfillment.shipment s ON s.fulfillment_order_id = f.id
JOIN fulfillment.shipment_line p ON p.shipment_id = s.id
JOIN fulfillment.fulfillment_order_line l ON l.id = p.fulfillment_order_line_id
WHERE f.order_id = ANY(%s)
GROUP BY f.order_id, s.recorded_at, s.id, l.order_line_id
ORDER BY f.order_id, s.recorded_at, s.id
"""


def parcel_lines(session: Session, order_ids: Sequence[UUID]) -> list[ParcelLine]:
    """Return what each shipment of these orders contains, in the order they were recorded."""
    return fetch_as(session, ParcelLine, _PARCEL_LINES, (list(order_ids),))

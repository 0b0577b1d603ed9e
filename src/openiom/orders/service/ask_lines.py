"""Lines for somebody who only asks: nothing is locked, so nothing may be decided on them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch
from openiom.platform.geocoding import geocode

from .line_fulfillment import OpenLine
from .split_lines import OPTIMIZED

_LINES = """
SELECT l.id, l.order_id, l.line_number, l.product, l.unit, l.quantity - l.canceled - l.shipped, l.state,
    coalesce(l.source, ''), l.source_reason = %s, o.ship_to, o.strategy,
    coalesce(l.requested_delivery_date, o.requested_delivery_date), o.origin, coalesce(o.customer->>'group', '')
FROM orders.order_line l JOIN orders.order o ON o.id = l.order_id
WHERE l.order_id = ANY(%s) AND l.quantity > l.canceled + l.shipped ORDER BY l.order_id, l.line_number
"""


def unshipped_lines(session: Session, order_ids: Sequence[UUID]) -> list[tuple[OpenLine, bool]]:
    """
    Lines of these orders with units neither canceled nor shipped, whether or not a fulfillment order holds them, by
    order and line number; with each whether nobody but the optimizer chose its source.
    """
    rows = fetch(session, _LINES, (OPTIMIZED, list(order_ids)))
    return [_line(*row) for row in rows]


def _line(
    line_id: UUID,
    order_id: UUID,
    line_number: int,
    product: str,
    unit: str,
    quantity: int,
    state: str,
    source: str,
    optimized: bool | None,
    ship_to: dict[str, Any],
    strategy: str,
    wanted: date | None,
    channel: str,
    customer_group: str,
) -> tuple[OpenLine, bool]:
    line = OpenLine(
        *(line_id, order_id, line_number, product, unit, quantity, state, source),
        *(
            str(ship_to.get("country", "")),
            geocode(ship_to),
            ship_to,
            strategy,
            wanted,
            channel,
            customer_group,
        ),
    )
    return line, bool(optimized)

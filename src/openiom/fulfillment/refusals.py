"""Sources that refused units of order lines, and which of these refusals still count."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import StockIncrease, increased_since
from openiom.platform.bulk import fetch_as


class RefusedLine(NamedTuple):
    """An order line of which a source did not fulfill all units, and when it said so last."""

    line_id: UUID
    product: str
    source: str
    refused_at: datetime


_REFUSALS = """
SELECT l.order_line_id AS line_id, l.product, f.source, max(f.ended_at) AS refused_at
FROM fulfillment.fulfillment_order f
JOIN fulfillment.fulfillment_order_line l ON l.fulfillment_order_id = f.id
    AND l.shipped < l.quantity
WHERE f.order_id = ANY(%s) AND f.state IN ('declined', 'canceled', 'closed')
    AND f.recall <> 'accepted' AND f.ended_at IS NOT NULL
GROUP BY l.order_line_id, l.product, f.source
HAVING bool_and(f.refusal_lifted_at IS NULL)
"""


def source_refusals(
    session: Session, order_ids: Sequence[UUID]
) -> dict[UUID, tuple[RefusedLine, ...]]:
    """Return the refusals that still count, by order line.

    A refusal counts until the stock of the product has increased at its source, or a person lifted
    it; `refused_at` lets a strategy ignore it after a time. A recalled fulfillment order is not a
    refusal of its source.
    """
    refusals = fetch_as(session, RefusedLine, _REFUSALS, (list(order_ids),))
    requested = {StockIncrease(row.product, row.source, row.refused_at) for row in refusals}
    increased = increased_since(session, requested)

    found: dict[UUID, tuple[RefusedLine, ...]] = {}
    for row in refusals:
        if StockIncrease(row.product, row.source, row.refused_at) not in increased:
            found[row.line_id] = (*found.get(row.line_id, ()), row)

    return found

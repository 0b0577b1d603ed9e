"""Fulfillment orders that their fulfillers do not have yet, for changes of their orders."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment.progress import NEW
from openiom.orchestration import lock_calls
from openiom.orders import UnsentLine
from openiom.platform.bulk import fetch

from .recall import ENTITY, recall_fulfillment_orders

_PLANNED = """
SELECT f.order_id, f.id, l.order_line_id, l.quantity
FROM fulfillment.fulfillment_order f
JOIN fulfillment.fulfillment_order_line l ON l.fulfillment_order_id = f.id
WHERE f.order_id = ANY(%s) AND f.state = %s AND f.sent_at IS NULL AND f.recall = ''
ORDER BY f.id, l.id
"""


class UnsentFulfillment:
    """Implements `FulfillmentPort` of the orders package."""

    def unsent_lines(self, session: Session, order_ids: Collection[UUID]) -> list[UnsentLine]:
        """Return the lines of fulfillment orders that were not sent and are not being sent.

        Their calls are locked, so that no worker makes them before the transaction ends.
        """
        rows = fetch(session, _PLANNED, (list(order_ids), NEW))
        if not rows:
            return []

        root_ids = {row[0] for row in rows}
        ids = {row[1] for row in rows}
        in_flight = lock_calls(session, entity=ENTITY, entity_ids=ids, root_ids=root_ids)
        return [UnsentLine(*row[1:]) for row in rows if row[1] not in in_flight]

    def planned_lines(self, session: Session, order_ids: Collection[UUID]) -> list[UnsentLine]:
        """Return the lines of fulfillment orders that were not sent; nothing is locked."""
        rows = fetch(session, _PLANNED, (list(order_ids), NEW))
        return [UnsentLine(*row[1:]) for row in rows]

    def recall(
        self, session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str
    ) -> None:
        """Cancel fulfillment orders and withdraw their calls; their units are open again."""
        recall_fulfillment_orders(session, ids, now, actor, units="source_again", reason=reason)

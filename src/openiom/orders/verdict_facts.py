"""Reads of what the verdict on an order needs beside its row and its lines."""

from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as
from openiom.platform.events import latest_event

from .states import HOLD
from .verdict import HoldFacts, WaitingFacts

_WAITING = """
SELECT w.line_id, w.kind, coalesce(nullif(l.name, ''), w.product) AS name, w.since,
    w.available_on, w.launch_date, w.retry_at::date AS retry_on
FROM orders.waiting_line w JOIN orders.order_line l ON l.id = w.line_id
WHERE w.order_id = %s AND w.state = 'waiting' ORDER BY w.since, w.line_id
"""


def hold_facts(session: Session, order_id: UUID) -> HoldFacts | None:
    """Return who placed the last manual hold on an order, when and why."""
    event = latest_event(session, order_id, HOLD)
    if event is None:
        return None
    return HoldFacts(event.actor, event.occurred_at, str(event.data.get("reason") or ""))


def waiting_facts(session: Session, order_id: UUID) -> list[WaitingFacts]:
    """Return the lines of an order that are on hold, those that wait for longest first."""
    return fetch_as(session, WaitingFacts, _WAITING, (order_id,))

"""Orders that are late: what was promised or planned for a day that is over."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch_as, fetch_column

from .fulfillment_port import FulfillmentProgressPort
from .order_batch import flush_lines, flush_orders

MAX_LATE = 10_000
"""Most late orders that are found."""
LAST_TIME_ZONE = timedelta(hours=12)
"""How far the last time zone is behind UTC: there, a day ends last."""

_PROMISED_BEFORE = """
SELECT s.order_id FROM orders.order_state s JOIN orders.order o ON o.id = s.order_id
WHERE s.promised_on IS NOT NULL AND s.promised_on < %(day)s
    AND s.state NOT IN ('completed', 'canceled') AND s.reason NOT IN ('Shipped', 'Delivered')
    AND (o.requested_delivery_date < %(day)s OR EXISTS (SELECT FROM orders.order_line l
        WHERE l.order_id = o.id AND l.requested_delivery_date < %(day)s
            AND l.shipped + l.canceled < l.quantity))
ORDER BY s.promised_on, s.order_id LIMIT %(limit)s
"""
_UPDATE_PROMISES = """
UPDATE orders.order_state s SET promised_on = p.day
FROM (SELECT o.id, least(o.requested_delivery_date, (SELECT min(l.requested_delivery_date)
        FROM orders.order_line l WHERE l.order_id = o.id)) AS day
    FROM orders.order o WHERE o.id = ANY(%s)) p
WHERE p.id = s.order_id AND s.promised_on IS DISTINCT FROM p.day
"""
_UNFINISHED = """
SELECT order_id FROM orders.order_state
WHERE order_id = ANY(%s) AND state NOT IN ('completed', 'canceled')
"""
_AMOUNTS = """
SELECT currency, sum(total_amount)::text AS amount, count(*) AS orders, min(placed_at) AS oldest
FROM orders.order WHERE id = ANY(%s) GROUP BY currency ORDER BY orders DESC, currency
"""


class CurrencyTotal(NamedTuple):
    """The orders of one currency among some: their number, their money and the oldest of them."""

    currency: str
    amount: str
    orders: int
    oldest: datetime


class LateOrders(NamedTuple):
    """The condition that orders are late at a moment."""

    fulfillment: FulfillmentProgressPort
    now: datetime

    def find(self, session: Session) -> list[UUID]:
        """Return the late orders."""
        return late_orders(session, self.fulfillment, self.now)


def first_open_day(now: datetime) -> date:
    """Return the first day that is not over in every time zone; a promise before it is broken."""
    return (now - LAST_TIME_ZONE).date()


def update_promises(session: Session, order_ids: Iterable[UUID]) -> None:
    """Store the first day that orders are promised for, after a day of theirs was changed."""
    flush_orders(session)
    flush_lines(session)
    execute(session, _UPDATE_PROMISES, (list(order_ids),))


def late_orders(
    session: Session, fulfillment: FulfillmentProgressPort, now: datetime, *, limit: int = MAX_LATE
) -> list[UUID]:
    """Return unshipped orders that were promised, or planned to ship, for a day that is over.

    At most `limit`; of each reason, those that are late for longest come first.
    """
    flush_orders(session)
    flush_lines(session)
    day = first_open_day(now)
    parameters = {"day": day, "limit": limit}
    promised: list[UUID] = fetch_column(session, _PROMISED_BEFORE, parameters)
    planned = _unfinished(session, fulfillment.planned_before(session, day, limit=limit))
    found = dict.fromkeys([*promised, *planned])
    return list(found)[:limit]


def _unfinished(session: Session, order_ids: Sequence[UUID]) -> list[UUID]:
    if not order_ids:
        return []
    unfinished = set(fetch_column(session, _UNFINISHED, (list(order_ids),)))
    return [order_id for order_id in order_ids if order_id in unfinished]


def sum_orders(session: Session, ids: Sequence[UUID]) -> list[CurrencyTotal]:
    """Return the money of these orders by currency, most orders first."""
    return fetch_as(session, CurrencyTotal, _AMOUNTS, (list(ids),)) if ids else []

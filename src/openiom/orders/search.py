"""Text search for orders and customers.

Each query is served by an index or reads a bounded number of rows.
"""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import escape_like, fetch

from .queries import SEARCH_LIMIT, like_prefix

RECENT_ORDERS = 20_000


class FoundOrder(NamedTuple):
    """An order that a search found."""

    id: UUID
    number: str
    instance: str
    customer: str


def search_orders(session: Session, words: str, *, limit: int) -> list[FoundOrder]:
    """Return orders whose number starts with `words` or whose external id is it, newest first."""
    rows = fetch(
        session,
        "SELECT o.id, o.number, o.instance, coalesce(o.customer->>'name', '') FROM orders.order o"
        " WHERE o.id IN ("
        "(SELECT id FROM orders.order WHERE lower(number) LIKE %s LIMIT %s) UNION ALL"
        " (SELECT id FROM orders.order WHERE external_id = %s LIMIT %s))"
        " ORDER BY o.id DESC LIMIT %s",
        (like_prefix(words), SEARCH_LIMIT, words, SEARCH_LIMIT, limit),
    )
    return [FoundOrder(*row) for row in rows]


def search_customers(session: Session, words: str, *, limit: int) -> list[FoundOrder]:
    """Return recent orders whose customer's name contains `words` or e-mail starts with it."""
    pattern = escape_like(words)
    rows = fetch(
        session,
        "SELECT o.id, o.number, o.instance, o.customer->>'name'"
        " FROM (SELECT * FROM orders.order ORDER BY id DESC LIMIT %s) o"
        " WHERE o.customer->>'name' ILIKE %s OR o.customer->>'email' ILIKE %s"
        " ORDER BY o.id DESC LIMIT %s",
        (RECENT_ORDERS, f"%{pattern}%", f"{pattern}%", limit),
    )
    return [FoundOrder(*row) for row in rows]


def orders_by_number(session: Session, number: str, *, instance: str = "") -> list[UUID]:
    """Return the newest orders of a number, of one provider instance only when named."""
    rows = fetch(
        session,
        "SELECT id FROM orders.order WHERE number = %s AND (%s = '' OR instance = %s)"
        " ORDER BY id DESC LIMIT 5",
        (number, instance, instance),
    )
    return [order_id for (order_id,) in rows]

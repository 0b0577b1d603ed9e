"""Text search for return orders: by number, order, tracking number and customer."""

from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders import order_ids_by_number
from openiom.platform.bulk import escape_like, fetch_as

from .models import NUMBER_PREFIX

SEARCH_LIMIT = 500
"""Most matches by one kind of text that a search considers; the newest of these are shown."""


class FoundReturn(NamedTuple):
    """A return order that a search found."""

    id: UUID
    number: str
    customer_name: str
    state: str


def search_returns(session: Session, words: str, *, limit: int) -> list[FoundReturn]:
    """Return return orders by the beginning of a number, tracking number or name, newest first."""
    condition, values = search_condition(session, words)
    return fetch_as(
        session,
        FoundReturn,
        "SELECT r.id, r.number, r.customer_name, r.state FROM returns.return_order r"
        f" WHERE {condition} ORDER BY r.id DESC LIMIT %s",
        (*values, limit),
    )


def search_condition(session: Session, words: str) -> tuple[str, list[Any]]:
    """Return the condition on return orders `r` that match, and its parameters."""
    text = words.strip()
    number = text.upper()
    if not number.startswith(NUMBER_PREFIX):
        number = NUMBER_PREFIX + number

    beginning = f"{escape_like(text.lower())}%"
    order_ids = order_ids_by_number(session, text, limit=SEARCH_LIMIT)
    condition = (
        "r.id IN ((SELECT id FROM returns.return_order WHERE number LIKE %s LIMIT 500)"
        " UNION ALL (SELECT id FROM returns.return_order"
        " WHERE lower(customer_name) LIKE %s LIMIT 500)"
        " UNION ALL (SELECT c.return_order_id FROM returns.return_parcel p"
        " JOIN returns.return_parcel_content c ON c.parcel_id = p.id"
        " WHERE lower(p.tracking_number) LIKE %s LIMIT 500)"
        " UNION ALL (SELECT id FROM returns.return_order WHERE order_id = ANY(%s::uuid[])))"
    )
    return condition, [f"{escape_like(number)}%", beginning, beginning, order_ids]

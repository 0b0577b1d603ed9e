"""Short facts of orders and lines for other packages, by their ids or numbers."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import escape_like, fetch_as, fetch_column

from .order_batch import flush_lines, flush_new


def like_prefix(text: str) -> str:
    """Return a LIKE pattern for lower-case text with this beginning."""
    return f"{escape_like(text.strip().lower())}%"


class OrderSummary(NamedTuple):
    """What lists of other packages show of an order."""

    id: UUID
    number: str
    customer_name: str


def order_summaries(session: Session, ids: Sequence[UUID]) -> dict[UUID, OrderSummary]:
    """Return the summaries of these orders. Unknown ids are absent."""
    flush_new(session)
    rows = fetch_as(
        session,
        OrderSummary,
        "SELECT id, number, customer_name FROM orders.order WHERE id = ANY(%s)",
        (list(ids),),
    )
    return {row.id: row for row in rows}


def order_ids_by_number(session: Session, prefix: str, *, limit: int) -> list[UUID]:
    """Return up to `limit` orders whose number begins with `prefix`, in any case."""
    flush_new(session)
    return fetch_column(
        session,
        "SELECT id FROM orders.order WHERE lower(number) LIKE %s LIMIT %s",
        (like_prefix(prefix), limit),
    )


class LineSummary(NamedTuple):
    """What fulfillment shows and sends of an order line."""

    id: UUID
    line_number: int
    external_id: str
    product: str
    name: str
    unit: str
    unit_price: Decimal


def line_summaries(session: Session, ids: Sequence[UUID]) -> dict[UUID, LineSummary]:
    """Return the summaries of these order lines. Unknown ids are absent."""
    flush_new(session)
    rows = fetch_as(
        session,
        LineSummary,
        "SELECT id, line_number, external_id, product, name, unit, unit_price"
        " FROM orders.order_line WHERE id = ANY(%s)",
        (list(ids),),
    )
    return {row.id: row for row in rows}


def lines_with_open_units(session: Session, ids: Sequence[UUID]) -> set[UUID]:
    """Return those lines of which units are not shipped, canceled or in a fulfillment order."""
    flush_lines(session)
    query = (
        "SELECT id FROM orders.order_line WHERE id = ANY(%s)"
        " AND shipped + canceled + in_fulfillment < quantity"
    )
    return set(fetch_column(session, query, (list(ids),)))

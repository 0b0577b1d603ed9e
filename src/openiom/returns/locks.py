"""All locks of this package, in the one order: orders by id, then returns by id, then stock."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import sorted_ids
from openiom.orders import lock_orders
from openiom.platform.bulk import fetch_as, fetch_column

from .decisions import ReturnLineState, ReturnState


class _Owner(NamedTuple):
    id: UUID
    return_order_id: UUID


RETURN_COLUMNS = (
    "id, number, order_id, customer_name, currency, state, state_reason, outcome, timing, origin,"
    " is_withdrawal, declared_at, deadline, refund_due_on, replacement_order_id, sent_at, ended_at"
)
LINE_COLUMNS = (
    "id, return_order_id, line_number, order_line_id, product, name, variant, unit, unit_decimals,"
    " stock_per_step, stock_decimals, state, reason, return_to, quantity, received, canceled,"
    " inspected, rejected, credited, terms, exchange_for"
)


def lock_returns(session: Session, ids: Iterable[UUID]) -> dict[UUID, ReturnState]:
    """Return these return orders with their lines, and lock them after their orders.

    Unknown ids are absent.
    """
    wanted = sorted_ids(ids)
    order_ids = fetch_column(
        session,
        "SELECT DISTINCT order_id FROM returns.return_order"
        " WHERE id = ANY(%s) AND order_id IS NOT NULL",
        (wanted,),
    )
    lock_orders(session, order_ids)
    returns = fetch_as(
        session,
        ReturnState,
        f"SELECT {RETURN_COLUMNS} FROM returns.return_order"
        " WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
        (wanted,),
    )
    by_id = {one.id: one for one in returns}
    add_lines(session, by_id)
    return by_id


def add_lines(session: Session, returns: dict[UUID, ReturnState]) -> None:
    """Read the lines of return orders into them."""
    rows = fetch_as(
        session,
        ReturnLineState,
        f"SELECT {LINE_COLUMNS} FROM returns.return_line"
        " WHERE return_order_id = ANY(%s) ORDER BY return_order_id, line_number",
        (list(returns),),
    )
    for row in rows:
        returns[row.return_order_id].lines[row.id] = row


def returns_of_lines(session: Session, line_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the return orders of these lines by line. Unknown lines are absent."""
    rows = fetch_as(
        session,
        _Owner,
        "SELECT id, return_order_id FROM returns.return_line WHERE id = ANY(%s)",
        (list(line_ids),),
    )
    return {row.id: row.return_order_id for row in rows}

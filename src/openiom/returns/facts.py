"""Facts of return orders, for policies, expressions and transformations."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import variant_fact
from openiom.kernel import sorted_ids
from openiom.orders import header_facts
from openiom.platform.bulk import fetch, fetch_as, fetch_grouped
from openiom.provider_contract import Facts

from .decisions import ReturnLineState, ReturnState
from .locks import RETURN_COLUMNS, add_lines

_ORDER_FIELDS = (
    "id",
    "number",
    "external_id",
    "instance",
    "currency",
    "customer",
    "ship_to",
    "origin",
    "placed_at",
    "total_amount",
)


def read_returns(session: Session, ids: Sequence[UUID]) -> dict[UUID, ReturnState]:
    """Return these return orders with their lines, unlocked. Unknown ids are absent."""
    rows = fetch_as(
        session,
        ReturnState,
        f"SELECT {RETURN_COLUMNS} FROM returns.return_order WHERE id = ANY(%s)",
        (list(ids),),
    )
    returns = {row.id: row for row in rows}
    add_lines(session, returns)
    return returns


def return_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Return return orders as JSON values, with their lines and the header of their order.

    `fields` without `order` leaves that out. Money and ids are text, quantities are numbers of the
    line's unit.
    """
    returns = read_returns(session, ids)
    facts = {one.id: _fact(one) for one in returns.values()}
    if fields is None or "order" in fields:
        _add_order_headers(session, returns.values(), facts)
    return facts


def _add_order_headers(
    session: Session, returns: Collection[ReturnState], facts: Mapping[UUID, Facts]
) -> None:
    orders = _order_headers(session, returns)
    for one in returns:
        facts[one.id]["order"] = orders.get(one.order_id) if one.order_id else None


def _order_headers(session: Session, returns: Iterable[ReturnState]) -> dict[UUID, Facts]:
    """Return the headers of the orders of these returns, by order."""
    order_ids = {one.order_id for one in returns if one.order_id}
    return header_facts(session, sorted_ids(order_ids), _ORDER_FIELDS)


def _fact(order: ReturnState) -> Facts:
    return {
        "id": str(order.id),
        "number": order.number,
        "order_id": str(order.order_id) if order.order_id else "",
        "customer_name": order.customer_name,
        "currency": order.currency,
        "state": order.state,
        "state_reason": order.state_reason,
        "outcome": order.outcome,
        "timing": order.timing,
        "origin": order.origin,
        "is_withdrawal": order.is_withdrawal,
        "declared_at": order.declared_at.isoformat(),
        "deadline": order.deadline.isoformat() if order.deadline else None,
        "refund_due_on": order.refund_due_on.isoformat() if order.refund_due_on else None,
        "is_sent": order.sent_at is not None,
        "lines": [_line(line) for line in order.lines.values()],
    }


def _line(line: ReturnLineState) -> dict[str, Any]:
    return {
        "id": str(line.id),
        "order_line_id": str(line.order_line_id) if line.order_line_id else "",
        "product": line.product,
        "name": line.name,
        "variant": variant_fact(line.variant),
        "unit": line.unit,
        "reason": line.reason,
        "state": line.state,
        "return_to": line.return_to,
        "quantity": line.number(line.quantity),
        "received": line.number(line.received),
        "inspected": line.number(line.inspected),
        "rejected": line.number(line.rejected),
    }


def return_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of return orders."""
    query = "SELECT id, number FROM returns.return_order WHERE id = ANY(%s)"
    return dict(fetch(session, query, (list(ids),)))


def return_roots(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the orders of return orders; a blind one is its own root."""
    query = "SELECT id, coalesce(order_id, id) FROM returns.return_order WHERE id = ANY(%s)"
    return dict(fetch(session, query, (list(ids),)))


def returns_of_orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the return orders of orders that are not refused or canceled, oldest first."""
    return fetch_grouped(
        session,
        "SELECT order_id, id FROM returns.return_order WHERE order_id = ANY(%s)"
        " AND state NOT IN ('refused', 'canceled') ORDER BY order_id, id",
        (list(ids),),
    )

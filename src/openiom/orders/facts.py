"""What policies, expressions and transformations see of orders and their lines."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch
from openiom.provider_contract import Facts

_HEADER = (
    *("id", "number", "instance", "external_id", "origin", "order_type", "currency", "account", "price_list"),
    *("company", "strategy", "placed_at", "requested_delivery_date", "shipping_method", "payment_status"),
    *("external_status", "note", "subtotal", "shipping_amount", "discount_amount", "tax_amount", "total_amount"),
    *("customer", "bill_to", "ship_to"),
)
_STATE = ("state", "reason", "held")
_LINE = (
    *("id", "order_id", "line_number", "external_id", "product", "name", "unit", "quantity", "unit_price"),
    *("discount", "tax", "requested_delivery_date", "company", "state", "state_reason", "source", "released"),
    *("shipped", "canceled"),
)
_MONEY = frozenset(
    ("subtotal", "shipping_amount", "discount_amount", "tax_amount", "total_amount", "unit_price", "discount", "tax")
)


def order_facts(session: Session, ids: Sequence[UUID]) -> dict[UUID, Facts]:
    """Orders with their lines, as JSON values; money and ids are text. Unknown ids are absent. Two queries."""
    facts = header_facts(session, ids)
    for order in facts.values():
        order["lines"] = []
    for line in _lines(session, "order_id", ids):
        facts[UUID(line.pop("order_id"))]["lines"].append(line)
    for order in facts.values():
        order["fulfillment_sources"] = sorted({x["source"] for x in order["lines"] if x["source"]})
    return facts


def line_facts(session: Session, ids: Sequence[UUID]) -> dict[UUID, Facts]:
    """Lines, each with its order's header under `order`."""
    lines = list(_lines(session, "id", ids))
    orders = header_facts(session, sorted({UUID(line["order_id"]) for line in lines}))
    return {UUID(line["id"]): {**line, "order": orders[UUID(line["order_id"])]} for line in lines}


def header_facts(session: Session, ids: Sequence[UUID]) -> dict[UUID, Facts]:
    """Orders without their lines."""
    columns = ", ".join([*(f"o.{c}" for c in _HEADER), *(f"s.{c}" for c in _STATE)])
    rows = fetch(
        session,
        f"SELECT {columns} FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id WHERE o.id = ANY(%s)",
        (list(ids),),
    )
    names = (*_HEADER, "state", "state_reason", "held")
    return {row[0]: _plain(names, row) for row in rows}


def _lines(session: Session, column: str, ids: Sequence[UUID]) -> list[dict[str, Any]]:
    rows = fetch(
        session,
        f"SELECT {', '.join(_LINE)} FROM orders.order_line WHERE {column} = ANY(%s) ORDER BY order_id, line_number",
        (list(ids),),
    )
    return [_plain(_LINE, row) for row in rows]


def _plain(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    out = dict(zip(names, row, strict=True))
    for name in names:
        value = out[name]
        if name in _MONEY:
            out[name] = money_text(value)
        elif name in ("id", "order_id"):
            out[name] = str(value)
        elif name in ("placed_at", "requested_delivery_date") and value is not None:
            out[name] = value.isoformat()
    return out


def money_text(value: Any) -> str:
    """An amount with its own digits and at least two after the point: 12.30, 0.125."""
    text = format(value, "f")
    whole, _, digits = text.partition(".")
    return f"{whole}.{digits.rstrip('0').ljust(2, '0')}"


def children_of_orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Order id to its line ids, by line number."""
    children: dict[UUID, list[UUID]] = defaultdict(list)
    query = "SELECT order_id, id FROM orders.order_line WHERE order_id = ANY(%s) ORDER BY order_id, line_number"
    for order_id, line_id in fetch(session, query, (list(ids),)):
        children[order_id].append(line_id)
    return dict(children)


def order_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Order id to its number."""
    return dict(fetch(session, "SELECT id, number FROM orders.order WHERE id = ANY(%s)", (list(ids),)))


def order_roots(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """An order is its own root."""
    return {i: i for i in ids}


def line_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = fetch(
        session,
        "SELECT l.id, o.number, l.line_number, l.product FROM orders.order_line l"
        " JOIN orders.order o ON o.id = l.order_id WHERE l.id = ANY(%s)",
        (list(ids),),
    )
    return {line_id: f"{number}, line {n}: {product}" for line_id, number, n, product in rows}


def line_roots(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Line id to its order's id."""
    return dict(fetch(session, "SELECT id, order_id FROM orders.order_line WHERE id = ANY(%s)", (list(ids),)))

"""What policies, expressions and transformations see of orders and their lines."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders.locks import all_locked, lines_of_orders
from openiom.platform.bulk import fetch
from openiom.provider_contract import Facts

_HEADER = (
    *(
        "id",
        "number",
        "instance",
        "external_id",
        "origin",
        "order_type",
        "currency",
        "account",
        "price_list",
    ),
    *(
        "company",
        "strategy",
        "placed_at",
        "requested_delivery_date",
        "shipping_method",
        "payment_status",
    ),
    *(
        "external_status",
        "note",
        "subtotal",
        "shipping_amount",
        "discount_amount",
        "tax_amount",
        "total_amount",
    ),
    *("customer", "bill_to", "ship_to"),
)
_STATE = {"state": "s.state", "state_reason": "s.reason", "held": "s.held"}
_LINE = (
    *(
        "id",
        "order_id",
        "line_number",
        "external_id",
        "product",
        "name",
        "unit",
        "quantity",
        "unit_price",
    ),
    *(
        "discount",
        "tax",
        "requested_delivery_date",
        "company",
        "state",
        "state_reason",
        "source",
        "released",
    ),
    *("shipped", "canceled"),
)
_OF_LINES = frozenset(("lines", "fulfillment_sources"))


def order_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Orders with their lines, as JSON values; money and ids are text. Unknown ids are absent. Two queries."""
    facts = header_facts(session, ids, fields)
    if fields is not None and _OF_LINES.isdisjoint(fields):
        return facts
    for order in facts.values():
        order["lines"] = []
    for line in _lines(session, "order_id", ids, _LINE):
        facts[UUID(line.pop("order_id"))]["lines"].append(line)
    for order in facts.values():
        order["fulfillment_sources"] = sorted({x["source"] for x in order["lines"] if x["source"]})
    return facts


def line_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Lines, each with its order's header under `order`."""
    names = [n for n in _LINE if fields is None or n in fields or n in ("id", "order_id")]
    lines = _lines(session, "id", ids, names)
    if fields is not None and "order" not in fields:
        return {UUID(line["id"]): line for line in lines}
    orders = header_facts(session, sorted({UUID(line["order_id"]) for line in lines}))
    return {UUID(line["id"]): {**line, "order": orders[UUID(line["order_id"])]} for line in lines}


def header_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Orders without their lines: the named fields, or all."""
    columns = {n: f"o.{n}" for n in _HEADER if fields is None or n in fields or n == "id"}
    state = {n: column for n, column in _STATE.items() if fields is None or n in fields}
    join = " JOIN orders.order_state s ON s.order_id = o.id" if state else ""
    rows = fetch(
        session,
        f"SELECT {', '.join((columns | state).values())} FROM orders.order o{join} WHERE o.id = ANY(%s)",
        (list(ids),),
    )
    plain = _plain([*columns, *state])
    return {row[0]: plain(row) for row in rows}


def _lines(
    session: Session, column: str, ids: Sequence[UUID], names: Sequence[str]
) -> list[dict[str, Any]]:
    rows = fetch(
        session,
        f"SELECT {', '.join(names)} FROM orders.order_line WHERE {column} = ANY(%s) ORDER BY order_id, line_number",
        (list(ids),),
    )
    plain = _plain(names)
    return [plain(row) for row in rows]


def _plain(names: Sequence[str]) -> Callable[[Sequence[Any]], dict[str, Any]]:
    """From a row of these columns to JSON values."""
    special = [(name, _AS_TEXT[name]) for name in names if name in _AS_TEXT]

    def plain(row: Sequence[Any]) -> dict[str, Any]:
        out = dict(zip(names, row, strict=True))
        for name, text in special:
            if (value := out[name]) is not None:
                out[name] = text(value)
        return out

    return plain


def money_text(value: Any) -> str:
    """An amount with its own digits and at least two after the point: 12.30, 0.125."""
    text = format(value, "f")
    parse_id, _, digits = text.partition(".")
    return f"{parse_id}.{digits.rstrip('0').ljust(2, '0')}"


_MONEY = (
    *("subtotal", "shipping_amount", "discount_amount", "tax_amount", "total_amount"),
    *("unit_price", "discount", "tax"),
)
_AS_TEXT: Mapping[str, Callable[[Any], str]] = {
    **dict.fromkeys(_MONEY, money_text),
    **dict.fromkeys(("id", "order_id"), str),
    **dict.fromkeys(
        ("placed_at", "requested_delivery_date"), lambda moment: str(moment.isoformat())
    ),
}


def children_of_orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Order id to its line ids, by line number."""
    children: dict[UUID, list[UUID]] = defaultdict(list)
    if all_locked(session, ids):  # whoever has locked them reads their lines anyway, once
        for line in lines_of_orders(session, ids):
            children[line.order_id].append(line.id)
        return dict(children)
    query = "SELECT order_id, id FROM orders.order_line WHERE order_id = ANY(%s) ORDER BY order_id, line_number"
    for order_id, line_id in fetch(session, query, (list(ids),)):
        children[order_id].append(line_id)
    return dict(children)


def order_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Order id to its number."""
    return dict(
        fetch(session, "SELECT id, number FROM orders.order WHERE id = ANY(%s)", (list(ids),))
    )


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
    return dict(
        fetch(
            session, "SELECT id, order_id FROM orders.order_line WHERE id = ANY(%s)", (list(ids),)
        )
    )

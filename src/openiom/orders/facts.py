"""Facts of orders and lines: what policies, expressions and transformations can read."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from operator import methodcaller
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import quantity_number, variant_fact
from openiom.kernel import id_texts, sorted_ids
from openiom.platform.bulk import fetch, fetch_as
from openiom.platform.database import from_json
from openiom.provider_contract import Facts

from .locked_rows import LockedOrder
from .locks import lines_of_orders
from .order_batch import (
    OrderBatch,
    are_locked,
    flush_lines,
    flush_new,
    flush_orders,
    missing_keys,
    order_batch,
    subset,
)

_HEADER = (
    "id",
    "number",
    "instance",
    "external_id",
    "origin",
    "order_type",
    "currency",
    "account",
    "price_list",
    "company",
    "strategy",
    "placed_at",
    "requested_delivery_date",
    "shipping_method",
    "payment_status",
    "external_status",
    "note",
    "subtotal",
    "shipping_amount",
    "discount_amount",
    "tax_amount",
    "total_amount",
    "customer",
    "bill_to",
    "ship_to",
)
_STATE = {
    "state": "s.state",
    "state_reason": "s.reason AS state_reason",
    "manual_hold": "s.manual_hold",
}
_COLUMNS = {name: f"o.{name}" for name in _HEADER} | _STATE
_JSON = frozenset(("customer", "bill_to", "ship_to"))
_LINE = (
    "id",
    "order_id",
    "line_number",
    "external_id",
    "product",
    "name",
    "variant",
    "unit",
    "quantity",
    "unit_price",
    "discount",
    "tax",
    "requested_delivery_date",
    "company",
    "state",
    "state_reason",
    "source",
    "in_fulfillment",
    "shipped",
    "canceled",
)
_QUANTITIES = ("quantity", "in_fulfillment", "shipped", "canceled")
_FROM_LINES = frozenset(("lines", "fulfillment_sources"))


def order_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Return orders with their lines as JSON values; money and ids are text, quantities numbers.

    `fields` limits the fields, None reads all. Unknown ids are absent. At most two queries.
    """
    facts = header_facts(session, ids, fields)
    if fields is not None and _FROM_LINES.isdisjoint(fields):
        return facts

    lines_by_order: dict[str, list[Facts]] = defaultdict(list)
    for line in _line_rows(session, "order_id", ids, _LINE):
        lines_by_order[line.pop("order_id")].append(line)

    for order in facts.values():
        order["lines"] = lines_by_order[order["id"]]
        order["fulfillment_sources"] = _sources(order["lines"])

    return facts


def _sources(lines: Iterable[Facts]) -> list[str]:
    return sorted({line["source"] for line in lines if line["source"]})


def line_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Return lines as JSON values, each with the header of its order under `order`."""
    wanted = _LINE if fields is None else ("id", "order_id", *fields)
    lines = _line_rows(session, "id", ids, [name for name in _LINE if name in wanted])
    if fields is None or "order" in fields:
        _add_orders(session, lines)
    return {UUID(line["id"]): line for line in lines}


def _add_orders(session: Session, lines: Sequence[Facts]) -> None:
    order_ids = {UUID(line["order_id"]) for line in lines}
    orders = header_facts(session, sorted_ids(order_ids))
    for line in lines:
        line["order"] = orders[UUID(line["order_id"])]


def header_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Return orders without their lines, with the named fields or all of them."""
    wanted = _COLUMNS if fields is None else subset(_COLUMNS, ("id", *fields))
    rows = _header_rows(session, ids, wanted)
    facts = {row["id"]: row for row in rows}
    _to_json_values(rows)
    return facts


def _header_rows(session: Session, ids: Sequence[UUID], wanted: Mapping[str, str]) -> list[Facts]:
    """Return columns of orders: of those without a row from the batch, of the others as stored."""
    batch = order_batch(session)
    new = [order_id for order_id in ids if order_id in batch.new]
    rows = [_new_header(batch, order_id, wanted) for order_id in new]
    if len(new) < len(ids):
        rows += _read_headers(session, wanted, missing_keys(batch.new, ids))
    return rows


def _new_header(batch: OrderBatch, order_id: UUID, names: Iterable[str]) -> Facts:
    """Return the columns of an order that has no row yet, as a query would."""
    state, columns = batch.orders[order_id], batch.new[order_id].columns
    row: Facts = {}
    for name in names:
        if name in _JSON and columns[name]:
            row[name] = from_json(columns[name])
        elif name in columns:
            row[name] = columns[name]

    return row | subset(_state_columns(state), names)


def _state_columns(order: LockedOrder) -> Facts:
    return {
        "state": order.state,
        "state_reason": order.reason,
        "manual_hold": order.manual_hold,
    }


def _read_headers(session: Session, wanted: Mapping[str, str], ids: Sequence[UUID]) -> list[Facts]:
    tables = "orders.order o"
    if not wanted.keys().isdisjoint(_STATE):
        flush_orders(session)
        tables += " JOIN orders.order_state s ON s.order_id = o.id"

    query = f"SELECT {', '.join(wanted.values())} FROM {tables} WHERE o.id = ANY(%s)"
    return fetch_as(session, dict, query, (ids,))


def _line_rows(
    session: Session, column: str, ids: Sequence[UUID], names: Sequence[str]
) -> list[Facts]:
    batch = order_batch(session)
    rows: list[Facts] = []
    missing = ids
    if batch.new:
        rows, missing = _new_line_rows(batch, column, ids, names)
    if missing:
        rows += _read_line_rows(session, column, missing, names)

    _to_json_values(rows)
    quantities = [name for name in _QUANTITIES if name in names]
    with_variant = "variant" in names

    for row in rows:
        decimals = row.pop("unit_decimals")
        if decimals:
            for name in quantities:
                row[name] = quantity_number(row[name], decimals)

        if with_variant:
            row["variant"] = variant_fact(row["variant"])

    return rows


def _new_line_rows(
    batch: OrderBatch, column: str, ids: Sequence[UUID], names: Sequence[str]
) -> tuple[list[Facts], list[UUID]]:
    """Return lines whose orders have no row yet, as a query would, and the other ids."""
    order_ids: Iterable[UUID] = ids
    if column == "id":
        order_ids = subset(batch.order_of_line, ids).values()

    wanted = set(ids)
    found: set[UUID] = set()
    rows: list[Facts] = []
    for order_id in dict.fromkeys(order_ids):
        for line, current in batch.new_lines(order_id):
            columns = line.columns(current)
            if columns[column] in wanted:
                found.add(columns[column])
                rows.append({name: columns[name] for name in (*names, "unit_decimals")})

    return rows, [id for id in ids if id not in found]


def _read_line_rows(
    session: Session, column: str, ids: Sequence[UUID], names: Sequence[str]
) -> list[Facts]:
    flush_lines(session)
    query = (
        f"SELECT {', '.join(names)}, unit_decimals FROM orders.order_line"
        f" WHERE {column} = ANY(%s) ORDER BY order_id, line_number"
    )
    return fetch_as(session, dict, query, (list(ids),))


def money_text(value: Decimal) -> str:
    """Return an amount with its own digits, at least two after the point: 12.30, 0.125."""
    whole, _, digits = format(value, "f").partition(".")
    return f"{whole}.{digits.rstrip('0').ljust(2, '0')}"


_MONEY = (
    "subtotal",
    "shipping_amount",
    "discount_amount",
    "tax_amount",
    "total_amount",
    "unit_price",
    "discount",
    "tax",
)
_IDS = ("id", "order_id")
_AS_TEXT: dict[str, Callable[[Any], str]] = {
    "placed_at": methodcaller("isoformat"),
    "requested_delivery_date": methodcaller("isoformat"),
    **dict.fromkeys(_MONEY, money_text),
}


def _to_json_values(rows: Sequence[Facts]) -> None:
    """Replace ids, dates and money in rows of the same columns by text."""
    columns = rows[0] if rows else {}
    for name in _IDS:
        if name in columns:
            _ids_to_text(rows, name)

    converters = subset(_AS_TEXT, columns)
    for row in rows:
        for name, convert in converters.items():
            value = row[name]
            if value is not None:
                row[name] = convert(value)


def _ids_to_text(rows: Sequence[Facts], name: str) -> None:
    texts = id_texts([row[name] for row in rows])
    for row, text in zip(rows, texts, strict=True):
        row[name] = text


def children_of_orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the line ids of orders, by line number."""
    children: dict[UUID, list[UUID]] = defaultdict(list)
    if are_locked(session, ids):  # their lines are read with the batch anyway
        for line in lines_of_orders(session, ids):
            children[line.order_id].append(line.id)

        return dict(children)

    flush_new(session)
    rows = fetch(
        session,
        "SELECT order_id, id FROM orders.order_line"
        " WHERE order_id = ANY(%s) ORDER BY order_id, line_number",
        (list(ids),),
    )
    for order_id, line_id in rows:
        children[order_id].append(line_id)

    return dict(children)


def order_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of orders."""
    flush_new(session)
    query = "SELECT id, number FROM orders.order WHERE id = ANY(%s)"
    return dict(fetch(session, query, (list(ids),)))


def order_roots(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return each order itself: an order is its own root."""
    return dict(zip(ids, ids, strict=True))


def line_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return labels of lines such as `1001, line 2: LAMP`."""
    flush_new(session)
    rows = fetch(
        session,
        "SELECT l.id, o.number, l.line_number, l.product FROM orders.order_line l"
        " JOIN orders.order o ON o.id = l.order_id WHERE l.id = ANY(%s)",
        (list(ids),),
    )
    labels: dict[UUID, str] = {}
    for line_id, order_number, line_number, product in rows:
        labels[line_id] = f"{order_number}, line {line_number}: {product}"

    return labels


def line_roots(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the orders of lines."""
    flush_new(session)
    query = "SELECT id, order_id FROM orders.order_line WHERE id = ANY(%s)"
    return dict(fetch(session, query, (list(ids),)))

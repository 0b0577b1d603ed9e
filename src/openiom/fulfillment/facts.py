"""Facts of fulfillment orders and shipments, for policies, expressions and transformations."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import quantity_number, variant_fact
from openiom.kernel import sorted_ids
from openiom.orders import (
    LineSummary,
    header_facts,
    line_summaries,
    money_text,
    orders_wholly_shipped,
)
from openiom.platform.bulk import fetch, fetch_as, fetch_grouped
from openiom.provider_contract import Facts

_ORDER_FIELDS = (
    "id",
    "number",
    "external_id",
    "instance",
    "currency",
    "customer",
    "ship_to",
    "shipping_method",
    "origin",
)


class _OrderRow(NamedTuple):
    id: UUID
    number: str
    order_id: UUID
    source: str
    state: str
    state_reason: str
    external_id: str
    fulfiller: str
    recall: str
    recalled_units: str
    recall_reason: str
    ship_to: dict[str, Any]
    planned_ship_date: date | None


def fulfillment_order_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Return fulfillment orders as JSON values, with their lines and the header of their order.

    `fields` without `order` or `lines` leaves those out. Money and ids are text,
    quantities are numbers of the line's unit.
    """
    rows = fetch_as(
        session,
        _OrderRow,
        f"SELECT {', '.join(_OrderRow._fields)} FROM fulfillment.fulfillment_order"
        " WHERE id = ANY(%s)",
        (list(ids),),
    )
    facts = {row.id: _order_fact(row) for row in rows}
    if fields is None or "order" in fields:
        orders = _orders_of(session, rows)
        for row in rows:
            facts[row.id]["order"] = orders[row.order_id]

    if fields is None or "lines" in fields:
        lines = _lines(session, list(facts))
        for fulfillment_order_id, fact in facts.items():
            fact["lines"] = lines.get(fulfillment_order_id, [])

    return facts


def _orders_of(session: Session, rows: Iterable["_OrderRow | _ShipmentRow"]) -> dict[UUID, Facts]:
    """Return the headers of the orders of these rows."""
    order_ids = {row.order_id for row in rows}
    return header_facts(session, sorted_ids(order_ids), _ORDER_FIELDS)


def _order_fact(row: _OrderRow) -> Facts:
    return {
        "id": str(row.id),
        "number": row.number,
        "order_id": str(row.order_id),
        "source": row.source,
        "state": row.state,
        "state_reason": row.state_reason,
        "external_id": row.external_id,
        "fulfiller": row.fulfiller,
        "recall": row.recall,
        "recalled_units": row.recalled_units,
        "recall_reason": row.recall_reason,
        "ship_to": row.ship_to,
        "planned_ship_date": row.planned_ship_date.isoformat() if row.planned_ship_date else None,
    }


class LineRow(NamedTuple):
    """A fulfillment order line; quantities are steps of its unit."""

    fulfillment_order_id: UUID
    id: UUID
    order_line_id: UUID
    product: str
    variant: dict[str, str] | None
    unit: str
    unit_decimals: int
    stock_per_step: int
    stock_decimals: int
    quantity: int
    shipped: int


def line_rows(session: Session, fulfillment_order_ids: Sequence[UUID]) -> list[LineRow]:
    """Return the lines of fulfillment orders by their ids."""
    return fetch_as(
        session,
        LineRow,
        f"SELECT {', '.join(LineRow._fields)} FROM fulfillment.fulfillment_order_line"
        " WHERE fulfillment_order_id = ANY(%s) ORDER BY id",
        (list(fulfillment_order_ids),),
    )


class _HasOrderLine(Protocol):
    @property
    def order_line_id(self) -> UUID: ...


Row = TypeVar("Row", bound=_HasOrderLine)


def order_lines_of(session: Session, rows: Iterable[_HasOrderLine]) -> dict[UUID, LineSummary]:
    """Return the order lines of rows by their ids."""
    return line_summaries(session, [row.order_line_id for row in rows])


def in_order(
    rows: Iterable[Row], order_lines: Mapping[UUID, LineSummary]
) -> list[tuple[Row, LineSummary]]:
    """Return rows with their order lines, by the numbers of these."""
    pairs = [(row, order_lines[row.order_line_id]) for row in rows]
    return sorted(pairs, key=lambda pair: pair[1].line_number)


def _lines(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[Facts]]:
    """Return the lines of fulfillment orders by the line numbers of their order."""
    rows = line_rows(session, ids)
    order_lines = order_lines_of(session, rows)

    lines: dict[UUID, list[Facts]] = defaultdict(list)
    for row, order_line in in_order(rows, order_lines):
        line_id = str(row.id)
        lines[row.fulfillment_order_id].append(
            {
                "id": line_id,
                "reference": line_id,
                "order_line_id": str(row.order_line_id),
                "order_line_external_id": order_line.external_id,
                "product": row.product,
                "name": order_line.name,
                "variant": variant_fact(row.variant),
                "unit": row.unit,
                "quantity": quantity_number(row.quantity, row.unit_decimals),
                "shipped": quantity_number(row.shipped, row.unit_decimals),
                "unit_price": money_text(order_line.unit_price),
            }
        )

    return lines


class _ShipmentRow(NamedTuple):
    id: UUID
    carrier: str
    service: str
    tracking_number: str
    tracking_url: str
    shipped_at: datetime
    number: str
    source: str
    order_id: UUID


def shipment_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Return shipments as JSON values, with their items and the header of their order.

    `final` says whether the order owes nothing more.
    """
    rows = fetch_as(
        session,
        _ShipmentRow,
        "SELECT s.id, s.carrier, s.service, s.tracking_number, s.tracking_url, s.shipped_at,"
        " f.number, f.source, f.order_id FROM fulfillment.shipment s"
        " JOIN fulfillment.fulfillment_order f ON f.id = s.fulfillment_order_id"
        " WHERE s.id = ANY(%s)",
        (list(ids),),
    )
    orders = _orders_of(session, rows)
    wholly_shipped = orders_wholly_shipped(session, orders)
    items = _items(session, ids)

    facts: dict[UUID, Facts] = {}
    for row in rows:
        facts[row.id] = {
            "id": str(row.id),
            "carrier": row.carrier,
            "service": row.service,
            "tracking_number": row.tracking_number,
            "tracking_url": row.tracking_url,
            "shipped_at": row.shipped_at.isoformat(),
            "fulfillment_order": {"number": row.number, "source": row.source},
            "order": orders[row.order_id],
            "items": items.get(row.id, []),
            "final": row.order_id in wholly_shipped,
        }

    return facts


class _ItemRow(NamedTuple):
    shipment_id: UUID
    order_line_id: UUID
    variant: dict[str, str] | None
    unit: str
    unit_decimals: int
    quantity: int


def _items(session: Session, shipment_ids: Sequence[UUID]) -> dict[UUID, list[Facts]]:
    """Return the items of shipments by the line numbers of their order."""
    rows = fetch_as(
        session,
        _ItemRow,
        "SELECT i.shipment_id, f.order_line_id, i.variant, i.unit, i.unit_decimals, i.quantity"
        " FROM fulfillment.shipment_line i"
        " JOIN fulfillment.fulfillment_order_line f ON f.id = i.fulfillment_order_line_id"
        " WHERE i.shipment_id = ANY(%s)",
        (list(shipment_ids),),
    )
    order_lines = order_lines_of(session, rows)

    items: dict[UUID, list[Facts]] = defaultdict(list)
    for row, order_line in in_order(rows, order_lines):
        items[row.shipment_id].append(
            {
                "order_line_id": str(row.order_line_id),
                "order_line_external_id": order_line.external_id,
                "product": order_line.product,
                "variant": variant_fact(row.variant),
                "unit": row.unit,
                "quantity": quantity_number(row.quantity, row.unit_decimals),
            }
        )

    return items


def fulfillment_orders_of_orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Return the fulfillment orders of orders that are not declined or canceled, oldest first."""
    return fetch_grouped(
        session,
        "SELECT order_id, id FROM fulfillment.fulfillment_order WHERE order_id = ANY(%s)"
        " AND state NOT IN ('declined', 'canceled') ORDER BY order_id, id",
        (list(ids),),
    )


def fulfillment_order_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return the numbers of fulfillment orders."""
    query = "SELECT id, number FROM fulfillment.fulfillment_order WHERE id = ANY(%s)"
    return dict(fetch(session, query, (list(ids),)))


def fulfillment_order_roots(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the orders of fulfillment orders."""
    query = "SELECT id, order_id FROM fulfillment.fulfillment_order WHERE id = ANY(%s)"
    return dict(fetch(session, query, (list(ids),)))


class ShipmentHead(NamedTuple):
    """What a shipment is called, and the order it belongs to."""

    id: UUID
    order_id: UUID
    number: str
    tracking_number: str


def shipment_heads(session: Session, ids: Sequence[UUID]) -> dict[UUID, ShipmentHead]:
    """Return the heads of shipments; `number` is that of their fulfillment order."""
    rows = fetch_as(
        session,
        ShipmentHead,
        "SELECT s.id, f.order_id, f.number, s.tracking_number FROM fulfillment.shipment s"
        " JOIN fulfillment.fulfillment_order f ON f.id = s.fulfillment_order_id"
        " WHERE s.id = ANY(%s)",
        (list(ids),),
    )
    return {row.id: row for row in rows}


def shipment_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """Return labels of shipments such as `FO-100001, parcel 1Z999`."""
    labels: dict[UUID, str] = {}
    for shipment_id, head in shipment_heads(session, ids).items():
        labels[shipment_id] = f"{head.number}, parcel {head.tracking_number or 'without tracking'}"
    return labels


def shipment_roots(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Return the orders of shipments."""
    heads = shipment_heads(session, ids)
    return {shipment_id: head.order_id for shipment_id, head in heads.items()}

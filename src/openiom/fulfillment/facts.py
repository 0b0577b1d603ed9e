"""What policies, expressions and transformations see of fulfillment orders and shipments."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders import header_facts, money_text, orders_wholly_shipped
from openiom.platform.bulk import fetch
from openiom.provider_contract import Facts

_ORDER = (
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


def fulfillment_order_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Fulfillment orders with their lines and the header of their order; money and ids are text."""
    rows = fetch(
        session,
        "SELECT id, number, order_id, source, state, state_reason, external_id, ship_to, planned_ship_date"
        " FROM fulfillment.fulfillment_order WHERE id = ANY(%s)",
        (list(ids),),
    )
    with_order, with_lines = (fields is None or name in fields for name in ("order", "lines"))
    orders = header_facts(session, sorted({row[2] for row in rows}), _ORDER) if with_order else {}
    lines = _lines(session, [row[0] for row in rows]) if with_lines else {}
    facts: dict[UUID, Facts] = {}
    for new, number, order_id, source, state, reason, external_id, ship_to, planned in rows:
        facts[new] = {
            "id": str(new),
            "number": number,
            "order_id": str(order_id),
            "source": source,
            "state": state,
            "state_reason": reason,
            "external_id": external_id,
            "ship_to": ship_to,
            "planned_ship_date": planned.isoformat() if planned else None,
        }
        if with_order:
            facts[new]["order"] = orders[order_id]
        if with_lines:
            facts[new]["lines"] = lines[new]
    return facts


def _lines(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    rows = fetch(
        session,
        "SELECT f.fulfillment_order_id, f.id, f.order_line_id, o.external_id, f.product, o.name, o.unit, f.quantity,"
        " f.shipped, o.unit_price FROM fulfillment.fulfillment_order_line f"
        " JOIN orders.order_line o ON o.id = f.order_line_id WHERE f.fulfillment_order_id = ANY(%s)"
        " ORDER BY f.fulfillment_order_id, o.line_number",
        (list(ids),),
    )
    lines: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for owner, line, order_line, external_id, product, name, unit, quantity, shipped, price in rows:
        lines[owner].append(
            {
                "id": str(line),
                "reference": str(line),
                "order_line_id": str(order_line),
                "order_line_external_id": external_id,
                "product": product,
                "name": name,
                "unit": unit,
                "quantity": quantity,
                "shipped": shipped,
                "unit_price": money_text(price),
            }
        )
    return lines


def shipment_facts(
    session: Session, ids: Sequence[UUID], fields: Collection[str] | None = None
) -> dict[UUID, Facts]:
    """Shipments with their items and orders; `final` says whether the order now owes nothing more."""
    rows = fetch(
        session,
        "SELECT s.id, s.carrier, s.service, s.tracking_number, s.tracking_url, s.shipped_at, f.number, f.source,"
        " f.order_id FROM fulfillment.shipment s JOIN fulfillment.fulfillment_order f ON f.id = s.fulfillment_order_id"
        " WHERE s.id = ANY(%s)",
        (list(ids),),
    )
    order_ids = sorted({row[-1] for row in rows})
    orders = header_facts(session, order_ids, _ORDER)
    done = orders_wholly_shipped(session, order_ids)
    items = _items(session, [row[0] for row in rows])
    return {
        new: {
            "id": str(new),
            "carrier": carrier,
            "service": service,
            "tracking_number": tracking,
            "tracking_url": url,
            "shipped_at": shipped_at.isoformat(),
            "fulfillment_order": {"number": number, "source": source},
            "order": orders[order_id],
            "items": items[new],
            "final": order_id in done,
        }
        for new, carrier, service, tracking, url, shipped_at, number, source, order_id in rows
    }


def _items(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    rows = fetch(
        session,
        "SELECT i.shipment_id, o.id, o.external_id, o.product, i.quantity FROM fulfillment.shipment_line i"
        " JOIN fulfillment.fulfillment_order_line f ON f.id = i.fulfillment_order_line_id"
        " JOIN orders.order_line o ON o.id = f.order_line_id WHERE i.shipment_id = ANY(%s) ORDER BY o.line_number",
        (list(ids),),
    )
    items: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for shipment, line, external_id, product, quantity in rows:
        items[shipment].append(
            {
                "order_line_id": str(line),
                "order_line_external_id": external_id,
                "product": product,
                "quantity": quantity,
            }
        )
    return items


def fulfillment_orders_of_orders(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Order id to its fulfillment orders that may still be delivered, oldest first."""
    children: dict[UUID, list[UUID]] = defaultdict(list)
    rows = fetch(
        session,
        "SELECT order_id, id FROM fulfillment.fulfillment_order WHERE order_id = ANY(%s)"
        " AND state NOT IN ('declined', 'canceled') ORDER BY order_id, id",
        (list(ids),),
    )
    for order_id, new in rows:
        children[order_id].append(new)
    return dict(children)


def fulfillment_order_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    return dict(
        fetch(
            session,
            "SELECT id, number FROM fulfillment.fulfillment_order WHERE id = ANY(%s)",
            (list(ids),),
        )
    )


def fulfillment_order_roots(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    query = "SELECT id, order_id FROM fulfillment.fulfillment_order WHERE id = ANY(%s)"
    return dict(fetch(session, query, (list(ids),)))


def shipment_labels(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = fetch(
        session,
        "SELECT s.id, f.number, s.tracking_number FROM fulfillment.shipment s"
        " JOIN fulfillment.fulfillment_order f ON f.id = s.fulfillment_order_id WHERE s.id = ANY(%s)",
        (list(ids),),
    )
    return {
        new: f"{number}, parcel {tracking or 'without tracking'}" for new, number, tracking in rows
    }


def shipment_roots(session: Session, ids: Sequence[UUID]) -> dict[UUID, UUID]:
    rows = fetch(
        session,
        "SELECT s.id, f.order_id FROM fulfillment.shipment s"
        " JOIN fulfillment.fulfillment_order f ON f.id = s.fulfillment_order_id WHERE s.id = ANY(%s)",
        (list(ids),),
    )
    return dict(rows)

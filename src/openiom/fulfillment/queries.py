"""Reads: the list of fulfillment orders, and each with its lines, parcels and places."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders import like_prefix
from openiom.platform.bulk import fetch
from openiom.platform.geocoding import geocode

from .facts import shipment_facts
from .schemas import (
    AddressView,
    FulfillmentOrderDetail,
    FulfillmentOrderLineView,
    FulfillmentOrderRow,
    PlaceView,
    ShipmentItemView,
    ShipmentView,
)
from .states import FULFILLMENT_ORDER_TABLE

SEARCHED = 2_000
"""Most orders of a searched number that a search looks at."""

_ROW = (
    "SELECT f.id, f.number, f.order_id, o.number, f.source, f.state, f.state_reason, o.customer_name,"
    " coalesce(f.ship_to->>'city', ''), u.units, u.shipped, f.created_at, f.sent_at, f.external_id, f.ship_to,"
    " f.planned_ship_date FROM fulfillment.fulfillment_order f JOIN orders.order o ON o.id = f.order_id"
    " CROSS JOIN LATERAL (SELECT coalesce(sum(l.quantity), 0) AS units, coalesce(sum(l.shipped), 0) AS shipped"
    " FROM fulfillment.fulfillment_order_line l WHERE l.fulfillment_order_id = f.id) u"
)
_NAMES = (
    *(
        "id",
        "number",
        "order_id",
        "order_number",
        "source",
        "state",
        "state_reason",
        "customer_name",
    ),
    *("ship_to_city", "units", "shipped_units", "created_at", "sent_at", "external_id"),
)


def list_fulfillment_orders(
    session: Session,
    *,
    state: str,
    source: str,
    order_id: UUID | None,
    search: str,
    after: str | None,
    limit: int,
) -> list[FulfillmentOrderRow]:
    """Newest first. `search` is the start of a fulfillment order's or an order's number."""
    where, values = ["TRUE"], list[Any]()
    for clause, value in (
        ("f.state = %s", state),
        ("f.source = %s", source),
        ("f.order_id = %s", order_id),
    ):
        if value:
            where.append(clause)
            values.append(value)
    if search:
        where.append(
            "f.id IN (SELECT id FROM fulfillment.fulfillment_order WHERE number = upper(%s) UNION ALL"
            " SELECT f2.id FROM fulfillment.fulfillment_order f2 WHERE f2.order_id IN"
            f" (SELECT id FROM orders.order WHERE lower(number) LIKE %s LIMIT {SEARCHED}))"
        )
        values += [search.strip(), like_prefix(search)]
    if after:
        where.append("f.id < %s::uuid")
        values.append(after)
    rows = fetch(
        session, f"{_ROW} WHERE {' AND '.join(where)} ORDER BY f.id DESC LIMIT %s", (*values, limit)
    )
    return [FulfillmentOrderRow(**_row(row)) for row in rows]


def details(session: Session, ids: Sequence[UUID]) -> list[FulfillmentOrderDetail]:
    """These fulfillment orders with everything a page shows, oldest first; unknown ids are left out."""
    rows = fetch(session, f"{_ROW} WHERE f.id = ANY(%s) ORDER BY f.id", (list(ids),))
    lines, parcels = _lines(session, ids), _shipments(session, ids)
    places = _places(session, {row[4] for row in rows})
    out = []
    for row in rows:
        source = row[4]
        out.append(
            FulfillmentOrderDetail(
                **_row(row),
                ship_to=AddressView.model_validate(row[14]),
                planned_ship_date=row[15],
                source_place=places.get(source)
                or PlaceView(name=source, latitude=None, longitude=None, address=AddressView()),
                ship_to_place=_ship_to_place(row[14]),
                lines=lines[row[0]],
                shipments=parcels[row[0]],
            )
        )
    return out


def details_of_order(session: Session, order_id: UUID) -> list[FulfillmentOrderDetail]:
    rows = fetch(
        session, "SELECT id FROM fulfillment.fulfillment_order WHERE order_id = %s", (order_id,)
    )
    return details(session, [row[0] for row in rows])


def _row(row: Sequence[Any]) -> dict[str, Any]:
    named = dict(zip(_NAMES, row[:14], strict=True))
    return {**named, "state_label": FULFILLMENT_ORDER_TABLE.state(named["state"]).label}


def _lines(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[FulfillmentOrderLineView]]:
    rows = fetch(
        session,
        "SELECT f.fulfillment_order_id, f.id, f.order_line_id, f.product, o.name, o.unit, f.quantity, f.shipped"
        " FROM fulfillment.fulfillment_order_line f JOIN orders.order_line o ON o.id = f.order_line_id"
        " WHERE f.fulfillment_order_id = ANY(%s) ORDER BY o.line_number",
        (list(ids),),
    )
    names = tuple(FulfillmentOrderLineView.model_fields)
    lines: dict[UUID, list[FulfillmentOrderLineView]] = defaultdict(list)
    for owner, *values in rows:
        lines[owner].append(FulfillmentOrderLineView(**dict(zip(names, values, strict=True))))
    return lines


def _shipments(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[ShipmentView]]:
    rows = fetch(
        session,
        "SELECT id, fulfillment_order_id, external_id FROM fulfillment.shipment WHERE fulfillment_order_id = ANY(%s)"
        " ORDER BY shipped_at, id",
        (list(ids),),
    )
    facts = shipment_facts(session, [row[0] for row in rows])
    parcels: dict[UUID, list[ShipmentView]] = defaultdict(list)
    for new, owner, external_id in rows:
        fact = facts[new]
        items = [
            ShipmentItemView(product=i["product"], quantity=i["quantity"]) for i in fact["items"]
        ]
        kept = {
            k: fact[k]
            for k in ("id", "carrier", "service", "tracking_number", "tracking_url", "shipped_at")
        }
        parcels[owner].append(ShipmentView(external_id=external_id, items=items, **kept))
    return parcels


def _places(session: Session, sources: set[str]) -> dict[str, PlaceView]:
    rows = fetch(
        session,
        "SELECT name, title, latitude, longitude, address FROM fulfillment_optimization.source WHERE name = ANY(%s)",
        (sorted(sources),),
    )
    return {
        name: PlaceView(
            name=title,
            latitude=latitude,
            longitude=longitude,
            address=AddressView.model_validate(address),
        )
        for name, title, latitude, longitude, address in rows
    }


def _ship_to_place(ship_to: dict[str, Any]) -> PlaceView:
    point = geocode(ship_to)
    latitude, longitude = point or (None, None)
    address = AddressView.model_validate(ship_to)
    return PlaceView(name=address.name, latitude=latitude, longitude=longitude, address=address)


def declining_sources(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Order line id to the sources whose fulfillment order of it was declined, canceled or closed before its end."""
    rows = fetch(
        session,
        "SELECT l.order_line_id, array_agg(DISTINCT f.source) FROM fulfillment.fulfillment_order f"
        " JOIN fulfillment.fulfillment_order_line l ON l.fulfillment_order_id = f.id AND l.shipped < l.quantity"
        " WHERE f.order_id = ANY(%s) AND f.state IN ('declined', 'canceled', 'closed') GROUP BY 1",
        (list(order_ids),),
    )
    return {line: tuple(sources) for line, sources in rows}

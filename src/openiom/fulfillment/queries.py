"""Reads of the HTTP API: fulfillment orders with their lines, parcels and places."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import quantity_number, variant_fact
from openiom.fulfillment_optimization import source_places
from openiom.orders import AllowedAction, OrderSummary, order_ids_by_number, order_summaries
from openiom.platform.bulk import fetch, fetch_as, fetch_column
from openiom.platform.geocoding import geocode
from openiom.platform.sort_keys import Sort

from .declined import declined_to_be_sourced
from .facts import in_order, line_rows, order_lines_of, shipment_facts
from .progress import ENDED
from .schemas import (
    AddressView,
    FulfillmentOrderActions,
    FulfillmentOrderDetail,
    FulfillmentOrderLineView,
    FulfillmentOrderRow,
    PlaceView,
    ShipmentItemView,
    ShipmentView,
)
from .search import search_query
from .sort_keys import SORT_KEYS
from .states import FULFILLMENT_ORDER_TABLE

SEARCH_LIMIT = 2_000
"""Most orders with a number that a search considers."""


class _Row(NamedTuple):
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
    created_at: datetime
    sent_at: datetime | None
    refusal_lifted_at: datetime | None
    units: Decimal
    shipped_units: Decimal


_ROWS = """
SELECT f.id, f.number, f.order_id, f.source, f.state, f.state_reason, f.external_id, f.fulfiller,
    f.recall, f.recalled_units, f.recall_reason, f.ship_to, f.planned_ship_date, f.created_at,
    f.sent_at, f.refusal_lifted_at, u.units, u.shipped_units
FROM fulfillment.fulfillment_order f
CROSS JOIN LATERAL (
    SELECT coalesce(sum(l.quantity * power(10::numeric, -l.unit_decimals)), 0) AS units,
        coalesce(sum(l.shipped * power(10::numeric, -l.unit_decimals)), 0) AS shipped_units
    FROM fulfillment.fulfillment_order_line l WHERE l.fulfillment_order_id = f.id) u
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfillmentOrderFilter:
    """What the list is narrowed to; empty fields match everything.

    `search` is the beginning of a number, of the number of the order or of the reference of the
    fulfiller, or the beginning or end of a tracking number.
    `to_be_sourced` matches those that were declined, of whose lines units have no source yet.
    """

    state: str = ""
    source: str = ""
    recall: str = ""
    order_id: UUID | None = None
    search: str = ""
    to_be_sourced: bool = False
    sort: str = ""

    @property
    def sorted_by(self) -> Sort[FulfillmentOrderRow]:
        """The sort that was chosen, else newest first."""
        return SORT_KEYS.parse(self.sort or "-created")


def list_fulfillment_orders(
    session: Session,
    chosen: FulfillmentOrderFilter,
    *,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[FulfillmentOrderRow]:
    """Return fulfillment orders in the order of `sorted_by`.

    `after` is the sort key of the last row shown.
    """
    conditions: list[str] = []
    values: list[Any] = []
    for condition, value in (
        ("f.state = %s", chosen.state),
        ("f.source = %s", chosen.source),
        ("f.recall = %s AND f.recall IN ('requested', 'refused')", chosen.recall),
        ("f.order_id = %s", chosen.order_id),
    ):
        if value:
            conditions.append(condition)
            values.append(value)

    if chosen.search:
        order_ids = order_ids_by_number(session, chosen.search, limit=SEARCH_LIMIT)
        found, parameters = search_query(chosen.search)
        conditions.append(
            f"f.id IN (SELECT id FROM ({found}) searched"
            " UNION ALL SELECT id FROM fulfillment.fulfillment_order"
            " WHERE order_id = ANY(%s::uuid[]))"
        )
        values += [*parameters, order_ids]

    if chosen.to_be_sourced:
        conditions.append("f.id = ANY(%s::uuid[])")
        values.append([one.id for one in declined_to_be_sourced(session)])

    if after:
        condition, parameters = chosen.sorted_by.after(after)
        conditions.append(condition)
        values += parameters

    where = " AND ".join(conditions) or "TRUE"
    rows = fetch_as(
        session,
        _Row,
        f"{_ROWS} WHERE {where} ORDER BY {chosen.sorted_by.order_by} LIMIT %s",
        (*values, limit),
    )
    orders = order_summaries(session, [row.order_id for row in rows])
    return [FulfillmentOrderRow(**_fields(row, orders[row.order_id])) for row in rows]


def _fields(row: _Row, order: OrderSummary) -> dict[str, Any]:
    """Return the fields of a row of the list."""
    return {
        "id": row.id,
        "number": row.number,
        "order_id": row.order_id,
        "order_number": order.number,
        "source": row.source,
        "state": row.state,
        "state_label": FULFILLMENT_ORDER_TABLE.state(row.state).label,
        "state_reason": row.state_reason,
        "customer_name": order.customer_name,
        "ship_to_city": row.ship_to.get("city") or "",
        "units": row.units,
        "shipped_units": row.shipped_units,
        "created_at": row.created_at,
        "planned_ship_date": row.planned_ship_date,
        "sent_at": row.sent_at,
        "external_id": row.external_id,
        "fulfiller": row.fulfiller,
        "recall": row.recall,
        "recalled_units": row.recalled_units,
        "recall_reason": row.recall_reason,
        "actions": _allowed_actions(row),
    }


def _allowed_actions(row: _Row) -> FulfillmentOrderActions:
    """Return whether an order can be recalled, and its source be considered again."""
    recall_reason = _recall_reason(row)
    lift_reason = _lift_reason(row)
    return FulfillmentOrderActions(
        recall=AllowedAction(allowed=not recall_reason, reason=recall_reason),
        lift_refusal=AllowedAction(allowed=not lift_reason, reason=lift_reason),
    )


def _recall_reason(row: _Row) -> str:
    """Return why an order cannot be recalled, or ''."""
    if row.state in ENDED:
        return f"it was {row.state} already"
    return "all of its units have shipped" if row.units == row.shipped_units else ""


def _lift_reason(row: _Row) -> str:
    """Return why the source of an order cannot be considered again, or ''."""
    if row.state not in ENDED or row.recall == "accepted":
        return "its source has refused nothing of it"
    return "its source is considered again already" if row.refusal_lifted_at else ""


def get_details(session: Session, ids: Sequence[UUID]) -> list[FulfillmentOrderDetail]:
    """Return fulfillment orders with lines, parcels and places, oldest first.

    Unknown ids are left out.
    """
    rows = fetch_as(session, _Row, f"{_ROWS} WHERE f.id = ANY(%s) ORDER BY f.id", (list(ids),))
    orders = order_summaries(session, [row.order_id for row in rows])
    lines = _lines(session, ids)
    parcels = _shipments(session, ids)
    places = _source_places(session, {row.source for row in rows})

    details: list[FulfillmentOrderDetail] = []
    for row in rows:
        details.append(
            FulfillmentOrderDetail(
                **_fields(row, orders[row.order_id]),
                ship_to=AddressView.model_validate(row.ship_to),
                source_place=places.get(row.source) or _unknown_place(row.source),
                ship_to_place=_ship_to_place(row.ship_to),
                lines=lines.get(row.id, []),
                shipments=parcels.get(row.id, []),
            )
        )

    return details


def details_of_order(session: Session, order_id: UUID) -> list[FulfillmentOrderDetail]:
    """Return every fulfillment order of an order, oldest first."""
    query = "SELECT id FROM fulfillment.fulfillment_order WHERE order_id = %s"
    return get_details(session, fetch_column(session, query, (order_id,)))


def _lines(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[FulfillmentOrderLineView]]:
    rows = line_rows(session, ids)
    order_lines = order_lines_of(session, rows)

    lines: dict[UUID, list[FulfillmentOrderLineView]] = defaultdict(list)
    for row, order_line in in_order(rows, order_lines):
        view = FulfillmentOrderLineView(
            id=row.id,
            order_line_id=row.order_line_id,
            product=row.product,
            name=order_line.name,
            variant=variant_fact(row.variant),
            unit=row.unit,
            unit_decimals=row.unit_decimals,
            quantity=quantity_number(row.quantity, row.unit_decimals),
            shipped=quantity_number(row.shipped, row.unit_decimals),
        )
        lines[row.fulfillment_order_id].append(view)

    return lines


def _shipments(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[ShipmentView]]:
    rows = fetch(
        session,
        "SELECT id, fulfillment_order_id, external_id FROM fulfillment.shipment"
        " WHERE fulfillment_order_id = ANY(%s) ORDER BY shipped_at, id",
        (list(ids),),
    )
    facts = shipment_facts(session, [shipment_id for shipment_id, _, _ in rows])

    parcels: dict[UUID, list[ShipmentView]] = defaultdict(list)
    for shipment_id, fulfillment_order_id, external_id in rows:
        parcel = _shipment_view(facts[shipment_id], external_id)
        parcels[fulfillment_order_id].append(parcel)

    return parcels


def _shipment_view(fact: Mapping[str, Any], external_id: str) -> ShipmentView:
    items: list[ShipmentItemView] = []
    for item in fact["items"]:
        items.append(
            ShipmentItemView(
                product=item["product"],
                variant=item["variant"],
                unit=item["unit"],
                quantity=item["quantity"],
            )
        )

    return ShipmentView(
        id=fact["id"],
        external_id=external_id,
        carrier=fact["carrier"],
        service=fact["service"],
        tracking_number=fact["tracking_number"],
        tracking_url=fact["tracking_url"],
        shipped_at=fact["shipped_at"],
        items=items,
    )


def _source_places(session: Session, sources: Collection[str]) -> dict[str, PlaceView]:
    places: dict[str, PlaceView] = {}
    for name, source in source_places(session, sources).items():
        places[name] = PlaceView(
            name=source.title,
            latitude=source.latitude,
            longitude=source.longitude,
            address=AddressView.model_validate(source.address),
        )

    return places


def _unknown_place(source: str) -> PlaceView:
    return PlaceView(name=source, latitude=None, longitude=None, address=AddressView())


def _ship_to_place(ship_to: dict[str, Any]) -> PlaceView:
    latitude, longitude = geocode(ship_to) or (None, None)
    address = AddressView.model_validate(ship_to)
    return PlaceView(name=address.name, latitude=latitude, longitude=longitude, address=address)

"""All locks of this package, in the one order they are taken: orders by id, then theirs by id."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import sorted_ids
from openiom.orders import lock_orders, open_steps
from openiom.platform.bulk import fetch, fetch_as, fetch_column

from .decisions import FulfillmentLineState, FulfillmentOrderState, ParcelState
from .facts import line_rows
from .progress import ENDED


def lock_fulfillment_orders(
    session: Session, ids: Iterable[UUID]
) -> dict[UUID, FulfillmentOrderState]:
    """Return these fulfillment orders and all others of the same orders, locked.

    What an order owes depends on all of its fulfillment orders. Unknown ids are absent.
    """
    order_ids = fetch_column(
        session,
        "SELECT DISTINCT order_id FROM fulfillment.fulfillment_order WHERE id = ANY(%s)",
        (sorted_ids(ids),),
    )
    lock_orders(session, order_ids)
    orders = fetch_as(
        session,
        FulfillmentOrderState,
        "SELECT id, number, order_id, source, state, state_reason, sent_at IS NOT NULL AS sent,"
        " delivered_at IS NOT NULL AS delivered, recall, recalled_units, recall_reason,"
        " final_parcels"
        " FROM fulfillment.fulfillment_order"
        " WHERE order_id = ANY(%s) ORDER BY id FOR UPDATE",
        (order_ids,),
    )
    by_id = {order.id: order for order in orders}
    _add_open_steps(session, orders)
    _add_lines(session, by_id)
    _add_parcels(session, by_id)
    return by_id


def _add_open_steps(session: Session, orders: Sequence[FulfillmentOrderState]) -> None:
    """Share the open steps of order lines; they matter only where a fulfillment order has ended."""
    ended = {order.order_id for order in orders if order.state in ENDED}
    shared = open_steps(session, ended)
    for order in orders:
        order.open_steps = shared


def _add_lines(session: Session, orders: Mapping[UUID, FulfillmentOrderState]) -> None:
    for row in line_rows(session, list(orders)):
        orders[row.fulfillment_order_id].lines[row.id] = FulfillmentLineState(
            id=row.id,
            order_line_id=row.order_line_id,
            product=row.product,
            quantity=row.quantity,
            shipped=row.shipped,
            unit=row.unit,
            unit_decimals=row.unit_decimals,
            stock_per_step=row.stock_per_step,
            stock_decimals=row.stock_decimals,
            variant=row.variant,
        )


class _ParcelRow(NamedTuple):
    fulfillment_order_id: UUID
    external_id: str
    delivered: bool
    line_ids: list[UUID]
    quantities: list[int]


def _add_parcels(session: Session, orders: Mapping[UUID, FulfillmentOrderState]) -> None:
    rows = fetch_as(
        session,
        _ParcelRow,
        "SELECT s.fulfillment_order_id, s.external_id, s.delivered_at IS NOT NULL AS delivered,"
        " array_agg(l.fulfillment_order_line_id) AS line_ids,"
        " array_agg(l.quantity) AS quantities"
        " FROM fulfillment.shipment s JOIN fulfillment.shipment_line l ON l.shipment_id = s.id"
        " WHERE s.fulfillment_order_id = ANY(%s) GROUP BY s.id",
        (list(orders),),
    )
    for row in rows:
        units = dict(zip(row.line_ids, row.quantities, strict=True))
        parcel = ParcelState(units, row.delivered)
        orders[row.fulfillment_order_id].parcels[row.external_id] = parcel


def ids_by_number(session: Session, numbers: Sequence[str]) -> dict[str, UUID]:
    """Return the ids of fulfillment orders by their numbers. Unknown numbers are absent."""
    rows = fetch(
        session,
        "SELECT number, id FROM fulfillment.fulfillment_order WHERE number = ANY(%s)",
        (sorted(set(numbers)),),
    )
    return dict(rows)

"""Every lock this room takes, in the one order it takes them: the orders by id, then their fulfillment orders by id."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders import lock_orders
from openiom.platform.bulk import fetch

from .decisions import Parcel, Standing, StandingLine


def lock_fulfillment_orders(session: Session, ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """
    These fulfillment orders, and all others of the same orders, locked until the transaction ends.

    Their siblings come along because what an order owes depends on all of them. Unknown ids are absent.
    """
    owners = fetch(
        session,
        "SELECT DISTINCT order_id FROM fulfillment.fulfillment_order WHERE id = ANY(%s)",
        (sorted(dict.fromkeys(ids)),),
    )
    order_ids = [row[0] for row in owners]
    lock_orders(session, order_ids)
    rows = fetch(
        session,
        "SELECT id, number, order_id, source, state, state_reason, sent_at IS NOT NULL, delivered_at IS NOT NULL"
        " FROM fulfillment.fulfillment_order WHERE order_id = ANY(%s) ORDER BY id FOR UPDATE",
        (order_ids,),
    )
    standings = {row[0]: Standing(*row) for row in rows}
    _add_lines(session, standings)
    return standings


def _add_lines(session: Session, standings: dict[UUID, Standing]) -> None:
    ids = list(standings)
    lines = fetch(
        session,
        "SELECT fulfillment_order_id, id, order_line_id, product, quantity, shipped"
        " FROM fulfillment.fulfillment_order_line WHERE fulfillment_order_id = ANY(%s) ORDER BY id",
        (ids,),
    )
    for owner, *line in lines:
        standings[owner].lines[line[0]] = StandingLine(*line)
    parcels = fetch(
        session,
        "SELECT s.fulfillment_order_id, s.external_id, s.delivered_at IS NOT NULL,"
        " array_agg(l.fulfillment_order_line_id), array_agg(l.quantity)"
        " FROM fulfillment.shipment s JOIN fulfillment.shipment_line l ON l.shipment_id = s.id"
        " WHERE s.fulfillment_order_id = ANY(%s) GROUP BY s.id",
        (ids,),
    )
    for owner, external_id, delivered, line_ids, quantities in parcels:
        units = dict(zip(line_ids, quantities, strict=True))
        standings[owner].parcels[external_id] = Parcel(units, delivered)


def ids_by_number(session: Session, numbers: Iterable[str]) -> dict[str, UUID]:
    """Fulfillment order numbers to ids; unknown ones are absent."""
    rows = fetch(
        session,
        "SELECT number, id FROM fulfillment.fulfillment_order WHERE number = ANY(%s)",
        (sorted(set(numbers)),),
    )
    return {number: found for number, found in rows}

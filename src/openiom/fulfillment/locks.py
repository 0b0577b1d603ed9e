"""Every lock this room takes: orders first (in their own room's order), then fulfillment orders by id."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders import lock_orders
from openiom.platform.bulk import fetch


@dataclass(slots=True)
class LockedFulfillmentOrder:
    """Where a fulfillment order stands; mutable, so that several events of one batch build on each other."""

    id: UUID
    order_id: UUID
    number: str
    source: str
    state: str
    reason: str


_COLUMNS = "id, order_id, number, source, state, state_reason"


def lock_siblings(session: Session, ids: Iterable[UUID]) -> dict[UUID, LockedFulfillmentOrder]:
    """These fulfillment orders and all others of their orders, with the orders locked before them."""
    wanted = sorted(set(ids))
    owners = fetch(session, "SELECT DISTINCT order_id FROM fulfillment.fulfillment_order WHERE id = ANY(%s)", (wanted,))
    orders = lock_orders(session, [row[0] for row in owners])
    rows = fetch(
        session,
        f"SELECT {_COLUMNS} FROM fulfillment.fulfillment_order WHERE order_id = ANY(%s) ORDER BY id FOR UPDATE",
        (sorted(orders),),
    )
    return {row[0]: LockedFulfillmentOrder(*row) for row in rows}


def ids_of_numbers(session: Session, numbers: Sequence[str]) -> dict[str, UUID]:
    """Fulfillment order number to id; unknown numbers are absent."""
    query = "SELECT number, id FROM fulfillment.fulfillment_order WHERE number = ANY(%s)"
    return dict(fetch(session, query, (list(numbers),)))

"""Cancel lines that have waited as long as their service level allows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import release_quantities
from openiom.kernel import Event, StockUnits
from openiom.orders.decisions import is_wholly_canceled, is_wholly_shipped
from openiom.orders.events import line_event
from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import lines_of_orders, without_manual_hold
from openiom.orders.order_batch import flush_orders, ids_of, order_batch
from openiom.orders.service.apply_events import raise_order_events
from openiom.orders.service.hold_cancel import shipped_requests
from openiom.orders.service.line_fulfillment import group_by_order, move_line, units_of
from openiom.orders.states import (
    CANCEL,
    LINE_REMAINDER_CANCELED,
    LINE_SLA_EXPIRED,
    OPEN,
    SLA_EXPIRED,
    WAIT_ENDED,
)
from openiom.platform.bulk import execute, fetch_column
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest

EXPIRED_AT_ONCE = 500
RELEASED_WITHOUT_REST = "the rest continues without what was canceled"


def cancel_expired(session: Session, now: datetime, *, actor: str) -> list[UUID]:
    """Cancel the open units of lines whose time is up; return the canceled lines.

    An order without other lines is canceled too; an order whose other lines do not wait is
    released. Orders on manual hold are skipped until the hold is released.
    """
    order_ids = _lock_expired_orders(session, now)
    if not order_ids:
        return []

    expired = fetch_column(
        session,
        "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s) AND state = 'waiting'"
        " AND expires_at <= %s RETURNING line_id",
        (order_ids, now),
    )
    lines = lines_of_orders(session, order_ids)

    canceled: dict[UUID, int] = {}
    for line in lines:
        if line.id in expired and line.open > 0 and line.state in OPEN:
            canceled[line.id] = line.open

    _cancel_lines(session, lines, canceled, now, actor)
    _move_orders(session, lines, canceled, now, actor)
    return list(canceled)


def _lock_expired_orders(session: Session, now: datetime) -> list[UUID]:
    flush_orders(session)
    order_ids = fetch_column(
        session,
        "SELECT w.order_id FROM orders.waiting_line w JOIN orders.order_state s USING (order_id)"
        " WHERE w.state = 'waiting' AND w.expires_at <= %s AND NOT s.manual_hold"
        " ORDER BY w.expires_at LIMIT %s",
        (now, EXPIRED_AT_ONCE),
    )
    return without_manual_hold(session, order_ids)


def _cancel_lines(
    session: Session,
    lines: Iterable[LockedLine],
    canceled: Mapping[UUID, int],
    now: datetime,
    actor: str,
) -> None:
    batch = order_batch(session)
    events: list[Event] = []
    released: dict[UUID, StockUnits] = {}
    for line in lines:
        quantity = canceled.get(line.id, 0)
        if not quantity:
            continue

        line.canceled += quantity
        partly_served = line.shipped or line.in_fulfillment
        move_line(line, LINE_REMAINDER_CANCELED if partly_served else LINE_SLA_EXPIRED)
        batch.line_changed(line)
        data = {"quantity": line.number(quantity), "reason": SLA_EXPIRED}
        events.append(line_event(LINE_SLA_EXPIRED, line, data))
        released[line.id] = line.in_stock(quantity)

    release_quantities(session, released, now, actor, "backorder expired")
    append_events(session, events, at=now, actor=actor)


def _move_orders(
    session: Session,
    lines: Sequence[LockedLine],
    canceled: Mapping[UUID, int],
    now: datetime,
    actor: str,
) -> None:
    """Move the orders of canceled lines: canceled, shipped, or released for their other lines."""
    by_order = group_by_order(lines)
    still_waiting = fetch_column(
        session,
        "SELECT DISTINCT order_id FROM orders.waiting_line"
        " WHERE order_id = ANY(%s) AND state = 'waiting'",
        (sorted(by_order),),
    )

    requests: list[EventRequest] = []
    canceled_orders: list[UUID] = []
    for order_id, order_lines in by_order.items():
        if canceled.keys().isdisjoint(ids_of(order_lines)):
            continue

        units = units_of(order_lines)
        if is_wholly_canceled(units):
            requests.append(EventRequest(order_id, CANCEL, reason=SLA_EXPIRED))
            canceled_orders.append(order_id)
        elif is_wholly_shipped(units):
            requests += shipped_requests(order_id, order_lines, canceled)
        elif order_id not in still_waiting and _has_open_lines(order_lines):
            data = {"because": RELEASED_WITHOUT_REST}
            requests.append(EventRequest(order_id, WAIT_ENDED, data=data))

    raise_order_events(session, requests, now, actor)
    execute(session, "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s)", (canceled_orders,))


def _has_open_lines(lines: Iterable[LockedLine]) -> bool:
    return any(line.open > 0 and line.state in OPEN for line in lines)

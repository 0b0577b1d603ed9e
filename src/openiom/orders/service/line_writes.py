"""Write lines of orders that are added, grow, shrink, are removed, or get other money or dates.

Deliveries of the source and changes by people write lines here, after what is planned for them was
recalled. Callers have flushed the lines and expire them afterwards.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders.events import line_event
from openiom.orders.new_lines import LINE_COLUMNS, NewLine
from openiom.orders.states import LINE_CREATED
from openiom.platform.bulk import copy_rows, execute
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events

_COUNT_LINES = """
UPDATE orders.order o SET line_count = n.lines FROM (SELECT order_id, count(*)::int
    AS lines FROM orders.order_line WHERE order_id = ANY(%s) GROUP BY order_id) n
WHERE o.id = n.order_id
"""
_GROW = """
UPDATE orders.order_line l SET quantity = l.quantity + d.steps
FROM unnest(%s::uuid[], %s::bigint[]) AS d(id, steps) WHERE l.id = d.id
"""
_SHRINK = """
UPDATE orders.order_line l SET quantity = l.quantity - d.steps, canceled = l.canceled - d.steps
FROM unnest(%s::uuid[], %s::bigint[]) AS d(id, steps) WHERE l.id = d.id
"""
_WRITE_FIELDS = """
UPDATE orders.order_line l SET unit_price = d.unit_price, discount = d.discount, tax = d.tax,
    name = d.name, ship_to = d.ship_to, requested_delivery_date = d.requested_delivery_date
FROM jsonb_to_recordset(%s::jsonb) AS d(id uuid, unit_price numeric, discount numeric, tax numeric,
    name text, ship_to jsonb, requested_delivery_date date)
WHERE l.id = d.id
"""
_MARK_REMOVED = """
UPDATE orders.order_line SET removed = true WHERE id = ANY(%s) AND canceled = quantity
"""


def insert_lines(session: Session, added: Sequence[NewLine], now: datetime, actor: str) -> None:
    """Insert lines of known orders, count the lines of these, and publish the new ones."""
    if not added:
        return

    rows = [line.row(line.locked()) for line in added]
    copy_rows(session, "orders.order_line", LINE_COLUMNS, rows)
    execute(session, _COUNT_LINES, ([line.order_id for line in added],))
    events = []
    for line in added:
        locked = line.locked()
        quantity = locked.number(locked.quantity)
        events.append(line_event(LINE_CREATED, locked, {"quantity": quantity}))

    append_events(session, events, at=now, actor=actor)


def grow_lines(session: Session, steps: Mapping[UUID, int]) -> None:
    """Order more steps of lines."""
    if steps:
        execute(session, _GROW, (list(steps), list(steps.values())))


def shrink_lines(session: Session, steps: Mapping[UUID, int]) -> None:
    """Order fewer steps of lines: these were canceled, and count as never ordered."""
    if steps:
        execute(session, _SHRINK, (list(steps), list(steps.values())))


def write_line_fields(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write prices, names, addresses and dates of lines."""
    if rows:
        execute(session, _WRITE_FIELDS, (to_json_text(list(rows)),))


def mark_removed(session: Session, line_ids: Collection[UUID]) -> None:
    """Mark lines as removed of which every unit was canceled."""
    if line_ids:
        execute(session, _MARK_REMOVED, (list(line_ids),))

"""Declined fulfillment orders whose units have no source yet."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders import lines_with_open_units
from openiom.platform.bulk import fetch_as

MAX_DECLINED = 10_000
"""How many declined fulfillment orders are considered, the newest ones."""

_DECLINED = """
SELECT d.id, d.order_id, d.ended_at, l.order_line_id
FROM (SELECT id, order_id, coalesce(ended_at, created_at) AS ended_at
    FROM fulfillment.fulfillment_order WHERE state = 'declined' ORDER BY id DESC LIMIT %s) d
JOIN fulfillment.fulfillment_order_line l ON l.fulfillment_order_id = d.id
"""


class _DeclinedLine(NamedTuple):
    id: UUID
    order_id: UUID
    ended_at: datetime
    order_line_id: UUID


class DeclinedOrder(NamedTuple):
    """A fulfillment order that was declined, when, and its order."""

    id: UUID
    order_id: UUID
    declined_at: datetime


def declined_to_be_sourced(session: Session) -> list[DeclinedOrder]:
    """Return declined fulfillment orders of whose lines units are in no fulfillment order."""
    rows = fetch_as(session, _DeclinedLine, _DECLINED, (MAX_DECLINED,))
    open_lines = lines_with_open_units(session, [row.order_line_id for row in rows])

    found: dict[UUID, DeclinedOrder] = {}
    for row in rows:
        if row.order_line_id in open_lines:
            found[row.id] = DeclinedOrder(row.id, row.order_id, row.ended_at)

    return list(found.values())

"""Reads of lines of purchase and transfer orders."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as


class SupplyLineRow(BaseModel):
    """A supply line; `open` units are expected: neither received nor closed short.

    `to_ship` units of a transfer have not left its `origin`; they are demand there on `ship_date`.
    """

    id: UUID
    kind: str
    number: str
    line_number: int
    product: str
    source: str
    quantity: float
    received: float
    closed: float
    open: float
    expected_date: date
    confidence: float
    origin: str
    ship_date: date
    shipped: float
    to_ship: float


@dataclass(frozen=True, slots=True)
class SupplyLineFilter:
    """Which lines to list; empty values do not filter.

    `source` matches either end of a transfer.
    """

    product: str = ""
    source: str = ""
    open_only: bool = False


def list_supply_lines(
    session: Session,
    wanted: SupplyLineFilter,
    *,
    after: tuple[date, UUID] | None,
    limit: int,
) -> list[SupplyLineRow]:
    """Return supply lines by expected date."""
    after_date, after_id = after or (None, None)
    return fetch_as(
        session,
        SupplyLineRow,
        "SELECT l.id, o.kind, o.number, l.line_number, l.product, l.source, l.quantity,"
        " l.received, l.closed, greatest(0, l.quantity - l.received - l.closed) AS open,"
        " l.expected_date, l.confidence, l.origin, l.ship_date, l.shipped,"
        " l.scheduled_demand AS to_ship"
        " FROM inventory_visibility.supply_line l"
        " JOIN inventory_visibility.supply_order o ON o.id = l.order_id"
        " WHERE (%(product)s = '' OR l.product = %(product)s)"
        " AND (%(source)s = '' OR %(source)s IN (l.source, l.origin))"
        " AND (NOT %(open_only)s OR l.quantity > l.received + l.closed)"
        " AND (%(after_date)s::date IS NULL"
        " OR (l.expected_date, l.id) > (%(after_date)s::date, %(after_id)s::uuid))"
        " ORDER BY l.expected_date, l.id LIMIT %(limit)s",
        {
            "product": wanted.product,
            "source": wanted.source,
            "open_only": wanted.open_only,
            "after_date": after_date,
            "after_id": after_id,
            "limit": limit,
        },
    )

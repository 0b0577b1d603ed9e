"""Past demand: what was ordered in a period. Simulations draw from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Invalid
from openiom.platform.bulk import fetch_as

from .order_batch import flush_lines


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """What is ordered and not canceled; `revenue` is its share of the line's money without tax.

    `quantity` is in the stock unit of the product, rounded up to whole units.
    """

    product: str
    quantity: int
    revenue: float


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order as its customer placed it, without canceled units."""

    placed_at: datetime
    currency: str
    ship_to: Mapping[str, Any]
    requested_delivery_date: date | None
    lines: tuple[OrderedLine, ...]


class _Row(NamedTuple):
    id: UUID
    placed_at: datetime
    currency: str
    ship_to: dict[str, Any]
    requested_delivery_date: date | None
    product: str
    quantity: int
    revenue: float


_PLACED = """
SELECT o.id, o.placed_at, o.currency, o.ship_to, o.requested_delivery_date, l.product,
    ceil((l.quantity - l.canceled) * l.stock_per_step
        * power(10::numeric, -l.stock_decimals))::bigint AS quantity,
    ((l.quantity * power(10::numeric, -l.unit_decimals) * l.unit_price - l.discount)
        * (l.quantity - l.canceled) / l.quantity)::float8 AS revenue
FROM orders.order o JOIN orders.order_line l ON l.order_id = o.id
WHERE o.placed_at >= %s AND o.placed_at < %s AND l.quantity > l.canceled
ORDER BY o.placed_at, o.id, l.line_number LIMIT %s
"""


def placed_orders(
    session: Session, *, first: date, last: date, most_lines: int
) -> list[PlacedOrder]:
    """Return the orders placed from `first` to `last` (days in UTC), oldest first.

    Raise `Invalid` when they have more than `most_lines` lines.
    """
    flush_lines(session)
    end = last + timedelta(days=1)
    rows = fetch_as(session, _Row, _PLACED, (_midnight(first), _midnight(end), most_lines + 1))
    if len(rows) > most_lines:
        raise Invalid(
            f"more than {most_lines:,} order lines were placed from {first} to {last}",
            where="demand",
            remedy="choose a shorter period",
        )

    rows_by_order: dict[UUID, list[_Row]] = {}
    for row in rows:
        rows_by_order.setdefault(row.id, []).append(row)

    return [_placed_order(order_rows) for order_rows in rows_by_order.values()]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _placed_order(rows: list[_Row]) -> PlacedOrder:
    order = rows[0]
    return PlacedOrder(
        placed_at=order.placed_at,
        currency=order.currency,
        ship_to=order.ship_to,
        requested_delivery_date=order.requested_delivery_date,
        lines=tuple(OrderedLine(row.product, row.quantity, row.revenue) for row in rows),
    )

"""What was ordered in a period: the demand that simulations draw from."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Invalid
from openiom.platform.bulk import fetch


@dataclass(frozen=True, slots=True)
class OrderedLine:
    """Units less those canceled; `revenue` is their share of the line's money without tax."""

    product: str
    quantity: int
    revenue: float


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    placed_at: datetime
    currency: str
    ship_to: dict[str, Any]
    requested_delivery_date: date | None
    lines: tuple[OrderedLine, ...]


def placed_orders(
    session: Session, *, first: date, last: date, most_lines: int
) -> list[PlacedOrder]:
    """Orders of these days (UTC), oldest first, without what was canceled. Raises Invalid beyond `most_lines`."""
    rows = fetch(
        session,
        "SELECT o.id, o.placed_at, o.currency, o.ship_to, o.requested_delivery_date, l.product,"
        " l.quantity - l.canceled, ((l.quantity * l.unit_price - l.discount)"
        " * (l.quantity - l.canceled) / l.quantity)::float8"
        " FROM orders.order o JOIN orders.order_line l ON l.order_id = o.id"
        " WHERE o.placed_at >= %s AND o.placed_at < %s AND l.quantity > l.canceled"
        " ORDER BY o.placed_at, o.id, l.line_number LIMIT %s",
        (_start(first), _start(last + timedelta(days=1)), most_lines + 1),
    )
    if len(rows) > most_lines:
        raise Invalid(
            f"more than {most_lines:,} order lines were placed from {first} to {last}",
            where="demand",
            remedy="choose a shorter period",
        )
    return list(_orders(rows))


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _orders(rows: list[tuple[Any, ...]]) -> Iterator[PlacedOrder]:
    for head, lines in groupby(rows, key=lambda row: (row[0], row[1])):
        mine = list(lines)
        _, _, currency, ship_to, wanted, *_ = mine[0]
        yield PlacedOrder(
            head[1], currency, ship_to, wanted, tuple(OrderedLine(*row[5:]) for row in mine)
        )

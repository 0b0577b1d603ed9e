"""Past orders, as simulations draw from them and prices learn from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.geocoding import Point

from .order_port import OpenLine


@dataclass(frozen=True, slots=True)
class PastLine:
    """`revenue` is money of the whole line without tax."""

    product: str
    quantity: int
    revenue: float


@dataclass(frozen=True, slots=True)
class PastOrder:
    """`wanted_days` is the requested delivery, in days after the order."""

    placed_at: datetime
    country: str
    state: str
    place: Point | None
    business: bool
    currency: str
    wanted_days: int | None
    lines: tuple[PastLine, ...]


class DemandPort(Protocol):
    """Past orders; the orders room stands beside this one and the app joins them."""

    def past_orders(
        self, session: Session, *, first: date, last: date, most_lines: int
    ) -> Sequence[PastOrder]:
        """Orders of these days (UTC), oldest first, without what was canceled. Raises Invalid beyond `most_lines`."""


def as_open_lines(orders: Sequence[PastOrder], now: datetime) -> list[OpenLine]:
    """As if these orders came now; ids only tell lines and orders of the wave apart."""
    found: list[OpenLine] = []
    for number, order in enumerate(orders):
        wanted = (
            None if order.wanted_days is None else now.date() + timedelta(days=order.wanted_days)
        )
        for line in order.lines:
            found.append(
                OpenLine(
                    line_id=UUID(int=len(found)),
                    order_id=UUID(int=number),
                    product=line.product,
                    quantity=line.quantity,
                    country=order.country,
                    place=order.place,
                    source="",
                    state=order.state,
                    wanted=wanted,
                    business=order.business,
                )
            )
    return found

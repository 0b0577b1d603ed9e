"""Past orders: the demand that simulations draw from and prices are learned from."""

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
    """A line of a past order; `revenue` is money of the whole line without tax."""

    product: str
    quantity: int
    revenue: float


@dataclass(frozen=True, slots=True)
class PastOrder:
    """A past order; `wanted_days` is the requested delivery in days after the order."""

    placed_at: datetime
    country: str
    state: str
    place: Point | None
    business: bool
    currency: str
    wanted_days: int | None
    lines: tuple[PastLine, ...]


class DemandPort(Protocol):
    """Reads of past orders; the composition root implements it with the orders package."""

    def past_orders(
        self, session: Session, *, first: date, last: date, most_lines: int
    ) -> Sequence[PastOrder]:
        """Return the orders of these days (UTC), oldest first, without canceled quantities.

        Raises Invalid when they have more than `most_lines` lines.
        """


def by_day(orders: Sequence[PastOrder], *, first: date, last: date) -> list[list[PastOrder]]:
    """Return one list of orders for each day (UTC) from `first` to `last`."""
    days: list[list[PastOrder]] = [[] for _ in range((last - first).days + 1)]
    for order in orders:
        days[(order.placed_at.date() - first).days].append(order)
    return days


def as_open_lines(orders: Sequence[PastOrder], now: datetime) -> list[OpenLine]:
    """Return the lines of these orders as if they were placed now.

    Ids are numbers that only tell lines and orders of one call apart.
    """
    found: list[OpenLine] = []
    for number, order in enumerate(orders):
        wanted = None
        if order.wanted_days is not None:
            wanted = now.date() + timedelta(days=order.wanted_days)

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

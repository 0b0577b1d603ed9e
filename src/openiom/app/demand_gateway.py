"""Past orders as simulations and price learning read them: the adapter between two packages."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization import PastLine, PastOrder
from openiom.orders import PlacedOrder, placed_orders
from openiom.platform.geocoding import geocode


class DemandGateway:
    """Implements `DemandPort` of fulfillment optimization with the orders package."""

    def past_orders(
        self, session: Session, *, first: date, last: date, most_lines: int
    ) -> Sequence[PastOrder]:
        """Return the orders placed on these days, up to `most_lines` lines."""
        placed = placed_orders(session, first=first, last=last, most_lines=most_lines)
        return [_past_order(order) for order in placed]


def _past_order(order: PlacedOrder) -> PastOrder:
    wanted_days = None
    if order.requested_delivery_date is not None:
        wanted_days = (order.requested_delivery_date - order.placed_at.date()).days

    lines = [PastLine(line.product, line.quantity, line.revenue) for line in order.lines]
    return PastOrder(
        placed_at=order.placed_at,
        country=str(order.ship_to.get("country", "")),
        state=str(order.ship_to.get("state", "")),
        place=geocode(order.ship_to),
        business=bool(order.ship_to.get("company")),
        currency=order.currency,
        wanted_days=wanted_days,
        lines=tuple(lines),
    )

"""Past orders as simulations draw from them; orders and sourcing stand side by side and only the roof knows both."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from openiom.fulfillment_optimization import PastLine, PastOrder
from openiom.orders import PlacedOrder, placed_orders
from openiom.platform.geocoding import geocode


class DemandGateway:
    """`DemandDesk` over the front door of orders."""

    def past_orders(
        self, session: Session, *, first: date, last: date, most_lines: int
    ) -> Sequence[PastOrder]:
        return [
            _past(order)
            for order in placed_orders(session, first=first, last=last, most_lines=most_lines)
        ]


def _past(order: PlacedOrder) -> PastOrder:
    wanted = order.requested_delivery_date
    return PastOrder(
        placed_at=order.placed_at,
        country=str(order.ship_to.get("country", "")),
        state=str(order.ship_to.get("state", "")),
        place=geocode(order.ship_to),
        business=bool(order.ship_to.get("company")),
        currency=order.currency,
        wanted_days=None if wanted is None else (wanted - order.placed_at.date()).days,
        lines=tuple(PastLine(line.product, line.quantity, line.revenue) for line in order.lines),
    )

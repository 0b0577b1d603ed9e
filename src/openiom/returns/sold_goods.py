"""What was sold, delivered and paid, as the decisions about returns need it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment import Delivery, deliveries
from openiom.orders import SoldLine, SoldOrder, sold_orders

from .eligibility import ReturnedGoods


@dataclass(frozen=True, slots=True)
class SoldGoods:
    """Orders, and when their lines were shipped and delivered."""

    orders: Mapping[UUID, SoldOrder]
    deliveries: Mapping[UUID, Delivery]

    @classmethod
    def load(cls, session: Session, order_ids: Collection[UUID]) -> "SoldGoods":
        """Read these orders; unknown ids are absent."""
        orders = sold_orders(session, order_ids)
        line_ids: list[UUID] = []
        for order in orders.values():
            line_ids += [line.id for line in order.lines]
        return cls(orders, deliveries(session, line_ids))

    def goods(self, order: SoldOrder, line: SoldLine) -> ReturnedGoods:
        """Return what the return policy looks at of a line."""
        delivery = self.deliveries.get(line.id)
        arrived_at = None
        if delivery is not None:
            arrived_at = delivery.delivered_at or delivery.shipped_at

        return ReturnedGoods(
            product=line.product,
            country=str(order.ship_to.get("country") or ""),
            channel=order.origin,
            is_digital=line.delivery == "digital",
            arrived_at=arrived_at,
            delivered_at=self._delivered_at(order),
        )

    def _delivered_at(self, order: SoldOrder) -> datetime | None:
        """Return when the last parcel of an order was delivered; None while one is on its way."""
        if any(map(_has_units_to_ship, order.lines)):
            return None

        arrivals: list[datetime] = []
        for line in order.lines:
            delivery = self.deliveries.get(line.id)
            if delivery is None:
                continue
            if delivery.delivered_at is None or not delivery.all_delivered:
                return None
            arrivals.append(delivery.delivered_at)

        return max(arrivals, default=None)


def _has_units_to_ship(line: SoldLine) -> bool:
    return line.shipped + line.canceled < line.quantity

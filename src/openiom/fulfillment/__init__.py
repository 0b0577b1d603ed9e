"""
Fulfillment: what each source was requested to deliver, and what it delivered.

Owns        fulfillment orders and their lines, shipments and their lines.
Guarantees  a fulfillment order line never ships more than its quantity; parcels add up to it, and
            fulfillment order lines add up to the order line.
Publishes   fulfillment_order.created, .sent, .send_failed, .accepted, .declined, .picked, .packed,
            .partially_shipped, .shipped, .delivered, .canceled, .closed; shipment.recorded.
"""

from .actions import ACTIONS, CHILDREN_OF_ORDERS, ENTITIES
from .deletion_guards import DELETION_GUARDS
from .event_titles import EVENT_TITLES
from .queries import declining_sources, details_of_order
from .routes import router
from .service.apply_events import raise_fulfillment_order_events
from .service.create import create_fulfillment_orders
from .service.updates import receive_updates
from .states import FULFILLMENT_ORDER_TABLE

RECEIVERS = {"fulfillment_update": receive_updates}

__all__ = [
    "ACTIONS",
    "CHILDREN_OF_ORDERS",
    "DELETION_GUARDS",
    "ENTITIES",
    "EVENT_TITLES",
    "FULFILLMENT_ORDER_TABLE",
    "RECEIVERS",
    "create_fulfillment_orders",
    "declining_sources",
    "details_of_order",
    "raise_fulfillment_order_events",
    "receive_updates",
    "router",
]

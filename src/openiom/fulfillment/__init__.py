"""
Fulfillment: what each source was asked to deliver, and what it did.

Owns    fulfillment order and its lines; shipment (fulfillment tracking) and its lines.
Holds   a fulfillment order line never ships more than it asks; parcels add up to it, and it to the order line.
Tells   fulfillment_order.created, .sent, .accepted, .declined, .picked, .packed, .partially_shipped, .shipped,
        .delivered, .canceled; shipment.recorded.
"""

from .actions import ACTIONS, CHILDREN_OF_ORDERS, ENTITIES
from .deletion_guards import DELETION_GUARDS
from .queries import declining_sources, details_of_order
from .routes import router
from .service.apply_events import raise_fulfillment_order_events
from .service.create import create_fulfillment_orders
from .service.updates import receive_updates
from .states import FULFILLMENT_ORDER_TABLE

RECEIVERS = {"fulfillment_update": receive_updates}

__all__ = [
    "details_of_order",
    "DELETION_GUARDS",
    "ACTIONS",
    "CHILDREN_OF_ORDERS",
    "ENTITIES",
    "RECEIVERS",
    "FULFILLMENT_ORDER_TABLE",
    "create_fulfillment_orders",
    "raise_fulfillment_order_events",
    "receive_updates",
    "router",
    "declining_sources",
]

"""
Fulfillment: what each source was requested to deliver, and what it delivered.

Owns        fulfillment orders and their lines, shipments and their lines.
Guarantees  a fulfillment order line never ships more than its quantity; parcels add up to it, and
            fulfillment order lines add up to the order line.
Publishes   fulfillment_order.created, .sent, .send_failed, .accepted, .declined, .picked, .packed,
            .partially_shipped, .shipped, .delivered, .canceled, .closed,
            .cancellation_requested, .cancellation_failed, .cancellation_withdrawn,
            .refusal_lifted; shipment.recorded.
"""

from .actions import ACTIONS, CHILDREN_OF_ORDERS, ENTITIES
from .declined import DeclinedOrder, declined_to_be_sourced
from .deletion_guards import DELETION_GUARDS
from .delivered_lines import Delivery, deliveries
from .event_titles import EVENT_TITLES
from .order_progress import FulfillmentOrderProgress
from .parcels import ParcelLine, parcel_lines
from .queries import details_of_order
from .refusals import RefusedLine, source_refusals
from .routes import router
from .search import search_fulfillment_orders
from .service.apply_events import raise_fulfillment_order_events
from .service.create import create_fulfillment_orders
from .service.lift_refusals import lift_refusals
from .service.recall import answer_recalls, recall_fulfillment_orders, recall_orders
from .service.unsent import UnsentFulfillment
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
    "DeclinedOrder",
    "Delivery",
    "FulfillmentOrderProgress",
    "UnsentFulfillment",
    "ParcelLine",
    "RECEIVERS",
    "RefusedLine",
    "answer_recalls",
    "create_fulfillment_orders",
    "declined_to_be_sourced",
    "deliveries",
    "details_of_order",
    "lift_refusals",
    "parcel_lines",
    "raise_fulfillment_order_events",
    "recall_fulfillment_orders",
    "recall_orders",
    "receive_updates",
    "router",
    "search_fulfillment_orders",
    "source_refusals",
]

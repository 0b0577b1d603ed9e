"""
Orders: what the customer asked for, and what is still owed.

Owns    order, order state, order line, waiting line; counts by state; answers kept for repeated requests.
Holds   shipped, canceled and released units never exceed the ordered ones; only the state table moves a state;
        an order of an instance exists once.
Tells   order.created, order.modified, order.cancellation_refused, order.fields_set, and every event of its state table.
"""

from .actions import ACTIONS, ENTITIES
from .backorder.configuration import ORDER_PREFERENCES
from .backorder.release_worker import CONSUMER as BACKORDER_CONSUMER
from .backorder.release_worker import BackorderReleaseWorker
from .backorder.routes import router as waiting_router
from .demand import OrderedLine, PlacedOrder, placed_orders
from .facts import header_facts, line_facts, money_text, order_facts
from .line_routes import router as line_router
from .locks import lock_orders
from .naming import names_router
from .queries import like_prefix
from .routes import router
from .service.apply_events import raise_line_events, raise_order_events
from .service.ask_lines import unshipped_lines
from .service.hold_cancel import (
    LineCancellation,
    cancel_lines,
    cancel_orders,
    confirm_billing,
    hold_orders,
    release_orders,
)
from .service.line_fulfillment import (
    OpenLine,
    assign_sources,
    open_lines,
    orders_wholly_shipped,
    record_shipped,
    release_to_fulfillment,
    return_to_sourcing,
)
from .service.receive_orders import receive_orders
from .service.set_fields import set_line_fields, set_order_fields
from .service.split_lines import OPTIMIZED, lines_served_from, movable_orders, split_lines
from .states import LINE_TABLE, ORDER_TABLE

KINDS = (ORDER_PREFERENCES,)
RECEIVERS = {"order": receive_orders}

__all__ = [
    "ACTIONS",
    "BACKORDER_CONSUMER",
    "ENTITIES",
    "KINDS",
    "LINE_TABLE",
    "OPTIMIZED",
    "ORDER_TABLE",
    "RECEIVERS",
    "LineCancellation",
    "OpenLine",
    "BackorderReleaseWorker",
    "OrderedLine",
    "PlacedOrder",
    "assign_sources",
    "cancel_lines",
    "cancel_orders",
    "confirm_billing",
    "split_lines",
    "lines_served_from",
    "header_facts",
    "hold_orders",
    "like_prefix",
    "line_facts",
    "lock_orders",
    "money_text",
    "movable_orders",
    "names_router",
    "open_lines",
    "order_facts",
    "orders_wholly_shipped",
    "placed_orders",
    "raise_line_events",
    "raise_order_events",
    "receive_orders",
    "record_shipped",
    "release_orders",
    "release_to_fulfillment",
    "return_to_sourcing",
    "router",
    "set_line_fields",
    "set_order_fields",
    "line_router",
    "waiting_router",
    "unshipped_lines",
]

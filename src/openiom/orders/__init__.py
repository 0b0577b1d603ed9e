"""
Orders: what customers ordered, and what is still owed to them.

Owns        orders with their state and lines, their changes, waiting lines, counts by state, stored
            responses to requests with an idempotency key.
Guarantees  units shipped, canceled and in fulfillment never exceed the ordered ones; only the state
            table moves a state; an order of an instance exists once.
Publishes   order.created, order.changed, order.modified, order.cancellation_refused,
            order.fields_set, order_line.split, and every event of its state tables.
"""

from .actions import ACTIONS, ENTITIES
from .backorder.configuration import ORDER_PREFERENCES
from .backorder.release_worker import CONSUMER as BACKORDER_CONSUMER
from .backorder.release_worker import BackorderReleaseWorker
from .backorder.routes import router as waiting_router
from .change_preview import (
    ChangeBasis,
    ChangePorts,
    change_basis,
    money_change,
    preview_change,
    require_order_version,
)
from .change_routes import change_router
from .change_schemas import MoneyChange
from .changes.operations import ChangeQuantity, Operation, RemoveLine, SetShipTo
from .changes.policy import ORDER_CHANGE_POLICY
from .deletion_guards import DELETION_GUARDS
from .demand import OrderedLine, PlacedOrder, placed_orders
from .event_titles import EVENT_TITLES
from .facts import header_facts, line_facts, money_text, order_facts
from .fulfillment_port import (
    FulfillmentPort,
    FulfillmentProgress,
    FulfillmentProgressPort,
    UnsentLine,
)
from .locks import OPTIMIZED, lock_orders, movable_orders, share_manual_holds
from .paid_amounts import PaidAmounts, paid_part
from .payment_port import PaymentPort, StatedPayments
from .promises import CurrencyTotal, LateOrders, late_orders, sum_orders
from .queries import OrderReference, count_orders, get_order, matching_orders, orders_on_manual_hold
from .routes import OrderQuery, bulk_response, order_router, require_bulk
from .schemas import (
    ORDER_COLUMN_TITLES,
    AllowedAction,
    BulkRequest,
    BulkResponse,
    LineDetail,
    OrderDetail,
)
from .search import FoundOrder, orders_by_number, search_orders
from .service.apply_changes import ChangeRequest, apply_changes
from .service.apply_events import raise_line_events, raise_order_events
from .service.hold_cancel import (
    LineCancellation,
    cancel_lines,
    cancel_orders,
    cancel_recalled,
    confirm_billing,
    hold_orders,
    open_lines_of,
    release_holds,
)
from .service.idempotency import store_response, stored_response
from .service.line_fulfillment import (
    assign_sources,
    open_steps,
    orders_wholly_shipped,
    owed_in_stock,
    record_shipped,
    release_to_fulfillment,
    return_to_sourcing,
)
from .service.open_lines import UnfulfilledLine, open_lines, unshipped_lines
from .service.order_inbox import DIRECT_INSTANCES, OrderInbox
from .service.order_intake import OrderIntake
from .service.receive_orders import receive_orders
from .service.return_units import UnitsOfReturn, change_returns
from .service.set_fields import set_line_fields, set_order_fields
from .service.split_lines import lines_served_from, split_lines
from .sold_goods import SoldLine, SoldOrder, goodwill_of_orders, sold_orders
from .states import LINE_TABLE, ORDER_TABLE, RECALL_REFUSED, RECALL_REQUESTED
from .summaries import (
    LineSummary,
    OrderSummary,
    line_summaries,
    lines_with_open_units,
    order_ids_by_number,
    order_summaries,
)

KINDS = (ORDER_PREFERENCES, ORDER_CHANGE_POLICY)
__all__ = [
    "ChangeBasis",
    "ChangePorts",
    "ChangeQuantity",
    "ChangeRequest",
    "LineDetail",
    "MoneyChange",
    "Operation",
    "OrderDetail",
    "RemoveLine",
    "SetShipTo",
    "apply_changes",
    "change_basis",
    "get_order",
    "money_change",
    "preview_change",
    "require_order_version",
    "ACTIONS",
    "AllowedAction",
    "BACKORDER_CONSUMER",
    "DELETION_GUARDS",
    "DIRECT_INSTANCES",
    "ENTITIES",
    "EVENT_TITLES",
    "KINDS",
    "LINE_TABLE",
    "OPTIMIZED",
    "ORDER_COLUMN_TITLES",
    "ORDER_TABLE",
    "RECALL_REFUSED",
    "RECALL_REQUESTED",
    "BackorderReleaseWorker",
    "BulkRequest",
    "BulkResponse",
    "FoundOrder",
    "FulfillmentPort",
    "FulfillmentProgress",
    "FulfillmentProgressPort",
    "LateOrders",
    "LineCancellation",
    "LineSummary",
    "PaymentPort",
    "StatedPayments",
    "OrderQuery",
    "OrderReference",
    "UnfulfilledLine",
    "CurrencyTotal",
    "OrderInbox",
    "OrderIntake",
    "OrderSummary",
    "OrderedLine",
    "PlacedOrder",
    "PaidAmounts",
    "SoldLine",
    "SoldOrder",
    "UnitsOfReturn",
    "UnsentLine",
    "assign_sources",
    "bulk_response",
    "cancel_lines",
    "cancel_orders",
    "cancel_recalled",
    "change_router",
    "change_returns",
    "confirm_billing",
    "count_orders",
    "goodwill_of_orders",
    "header_facts",
    "hold_orders",
    "late_orders",
    "line_facts",
    "line_summaries",
    "lines_served_from",
    "lines_with_open_units",
    "lock_orders",
    "matching_orders",
    "money_text",
    "movable_orders",
    "open_lines",
    "open_lines_of",
    "open_steps",
    "order_facts",
    "order_ids_by_number",
    "order_router",
    "order_summaries",
    "orders_by_number",
    "orders_on_manual_hold",
    "orders_wholly_shipped",
    "owed_in_stock",
    "paid_part",
    "placed_orders",
    "raise_line_events",
    "raise_order_events",
    "receive_orders",
    "record_shipped",
    "release_holds",
    "release_to_fulfillment",
    "require_bulk",
    "return_to_sourcing",
    "search_orders",
    "set_line_fields",
    "set_order_fields",
    "share_manual_holds",
    "split_lines",
    "sold_orders",
    "store_response",
    "stored_response",
    "sum_orders",
    "unshipped_lines",
    "waiting_router",
]

"""
Returns: units that customers send back, what becomes of them, and what is owed for them.

Owns        return orders and their lines, parcels, receipts, inspections and amounts.
Guarantees  no more is returned of an order line than was shipped; every unit is credited and
            posted to stock once; the refunds of partial returns add up to the price that was paid.
Publishes   return_order.requested, .withdrawal_declared, .approved, .refused, .label_requested,
            .label_created, .in_transit, .partially_received, .received, .received_blind,
            .matched, .inspected, .closed, .canceled, .expired, .refund_due, .refund_requested,
            .refunded, .refund_failed, .charge_due, .charged, .replacement_created;
            return_line.received, .inspected.
"""

from datetime import timedelta

from openiom.platform.scheduled_jobs import ScheduledJob

from .actions import CHILDREN_OF_ORDERS, ENTITIES, return_actions
from .configuration import RETURN_POLICY, return_policy
from .event_titles import EVENT_TITLES
from .payment_refunds import PAYMENT_REFUNDS
from .queries import returns_of_order
from .refund_port import RefundPort, RefundProgress, ReturnRefund
from .refund_worker import REFUND_CONSUMER, ReturnRefundWorker
from .returnable import returnable_order
from .routes import returns_router
from .schemas import NewReturn, NewReturnLine, ReturnableOrder, ReturnDetail
from .search import search_returns
from .service.approval import (
    approve_returns,
    cancel_returns,
    close_returns,
    expire_overdue,
    expire_returns,
    refuse_returns,
    request_labels,
)
from .service.create import create_blind_returns, create_returns
from .service.match import match_returns, record_payments
from .service.parcels import record_parcel
from .service.receipts import inspect_returns, receive_returns
from .states import RETURN_ORDER_TABLE

KINDS = (RETURN_POLICY,)
SCHEDULED_JOBS = (ScheduledJob("overdue_returns", timedelta(hours=1), expire_overdue),)

__all__ = [
    "NewReturn",
    "NewReturnLine",
    "ReturnDetail",
    "ReturnableOrder",
    "return_policy",
    "returnable_order",
    "returns_of_order",
    "CHILDREN_OF_ORDERS",
    "ENTITIES",
    "EVENT_TITLES",
    "KINDS",
    "PAYMENT_REFUNDS",
    "REFUND_CONSUMER",
    "RETURN_ORDER_TABLE",
    "SCHEDULED_JOBS",
    "RefundPort",
    "RefundProgress",
    "ReturnRefund",
    "ReturnRefundWorker",
    "approve_returns",
    "cancel_returns",
    "close_returns",
    "create_blind_returns",
    "create_returns",
    "expire_returns",
    "inspect_returns",
    "match_returns",
    "receive_returns",
    "record_parcel",
    "record_payments",
    "refuse_returns",
    "request_labels",
    "return_actions",
    "returns_router",
    "search_returns",
]

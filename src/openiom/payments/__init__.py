"""
Payments: how orders are paid, what was captured for what shipped, and what was refunded.

Owns        payment methods of orders, charges of shipments, and payment facts: authorizations,
            captures, refunds, voids and expiries.
Guarantees  no shipment is charged or captured twice; captures never exceed what has shipped or what
            was authorized; refunds never exceed what was captured; balances equal their facts.
Publishes   payment.recorded, .captured, .capture_failed, .refunded, .refund_failed, .voided,
            .void_failed, .outcome_unknown, .uncovered, .authorization_expired.
"""

from .call_worker import PaymentCallWorker
from .charge_worker import CONSUMER, PaymentChargeWorker
from .events import EVENT_TITLES
from .expiry import SCHEDULED_JOBS
from .queries import (
    OrderAtRisk,
    PaymentBalance,
    count_payments_needing_a_person,
    orders_at_risk,
    payment_balances,
    payments_of_order,
)
from .refund_progress import RefundState, refund_states
from .routes import router
from .service.record import StatedPaymentRecorder
from .service.refund import RefundRequest, RefundResult, refund

__all__ = [
    "CONSUMER",
    "EVENT_TITLES",
    "OrderAtRisk",
    "PaymentBalance",
    "PaymentCallWorker",
    "PaymentChargeWorker",
    "RefundRequest",
    "RefundResult",
    "RefundState",
    "SCHEDULED_JOBS",
    "StatedPaymentRecorder",
    "count_payments_needing_a_person",
    "orders_at_risk",
    "payment_balances",
    "payments_of_order",
    "refund",
    "refund_states",
    "router",
]

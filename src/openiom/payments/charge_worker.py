"""The worker that charges what ships: a named consumer of the event log.

It is not woken by every event of the log. It looks once a second, and reads the events of many
transactions at once, so that orders without payments cost next to nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from openiom.platform.batches import BatchResult
from openiom.platform.database import Database
from openiom.platform.events import ensure_consumer, read_new

from .events import RECORDED
from .service.charge import charge_orders
from .service.goodwill import refund_goodwill
from .wakes import CHARGES_WAKE

CONSUMER = "payments"
NAMES = frozenset(
    (
        RECORDED,
        "shipment.recorded",
        "order.shipped",
        "order.modified",
        "order.changed",
        "order.canceled",
        "order_line.canceled",
        "order_line.remainder_canceled",
    )
)
"""Events after which an order may owe a capture, or need less than was authorized."""
CAPTURED = "payment.captured"
"""The event after which goodwill can be refunded that was given before."""


@dataclass
class PaymentChargeWorker:
    """Charges orders in batches. Only one process reads for the consumer at a time."""

    kind: str = CHARGES_WAKE
    _ready: bool = False

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Charge the orders of up to `limit` events."""
        with database.unit_of_work() as session:
            if not self._ready:
                ensure_consumer(session, CONSUMER)

            names = NAMES | {CAPTURED}
            events, more = read_new(session, consumer=CONSUMER, names=names, limit=limit)
            charged = {event.root_id for event in events if event.name != CAPTURED}
            charge_orders(session, charged, now, CONSUMER)
            refund_goodwill(session, {event.root_id for event in events}, now, CONSUMER)

        self._ready = True
        return BatchResult(len(events), more)

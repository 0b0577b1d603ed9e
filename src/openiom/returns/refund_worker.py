"""The worker that records what became of the refunds of returns: a consumer of the event log."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.batches import BatchResult
from openiom.platform.database import Database
from openiom.platform.events import ensure_consumer, read_new

from .payment_refunds import states_by_amount
from .service.amounts import locked_amounts
from .service.match import record_payments

REFUND_CONSUMER = "return_refunds"
NAMES = frozenset(("payment.refunded", "payment.refund_failed"))


@dataclass
class ReturnRefundWorker:
    """Records refunds that were completed or failed. Like payments, it looks once a second."""

    kind: str = REFUND_CONSUMER
    _ready: bool = False

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Record the refunds of the orders of up to `limit` events."""
        with database.unit_of_work() as session:
            if not self._ready:
                ensure_consumer(session, REFUND_CONSUMER)

            events, more = read_new(session, consumer=REFUND_CONSUMER, names=NAMES, limit=limit)
            record_refunds(session, list({event.root_id for event in events}), now)

        self._ready = True
        return BatchResult(len(events), more)


def record_refunds(session: Session, order_ids: Sequence[UUID], now: datetime) -> None:
    """Record what became of the refunds of the returns of orders. Recorded ones stay."""
    if not order_ids:
        return

    states = states_by_amount(session, order_ids)
    amounts = locked_amounts(session, list(states))
    ended: dict[tuple[Literal["completed", "failed"], str, str], list[UUID]] = defaultdict(list)
    for amount_id, amount in amounts.items():
        state = states[amount_id]
        if state.state == "requested" or amount.state in (state.state, "completed"):
            continue
        ended[state.state, state.reference, state.reason].append(amount_id)

    for (outcome, reference, reason), ids in ended.items():
        record_payments(
            session,
            ids,
            now,
            REFUND_CONSUMER,
            state=outcome,
            reference=reference,
            reason=reason,
        )

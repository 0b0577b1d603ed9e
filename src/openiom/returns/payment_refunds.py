"""Refunds of returns, paid by the payments of their orders."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.payments import RefundRequest, RefundState, refund, refund_states

from .refund_port import RefundProgress, ReturnRefund

_KEY = "return-"


def refund_key(amount_id: UUID) -> str:
    """Return the idempotency key of the refund of an amount."""
    return f"{_KEY}{amount_id}"


def states_by_amount(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, RefundState]:
    """Return what became of the refunds of the returns of orders, by the id of the amount."""
    states = refund_states(session, order_ids, prefix=_KEY)
    return {UUID(key.removeprefix(_KEY)): state for key, state in states.items()}


class PaymentRefunds:
    """Implements `RefundPort` with the payments of the orders.

    What they cannot refund, such as the refund of an order without payments, remains due: a person
    pays it in another system and records it.
    """

    def request_refunds(
        self, session: Session, refunds: Sequence[ReturnRefund], now: datetime, actor: str
    ) -> Sequence[RefundProgress]:
        """Request the refunds; those that no provider carries out are completed at once."""
        requests: list[RefundRequest] = []
        for one in refunds:
            requests.append(
                RefundRequest(one.order_id, one.idempotency_key, one.amount, one.reason)
            )

        results = refund(session, requests, now, actor)
        order_ids = {request.order_id for request in requests}
        states = refund_states(session, order_ids, prefix=_KEY)
        progress: list[RefundProgress] = []
        for request, result in zip(requests, results, strict=True):
            if result.ok:
                state = states[request.key]
                progress.append(RefundProgress(state.state, state.reference, state.reason))
            else:
                progress.append(RefundProgress("due", reason=result.reason))

        return progress


PAYMENT_REFUNDS = PaymentRefunds()

"""Refund goodwill: what people give back of an order without units coming back."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import from_minor_units, to_minor_units
from openiom.orders import goodwill_of_orders
from openiom.payments.locks import lock_payments
from openiom.payments.rows import methods_of
from openiom.platform.bulk import fetch_as

from .refund import RefundRequest, refund

REASON = "Goodwill"
_KEY = "goodwill-"
_REFUNDED = """
SELECT order_id, sum(amount)::bigint AS amount FROM payments.payment_fact
WHERE order_id = ANY(%s) AND kind = 'refund' AND request_key LIKE 'goodwill-%%'
    AND (state <> 'failed' OR needs_person)
GROUP BY order_id
"""


class _Refunded(NamedTuple):
    order_id: UUID
    amount: int


def refund_goodwill(session: Session, order_ids: Iterable[UUID], now: datetime, actor: str) -> None:
    """Refund the goodwill of these orders that was not refunded yet, as far as it was captured.

    It compares what was given with what was refunded, so that it may run any number of times. The
    rest is refunded after the next capture. A failed refund is repeated by a person only.
    """
    given = goodwill_of_orders(session, list(order_ids))
    locked = lock_payments(session, given)
    if not locked:
        return

    ids = list(locked)
    refunded = {row.order_id: row.amount for row in fetch_as(session, _Refunded, _REFUNDED, (ids,))}
    refundable = dict.fromkeys(ids, 0)
    for method in methods_of(session, ids):
        refundable[method.order_id] += method.refundable

    requests: list[RefundRequest] = []
    for order_id, payment in locked.items():
        before = refunded.get(order_id, 0)
        wanted = to_minor_units(given[order_id], payment.currency) - before
        amount = min(wanted, refundable[order_id])
        if amount > 0:
            # The key is of the sum, so that the same goodwill is never refunded twice.
            key = f"{_KEY}{before + amount}"
            money = from_minor_units(amount, payment.currency)
            requests.append(RefundRequest(order_id, key, money, REASON))

    if requests:
        refund(session, requests, now, actor)

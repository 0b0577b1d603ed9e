"""Find an order by its number and what only its customer knows, slowly when guesses fail."""

from datetime import datetime
from hmac import compare_digest
from math import ceil
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.administration import record_failure, remaining_delay
from openiom.kernel import TooManyAttempts
from openiom.orders import get_order, orders_by_number

from .schemas import OrderLookup

FREE_FAILURES = 5
"""Look-ups from one address that found nothing and are not followed by a delay."""
FREE_FAILURES_OF_ORDER = 3
"""The same for one order number, from one address."""
_ANY_ORDER = "every order looked up"


def find_order(
    session: Session, lookup: OrderLookup, *, address: str, now: datetime
) -> UUID | None:
    """Return the order that a customer looks up, or None; a failure is counted.

    Raise `TooManyAttempts` until the delay after the last failure has passed. An unknown number
    and a wrong proof have the same result.
    """
    subject = f"order {lookup.number.strip().lower()}"
    waits = (
        remaining_delay(session, subject, address, free=FREE_FAILURES_OF_ORDER, now=now),
        remaining_delay(session, _ANY_ORDER, address, free=FREE_FAILURES, now=now),
    )
    seconds = ceil(max(waits))
    if seconds > 0:
        raise TooManyAttempts(
            "too many orders were looked up from this address",
            retry_after=seconds,
            remedy=f"try again in {seconds} s",
        )

    proof = _plain(lookup.proof)
    for order_id in orders_by_number(session, lookup.number.strip()):
        order = get_order(session, order_id, now=now)
        for value in (order.customer_email, order.ship_to.postal_code):
            if value and compare_digest(_plain(value), proof):
                return order_id

    for counted in (subject, _ANY_ORDER):
        record_failure(session, client_id=counted, address=address, now=now)
    return None


def _plain(text: str) -> bytes:
    """Return a text without case and spaces, which customers write as they like."""
    return "".join(text.split()).casefold().encode(errors="replace")

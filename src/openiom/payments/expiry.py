"""The scheduled job that expires authorizations: what is left of them can no longer be captured."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, new_id
from openiom.orders import sold_orders
from openiom.platform.bulk import fetch_as
from openiom.platform.database import Database
from openiom.platform.events import append_events
from openiom.platform.scheduled_jobs import ScheduledJob

from .events import AUTHORIZATION_EXPIRED, fact_event, money
from .locks import lock_payments
from .rows import (
    EXPIRY,
    SUCCEEDED,
    MethodChange,
    NewFact,
    append_facts,
    change_methods,
)
from .service.charge import priced_order

ACTOR = "payments"
PAGE_SIZE = 500
_DUE = """
SELECT m.id, m.order_id, m.kind, o.currency,
    m.authorized - m.prepaid - m.capture_pending - m.captured - m.released AS amount
FROM payments.payment_method m JOIN payments.order_payment o USING (order_id)
WHERE m.instance <> '' AND m.expires_at IS NOT NULL AND m.expires_at <= %s
    AND m.authorized > m.prepaid + m.capture_pending + m.captured + m.released
    AND (%s::uuid[] IS NULL OR m.order_id = ANY(%s))
ORDER BY m.expires_at LIMIT %s
"""


@dataclass(slots=True)
class _Expired:
    id: UUID
    order_id: UUID
    kind: str
    currency: str
    amount: int


def expire_authorizations(database: Database, now: datetime) -> None:
    """Expire what is due, a page of orders at a time, and publish it."""
    expired = PAGE_SIZE
    while expired >= PAGE_SIZE:
        with database.unit_of_work() as session:
            expired = expire_page(session, now)


def expire_page(session: Session, now: datetime) -> int:
    """Expire up to `PAGE_SIZE` authorizations; return how many."""
    found = fetch_as(session, _Expired, _DUE, (now, None, None, PAGE_SIZE))
    if not found:
        return 0

    # Read once more under the locks: one may have been captured or voided meanwhile.
    order_ids = list(lock_payments(session, {one.order_id for one in found}))
    expired = fetch_as(session, _Expired, _DUE, (now, order_ids, order_ids, PAGE_SIZE))
    _expire(session, expired, now)
    return len(expired)


def _expire(session: Session, expired: Sequence[_Expired], now: datetime) -> None:
    """Release what has expired. A person sees it while units of the order are still to ship."""
    order_ids = [one.order_id for one in expired]
    orders = sold_orders(session, order_ids)
    facts: list[NewFact] = []
    events: list[Event] = []
    changes: dict[UUID, MethodChange] = defaultdict(MethodChange)
    for one in expired:
        fact_id = new_id()
        changes[one.id].released += one.amount
        facts.append(
            NewFact(
                id=fact_id,
                order_id=one.order_id,
                method_id=one.id,
                kind=EXPIRY,
                amount=one.amount,
                currency=one.currency,
                key=f"expiry:{fact_id}",
                state=SUCCEEDED,
                actor=ACTOR,
                recorded_at=now,
                completed_at=now,
                needs_person=not priced_order(orders[one.order_id]).ships_no_more,
            )
        )
        data = {"method": one.kind, **money(one.amount, one.currency)}
        events.append(fact_event(AUTHORIZATION_EXPIRED, one.order_id, fact_id, data))

    change_methods(session, changes)
    append_facts(session, facts)
    append_events(session, events, at=now, actor=ACTOR)


SCHEDULED_JOBS = (
    ScheduledJob("authorization_expiry", timedelta(minutes=5), expire_authorizations),
)

"""The queue of payment calls: requested facts, leased to one worker until their outcome is known.

A fact keeps its key on every attempt. When the worker of a lease has died the call may have been
executed: its outcome is unknown, and the next attempt under the same key finds out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch_as
from openiom.platform.database import Database
from openiom.platform.installation import IS_LIVE
from openiom.platform.leases import LEASE

CLAIM_LIMIT = 64


class PaymentCallGroup(NamedTuple):
    """What one worker calls at a time: one kind of call of one provider instance."""

    instance: str
    kind: str


@dataclass(slots=True)
class ClaimedFact:
    """A fact leased to this worker."""

    id: UUID
    order_id: UUID
    method_id: UUID
    charge_id: UUID | None
    kind: str
    amount: int
    currency: str
    key: str
    state: str
    reason: str
    attempts: int
    deferrals: int


_OLDEST = f"""
SELECT m.instance, f.kind FROM payments.payment_fact f
JOIN payments.payment_method m ON m.id = f.method_id
WHERE f.due_at <= %(now)s AND (f.lease_until IS NULL OR f.lease_until < %(now)s)
    AND m.instance <> ALL(%(paused)s::text[]) AND {IS_LIVE}
ORDER BY f.due_at LIMIT 1
"""
_CLAIM = """
UPDATE payments.payment_fact f SET lease_until = %(until)s, attempts = attempts + 1,
    state = CASE WHEN f.lease_until IS NULL THEN f.state ELSE 'unknown' END
WHERE f.id IN (SELECT f.id FROM payments.payment_fact f
    JOIN payments.payment_method m ON m.id = f.method_id
    WHERE f.due_at <= %(now)s AND (f.lease_until IS NULL OR f.lease_until < %(now)s)
        AND m.instance = %(instance)s AND f.kind = %(kind)s
    ORDER BY f.due_at, f.id LIMIT %(limit)s FOR UPDATE OF f SKIP LOCKED)
RETURNING f.id, f.order_id, f.method_id, f.charge_id, f.kind, f.amount, f.currency, f.key, f.state,
    f.reason, f.attempts, f.deferrals
"""
_RENEW = """
UPDATE payments.payment_fact f SET lease_until = greatest(f.lease_until, %s)
FROM unnest(%s::uuid[], %s::int[]) AS n(id, attempts)
WHERE f.id = n.id AND f.attempts = n.attempts AND f.lease_until IS NOT NULL
"""
_STILL_LEASED = """
SELECT f.id FROM payments.payment_fact f
JOIN unnest(%s::uuid[], %s::int[]) AS n(id, attempts) ON n.id = f.id
WHERE f.attempts = n.attempts AND f.lease_until IS NOT NULL FOR UPDATE OF f
"""


class _Id(NamedTuple):
    id: UUID


def oldest_due_group(
    session: Session, now: datetime, *, paused: Sequence[str]
) -> PaymentCallGroup | None:
    """Return the group of the fact that has been due for longest, None when nothing is due."""
    parameters = {"now": now, "paused": list(paused)}
    groups = fetch_as(session, PaymentCallGroup, _OLDEST, parameters, prepare=False)
    return groups[0] if groups else None


def claim_facts(
    session: Session, group: PaymentCallGroup, *, limit: int, now: datetime
) -> list[ClaimedFact]:
    """Lease due facts of a group. The outcome of one whose lease has expired is unknown."""
    parameters = {
        "now": now,
        "until": now + LEASE,
        "instance": group.instance,
        "kind": group.kind,
        "limit": min(limit, CLAIM_LIMIT),
    }
    return fetch_as(session, ClaimedFact, _CLAIM, parameters, prepare=False)


def renew_leases(database: Database, facts: Sequence[ClaimedFact], until: datetime) -> None:
    """Extend the leases of these facts, unless another worker has claimed them."""
    ids = [fact.id for fact in facts]
    with database.unit_of_work() as session:
        execute(session, _RENEW, (until, ids, [fact.attempts for fact in facts]))


def still_leased(session: Session, facts: Sequence[ClaimedFact]) -> set[UUID]:
    """Return those of these facts that no other worker has claimed meanwhile, locked."""
    ids = [fact.id for fact in facts]
    attempts = [fact.attempts for fact in facts]
    return {row.id for row in fetch_as(session, _Id, _STILL_LEASED, (ids, attempts))}

"""Retry payment facts that failed, or whose outcome stays unknown, as a person requests it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import from_minor_units
from openiom.payments.locks import lock_payments
from openiom.payments.rows import CAPTURE, FAILED, REFUND, SUCCEEDED, VOID
from openiom.payments.wakes import CALLS_WAKE
from openiom.platform.bulk import execute, fetch_as, fetch_column
from openiom.platform.events import notify
from openiom.provider_contract import Outcome

from .charge import charge_orders
from .refund import RefundRequest, refund

_FACTS = """
SELECT id, order_id, method_id, charge_id, kind, state, needs_person, amount, currency, reason,
    request_key
FROM payments.payment_fact WHERE id = ANY(%s) ORDER BY id
"""
_CALL_NOW = """
UPDATE payments.payment_fact SET due_at = %s, needs_person = false
WHERE id = ANY(%s) AND state IN ('requested', 'unknown') AND lease_until IS NULL
"""
_RETRIED = "UPDATE payments.payment_fact SET needs_person = false WHERE id = ANY(%s)"
_REQUESTED = """
SELECT coalesce(charge_id, method_id) FROM payments.payment_fact
WHERE order_id = ANY(%s) AND kind IN ('capture', 'void') AND state = 'requested'
"""


class _Fact(NamedTuple):
    id: UUID
    order_id: UUID
    method_id: UUID
    charge_id: UUID | None
    kind: str
    state: str
    needs_person: bool
    amount: int
    currency: str
    reason: str
    request_key: str

    @property
    def repeated_for(self) -> UUID:
        """What a capture or a void is repeated for."""
        return self.charge_id or self.method_id


class _Order(NamedTuple):
    order_id: UUID


def retry_facts(session: Session, ids: Sequence[UUID], now: datetime, actor: str) -> list[Outcome]:
    """Retry facts; one outcome per id, in order.

    An unknown outcome is looked for at once under the same key. A failed capture or void is
    decided with what the methods can pay now, and a failed refund is requested once more for
    its method.
    """
    owners = fetch_as(
        session,
        _Order,
        "SELECT DISTINCT order_id FROM payments.payment_fact WHERE id = ANY(%s)",
        (list(ids),),
    )
    order_ids = [owner.order_id for owner in owners]
    lock_payments(session, order_ids)
    facts = {fact.id: fact for fact in fetch_as(session, _Fact, _FACTS, (list(ids),))}
    open_facts = [fact for fact in facts.values() if _reason_against(fact) == ""]
    outcomes = _repeat_calls(session, open_facts, now)
    outcomes |= _repeat_captures(session, open_facts, now, actor)
    outcomes |= _repeat_refunds(session, open_facts, now, actor)
    retried = [fact_id for fact_id, outcome in outcomes.items() if outcome.ok]
    execute(session, _RETRIED, (retried,))
    if retried:
        notify(session, CALLS_WAKE)

    results: list[Outcome] = []
    for fact_id in ids:
        fact = facts.get(fact_id)
        if fact is None:
            results.append(Outcome(False, f"no payment {fact_id}"))
        else:
            results.append(outcomes.get(fact_id) or Outcome(False, _reason_against(fact)))
    return results


def _reason_against(fact: _Fact) -> str:
    """Return why a fact is not retried, or ''."""
    if fact.state == SUCCEEDED:
        return "it has succeeded"
    if fact.state == FAILED and not fact.needs_person:
        return "it was retried already"
    return ""


def _repeat_calls(session: Session, facts: Sequence[_Fact], now: datetime) -> dict[UUID, Outcome]:
    """Make calls that are still open due now."""
    ids = [fact.id for fact in facts if fact.state != FAILED]
    execute(session, _CALL_NOW, (now, ids))
    return {fact_id: Outcome(True) for fact_id in ids}


def _failed(facts: Sequence[_Fact], kinds: Sequence[str]) -> list[_Fact]:
    """Return the failed facts of these kinds."""
    return [fact for fact in facts if fact.state == FAILED and fact.kind in kinds]


def _repeat_captures(
    session: Session, facts: Sequence[_Fact], now: datetime, actor: str
) -> dict[UUID, Outcome]:
    """Decide failed captures and voids once more."""
    failed = _failed(facts, (CAPTURE, VOID))
    if not failed:
        return {}

    repeat = {fact.repeated_for for fact in failed}
    order_ids = sorted({fact.order_id for fact in failed})
    before = Counter(fetch_column(session, _REQUESTED, (order_ids,)))
    charge_orders(session, order_ids, now, actor, repeat=repeat)
    requested = Counter(fetch_column(session, _REQUESTED, (order_ids,))) - before
    return _repeated_outcomes(failed, requested)


def _repeated_outcomes(
    failed: Sequence[_Fact], requested: Mapping[UUID, int]
) -> dict[UUID, Outcome]:
    """Return whether calls were requested for failed facts."""
    outcomes: dict[UUID, Outcome] = {}
    for fact in failed:
        if requested[fact.repeated_for]:
            outcomes[fact.id] = Outcome(True)
        else:
            outcomes[fact.id] = Outcome(False, "nothing of the order's authorizations is left")
    return outcomes


def _refund_request(fact: _Fact) -> RefundRequest:
    """Return the request that repeats a failed refund."""
    amount = from_minor_units(fact.amount, fact.currency)
    return RefundRequest(fact.order_id, f"retry:{fact.id}", amount, fact.reason, fact.method_id)


def _repeat_refunds(
    session: Session, facts: Sequence[_Fact], now: datetime, actor: str
) -> dict[UUID, Outcome]:
    """Request failed refunds once more, for the same methods."""
    failed = _failed(facts, (REFUND,))
    results = refund(session, list(map(_refund_request, failed)), now, actor)
    outcomes: dict[UUID, Outcome] = {}
    for fact, result in zip(failed, results, strict=True):
        outcomes[fact.id] = Outcome(result.ok, result.reason)
    return outcomes

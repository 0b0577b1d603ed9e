"""Record what became of payment calls, and move the balances."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, ProviderError
from openiom.payments.call_queue import ClaimedFact, still_leased
from openiom.payments.events import (
    FAILED_EVENTS,
    OUTCOME_UNKNOWN,
    SUCCEEDED_EVENTS,
    fact_event,
    money,
)
from openiom.payments.locks import lock_payments
from openiom.payments.rows import (
    CAPTURE,
    FAILED,
    REFUND,
    SUCCEEDED,
    UNKNOWN,
    ChargeChange,
    MethodChange,
    MethodRow,
    change_charges,
    change_methods,
    methods_of,
    update_order_balances,
)
from openiom.platform.bulk import execute
from openiom.platform.events import append_events
from openiom.platform.retry import OUTBOUND_RETRY, requested_pause
from openiom.provider_contract import CallResult

from .charge import charge_orders

MAX_DEFERRALS = 1000
"""Pauses that a provider may request before a call counts them as failures."""
ATTEMPTS_BEFORE_NOTICE = 5
"""Attempts after which a person sees a call, which is repeated nevertheless."""
LONGEST_ERROR = 1000

_UPDATE = """
UPDATE payments.payment_fact f SET state = d.state, reference = d.reference, error = d.error,
    due_at = d.due_at, deferrals = d.deferrals, needs_person = d.needs_person, lease_until = NULL,
    completed_at = d.completed_at
FROM unnest(%(id)s::uuid[], %(state)s::text[], %(reference)s::text[], %(error)s::text[],
    %(due_at)s::timestamptz[], %(deferrals)s::int[], %(needs_person)s::boolean[],
    %(completed_at)s::timestamptz[])
    AS d(id, state, reference, error, due_at, deferrals, needs_person, completed_at)
WHERE f.id = d.id
"""


@dataclass(slots=True)
class PaymentOutcome:
    """What became of a fact: `state` is final, or the call is due at `due_at`."""

    fact: ClaimedFact
    state: str
    reference: str = ""
    error: str = ""
    due_at: datetime | None = None
    deferrals: int = 0
    needs_person: bool = False

    @property
    def executed(self) -> int:
        """The amount that the provider has executed."""
        return self.fact.amount if self.state == SUCCEEDED else 0

    @property
    def is_final(self) -> bool:
        """Whether the outcome is known."""
        return self.state in (SUCCEEDED, FAILED)


def decide_outcome(
    fact: ClaimedFact, result: CallResult, *, now: datetime, max_attempts: int
) -> PaymentOutcome:
    """Return what a result means.

    Only a provider that refused the call makes it fail. After any other error the call is repeated
    under its key; unless the provider requested a pause, its outcome is unknown until then.
    """
    error = result.error
    if error is None:
        return PaymentOutcome(fact, SUCCEEDED, reference=result.external_id)

    text = str(error)[:LONGEST_ERROR]
    if error.retry != "later":
        return PaymentOutcome(fact, FAILED, error=text, needs_person=True)
    return _decide_retry(fact, error, text, now, max_attempts)


def _decide_retry(
    fact: ClaimedFact, error: ProviderError, text: str, now: datetime, max_attempts: int
) -> PaymentOutcome:
    pause = requested_pause(error)
    state = fact.state if pause is not None else UNKNOWN
    deferrals = fact.deferrals + (pause is not None)
    outcome = PaymentOutcome(fact, state, error=text, deferrals=deferrals)
    outcome.needs_person = fact.attempts >= ATTEMPTS_BEFORE_NOTICE
    failures = max(1, fact.attempts - deferrals)
    if failures < max_attempts and deferrals < MAX_DEFERRALS:
        delay = OUTBOUND_RETRY.delay(failures, retry_after=pause)
        outcome.due_at = now + timedelta(seconds=delay)
    else:
        outcome.needs_person = True
        if state != UNKNOWN:
            outcome.state = FAILED

    return outcome


def record_outcomes(
    session: Session, outcomes: Sequence[PaymentOutcome], now: datetime, actor: str
) -> None:
    """Write outcomes of facts that are still leased to the caller, and publish them."""
    order_ids = {outcome.fact.order_id for outcome in outcomes}
    lock_payments(session, order_ids)
    own = _own_outcomes(session, outcomes)
    if not own:
        return

    execute(session, _UPDATE, _columns(own, now))
    _move_balances(session, own)
    events = _events(own, methods_of(session, order_ids))
    append_events(session, events, at=now, actor=actor)
    changed = {outcome.fact.order_id for outcome in own if outcome.is_final}
    charge_orders(session, changed, now, actor)


def _own_outcomes(session: Session, outcomes: Sequence[PaymentOutcome]) -> list[PaymentOutcome]:
    """Return the outcomes of facts that no other worker has claimed meanwhile."""
    leased = still_leased(session, [outcome.fact for outcome in outcomes])
    return [outcome for outcome in outcomes if outcome.fact.id in leased]


def _events(outcomes: Sequence[PaymentOutcome], methods: Sequence[MethodRow]) -> list[Event]:
    """Return what is published of outcomes."""
    by_id = {method.id: method for method in methods}
    events: list[Event] = []
    for outcome in outcomes:
        name = _event_name(outcome)
        if name:
            events.append(_event(name, outcome, by_id))

    return events


def _columns(outcomes: Sequence[PaymentOutcome], now: datetime) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = defaultdict(list)
    for outcome in outcomes:
        columns["id"].append(outcome.fact.id)
        columns["state"].append(outcome.state)
        columns["reference"].append(outcome.reference)
        columns["error"].append(outcome.error)
        columns["due_at"].append(outcome.due_at)
        columns["deferrals"].append(outcome.deferrals)
        columns["needs_person"].append(outcome.needs_person)
        columns["completed_at"].append(now if outcome.is_final else None)
    return columns


def _move_balances(session: Session, outcomes: Sequence[PaymentOutcome]) -> None:
    """Move what was pending to its balance, or give it free where the call failed."""
    methods: dict[UUID, MethodChange] = defaultdict(MethodChange)
    charges: dict[UUID, ChargeChange] = defaultdict(ChargeChange)
    for outcome in outcomes:
        if not outcome.is_final:
            continue

        fact, change = outcome.fact, methods[outcome.fact.method_id]
        succeeded = outcome.executed
        if fact.kind == CAPTURE:
            change.capture_pending -= fact.amount
            change.captured += succeeded
            if fact.charge_id and not succeeded:
                charges[fact.charge_id].captured -= fact.amount
        elif fact.kind == REFUND:
            change.refund_pending -= fact.amount
            change.refunded += succeeded
        else:
            change.released -= fact.amount - succeeded

    change_methods(session, methods)
    change_charges(session, charges)
    if charges:
        update_order_balances(session, {outcome.fact.order_id for outcome in outcomes})


def _event_name(outcome: PaymentOutcome) -> str:
    """Return the event of an outcome, '' if none is published."""
    kind = outcome.fact.kind
    if outcome.state == SUCCEEDED:
        return SUCCEEDED_EVENTS[kind]
    if outcome.state == FAILED:
        return FAILED_EVENTS[kind]
    return "" if outcome.due_at else OUTCOME_UNKNOWN


def _event(name: str, outcome: PaymentOutcome, methods: Mapping[UUID, MethodRow]) -> Event:
    fact = outcome.fact
    data = {
        "kind": fact.kind,
        "method": methods[fact.method_id].kind,
        **money(fact.amount, fact.currency),
    }
    reason = outcome.error or fact.reason
    if reason:
        data["reason"] = reason
    return fact_event(name, fact.order_id, fact.id, data)

"""The worker of payment calls: claim with a lease and commit, call, record.

No transaction is open during a call. A worker that dies in between loses nothing: its lease
expires, and the call is repeated with the same key, which the provider recognizes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from time import perf_counter

import structlog

from openiom.kernel import ProviderDown, from_minor_units
from openiom.orders import order_summaries
from openiom.platform.batches import BatchResult
from openiom.platform.database import Database
from openiom.platform.leases import heartbeat
from openiom.platform.retry import is_transient
from openiom.provider_contract import CallResult, PaymentCall, PaymentKind
from openiom.providers import ProviderRegistry, call_payments, lock_paused, payment_service

from .call_queue import ClaimedFact, PaymentCallGroup, claim_facts, oldest_due_group, renew_leases
from .rows import REFUND, MethodRow, methods_of
from .service.outcome import decide_outcome, record_outcomes
from .wakes import CALLS_WAKE

log = structlog.get_logger("payments")
ACTOR = "payments"
_KINDS: dict[str, PaymentKind] = {"capture": "capture", "refund": "refund", "void": "void"}
_MARGIN_SECONDS = 30


@dataclass(frozen=True)
class _Claim:
    group: PaymentCallGroup
    facts: Sequence[ClaimedFact]
    calls: Sequence[PaymentCall]
    max_attempts: int
    longest: timedelta


@dataclass
class PaymentCallWorker:
    """Makes payment calls. Any number of processes may run one."""

    registry: ProviderRegistry
    kind: str = CALLS_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Make the due calls of the group that has waited for longest."""
        claim = self._claim(database, limit, now)
        if claim is None:
            return BatchResult(0, False)

        started = perf_counter()
        results = self._call(database, claim, latest=now + claim.longest)
        finished = now + timedelta(seconds=perf_counter() - started)
        by_key = {result.key: result for result in results}
        outcomes = []
        for fact in claim.facts:
            result = by_key.get(fact.key, _no_result(fact))
            outcomes.append(
                decide_outcome(fact, result, now=finished, max_attempts=claim.max_attempts)
            )

        with database.unit_of_work() as session:
            record_outcomes(session, outcomes, finished, ACTOR)

        return BatchResult(len(claim.facts), True)

    def _claim(self, database: Database, limit: int, now: datetime) -> _Claim | None:
        with database.unit_of_work() as session:
            group = oldest_due_group(session, now, paused=lock_paused(session))
            facts = claim_facts(session, group, limit=limit, now=now) if group else []
            if group is None or not facts:
                return None

            order_ids = [fact.order_id for fact in facts]
            methods = {method.id: method for method in methods_of(session, order_ids)}
            orders = order_summaries(session, order_ids)
            calls = []
            for fact in facts:
                calls.append(_call_of(fact, methods[fact.method_id], orders[fact.order_id].number))

            service = payment_service(self.registry, session, group.instance)

        rounds = ceil(len(facts) / service.concurrency)
        longest = timedelta(seconds=service.timeout_seconds * rounds + _MARGIN_SECONDS)
        return _Claim(group, facts, calls, service.max_attempts, longest)

    def _call(self, database: Database, claim: _Claim, *, latest: datetime) -> Sequence[CallResult]:
        """Return the results. After an exception all outcomes are unknown."""

        def renew(until: datetime) -> None:
            renew_leases(database, claim.facts, min(until, latest))

        instance, kind = claim.group
        try:
            with heartbeat(renew):
                return call_payments(self.registry, database, instance, _KINDS[kind], claim.calls)
        except Exception as error:
            if is_transient(error):
                raise

            log.error("payment_calls_crashed", instance=instance, kind=kind, exc_info=error)
            return []


def _call_of(fact: ClaimedFact, method: MethodRow, order_number: str) -> PaymentCall:
    """Return what the provider is called with."""
    return PaymentCall(
        key=fact.key,
        reference=method.reference,
        amount=from_minor_units(fact.amount, fact.currency),
        minor_units=fact.amount,
        currency=fact.currency,
        order=order_number,
        reason=fact.reason if fact.kind == REFUND else "",
        attempt=fact.attempts,
    )


def _no_result(fact: ClaimedFact) -> CallResult:
    return CallResult(fact.key, error=ProviderDown("the provider returned no result"))

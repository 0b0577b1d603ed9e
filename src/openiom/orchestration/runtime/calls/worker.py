"""The call worker: claim with a lease and commit, call outside any transaction, record.

A worker that dies in between loses nothing: its lease expires and the call is repeated with the
same key, which the provider recognizes. A worker that outlives its lease cannot record: `attempts`
distinguishes its claim from the next one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from random import Random
from threading import Lock
from time import perf_counter

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import IomError, ProviderDown
from openiom.orchestration.engine import Engine
from openiom.orchestration.runtime.wakes import CALLS_WAKE
from openiom.platform.batches import BatchResult, process_or_quarantine
from openiom.platform.database import Database
from openiom.platform.events import notify
from openiom.platform.leases import LEASE, heartbeat
from openiom.platform.retry import is_transient
from openiom.provider_contract import Call, CallResult, ProviderAction
from openiom.providers import call_provider

from .claim import (
    CallGroup,
    ClaimedCall,
    claim_calls,
    claim_limit,
    hold_paused_calls,
    oldest_due_group,
    release_expired_leases,
    renew_leases,
)
from .guards import guard_calls
from .outcome import decide_outcomes
from .outcome_recorder import OutcomeRecorder

log = structlog.get_logger("provider_calls")
_MARGIN_SECONDS = 30


class InFlight:
    """The groups that the workers of this process are calling.

    One slow provider then occupies one worker, and a vendor's limit on calls in flight is kept.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._groups: set[CallGroup] = set()

    def groups(self) -> list[CallGroup]:
        """Return the groups in flight."""
        with self._lock:
            return list(self._groups)

    def acquire(self, group: CallGroup) -> bool:
        """Mark a group as in flight; return False when it already is."""
        with self._lock:
            if group in self._groups:
                return False
            self._groups.add(group)
            return True

    def release(self, group: CallGroup) -> None:
        """Mark a group as no longer in flight."""
        with self._lock:
            self._groups.discard(group)


@dataclass(frozen=True)
class Claim:
    """Calls leased to this worker; without an action, `unavailable` says why it has none.

    `guarded` is the number of other calls that were due and are not made.
    """

    group: CallGroup
    calls: Sequence[ClaimedCall]
    action: ProviderAction | None
    unavailable: ProviderDown | None
    guarded: int = 0

    def fail_all(self, error: ProviderDown | None) -> list[CallResult]:
        """Return the same error as the result of every call."""
        return [CallResult(call.key, error=error) for call in self.calls]

    @property
    def longest(self) -> timedelta:
        """How long the calls may take before they count as hung and their lease expires."""
        if self.action is None:
            return LEASE
        rounds = max(1, ceil(len(self.calls) / (self.action.batch * self.action.concurrency)))
        return timedelta(seconds=self.action.timeout_seconds * rounds + _MARGIN_SECONDS)


@dataclass
class ProviderCallWorker:
    """A worker. Several may run at once: in one process, sharing `in_flight`, and in many."""

    engine: Engine
    kind: str = CALLS_WAKE
    random: Random = field(default_factory=Random)
    in_flight: InFlight = field(default_factory=InFlight)

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Make the due calls of the group that has waited for longest."""
        with database.unit_of_work() as session:
            release_expired_leases(session, now)
            group = self._acquire_group(session, now)

        if group is None:
            return BatchResult(0, False)

        try:
            return self._call_group(database, group, limit=limit, now=now)
        finally:
            self.in_flight.release(group)

    def _acquire_group(self, session: Session, now: datetime) -> CallGroup | None:
        while True:
            group = oldest_due_group(session, now, excluded=self.in_flight.groups())
            if group is None or self.in_flight.acquire(group):
                return group

    def _call_group(
        self, database: Database, group: CallGroup, *, limit: int, now: datetime
    ) -> BatchResult:
        with database.unit_of_work() as session:
            claim = self._claim(session, group, limit=limit, now=now)

        if not claim.calls:
            return BatchResult(claim.guarded, claim.guarded > 0)

        started = perf_counter()
        results = self._call(database, claim, latest=now + claim.longest)
        elapsed = perf_counter() - started
        finished = now + timedelta(seconds=elapsed)
        outcomes = decide_outcomes(claim.calls, results, now=finished, random=self.random)
        recorder = OutcomeRecorder(
            self.engine, group, claim.action, round(elapsed * 1000), started_at=now
        )

        with database.unit_of_work() as session:
            process_or_quarantine(
                session,
                outcomes,
                process=recorder.record,
                park=recorder.park,
                after_batch=recorder.continue_tokens,
                now=finished,
            )

        return BatchResult(len(claim.calls), True)

    def _claim(self, session: Session, group: CallGroup, *, limit: int, now: datetime) -> Claim:
        action, unavailable = self._open_action(session, group)
        held = hold_paused_calls(session, group)
        claimed = claim_calls(session, group, limit=claim_limit(action, limit), now=now)
        calls = self._guard(session, action, claimed, now)
        if held and not claimed:
            notify(session, CALLS_WAKE)
        return Claim(group, calls, action, unavailable, len(claimed) - len(calls))

    def _guard(
        self,
        session: Session,
        action: ProviderAction | None,
        claimed: list[ClaimedCall],
        now: datetime,
    ) -> list[ClaimedCall]:
        """Return the claimed calls that are to be made."""
        if action is None or not claimed:
            return claimed
        entity = self.engine.catalog.entities[action.entity]
        return guard_calls(session, entity, action, claimed, now)

    def _open_action(
        self, session: Session, group: CallGroup
    ) -> tuple[ProviderAction | None, ProviderDown | None]:
        """Return the action of a group, or why it cannot be opened."""
        catalog = self.engine.catalog
        try:
            return catalog.provider_action(session, group.instance, group.action), None
        except IomError as error:
            return None, _as_provider_down(error, error.where)

    def _call(self, database: Database, claim: Claim, *, latest: datetime) -> Sequence[CallResult]:
        """Return the results. An exception becomes a result that says to retry."""
        if claim.action is None:
            return claim.fail_all(claim.unavailable)

        def renew(until: datetime) -> None:
            renew_leases(database, claim.calls, min(until, latest))

        requests = [Call(call.key, call.payload, call.attempts) for call in claim.calls]
        registry = self.engine.catalog.registry
        instance, action = claim.group

        try:
            with heartbeat(renew):
                return call_provider(registry, database, instance, action, requests)
        except Exception as error:
            if is_transient(error):
                raise

            log.error("call_crashed", instance=instance, action=action, error=str(error)[:500])
            return claim.fail_all(_as_provider_down(error, instance))


def _as_provider_down(error: Exception, where: str) -> ProviderDown:
    """Return an error whose outcome is unknown as one that is retried."""
    if isinstance(error, IomError):
        return ProviderDown(error.what, where=where, remedy=error.remedy)
    return ProviderDown(f"{type(error).__name__}: {error}", where=where)

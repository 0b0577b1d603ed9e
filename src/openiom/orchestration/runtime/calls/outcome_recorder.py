"""Records the outcomes of provider calls: the queue, the events, and the tokens that continue."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orchestration.engine import Engine
from openiom.orchestration.runtime.columns import Record, columns_of
from openiom.orchestration.runtime.execution import (
    execute_tokens,
    in_savepoint,
    lock_executable,
)
from openiom.orchestration.runtime.token_store import fail_tokens
from openiom.orchestration.runtime.wakes import STEPS_WAKE
from openiom.platform.bulk import execute, fetch_column
from openiom.platform.database import to_json_text
from openiom.platform.events import notify
from openiom.provider_contract import EventRequest, ProviderAction

from .claim import TOKEN_WAITS, CallGroup
from .completed import completed_tokens, release_tokens
from .outcome import CallOutcome

_STORE = f"""
UPDATE orchestration.provider_call p
SET due_at = n.due_at, lease_until = NULL, response = n.response::jsonb,
    state = CASE WHEN n.state <> 'ready' OR {TOKEN_WAITS} THEN n.state ELSE 'canceled' END,
    external_id = n.external_id, error = n.error::jsonb, duration_ms = %(duration_ms)s,
    deferrals = n.deferrals, event_raised = %(event_raised)s AND n.state <> 'ready',
    finished_at = CASE WHEN n.state = 'ready' THEN NULL ELSE n.due_at END
FROM unnest(%(id)s::bigint[], %(attempts)s::int[], %(state)s::text[], %(due_at)s::timestamptz[],
            %(response)s::text[], %(external_id)s::text[], %(error)s::text[],
            %(deferrals)s::int[])
     AS n(id, attempts, state, due_at, response, external_id, error, deferrals)
WHERE p.id = n.id AND p.state = 'leased' AND p.attempts = n.attempts
RETURNING p.id
"""


@dataclass(frozen=True)
class OutcomeRecorder:
    """The second transaction of a provider call.

    action        None when the instance or its action could not be opened
    started_at    when the worker claimed the calls; tokens are due by then, so that they keep
                  their place in the queue
    tokens        tokens of which a call is final
    """

    engine: Engine
    group: CallGroup
    action: ProviderAction | None
    duration_ms: int
    started_at: datetime
    tokens: set[UUID] = field(default_factory=set)

    def record(self, session: Session, outcomes: Sequence[CallOutcome], now: datetime) -> None:
        """Store outcomes and raise the events of the final ones."""
        lock_tokens_of(session, outcomes)
        stored = self._store(session, outcomes, event_raised=self.action is not None)
        final = [outcome for outcome in outcomes if outcome.is_final and outcome.call.id in stored]
        self._raise_events(session, final, now)
        self.tokens.update(outcome.call.token_id for outcome in final)

    def park(self, session: Session, outcome: CallOutcome, error: Exception, now: datetime) -> None:
        """Store an outcome whose event could not be raised, and stop its token.

        The call itself is final; reprocessing the token raises the event without calling again.
        """
        lock_tokens_of(session, [outcome])
        call = outcome.call
        if call.id not in self._store(session, [outcome], event_raised=False):
            return

        what = (
            f"the call returned, but its event could not be raised on the {call.entity}:"
            f" {type(error).__name__}: {error}"
        )
        problem = {
            "what": what[:2000],
            "where": call.step,
            "why": "the outcome of the call is stored",
            "remedy": "correct the cause and reprocess; the call is not repeated",
            "step": call.step,
        }
        fail_tokens(session, [call.token_id], problem, states=["waiting"])

    def continue_tokens(self, session: Session, now: datetime) -> None:
        """Execute the tokens whose calls are all final; leave the others to the step worker."""
        if not self.tokens:
            return
        execute = partial(self._execute_completed, session, now)
        executed = in_savepoint(session, execute, left_to="step worker")
        remaining = self.tokens - (executed or set())
        if release_tokens(session, remaining, now=self.started_at):
            notify(session, STEPS_WAKE)

    def _execute_completed(self, session: Session, now: datetime) -> set[UUID]:
        """Execute the tokens whose calls are all final; return their ids."""
        completed = completed_tokens(session, self.tokens)
        executable, _ = lock_executable(self.engine, session, completed)
        execute_tokens(self.engine, session, executable, now)
        return {token.id for token in executable}

    def _store(
        self, session: Session, outcomes: Sequence[CallOutcome], *, event_raised: bool
    ) -> set[int]:
        """Write outcomes; return the ids of the calls that are still leased to this worker."""
        columns: dict[str, Any] = dict(columns_of(map(_outcome_record, outcomes)))
        columns["duration_ms"] = self.duration_ms
        columns["event_raised"] = event_raised
        return set(fetch_column(session, _STORE, columns))

    def _raise_events(
        self, session: Session, outcomes: Sequence[CallOutcome], now: datetime
    ) -> None:
        """Raise the events of the action. A refused event does not change the call's outcome."""
        if self.action is None:
            return

        requests = self._event_requests(outcomes, self.action)
        for (entity, actor), group in requests.items():
            raise_events = self.engine.catalog.entities[entity].raise_events
            raise_events(session, group, now, actor)

    def _event_requests(
        self, outcomes: Sequence[CallOutcome], action: ProviderAction
    ) -> dict[tuple[str, str], list[EventRequest]]:
        """Return the events of the outcomes by (entity, actor)."""
        requests: dict[tuple[str, str], list[EventRequest]] = {}
        for outcome in outcomes:
            request = self._event_request(outcome, action)
            if request.event:
                key = (outcome.call.entity, f"flow:{outcome.call.flow}")
                requests.setdefault(key, []).append(request)

        return requests

    def _event_request(self, outcome: CallOutcome, action: ProviderAction) -> EventRequest:
        event = action.succeeded if outcome.state == "done" else action.failed
        data: dict[str, Any] = {"instance": self.group.instance, "action": self.group.action}
        if outcome.result.external_id:
            data["external_id"] = outcome.result.external_id
        if not outcome.error:
            return EventRequest(outcome.call.entity_id, event, data)
        data["error"] = outcome.error["what"]
        return EventRequest(outcome.call.entity_id, event, data, reason=data["error"])


def lock_tokens_of(session: Session, outcomes: Sequence[CallOutcome]) -> None:
    """Lock the tokens of these calls, in the order of ids.

    Of two workers that record the last calls of one token, the second sees what the first wrote.
    """
    ids = {outcome.call.token_id for outcome in outcomes}
    execute(
        session,
        "SELECT id FROM orchestration.token WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
        (list(ids),),
    )


def _outcome_record(outcome: CallOutcome) -> Record:
    return {
        "id": outcome.call.id,
        "attempts": outcome.call.attempts,
        "state": outcome.state,
        "due_at": outcome.due_at,
        "response": _json_or_none(outcome.result.response),
        "external_id": outcome.result.external_id,
        "error": _json_or_none(outcome.error),
        "deferrals": outcome.deferrals,
    }


def _json_or_none(value: Any) -> str | None:
    return to_json_text(value) if value else None

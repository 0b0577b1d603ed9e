"""Dry runs: execute a flow with a subject without a single write.

A dry run uses the same batch and the same steps as the real one. Its effects are recorded, waits
end at once as expected, and each step runs once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound, TooManyAttempts, new_id
from openiom.policies import DraftEnded, Evaluator, LimitedEvaluation
from openiom.provider_contract import Action, ActionCall, EventRequest, Outcome

from .context import ExecutableFlow, PastEvent
from .engine import Engine
from .fact_cache import FactCache
from .provider_call import EarlierCall, NewCall
from .runtime.execution import run_until_blocked
from .runtime.token_batch import StepCrashed, TokenBatch
from .step import Port
from .token import Token


@dataclass(frozen=True, slots=True)
class DryStep:
    """One step of a dry run; `port` is empty where the flow run would stop or end."""

    step: str
    title: str
    kind: str
    port: str
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def dry_run(
    session: Session,
    engine: Engine,
    flow: ExecutableFlow,
    subject_ids: Sequence[UUID],
    *,
    now: datetime,
) -> dict[UUID, list[DryStep]]:
    """Return the steps that each subject would pass now; actions and waits are assumed to succeed.

    The session may be read-only. Expressions are evaluated in a child process. Raise `NotFound` for
    a subject that does not exist, `DraftEnded` when a limit of the child ends the dry run, and
    `TooManyAttempts` when the child is busy.
    """
    known = engine.catalog.entities[flow.subject].facts(session, subject_ids)
    missing = [str(id) for id in subject_ids if id not in known]
    if missing:
        raise NotFound(f"no {flow.subject} {', '.join(missing[:5])}")

    evaluator = LimitedEvaluation(engine.catalog.registry.drafts)
    found = {}
    for id in subject_ids:
        batch = DryBatch(session, engine, flow, now, evaluator)
        found[id] = batch.try_subject(id)

    return found


class RecordedEffects:
    """Implements `Effects` without effects; what would have happened is in `details`."""

    def __init__(self) -> None:
        self.facts: FactCache | None = None
        self.summaries: list[str] = []
        self.details: dict[str, Any] = {}

    def run_action(self, action: Action, call: ActionCall) -> Sequence[Outcome]:
        """Assume that the action succeeds for every subject."""
        self.summaries.append(f"run {action.name}")
        self.details["items"] = len(call.subject_ids)
        self.details["parameters"] = call.parameters.model_dump(mode="json")
        return [Outcome(True) for _ in call.subject_ids]

    def raise_events(
        self, entity: str, requests: Sequence[EventRequest], actor: str
    ) -> Sequence[Outcome]:
        """Assume that every event is accepted."""
        events = dict.fromkeys(request.event for request in requests)
        self.details["would_raise"] = [*self.details.get("would_raise", ()), *events]
        return [Outcome(True) for _ in requests]

    def set_fields(self, entity: str, values: Mapping[UUID, Mapping[str, Any]], actor: str) -> None:
        """Let later steps read the fields as if they were written."""
        if self.facts is not None:
            self.facts.assume(entity, values)

    def find_past_events(
        self, tokens: Sequence[Token], names: Sequence[str]
    ) -> Mapping[UUID, PastEvent]:
        """Return none, so that every wait is reported."""
        return {}

    def last_generations(self, run_ids: Sequence[UUID], step: str) -> Mapping[UUID, int]:
        """Return none: a new flow run has made no call."""
        return {}

    def earlier_calls(self, token_ids: Sequence[UUID], step: str) -> Sequence[EarlierCall]:
        """Return none: a new flow run has made no call."""
        return []

    def mark_event_raised(self, calls: Sequence[EarlierCall]) -> None:
        """Do nothing: there are no earlier calls."""

    def queue_calls(self, calls: Sequence[NewCall]) -> None:
        """Record the payloads."""
        if calls:
            self.details["payloads"] = [call.payload for call in calls]

    def retry_calls(self, calls: Sequence[NewCall]) -> None:
        """Do nothing: there are no earlier calls."""


class DryBatch(TokenBatch):
    """A batch with one token that has no row, and with recorded effects."""

    effects: RecordedEffects

    def __init__(
        self,
        session: Session,
        engine: Engine,
        flow: ExecutableFlow,
        now: datetime,
        evaluator: Evaluator,
    ) -> None:
        effects = RecordedEffects()
        super().__init__(session, engine.catalog, effects, {flow.id: flow}, now)
        effects.facts = self.facts
        self.evaluator = evaluator
        self._flow = flow
        self._steps: dict[str, DryStep] = {}
        self._entered: set[str] = set()

    def try_subject(self, subject_id: UUID) -> list[DryStep]:
        """Execute the flow with a subject; return its steps in the order in which they ran."""
        token = Token(
            id=new_id(),
            run_id=new_id(),
            flow_version_id=self._flow.id,
            subject_id=subject_id,
            root_id=subject_id,
            step=self._flow.plan.start,
            state="ready",
            step_result=None,
            split_path=(),
            since_id=0,
            consumed_event_ids=(),
            generation=0,
            entered_at=self.now,
            is_new=True,
        )
        self.add([token])

        try:
            run_until_blocked(self)
        except StepCrashed as crash:
            if isinstance(crash.cause, DraftEnded | TooManyAttempts):
                raise crash.cause from None

            self._add_step(crash.step, "", str(crash.what))

        return list(self._steps.values())

    def advance(self, token: Token, step: str) -> None:
        """Enter a step that has not run yet; a token that comes back to one ends."""
        if token.step not in self._steps:
            self._add_step(token.step, "next")  # only a start is left without an entry
        if self._may_enter(step):
            self._entered.add(step)
            super().advance(token, step)
        else:
            token.has_ended = True

    def _may_enter(self, step: str) -> bool:
        """Return whether a token may enter a step; only a merge is entered more than once."""
        return step not in self._entered or self._flow.document(step).traits.joins

    def record(
        self,
        token: Token,
        port: Port,
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Add the step to the result instead of the token's history."""
        super().record(token, port, reason, details)
        if port == "absorbed":
            return

        reason = reason or self._summary()
        self._add_step(
            token.step,
            "" if port == "error" else port,
            reason,
            {**self.effects.details, **(details or {})},
        )
        self.effects.summaries.clear()
        self.effects.details.clear()

    def suspend(
        self,
        token: Token,
        *,
        due_at: datetime | None = None,
        awaits: Sequence[str] = (),
        expected_port: Port = "",
        summary: str = "",
    ) -> None:
        """Leave by the expected port; only a merge suspends its tokens without one."""
        if expected_port:
            self.leave(token, expected_port, f"would {summary}")
        else:
            super().suspend(token)

    def end(self, token: Token) -> None:
        """End the token; an end is a step of its own in the result."""
        if self._step_of(token).traits.role == "end":
            self._add_step(token.step, "")
        super().end(token)

    def _summary(self) -> str:
        if not self.effects.summaries:
            return ""
        return "would " + ", ".join(self.effects.summaries)

    def _add_step(
        self,
        step_id: str,
        port: Port,
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        step = self._flow.document(step_id)
        self._steps[step_id] = DryStep(
            step.id, step.label, step.kind, port, reason, dict(details or {})
        )

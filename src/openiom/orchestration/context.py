"""What a step can do with the tokens of a batch: the interface between step kinds and the runtime.

The same step code runs for real and in a dry run. It moves tokens through `StepContext`; whatever
has an effect outside of the batch goes through `Effects`, which a dry run replaces by a recorder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.policies import Condition, Evaluator, Failure
from openiom.provider_contract import Action, ActionCall, EventRequest, Facts, Outcome

from .catalog import Catalog
from .fact_cache import FactCache
from .plan import Plan
from .provider_call import EarlierCall, NewCall
from .step import Port, Step
from .token import Token
from .trigger import Trigger


@dataclass(frozen=True, slots=True)
class StepFailure:
    """Why a token stopped, as a person reads it."""

    what: str
    where: str = ""
    why: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class PastEvent:
    """A business event that a token was going to wait for and that has already happened."""

    id: int
    name: str


class Effects(Protocol):
    """Everything a step does outside of its batch."""

    def run_action(self, action: Action, call: ActionCall) -> Sequence[Outcome]:
        """Run an action of a package; return one outcome per subject, in order."""

    def raise_events(
        self, entity: str, requests: Sequence[EventRequest], actor: str
    ) -> Sequence[Outcome]:
        """Raise business events; return one outcome per request, in order."""

    def set_fields(self, entity: str, values: Mapping[UUID, Mapping[str, Any]], actor: str) -> None:
        """Write fields that an execution policy sets."""

    def find_past_events(
        self, tokens: Sequence[Token], names: Sequence[str]
    ) -> Mapping[UUID, PastEvent]:
        """Return, by token id, an event that is in the log already and was not consumed."""

    def last_generations(self, run_ids: Sequence[UUID], step: str) -> Mapping[UUID, int]:
        """Return the highest generation of the step's provider calls by flow run."""

    def earlier_calls(self, token_ids: Sequence[UUID], step: str) -> Sequence[EarlierCall]:
        """Return the provider calls that these tokens have already queued at the step."""

    def mark_event_raised(self, calls: Sequence[EarlierCall]) -> None:
        """Record that the event of a finished provider call was raised."""

    def queue_calls(self, calls: Sequence[NewCall]) -> None:
        """Queue provider calls."""

    def retry_calls(self, calls: Sequence[NewCall]) -> None:
        """Queue failed provider calls again under their key, with a new payload."""


@dataclass(frozen=True)
class ExecutableStep:
    """A step with its expressions compiled. Each kind overrides `run`."""

    step: Step

    def run(self, context: "StepContext", flow: "ExecutableFlow", tokens: list[Token]) -> None:
        """Let every token leave the step, wait at it, stop or end."""
        raise NotImplementedError


@dataclass(frozen=True)
class ExecutableFlow:
    """A flow version with its expressions compiled; it never changes."""

    id: int
    name: str
    version: int
    title: str
    subject: str
    trigger: Trigger
    trigger_condition: Condition | None
    cancel_on: frozenset[str]
    retry_on: frozenset[str]
    plan: Plan
    steps: Mapping[str, ExecutableStep]
    rank: Mapping[str, int]
    splits: bool  # whether a flow run can have more than one token

    @property
    def actor(self) -> str:
        """The actor of everything that the flow writes."""
        return f"flow:{self.name}"

    def document(self, step: str) -> Step:
        """Return a step as the flow document describes it."""
        return self.steps[step].step


class StepContext(Protocol):
    """One batch of tokens, as a step sees it."""

    session: Session
    now: datetime
    catalog: Catalog
    facts: FactCache
    effects: Effects
    evaluator: Evaluator

    def advance(self, token: Token, step: str) -> None:
        """Move the token to `step`, without an entry in its history."""

    def leave(
        self,
        token: Token,
        port: Port,
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Complete the step; the token enters the step behind `port`."""

    def refuse(self, token: Token, reason: str, details: Mapping[str, Any] | None = None) -> None:
        """Complete the step with a negative result: resume, leave by `failed`, or stop."""

    def stop(
        self, token: Token, failure: StepFailure, details: Mapping[str, Any] | None = None
    ) -> None:
        """The step has no result: resume after the error, or stop until a person intervenes."""

    def suspend(
        self,
        token: Token,
        *,
        due_at: datetime | None = None,
        awaits: Sequence[str] = (),
        expected_port: Port = "",
        summary: str = "",
    ) -> None:
        """Keep the token at the step until it is due or one of the events happens.

        A dry run leaves by `expected_port` instead and reports that it would do `summary`; without
        a port it waits, too.
        """

    def fork(self, token: Token, ports: Sequence[Port]) -> None:
        """Let the token leave by all these ports at once, inside a new split."""

    def absorb(self, token: Token, reason: str) -> None:
        """End the token because another token of its split continues for it."""

    def end(self, token: Token) -> None:
        """End the token; the flow run is completed with its last token."""

    def rerun(self, token: Token) -> None:
        """Run the step at which the token waits again within this batch."""

    def raise_events(
        self, flow: ExecutableFlow, entity: str, requests: Sequence[EventRequest]
    ) -> dict[UUID, str]:
        """Raise business events; return the reason for each entity whose event was refused."""

    def set_fields(
        self, flow: ExecutableFlow, entity: str, values: Mapping[UUID, Mapping[str, Any]]
    ) -> None:
        """Write fields of entities."""

    def facts_or_stop(
        self, flow: ExecutableFlow, tokens: Sequence[Token], conditions: Iterable[Condition]
    ) -> tuple[list[Token], list[Facts]]:
        """Return the tokens whose subject exists, and its facts; stop the others."""

    def tokens_of_run(self, run_id: UUID) -> list[Token]:
        """Return every token of a flow run that has not ended, also those outside the batch."""

    def split_runs(self) -> Iterable[tuple[UUID, ExecutableFlow]]:
        """Yield the flow runs of the batch whose flow has a splitter."""

    def is_joined(self, run_id: UUID, join: str) -> bool:
        """Return whether the first branch of this join has already passed."""

    def mark_joined(self, run_id: UUID, join: str) -> None:
        """Record that the first branch of this join has passed."""

    def release_sibling(self, token: Token) -> None:
        """Make a waiting token outside of the batch due."""


def subjects_of(
    context: StepContext, flow: ExecutableFlow, entity: str, tokens: Sequence[Token]
) -> list[Sequence[UUID]]:
    """Return, for each token, the ids a step runs for: its subject, or the subject's children."""
    ids = [token.subject_id for token in tokens]
    if not entity or entity == flow.subject:
        return [(id,) for id in ids]
    children = context.facts.children(flow.subject, entity, ids)
    return [children[id] for id in ids]


def distinct_ids(groups: Iterable[Sequence[UUID]]) -> list[UUID]:
    """Return the ids of all groups, each once, in order of appearance."""
    found: dict[UUID, None] = {}
    for group in groups:
        found.update(dict.fromkeys(group))
    return list(found)


def join_reasons(reasons: Iterable[str]) -> str:
    """Return the distinct non-empty reasons as one text."""
    return "; ".join(dict.fromkeys(filter(None, reasons)))


def expression_failure(failure: Failure) -> StepFailure:
    """Return why an expression could not be evaluated, with the values it read."""
    read = ", ".join(f"{path} = {value!r}" for path, value in failure.values.items())
    return StepFailure(
        what=f"`{failure.expression}` has no result: {failure.message}", why=f"it read {read}"
    )

"""One batch of tokens in memory: which step each enters next, and what happened to it.

Steps run in the flow's order, so that the tokens of a batch stay together and one query or one
policy evaluation serves all of them. Waits run last, because registering one holds a lock until the
commit.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import IomError, new_id
from openiom.orchestration.catalog import Catalog
from openiom.orchestration.context import Effects, ExecutableFlow, StepFailure
from openiom.orchestration.fact_cache import FactCache
from openiom.orchestration.step import Port, Step
from openiom.orchestration.token import Token
from openiom.platform.retry import is_transient
from openiom.policies import DIRECT, Condition, Evaluator, roots_of
from openiom.provider_contract import EventRequest, Facts

_REMEDY = "correct the cause and reprocess, or skip the step"


class StepCrashed(IomError):
    """A step raised an exception; `cause` is that exception."""

    code = "step_crashed"

    def __init__(self, step: Step, cause: Exception) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}", where=step.label)
        self.step = step.id
        self.cause = cause

    def failure(self) -> StepFailure:
        """Return the crash as the reason why a token stopped."""
        where, remedy = place_and_remedy(self.cause)
        return StepFailure(
            what=str(self.what), where=where, why="the step could not be run", remedy=remedy
        )


def place_and_remedy(error: Exception) -> tuple[str, str]:
    """Return where an error happened and what to do, as far as the error says."""
    if isinstance(error, IomError):
        return error.where, error.remedy
    return "", ""


class TokenBatch:
    """Moves the tokens of one batch through their steps; implements `StepContext`.

    crashes   steps at which a token stops with a known crash instead of running the step
    siblings  other tokens of the batch's flow runs, by flow run; only for flows that split
    joined    joins whose first branch has passed, by flow run
    tally     how many tokens left which step by which port, by (flow, step, port)
    """

    def __init__(
        self,
        session: Session,
        catalog: Catalog,
        effects: Effects,
        flows: Mapping[int, ExecutableFlow],
        now: datetime,
        crashes: Mapping[str, StepCrashed] | None = None,
    ) -> None:
        self.session = session
        self.catalog = catalog
        self.effects = effects
        self.flows = flows
        self.now = now
        self.crashes = crashes or {}
        self.evaluator: Evaluator = DIRECT
        self.facts = FactCache(session, catalog.entities)
        self.tokens: list[Token] = []
        self.siblings: dict[UUID, list[Token]] = defaultdict(list)
        self.released_siblings: list[Token] = []
        self.joined: dict[UUID, list[str]] = {}
        self.newly_joined: dict[UUID, list[str]] = {}
        self.tally: dict[tuple[str, str, Port], int] = defaultdict(int)
        self._frontier: dict[tuple[int, str], list[Token]] = {}
        self._resume_events: dict[int, list[EventRequest]] = defaultdict(list)
        self._step_entries: list[dict[str, Any]] = []
        self._by_run: dict[UUID, list[Token]] = {}
        self._indexed = 0

    # The batch as a whole

    def add(self, tokens: Iterable[Token]) -> None:
        """Add tokens; each is moved from the step at which it is."""
        for token in tokens:
            self.tokens.append(token)
            self._enqueue(token)

    def run(self) -> None:
        """Move every token until it blocks. Raise `StepCrashed`, or a transient database error."""
        while self._frontier:
            key = min(self._frontier, key=self._order)
            tokens = self._frontier.pop(key)
            flow = self.flows[key[0]]
            crash = self.crashes.get(key[1])
            self._step_entries = []
            if crash is None:
                self._run_step(flow, key[1], tokens)
            else:
                for token in tokens:
                    self.stop(token, crash.failure())

                self._raise_resume_events()

    def changed_tokens(self) -> list[Token]:
        """Return every token whose row has to be written."""
        return [*self.tokens, *self.released_siblings]

    def _run_step(self, flow: ExecutableFlow, step: str, tokens: list[Token]) -> None:
        """Run a step for tokens that are at it. Raise `StepCrashed`, or a transient error."""
        executable = flow.steps[step]
        started = perf_counter()
        try:
            arriving = self._leave_finished(tokens)
            if arriving:
                executable.run(self, flow, arriving)

            self._raise_resume_events()
        except Exception as error:
            if is_transient(error):
                raise

            raise StepCrashed(executable.step, error) from error

        self._set_durations((perf_counter() - started) / len(tokens))

    def _set_durations(self, seconds: float) -> None:
        """Give each entry of the step, unless it has a duration, a token's share of the time."""
        milliseconds = round(seconds * 1000, 2)
        for entry in self._step_entries:
            entry.setdefault("duration_ms", milliseconds)

    def _leave_finished(self, tokens: Sequence[Token]) -> list[Token]:
        """Move tokens whose step ended while they waited; return those that enter the step."""
        arriving = []
        for token in tokens:
            if token.step_result is None:
                arriving.append(token)
            else:
                self._leave_by(token.step_result, token)
        return arriving

    def _leave_by(self, result: Mapping[str, Any], token: Token) -> None:
        """Let a token leave its step by a result that was stored while it waited."""
        reason = str(result.get("reason", ""))
        if result["port"] == "failed":
            self.refuse(token, reason, result.get("details"))
        else:
            self.leave(token, str(result["port"]), reason, result.get("details"))
        if "duration_ms" in result:
            token.entries[-1]["duration_ms"] = result["duration_ms"]

    def _order(self, key: tuple[int, str]) -> tuple[bool, int, int]:
        version, step = key
        flow = self.flows[version]
        return flow.document(step).traits.runs_last, flow.rank.get(step, 0), version

    def _enqueue(self, token: Token) -> None:
        self._frontier.setdefault((token.flow_version_id, token.step), []).append(token)

    def _flow_of(self, token: Token) -> ExecutableFlow:
        return self.flows[token.flow_version_id]

    def _step_of(self, token: Token) -> Step:
        return self._flow_of(token).document(token.step)

    # How steps move tokens

    def record(
        self,
        token: Token,
        port: Port,
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Add an entry to the token's history."""
        entry: dict[str, Any] = {"step": token.step, "port": port}
        if reason:
            entry["reason"] = reason

        if details:
            entry["details"] = details

        self._step_entries.append(entry)
        token.entries.append(entry)
        self.tally[self._flow_of(token).name, token.step, port] += 1

    def advance(self, token: Token, step: str) -> None:
        """See `StepContext.advance`."""
        token.step = step
        token.state = "ready"
        token.step_result = None
        token.awaits = ()
        token.due_at = None
        token.generation = 0
        token.entered_at = self.now
        self._enqueue(token)

    def leave(
        self,
        token: Token,
        port: Port,
        reason: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """See `StepContext.leave`."""
        self.record(token, port, reason, details)
        self.advance(token, self._step_of(token).to[port])

    def fork(self, token: Token, ports: Sequence[Port]) -> None:
        """See `StepContext.fork`."""
        split = f"{token.step}:{new_id().hex}"
        self.record(token, ", ".join(ports), details={"split": split})
        targets = self._step_of(token).to
        for branch, port in zip(token.branch(split, len(ports)), ports, strict=True):
            if branch is not token:
                self.tokens.append(branch)
            self.advance(branch, targets[port])

    def refuse(self, token: Token, reason: str, details: Mapping[str, Any] | None = None) -> None:
        """See `StepContext.refuse`."""
        step = self._step_of(token)
        if step.resume_on_error or "failed" not in step.to:
            self.stop(token, StepFailure(reason or "the step failed"), details)
        else:
            self.leave(token, "failed", reason, details)

    def stop(
        self, token: Token, failure: StepFailure, details: Mapping[str, Any] | None = None
    ) -> None:
        """See `StepContext.stop`."""
        step = self._step_of(token)
        if step.resume_on_error:
            if step.resume_on_error.event:
                request = EventRequest(
                    token.subject_id, step.resume_on_error.event, {}, failure.what
                )
                self._resume_events[token.flow_version_id].append(request)

            reason = f"resumed after an error: {failure.what}"
            self.leave(token, step.resume_on_error.port, reason, details)
            return

        self.record(token, "error", failure.what, details)
        token.state = "failed"
        token.due_at = None
        token.awaits = ()
        token.error = {
            "what": failure.what,
            "where": failure.where or step.label,
            "why": failure.why,
            "remedy": failure.remedy or _REMEDY,
            "step": step.id,
        }

    def suspend(
        self,
        token: Token,
        *,
        due_at: datetime | None = None,
        awaits: Sequence[str] = (),
        expected_port: Port = "",
        summary: str = "",
    ) -> None:
        """See `StepContext.suspend`."""
        if token.state != "waiting":
            token.entered_at = self.now

        token.state = "waiting"
        token.step_result = None
        token.due_at = due_at
        token.awaits = tuple(awaits)

    def rerun(self, token: Token) -> None:
        """See `StepContext.rerun`."""
        token.state = "ready"
        self._enqueue(token)

    def end(self, token: Token) -> None:
        """See `StepContext.end`."""
        token.has_ended = True

    def absorb(self, token: Token, reason: str) -> None:
        """See `StepContext.absorb`."""
        self.record(token, "absorbed", reason)
        self.end(token)
        if token.is_sibling:
            self.released_siblings.append(token)

    def release_sibling(self, token: Token) -> None:
        """See `StepContext.release_sibling`."""
        if token not in self.released_siblings:
            token.state = "ready"
            token.due_at = self.now
            self.released_siblings.append(token)

    # What steps read and write

    def raise_events(
        self, flow: ExecutableFlow, entity: str, requests: Sequence[EventRequest]
    ) -> dict[UUID, str]:
        """See `StepContext.raise_events`."""
        if not requests:
            return {}

        outcomes = self.effects.raise_events(entity, requests, flow.actor)
        self.facts.invalidate()

        refusals = {}
        for request, outcome in zip(requests, outcomes, strict=True):
            if not outcome.ok:
                refusals[request.entity_id] = outcome.reason

        return refusals

    def _raise_resume_events(self) -> None:
        for version, requests in self._resume_events.items():
            flow = self.flows[version]
            self.raise_events(flow, flow.subject, requests)
        self._resume_events.clear()

    def set_fields(
        self, flow: ExecutableFlow, entity: str, values: Mapping[UUID, Mapping[str, Any]]
    ) -> None:
        """See `StepContext.set_fields`."""
        self.effects.set_fields(entity, values, flow.actor)
        self.facts.invalidate()

    def facts_or_stop(
        self, flow: ExecutableFlow, tokens: Sequence[Token], conditions: Iterable[Condition]
    ) -> tuple[list[Token], list[Facts]]:
        """See `StepContext.facts_or_stop`."""
        ids = [token.subject_id for token in tokens]
        known = self.facts.load(flow.subject, ids, roots_of(conditions))

        found: list[Token] = []
        facts: list[Facts] = []
        for token in tokens:
            if token.subject_id in known:
                found.append(token)
                facts.append(known[token.subject_id])
            else:
                what = f"the {flow.subject} no longer exists"
                self.stop(token, StepFailure(what, remedy="cancel the flow run"))

        return found, facts

    # Splits and joins

    def tokens_of_run(self, run_id: UUID) -> list[Token]:
        """See `StepContext.tokens_of_run`."""
        if self._indexed != len(self.tokens):
            self._by_run = defaultdict(list)
            for token in self.tokens:
                self._by_run[token.run_id].append(token)
            self._indexed = len(self.tokens)
        tokens = [*self._by_run.get(run_id, ()), *self.siblings[run_id]]
        return [token for token in tokens if not token.has_ended]

    def split_runs(self) -> Iterator[tuple[UUID, ExecutableFlow]]:
        """See `StepContext.split_runs`."""
        seen: set[UUID] = set()
        for token in self.tokens:
            flow = self._flow_of(token)
            if flow.splits and token.run_id not in seen:
                seen.add(token.run_id)
                yield token.run_id, flow

    def is_joined(self, run_id: UUID, join: str) -> bool:
        """See `StepContext.is_joined`."""
        return join in self.joined.get(run_id, ())

    def mark_joined(self, run_id: UUID, join: str) -> None:
        """See `StepContext.mark_joined`."""
        self.joined.setdefault(run_id, []).append(join)
        self.newly_joined.setdefault(run_id, []).append(join)

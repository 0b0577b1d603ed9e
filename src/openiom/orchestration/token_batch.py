"""
One wave of tokens in memory: which step each is to enter next, and what became of it.

Steps are run in the flow's order, so that tokens of a wave stay together and one query or one engine call serves
all of them; waits come last, because registering one holds a lock until the commit.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import perf_counter
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import IomError
from openiom.platform.retry import is_transient
from openiom.policies import Condition, roots_of
from openiom.provider_contract import EventRequest

from .compiled_flows import Engine, FactsOfWave, RunningFlow
from .document import Step, Wait
from .tokens import Token

Run = Callable[["TokenBatch", RunningFlow, Any, list[Token]], None]


class StepCrashed(IomError):
    """A step raised instead of answering; `cause` is what it raised."""

    code = "step_crashed"

    def __init__(self, step: Step, cause: Exception) -> None:
        super().__init__(f"{type(cause).__name__}: {cause}", where=step.shown)
        self.step = step.id
        self.cause = cause


@dataclass
class TokenBatch:
    """
    stops     steps at which a token is stopped with the crash it would cause, instead of running them
    siblings  the other tokens of the flow runs in this wave, by flow run; only for flows that split
    passed    joins that let their first branch through, by flow run
    """

    session: Session
    engine: Engine
    flows: Mapping[int, RunningFlow]
    now: datetime
    run_step: Run
    stops: Mapping[str, StepCrashed] = field(default_factory=dict)
    siblings: dict[UUID, list[Token]] = field(default_factory=lambda: defaultdict(list))
    passed: dict[UUID, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.facts = FactsOfWave(self.session, self.engine.catalog.entities)
        self.tokens: list[Token] = []
        self.outbound: list[tuple[Any, ...]] = []
        self.newly_passed: dict[UUID, list[str]] = {}
        self.touched_siblings: list[Token] = []
        self.tally: dict[tuple[str, str, str], int] = defaultdict(int)
        self._frontier: dict[tuple[int, str], list[Token]] = {}
        self._raises: dict[int, list[EventRequest]] = defaultdict(list)
        self._entries: list[dict[str, Any]] = []
        self._index: dict[UUID, list[Token]] = {}
        self._indexed = 0

    def take_in(self, tokens: Iterable[Token]) -> None:
        """Tokens as claimed, to be carried from where they stand."""
        for token in tokens:
            self.tokens.append(token)
            self._queue(token)

    def run(self) -> None:
        """Carry every token until it rests. Raises StepCrashed, or what waiting may cure."""
        while self._frontier:
            version, step_id = min(self._frontier, key=self._turn)
            tokens = self._frontier.pop((version, step_id))
            flow = self.flows[version]
            step = flow.steps[step_id]
            if step_id in self.stops:
                self._stop(tokens, self.stops[step_id])
            else:
                self._run(flow, step, tokens)

    def _run(self, flow: RunningFlow, step: Step, tokens: list[Token]) -> None:
        started = perf_counter()
        self._entries = []
        try:
            self.run_step(self, flow, step, tokens)
            self._announce()
        except Exception as error:
            if is_transient(error):
                raise
            raise StepCrashed(step, error) from error
        share = round((perf_counter() - started) * 1000 / len(tokens), 2)
        for entry in self._entries:
            entry.setdefault("ms", share)

    def _turn(self, key: tuple[int, str]) -> tuple[bool, int, int]:
        flow = self.flows[key[0]]
        return isinstance(flow.steps[key[1]], Wait), flow.rank.get(key[1], 0), key[0]

    def _queue(self, token: Token) -> None:
        self._frontier.setdefault((token.version_id, token.step), []).append(token)

    def step_of(self, token: Token) -> Step:
        return self.flows[token.version_id].steps[token.step]

    def note(
        self, token: Token, port: str, reason: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        """Keep what the step did for the token, as its history shows it."""
        entry: dict[str, Any] = {"step": token.step, "port": port}
        if reason:
            entry["reason"] = reason
        if details:
            entry["details"] = details
        self._entries.append(entry)
        token.entries.append(entry)
        self.tally[self.flows[token.version_id].name, token.step, port] += 1

    def leave(
        self,
        token: Token,
        port: str,
        reason: str = "",
        details: Mapping[str, Any] | None = None,
        ms: float | None = None,
    ) -> None:
        """The step is over for the token; it enters the one behind `port`."""
        self.note(token, port, reason, details)
        if ms is not None:
            token.entries[-1]["ms"] = ms
        self.go(token, self.step_of(token).to[port])

    def go(self, token: Token, step: str) -> None:
        token.step, token.arrived, token.awaits, token.due_at = step, None, (), None
        token.state, token.visit, token.entered_at = "ready", 0, self.now
        self._queue(token)

    def again(self, token: Token) -> None:
        """Run the step it rests at once more."""
        token.state = "ready"
        self._queue(token)

    def fork(self, token: Token, ports: Sequence[str], frame: str, copies: Sequence[Token]) -> None:
        """`copies`, the first of which is the token, leave by one port each."""
        self.note(token, ", ".join(ports), details={"split": frame})
        targets = self.step_of(token).to
        for copy, port in zip(copies, ports, strict=True):
            if copy is not token:
                self.tokens.append(copy)
            self.go(copy, targets[port])

    def refuse(
        self,
        token: Token,
        reason: str,
        details: Mapping[str, Any] | None = None,
        ms: float | None = None,
    ) -> None:
        """The step answered no: the way on after an error, the port `failed`, or the token stops here."""
        step = self.step_of(token)
        if step.resume_on_error or "failed" not in step.to:
            self.stop(token, what=reason or "the step failed", details=details, ms=ms)
        else:
            self.leave(token, "failed", reason, details, ms)

    def stop(
        self,
        token: Token,
        *,
        what: str,
        where: str = "",
        why: str = "",
        remedy: str = "",
        details: Mapping[str, Any] | None = None,
        ms: float | None = None,
    ) -> None:
        """The step could not answer: the way on after an error, or the token stops where a person sees it."""
        step = self.step_of(token)
        if step.resume_on_error:
            if step.resume_on_error.event:
                self._raises[token.version_id].append(
                    EventRequest(token.subject_id, step.resume_on_error.event, {}, what)
                )
            self.leave(
                token, step.resume_on_error.port, f"resumed after an error: {what}", details, ms
            )
            return
        self.note(token, "error", what, details)
        if ms is not None:
            token.entries[-1]["ms"] = ms
        token.state, token.due_at, token.awaits = "failed", None, ()
        token.error = {
            "what": what,
            "where": where or step.shown,
            "why": why,
            "remedy": remedy or "correct the cause and reprocess, or skip the step",
            "step": step.id,
        }

    def _stop(self, tokens: Sequence[Token], crash: StepCrashed) -> None:
        self._entries = []
        for token in tokens:
            where, remedy = told(crash.cause)
            self.stop(
                token,
                what=str(crash.what),
                where=where,
                why="the step could not be run",
                remedy=remedy,
            )
        self._announce()

    def sleep(
        self, token: Token, *, due_at: datetime | None = None, awaits: Sequence[str] = ()
    ) -> None:
        """The token rests at its step until it is due or one of the events happens."""
        if token.state != "waiting":
            token.entered_at = self.now
        token.state, token.arrived, token.due_at, token.awaits = (
            "waiting",
            None,
            due_at,
            tuple(awaits),
        )

    def end(self, token: Token) -> None:
        token.gone = True

    def raise_events(
        self, flow: RunningFlow, entity: str, raises: Sequence[EventRequest]
    ) -> dict[UUID, str]:
        """Raise business events now; the reason for each entity whose event was refused."""
        if not raises:
            return {}
        outcomes = self.engine.entity(entity).raise_events(
            self.session, raises, self.now, flow.actor
        )
        self.facts.changed()
        return {r.entity_id: o.reason for r, o in zip(raises, outcomes, strict=True) if not o.ok}

    def _announce(self) -> None:
        for version, raises in self._raises.items():
            flow = self.flows[version]
            self.raise_events(flow, flow.document.subject, raises)
        self._raises.clear()

    def facts_or_stop(
        self, flow: RunningFlow, tokens: Sequence[Token], asked: Iterable[Condition]
    ) -> tuple[list[Token], list[Mapping[str, Any]]]:
        """The tokens whose subject still exists, and what these ask of its facts; the others are stopped."""
        known = self.facts.of(
            flow.document.subject, [token.subject_id for token in tokens], roots_of(asked)
        )
        kept: list[Token] = []
        facts: list[Mapping[str, Any]] = []
        for token in tokens:
            if token.subject_id in known:
                kept.append(token)
                facts.append(known[token.subject_id])
            else:
                self.stop(
                    token,
                    what=f"the {flow.document.subject} no longer exists",
                    remedy="cancel the flow run",
                )
        return kept, facts

    def everyone(self, flow_run: UUID) -> list[Token]:
        """Every token of a flow run that still lives, in this wave and beside it."""
        here = self._by_flow_run().get(flow_run, ())
        return [
            *(t for t in here if not t.gone),
            *(t for t in self.siblings[flow_run] if not t.gone),
        ]

    def _by_flow_run(self) -> Mapping[UUID, list[Token]]:
        if self._indexed != len(self.tokens):
            self._index = defaultdict(list)
            for token in self.tokens:
                self._index[token.run_id].append(token)
            self._indexed = len(self.tokens)
        return self._index


def told(error: Exception) -> tuple[str, str]:
    """Where and what to do, as far as the error says."""
    return (error.where, error.remedy) if isinstance(error, IomError) else ("", "")

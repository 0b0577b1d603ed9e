"""What each kind of step does for a batch of tokens at once."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from openiom.kernel import new_id
from openiom.policies import CompiledPolicy, Failure, Verdict, compiled_policies, roots_of
from openiom.provider_contract import ActionCall, EventRequest, Outcome

from .compiled_flows import RunningFlow
from .document import (
    ActionStep,
    ConditionStep,
    Delay,
    End,
    Merge,
    Policies,
    ProviderActionStep,
    Splitter,
    Start,
    Step,
    Wait,
)
from .merges import run_merge
from .provider_steps import run_provider_action
from .token_batch import TokenBatch
from .tokens import Token, split
from .waits import run_wait


def run_step(wave: TokenBatch, flow: RunningFlow, step: Step, tokens: list[Token]) -> None:
    """Tokens whose step ended while they slept leave it; the others enter it."""
    entering = []
    for token in tokens:
        if token.arrived is None:
            entering.append(token)
            continue
        port, reason = str(token.arrived["port"]), str(token.arrived.get("reason", ""))
        details, ms = token.arrived.get("details"), token.arrived.get("ms")
        if port == "failed":
            wave.refuse(token, reason, details, ms)
        else:
            wave.leave(token, port, reason, details, ms)
    if entering:
        _enter(wave, flow, step, entering)


def _enter(wave: TokenBatch, flow: RunningFlow, step: Step, tokens: list[Token]) -> None:
    run: Callable[[TokenBatch, RunningFlow, Any, list[Token]], None] = _RUN[type(step)]
    run(wave, flow, step, tokens)


def run_start(wave: TokenBatch, flow: RunningFlow, step: Start, tokens: Sequence[Token]) -> None:
    for token in tokens:
        wave.go(token, step.to["next"])


def run_end(wave: TokenBatch, flow: RunningFlow, step: End, tokens: Sequence[Token]) -> None:
    for token in tokens:
        wave.end(token)


def run_delay(wave: TokenBatch, flow: RunningFlow, step: Delay, tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.state == "waiting":
            wave.leave(token, "next")
        else:
            wave.sleep(token, due_at=wave.now + step.duration)


def run_condition(
    wave: TokenBatch, flow: RunningFlow, step: ConditionStep, tokens: Sequence[Token]
) -> None:
    kept, facts = wave.facts_or_stop(flow, tokens, [flow.conditions[step.id]])
    for token, answer in zip(kept, flow.conditions[step.id].evaluate_many(facts), strict=True):
        if isinstance(answer, Failure):
            stop_for(wave, token, answer)
        else:
            wave.leave(
                token, "yes" if answer else "no", f"{step.when} is {'true' if answer else 'false'}"
            )


def run_splitter(
    wave: TokenBatch, flow: RunningFlow, step: Splitter, tokens: Sequence[Token]
) -> None:
    conditions = [flow.conditions[step.id, branch.name] for branch in step.branches]
    kept, facts = wave.facts_or_stop(flow, tokens, conditions)
    answers = [condition.evaluate_many(facts) for condition in conditions]
    for token, *of_branches in zip(kept, *answers, strict=True):
        failure = next((answer for answer in of_branches if isinstance(answer, Failure)), None)
        if failure is not None:
            stop_for(wave, token, failure)
            continue
        ports = [
            branch.name for branch, answer in zip(step.branches, of_branches, strict=True) if answer
        ]
        if not ports and step.otherwise:
            ports = ["otherwise"]
        if not ports:
            names = ", ".join(branch.name for branch in step.branches)
            wave.stop(
                token,
                what=f"no branch matches ({names})",
                remedy="add a branch `otherwise` to the splitter",
            )
            continue
        frame = f"{step.id}:{new_id().hex}"
        wave.fork(token, ports, frame, split(token, frame, len(ports)))


def stop_for(wave: TokenBatch, token: Token, failure: Failure) -> None:
    """Stop a token whose expression had no answer."""
    read = ", ".join(f"{path} = {value!r}" for path, value in failure.values.items())
    wave.stop(
        token,
        what=f"`{failure.expression}` has no answer: {failure.message}",
        why=f"it read {read}",
    )


def run_action(
    wave: TokenBatch, flow: RunningFlow, step: ActionStep, tokens: Sequence[Token]
) -> None:
    """One call of the room for everything the wave brings; a subject with children succeeds when all of them do."""
    action = wave.engine.action(step.action)
    per_token = subjects_of(wave, flow, step.for_each, tokens)
    ids = list(dict.fromkeys(id for ids in per_token for id in ids))
    outcomes: dict[UUID, Outcome] = {}
    if ids:
        parameters = action.parameters.model_validate(step.parameters)
        resumed = frozenset(
            id
            for t, mine in zip(tokens, per_token, strict=True)
            if t.state == "waiting"
            for id in mine
        )
        given = action.run(ActionCall(wave.session, ids, parameters, wave.now, flow.actor, resumed))
        outcomes = dict(zip(ids, given, strict=True))
        wave.facts.changed()
    for token, mine in zip(tokens, per_token, strict=True):
        results = [outcomes[id] for id in mine]
        again = [r.retry_at for r in results if r.retry_at]
        if again:
            wave.sleep(token, due_at=max(again))
            continue
        reason = "; ".join(dict.fromkeys(r.reason for r in results if r.reason and not r.ok))
        if step.for_each:
            details: Mapping[str, Any] = {
                "items": len(mine),
                "failed": sum(not r.ok for r in results),
            }
            details = {**details, "results": [dict(r.details) for r in results if r.details]}
        else:
            details = results[0].details if results else {}
            reason = results[0].reason if results else ""
        if all(r.ok for r in results):
            wave.leave(token, "succeeded", reason, details)
        else:
            wave.refuse(token, reason, details)


def subjects_of(
    wave: TokenBatch, flow: RunningFlow, child: str, tokens: Sequence[Token]
) -> list[Sequence[UUID]]:
    """For each token the ids a step runs for: its subject, or that one's children."""
    subject = flow.document.subject
    if not child or child == subject:
        return [(token.subject_id,) for token in tokens]
    found = wave.facts.children(subject, child, [token.subject_id for token in tokens])
    return [found[token.subject_id] for token in tokens]


def run_policies(
    wave: TokenBatch, flow: RunningFlow, step: Policies, tokens: Sequence[Token]
) -> None:
    """Filter, judge, set, announce: one engine call a policy for the whole wave."""
    names = [step.filter, *step.policies] if step.filter else step.policies
    policies = compiled_policies(wave.session, names)
    entity = step.entity or flow.document.subject
    per_token = subjects_of(wave, flow, step.entity, tokens)
    judged = _Judged(wave, flow, step, entity)
    judged.judge(list(dict.fromkeys(id for ids in per_token for id in ids)), policies)
    refused = judged.announce_children(per_token) if entity != flow.document.subject else {}
    _finish_policies(judged, tokens, per_token, refused)


class _Judged:
    """What the policies of one step say of a batch: verdicts kept as history shows them, and who failed why."""

    def __init__(self, wave: TokenBatch, flow: RunningFlow, step: Policies, entity: str) -> None:
        self.wave, self.flow, self.step, self.entity = wave, flow, step, entity
        self.told: dict[UUID, list[dict[str, Any]]] = {}
        self.failed: dict[UUID, str] = {}
        self.skipped: set[UUID] = set()
        self.roots: frozenset[str] | None = None

    def judge(self, ids: Sequence[UUID], policies: Mapping[str, CompiledPolicy]) -> None:
        self.roots = roots_of(policies.values())
        known = self.wave.facts.of(self.entity, ids, self.roots)
        for id in ids:
            if id not in known:
                self.failed[id] = f"the {self.entity} no longer exists"
        if self.step.filter:
            for id, verdict in self._verdicts(ids, policies[self.step.filter]):
                if verdict.error:
                    self.failed[id] = f"{self.step.filter}: {verdict.error}"
                elif not verdict.passed:
                    self.skipped.add(id)
        for name in self.step.policies:
            self._apply(
                name,
                policies[name],
                [i for i in ids if i not in self.skipped and i not in self.failed],
            )

    def _verdicts(self, ids: Sequence[UUID], policy: CompiledPolicy) -> list[tuple[UUID, Verdict]]:
        kept = [id for id in ids if id not in self.failed]
        known = self.wave.facts.of(self.entity, kept, self.roots)
        return list(zip(kept, policy.evaluate([known[id] for id in kept]), strict=True))

    def _apply(self, name: str, policy: CompiledPolicy, ids: Sequence[UUID]) -> None:
        sets: dict[UUID, Mapping[str, Any]] = {}
        for id, verdict in self._verdicts(ids, policy):
            self.told.setdefault(id, []).append(told(name, verdict))
            if verdict.sets:
                sets[id] = verdict.sets
            if not verdict.passed and policy.document.criticality == "critical":
                self.failed[id] = f"{policy.document.title or name}: {verdict.reason}"
        setter = self.wave.engine.entity(self.entity).set_fields
        if sets and setter is not None:
            setter(self.wave.session, sets, self.wave.now, self.flow.actor)
            self.wave.facts.changed()

    def announce_children(self, per_token: Sequence[Sequence[UUID]]) -> dict[UUID, str]:
        """Raise the child events; the reasons of those refused."""
        events = self.step.child_events
        raises = []
        for id in dict.fromkeys(id for ids in per_token for id in ids if id not in self.skipped):
            event = events.failed if id in self.failed else events.passed
            if event:
                raises.append(EventRequest(id, event, {}, self.failed.get(id, "")))
        return self.wave.raise_events(self.flow, self.entity, raises)


def told(name: str, verdict: Verdict) -> dict[str, Any]:
    """A verdict as the step's history keeps it."""
    kept: dict[str, Any] = {
        "policy": name,
        "passed": verdict.passed,
        "reason": verdict.reason,
        "values": verdict.values,
    }
    if verdict.matched_row is not None:
        kept["row"] = verdict.matched_row.index
    if verdict.sets:
        kept["sets"] = verdict.sets
    return kept


def _finish_policies(
    judged: _Judged,
    tokens: Sequence[Token],
    per_token: Sequence[Sequence[UUID]],
    refused: Mapping[UUID, str],
) -> None:
    """Raise the subject's event and let every token go where its verdicts send it."""
    wave, step, own = judged.wave, judged.step, judged.entity == judged.flow.document.subject
    raises: list[EventRequest] = []
    ends: list[tuple[Token, str, str, list[dict[str, Any]]]] = []
    for token, ids in zip(tokens, per_token, strict=True):
        asked = [id for id in ids if id not in judged.skipped]
        failed = [id for id in asked if id in judged.failed]
        reason = "; ".join(dict.fromkeys(judged.failed[id] for id in failed))
        verdicts = [
            verdict if own else {**verdict, "id": str(id)}
            for id in asked
            for verdict in judged.told.get(id, ())
        ]
        if not asked:
            ends.append(
                (token, "skipped", "nothing to judge" if not ids else f"not for {step.filter}", [])
            )
            continue
        event = step.events.failed if failed else step.events.passed
        if event:
            raises.append(EventRequest(token.subject_id, event, {}, reason))
        ends.append((token, "failed" if failed else "passed", reason, verdicts))
    no = {**wave.raise_events(judged.flow, judged.flow.document.subject, raises)}
    for (token, port, reason, verdicts), ids in zip(ends, per_token, strict=True):
        details = {"policies": verdicts} if verdicts else {}
        objection = no.get(token.subject_id) or next(
            (refused[id] for id in ids if id in refused), ""
        )
        if objection:
            wave.stop(
                token, what=objection, why=f"the event after {port} was refused", details=details
            )
        elif port == "failed":
            wave.refuse(token, reason, details)
        elif port == "skipped" and "skipped" not in step.to:
            wave.leave(token, "passed", f"skipped: {reason}", details)
        else:
            wave.leave(token, port, reason, details)


_RUN: dict[type[Any], Callable[[TokenBatch, RunningFlow, Any, list[Token]], None]] = {
    Start: run_start,
    End: run_end,
    Policies: run_policies,
    ConditionStep: run_condition,
    Splitter: run_splitter,
    Merge: run_merge,
    ActionStep: run_action,
    ProviderActionStep: run_provider_action,
    Wait: run_wait,
    Delay: run_delay,
}

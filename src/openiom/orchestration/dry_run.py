"""What a flow would do with a subject: the same policies, conditions and payloads, and not one write."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Problem
from openiom.policies import Failure, compiled_policies
from openiom.provider_contract import Facts

from .compiled_flows import Engine, RunningFlow
from .document import (
    ActionStep,
    ConditionStep,
    Delay,
    Policies,
    ProviderActionStep,
    Splitter,
    Step,
    Wait,
)


@dataclass(frozen=True, slots=True)
class DryStep:
    """One step on the way: the port it would leave by ('' where it would stop), and why."""

    step: str
    title: str
    kind: str
    port: str
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class _Walk:
    """One subject on its way. What policies would set is laid over the facts; nothing is stored."""

    session: Session
    engine: Engine
    flow: RunningFlow
    subject_id: UUID
    facts: dict[tuple[str, UUID], Facts] = field(default_factory=dict)

    def of(self, entity: str, ids: Sequence[UUID]) -> list[Facts]:
        missing = [id for id in ids if (entity, id) not in self.facts]
        if missing:
            known = self.engine.entity(entity).facts(self.session, missing)
            self.facts.update({(entity, id): facts for id, facts in known.items()})
        return [self.facts[entity, id] for id in ids if (entity, id) in self.facts]

    @property
    def subject(self) -> Facts:
        return self.of(self.flow.document.subject, [self.subject_id])[0]

    def children(self, entity: str) -> list[UUID]:
        own = self.flow.document.subject
        if not entity or entity == own:
            return [self.subject_id]
        return (
            self.engine.entity(own)
            .children[entity](self.session, [self.subject_id])
            .get(self.subject_id, [])
        )


def dry_run(
    session: Session, engine: Engine, flow: RunningFlow, subject_ids: Sequence[UUID]
) -> dict[UUID, list[DryStep]]:
    """For each subject the steps it would take now; actions and waits are taken to go well. The session may be
    read-only. Raises NotFound for a subject that does not exist."""
    known = engine.entity(flow.document.subject).facts(session, subject_ids)
    missing = [str(id) for id in subject_ids if id not in known]
    if missing:
        raise NotFound(f"no {flow.document.subject} {', '.join(missing[:5])}")
    out = {}
    for id in subject_ids:
        walk = _Walk(session, engine, flow, id, {(flow.document.subject, id): known[id]})
        out[id] = list(_steps(walk))
    return out


def _steps(walk: _Walk) -> Iterator[DryStep]:
    todo, seen = [walk.flow.plan.start], set[str]()
    while todo:
        name = todo.pop(0)
        if name in seen:
            continue
        seen.add(name)
        step = walk.flow.steps[name]
        ports, reason, details = _evaluate(walk, step)
        wired = [port for port in ports if port in step.to]
        yield DryStep(step.id, step.shown, step.kind, ", ".join(wired), reason, details)
        todo += [step.to[port] for port in wired]


def _evaluate(walk: _Walk, step: Step) -> tuple[list[str], str, dict[str, Any]]:
    """Ports the token would leave by, why, and what it would do."""
    match step:
        case Policies():
            return _policies(walk, step)
        case ConditionStep():
            answer = walk.flow.conditions[step.id].evaluate(walk.subject)
            if isinstance(answer, Failure):
                return (
                    [],
                    f"`{step.when}` has no answer: {answer.message}",
                    {"values": answer.values},
                )
            return (
                ["yes" if answer else "no"],
                f"{step.when} is {'true' if answer else 'false'}",
                {},
            )
        case Splitter():
            return _splitter(walk, step)
        case ActionStep():
            ids = walk.children(step.for_each)
            return (
                ["succeeded"],
                f"would run {step.action}",
                {"items": len(ids), "parameters": step.parameters},
            )
        case ProviderActionStep():
            return _provider_action(walk, step)
        case Wait():
            return ["happened"], f"would wait for {', '.join(step.events)}", {}
        case Delay():
            return ["next"], f"would sleep {step.duration}", {}
    return list(step.must_have), "", {}


def _policies(walk: _Walk, step: Policies) -> tuple[list[str], str, dict[str, Any]]:
    entity, ids = step.entity or walk.flow.document.subject, walk.children(step.entity)
    policies = compiled_policies(
        walk.session, [*([step.filter] if step.filter else []), *step.policies]
    )
    if step.filter:
        verdicts = policies[step.filter].evaluate(walk.of(entity, ids))
        ids = [id for id, verdict in zip(ids, verdicts, strict=True) if verdict.passed]
    if not ids:
        return (
            ["skipped" if "skipped" in step.to else "passed"],
            f"not for {step.filter or 'anything'}",
            {},
        )
    told: list[dict[str, Any]] = []
    failed: dict[UUID, str] = {}
    for name in step.policies:
        asked = [id for id in ids if id not in failed]
        for id, verdict in zip(asked, policies[name].evaluate(walk.of(entity, asked)), strict=True):
            told.append(
                {"policy": name, "id": str(id), "passed": verdict.passed, "reason": verdict.reason}
            )
            if verdict.sets:
                told[-1]["would_set"] = verdict.sets
                walk.facts[entity, id] = {**walk.facts[entity, id], **verdict.sets}
            if not verdict.passed and policies[name].document.criticality == "critical":
                failed[id] = verdict.reason
    event = step.events.failed if failed else step.events.passed
    details = {"policies": told, **({"would_raise": event} if event else {})}
    return ["failed" if failed else "passed"], "; ".join(dict.fromkeys(failed.values())), details


def _splitter(walk: _Walk, step: Splitter) -> tuple[list[str], str, dict[str, Any]]:
    ports = []
    for branch in step.branches:
        answer = walk.flow.conditions[step.id, branch.name].evaluate(walk.subject)
        if isinstance(answer, Failure):
            return [], f"`{branch.when}` has no answer: {answer.message}", {"values": answer.values}
        if answer:
            ports.append(branch.name)
    if not ports and step.otherwise:
        return ["otherwise"], "no branch matches", {}
    return ports, "" if ports else "no branch matches", {}


def _provider_action(
    walk: _Walk, step: ProviderActionStep
) -> tuple[list[str], str, dict[str, Any]]:
    entity, ids = step.for_each or walk.flow.document.subject, walk.children(step.for_each)
    facts = walk.of(entity, ids)
    if step.when:
        facts = [f for f in facts if walk.flow.conditions[step.id].evaluate(f) is True]
    if step.filter:
        verdicts = compiled_policies(walk.session, [step.filter])[step.filter].evaluate(facts)
        facts = [f for f, verdict in zip(facts, verdicts, strict=True) if verdict.passed]
    if not facts:
        return ["skipped" if "skipped" in step.to else "succeeded"], "nothing to send", {}
    payloads = walk.engine.outside.payloads(walk.session, step.instance, step.action, facts)
    problems = [str(p) for p in payloads if isinstance(p, Problem)]
    if problems:
        return [], problems[0], {"problems": problems}
    return (
        ["succeeded"],
        f"would ask {step.instance} to {step.action}",
        {"payloads": list(payloads)},
    )

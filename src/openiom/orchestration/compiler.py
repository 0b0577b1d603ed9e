"""From a flow document to a plan a wave can run, or every fault of it at once, by step name. Pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from openiom.kernel import Invalid, Problem
from openiom.policies import Condition, PolicyDocument
from openiom.provider_contract import Entity

from . import graph
from .catalog import Known, fields_set
from .document import (
    ActionStep,
    ConditionStep,
    Delay,
    End,
    FlowDocument,
    Merge,
    Policies,
    ProviderActionStep,
    Splitter,
    Start,
    Step,
    Wait,
)


class Plan(BaseModel, frozen=True):
    """What running needs beyond the document; stored with the version.

    order      steps reachable from the start, each before those behind it
    segments   runs of steps that one wave carries a token through
    joins      merge -> splitters whose branches meet there
    before     merge -> steps from which a token can still arrive there
    revisited  steps that one flow run may enter more than once
    """

    start: str
    order: list[str]
    segments: list[list[str]]
    joins: dict[str, list[str]]
    before: dict[str, list[str]]
    revisited: list[str]


@dataclass(frozen=True)
class CompiledFlow:
    document: FlowDocument
    plan: Plan


def read_flow(body: Mapping[str, Any]) -> FlowDocument:
    """The document in `body`. Raises Invalid that names the step of every fault."""
    try:
        return FlowDocument.model_validate(body)
    except ValidationError as error:
        problems = [Problem(_place(body, fault["loc"]), fault["msg"]) for fault in error.errors()]
        raise Invalid(
            "the flow is not well formed", problems=problems, remedy="correct the steps named"
        ) from error


def compile_flow(body: Mapping[str, Any], known: Known) -> CompiledFlow:
    """The flow ready to run. Raises Invalid with all problems at once."""
    document = read_flow(body)
    problems = check_flow(document, known)
    if problems:
        raise Invalid(
            "the flow cannot be published", problems=problems, remedy="correct the steps named"
        )
    return CompiledFlow(document, plan_of(document))


def check_flow(document: FlowDocument, known: Known) -> list[Problem]:
    """Every fault only the rest of the configuration can reveal, and every fault of the graph."""
    return [
        *_header(document, known),
        *_wiring(document),
        *_shape(document),
        *_references(document, known),
    ]


def plan_of(document: FlowDocument) -> Plan:
    """The plan of a document without faults."""
    steps = document.by_id
    edges = {step.id: step.to for step in document.steps}
    start = next(step.id for step in document.steps if isinstance(step, Start))
    order = graph.in_order(edges, start)
    merges = [s.id for s in document.steps if isinstance(s, Merge)]
    splitters = [s.id for s in document.steps if isinstance(s, Splitter)]
    back = graph.backwards(edges)
    twice = {step for group in graph.loops(edges) for step in group}
    for splitter in splitters:
        branches = [graph.reachable(edges, [target]) for target in steps[splitter].to.values()]
        twice |= {step for step in order if sum(step in branch for branch in branches) > 1}
    return Plan(
        start=start,
        order=order,
        segments=graph.segments(
            edges, start=start, rests={s.id for s in document.steps if s.rests}, order=order
        ),
        joins=graph.joins(edges, merges=merges, splitters=splitters),
        before={m: sorted(graph.reachable(back, back.get(m, {})) - {m}) for m in merges},
        revisited=sorted(twice),
    )


def where(step: Step) -> str:
    return (
        f"step {step.shown!r}"
        if step.title in ("", step.id)
        else f"step {step.title!r} ({step.id})"
    )


def _place(body: Mapping[str, Any], path: tuple[str | int, ...]) -> str:
    steps = body.get("steps")
    if (
        len(path) > 1
        and path[0] == "steps"
        and isinstance(path[1], int)
        and isinstance(steps, list)
    ):
        step = steps[path[1]]
        name = (step.get("title") or step.get("id")) if isinstance(step, Mapping) else None
        rest = ".".join(
            map(
                str,
                path[3:] if isinstance(step, Mapping) and step.get("kind") in path else path[2:],
            )
        )
        return (
            f"step {name!r}" + (f", {rest}" if rest else "")
            if name
            else f"step number {path[1] + 1}, {rest}"
        )
    return ".".join(map(str, path)) or "flow"


def _header(document: FlowDocument, known: Known) -> Iterator[Problem]:
    if document.subject not in known.entities:
        yield Problem("subject", f"no entity {document.subject!r}", _choices(known.entities))
    yield from _event(known, document.trigger.event, "trigger")
    yield from _expression(document.trigger.condition, "trigger, condition")
    for event in document.cancel_on:
        yield from _event(known, event, "cancel_on")
    starts = [step for step in document.steps if isinstance(step, Start)]
    if len(starts) != 1:
        yield Problem("steps", f"a flow has one start, found {len(starts)}")
    if not any(isinstance(step, End) for step in document.steps):
        yield Problem("steps", "a flow has at least one end")


def _wiring(document: FlowDocument) -> Iterator[Problem]:
    steps = document.by_id
    for step in document.steps:
        for port, target in step.to.items():
            if port not in step.ports:
                remedy = f"its ports: {', '.join(step.ports)}" if step.ports else "it has no ports"
                yield Problem(where(step), f"has no port {port!r}", remedy)
            if target not in steps:
                yield Problem(
                    where(step),
                    f"port {port!r} leads to {target!r}, which is no step",
                    _choices(steps),
                )
            elif isinstance(steps[target], Start):
                yield Problem(
                    where(step),
                    f"port {port!r} leads back to the start",
                    "lead to the step behind it",
                )
        for port in step.must_have:
            if port not in step.to:
                yield Problem(where(step), f"port {port!r} leads nowhere", "wire it to a step")
        if isinstance(step, Splitter) and len(set(step.must_have)) < len(step.must_have):
            yield Problem(where(step), "two branches share a name")
        if step.resume_on_error and step.resume_on_error.port not in step.to:
            yield Problem(
                where(step), f"resumes by port {step.resume_on_error.port!r}, which leads nowhere"
            )


def _shape(document: FlowDocument) -> Iterator[Problem]:
    """Unreachable and dead-ended steps, loops without a wait."""
    steps = document.by_id
    edges = {s.id: {p: t for p, t in s.to.items() if t in steps} for s in document.steps}
    starts = [step.id for step in document.steps if isinstance(step, Start)]
    reached = graph.reachable(edges, starts)
    ends = graph.reachable(
        graph.backwards(edges), [s.id for s in document.steps if isinstance(s, End)]
    )
    for step in document.steps:
        if starts and step.id not in reached:
            yield Problem(
                where(step), "cannot be reached from the start", "lead a port to it or remove it"
            )
        elif step.id not in ends and all(port in step.to for port in step.must_have):
            yield Problem(where(step), "never gets to an end", "lead its way to an end")
    awake = graph.without(edges, {s.id for s in document.steps if isinstance(s, Wait | Delay)})
    for group in graph.loops(awake):
        names = " -> ".join(steps[step].shown for step in group)
        yield Problem(
            where(steps[group[0]]),
            f"goes round without a wait: {names}",
            "put a wait or a delay in the loop",
        )


def _references(document: FlowDocument, known: Known) -> Iterator[Problem]:
    subject = known.entities.get(document.subject)
    for step in document.steps:
        if step.resume_on_error and step.resume_on_error.event:
            yield from _event(known, step.resume_on_error.event, where(step))
        yield from _expressions(step)
        if isinstance(step, Wait):
            for event in step.events:
                yield from _event(known, event, where(step))
        if subject is None:
            continue
        match step:
            case Policies():
                yield from _policies(step, subject, known)
            case ActionStep():
                yield from _action(step, subject, known)
            case ProviderActionStep():
                yield from _provider_action(step, subject, known)


def _expressions(step: Step) -> Iterator[Problem]:
    match step:
        case ConditionStep() | ProviderActionStep():
            yield from _expression(step.when, f"{where(step)}, when")
        case Splitter():
            for branch in step.branches:
                yield from _expression(branch.when, f"{where(step)}, branch {branch.name}")


def _policies(step: Policies, subject: Entity, known: Known) -> Iterator[Problem]:
    entity, problems = _entity(step, step.entity, subject, known)
    yield from problems
    if entity is None:
        return
    if step.filter:
        yield from _policy(step, step.filter, "filter", entity, known)
    for name in step.policies:
        yield from _policy(step, name, "execution", entity, known)
    for event in (
        step.events.passed,
        step.events.failed,
        step.child_events.passed,
        step.child_events.failed,
    ):
        if event:
            yield from _event(known, event, where(step))
    if entity.name == subject.name and (step.child_events.passed or step.child_events.failed):
        yield Problem(
            where(step), "has child events but judges the subject itself", "set entity to a child"
        )


def _policy(step: Step, name: str, kind: str, entity: Entity, known: Known) -> Iterator[Problem]:
    policy: PolicyDocument | None = known.policies.get(name)
    if policy is None:
        yield Problem(
            where(step), f"policy {name!r} is not published", "publish it or choose another"
        )
        return
    if policy.type != kind:
        yield Problem(
            where(step), f"policy {name!r} is a policy of type {policy.type}, {kind} is needed"
        )
    if policy.entity != entity.name:
        yield Problem(
            where(step), f"policy {name!r} judges {policy.entity}, the step runs for {entity.name}"
        )
        return
    unknown = sorted(fields_set(policy) - set(entity.settable if entity.set_fields else ()))
    if unknown:
        remedy = (
            _choices(entity.settable)
            if entity.settable
            else f"{entity.name} has no field a policy may set"
        )
        yield Problem(
            where(step), f"policy {name!r} sets {', '.join(unknown)}, which cannot be set", remedy
        )


def _action(step: ActionStep, subject: Entity, known: Known) -> Iterator[Problem]:
    entity, problems = _entity(step, step.for_each, subject, known)
    yield from problems
    action = known.actions.get(step.action)
    if action is None:
        yield Problem(where(step), f"no action {step.action!r}", _choices(known.actions))
        return
    if entity and action.entity != entity.name:
        yield Problem(
            where(step),
            f"action {step.action!r} is for {action.entity}, the step runs for {entity.name}",
        )
    try:
        action.parameters.model_validate(step.parameters)
    except ValidationError as error:
        for fault in error.errors():
            yield Problem(
                f"{where(step)}, parameters.{'.'.join(map(str, fault['loc']))}", fault["msg"]
            )


def _provider_action(step: ProviderActionStep, subject: Entity, known: Known) -> Iterator[Problem]:
    entity, problems = _entity(step, step.for_each, subject, known)
    yield from problems
    if step.filter and entity:
        yield from _policy(step, step.filter, "filter", entity, known)
    if step.instance not in known.instances:
        yield Problem(
            where(step), f"no provider instance {step.instance!r}", _choices(known.instances)
        )
        return
    action = known.provider_actions.get((step.instance, step.action))
    if action is None:
        offered = [name for instance, name in known.provider_actions if instance == step.instance]
        yield Problem(
            where(step), f"{step.instance!r} cannot do {step.action!r}", _choices(offered)
        )
    elif entity and action.entity != entity.name:
        yield Problem(
            where(step), f"{step.action!r} is for {action.entity}, the step runs for {entity.name}"
        )


def _entity(
    step: Step, name: str, subject: Entity, known: Known
) -> tuple[Entity | None, list[Problem]]:
    """The entity a step runs for: the subject, or the child it names."""
    if not name or name == subject.name:
        return subject, []
    if name not in subject.children:
        remedy = _choices([subject.name, *subject.children])
        return None, [Problem(where(step), f"{name!r} is no child of {subject.name}", remedy)]
    if name not in known.entities:
        return None, [Problem(where(step), f"no entity {name!r}", _choices(known.entities))]
    return known.entities[name], []


def _event(known: Known, event: str, place: str) -> Iterator[Problem]:
    if event not in known.all_events:
        yield Problem(place, f"no business event {event!r}", "see the list of events")


def _expression(text: str, place: str) -> Iterator[Problem]:
    if not text:
        return
    try:
        Condition(text, where=place)
    except Invalid as error:
        yield Problem(place, error.what, error.remedy)


def _choices(names: Collection[str]) -> str:
    shown = sorted(names)
    return (
        "known: " + ", ".join(shown[:12]) + (" ..." if len(shown) > 12 else "")
        if shown
        else "there is none yet"
    )

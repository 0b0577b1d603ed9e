"""Compiles a flow document to a plan, or reports all its problems at once by step name. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from openiom.kernel import Invalid, Problem
from openiom.policies import Condition

from . import graph
from .catalog import CatalogSnapshot
from .checks import CheckScope, check_event, check_expression, list_choices, place_of
from .context import ExecutableFlow
from .document import FlowDocument
from .elements import ELEMENTS
from .plan import Plan
from .step import Step, StepTraits


@dataclass(frozen=True)
class CompiledFlow:
    """A document without problems, and its plan."""

    document: FlowDocument
    plan: Plan


def read_flow(body: Mapping[str, Any]) -> FlowDocument:
    """Return the document in `body`. Raise `Invalid`, naming the step of every problem."""
    try:
        return FlowDocument.model_validate(body)
    except ValidationError as error:
        problems = []
        for fault in error.errors():
            problems.append(Problem(_place(body, fault["loc"]), fault["msg"]))

        raise Invalid(
            "the flow is not well formed",
            problems=problems,
            remedy="correct the steps that are listed",
        ) from error


def compile_flow(body: Mapping[str, Any], catalog: CatalogSnapshot) -> CompiledFlow:
    """Return the flow with its plan. Raise `Invalid` with all problems at once."""
    document = read_flow(body)
    problems = check_flow(document, catalog)
    if problems:
        raise Invalid(
            "the flow cannot be published",
            problems=problems,
            remedy="correct the steps that are listed",
        )

    return CompiledFlow(document, plan_of(document))


def check_flow(document: FlowDocument, catalog: CatalogSnapshot) -> list[Problem]:
    """Return every problem of the graph, and every one that only the configuration reveals."""
    return [
        *_check_header(document, catalog),
        *_check_wiring(document),
        *_check_shape(document),
        *_check_steps(document, catalog),
    ]


def plan_of(document: FlowDocument) -> Plan:
    """Return the plan of a document without problems."""
    edges = {step.id: step.to for step in document.steps}
    [start] = _starts(document)
    order = graph.topological_order(edges, start)
    merges = _ids_with(document, lambda traits: traits.joins)
    splitters = _ids_with(document, lambda traits: traits.splits)
    suspending = _ids_with(document, lambda traits: traits.suspends)
    revisited = graph.steps_in_loops(edges)

    for splitter in splitters:
        revisited |= graph.steps_on_several_branches(edges, splitter)

    return Plan(
        start=start,
        order=order,
        segments=graph.segments(edges, start=start, suspending=suspending, order=order),
        joins=graph.joins(edges, merges=merges, splitters=splitters),
        before=graph.predecessors(edges, merges),
        revisited=sorted(revisited.intersection(order)),
    )


def executable_flow(
    document: FlowDocument, plan: Plan, *, id: int, name: str, version: int
) -> ExecutableFlow:
    """Return a flow version with its expressions compiled."""
    trigger = document.trigger
    condition = None
    if trigger.condition:
        condition = Condition(trigger.condition, where="trigger, condition")

    steps = {}
    for step in document.steps:
        steps[step.id] = ELEMENTS[step.kind].compile(step)

    return ExecutableFlow(
        id=id,
        name=name,
        version=version,
        title=document.title,
        subject=document.subject,
        trigger=trigger,
        trigger_condition=condition,
        cancel_on=frozenset(document.cancel_on),
        retry_on=frozenset(document.retry_on),
        plan=plan,
        steps=steps,
        rank={step: rank for rank, step in enumerate(plan.order)},
        splits=any(step.traits.splits for step in document.steps),
    )


def _ids_with(document: FlowDocument, wanted: Callable[[StepTraits], bool]) -> list[str]:
    """Return the ids of the steps whose kind has the wanted traits."""
    return [step.id for step in document.steps if wanted(step.traits)]


def _starts(document: FlowDocument) -> list[str]:
    return _ids_with(document, lambda traits: traits.role == "start")


def _ends(document: FlowDocument) -> list[str]:
    return _ids_with(document, lambda traits: traits.role == "end")


def _place(body: Mapping[str, Any], path: tuple[str | int, ...]) -> str:
    """Return where a fault is: the step's title and the field within it, or the path."""
    steps = body.get("steps")
    in_a_step = len(path) > 1 and path[0] == "steps" and isinstance(path[1], int)
    if not in_a_step or not isinstance(steps, list):
        return ".".join(map(str, path)) or "flow"
    number = int(path[1])
    return _place_in_step(steps[number], number, path[2:])


def _place_in_step(step: Any, number: int, path: Sequence[str | int]) -> str:
    """Return the title of a step, or its number, and the field within it."""
    members = step if isinstance(step, Mapping) else {}
    name = members.get("title") or members.get("id")
    place = f"step {name!r}" if name else f"step number {number + 1}"
    if list(path[:1]) == [members.get("kind")]:
        path = path[1:]  # the union's tag, which is no field
    return ", ".join([place, *_field(path)])


def _field(path: Sequence[str | int]) -> list[str]:
    """Return a path within a step as dotted text; none for the step itself."""
    return [".".join(map(str, path))] if path else []


def _check_header(document: FlowDocument, catalog: CatalogSnapshot) -> Iterator[Problem]:
    if document.subject not in catalog.entities:
        choices = list_choices(catalog.entities)
        yield Problem("subject", f"no entity {document.subject!r}", choices)
    yield from check_event(catalog, document.trigger.event, "trigger")
    yield from check_expression(document.trigger.condition, "trigger, condition")
    for event in document.cancel_on:
        yield from check_event(catalog, event, "cancel_on")
    for event in document.retry_on:
        yield from check_event(catalog, event, "retry_on")
    yield from _check_ends(document)


def _check_ends(document: FlowDocument) -> Iterator[Problem]:
    """Check for one start and at least one end."""
    starts = _starts(document)
    if len(starts) != 1:
        yield Problem("steps", f"a flow has one start, found {len(starts)}", "keep one start")
    if not _ends(document):
        yield Problem("steps", "a flow has at least one end", "add an end")


def _check_wiring(document: FlowDocument) -> Iterator[Problem]:
    steps = document.by_id
    for step in document.steps:
        place = place_of(step)
        for port, target in step.to.items():
            yield from _check_port(step, place, port)
            yield from _check_target(steps, place, port, target)
        yield from _check_exits(step, place)


def _check_exits(step: Step, place: str) -> Iterator[Problem]:
    """Check that the ports by which a step can be left lead somewhere."""
    for port in step.required_ports:
        if port not in step.to:
            yield Problem(place, f"port {port!r} leads nowhere", "wire it to a step")
    resume = step.resume_on_error
    if resume and resume.port not in step.to:
        what = f"resumes by port {resume.port!r}, which leads nowhere"
        yield Problem(place, what, "wire the port, or resume by another")


def _check_port(step: Step, place: str, port: str) -> Iterator[Problem]:
    if port in step.ports:
        return
    remedy = "it has no ports"
    if step.ports:
        remedy = f"its ports: {', '.join(step.ports)}"
    yield Problem(place, f"has no port {port!r}", remedy)


def _check_target(
    steps: Mapping[str, Step], place: str, port: str, target: str
) -> Iterator[Problem]:
    if target not in steps:
        what = f"port {port!r} leads to {target!r}, which is no step"
        yield Problem(place, what, list_choices(steps))
    elif steps[target].traits.role == "start":
        what = f"port {port!r} leads back to the start"
        yield Problem(place, what, "lead to the step behind it")


def _check_shape(document: FlowDocument) -> Iterator[Problem]:
    """Check for unreachable steps, dead ends, and loops without a pause."""
    edges = graph.within({step.id: step.to for step in document.steps})
    yield from _check_reach(document, edges)
    yield from _check_loops(document, edges)


def _check_loops(document: FlowDocument, edges: graph.Edges) -> Iterator[Problem]:
    """Check that every loop contains a step at which flow runs pause."""
    steps = document.by_id
    pauses = _ids_with(document, lambda traits: traits.breaks_loops)

    for group in graph.loops(graph.without(edges, pauses)):
        names = " -> ".join(steps[step].label for step in group)
        yield Problem(
            place_of(steps[group[0]]),
            f"loops without a wait: {names}",
            "put a wait or a delay in the loop",
        )


def _check_reach(document: FlowDocument, edges: graph.Edges) -> Iterator[Problem]:
    """Check that every step lies on a way from the start to an end.

    Without a start every step counts as reached, because that is a problem of its own.
    """
    starts = _starts(document) or list(edges)
    reached = graph.reachable(edges, starts)
    ending = graph.reachable(graph.reversed_edges(edges), _ends(document))

    for step in document.steps:
        if step.id not in reached:
            yield _unreached(step)
        elif step.id not in ending:
            yield from _dead_end(step)


def _unreached(step: Step) -> Problem:
    return Problem(
        where=place_of(step),
        what="cannot be reached from the start",
        remedy="lead a port to it or remove it",
    )


def _dead_end(step: Step) -> Iterator[Problem]:
    """Report a step from which no end is reached, unless a port of it is not wired yet."""
    if step.to.keys() >= set(step.required_ports):
        remedy = "connect it to a step that reaches an end"
        yield Problem(place_of(step), "does not reach an end", remedy)


def _check_steps(document: FlowDocument, catalog: CatalogSnapshot) -> Iterator[Problem]:
    scope = CheckScope(catalog, catalog.entities.get(document.subject))
    for step in document.steps:
        resume = step.resume_on_error
        if resume and resume.event:
            yield from check_event(catalog, resume.event, place_of(step))
        yield from ELEMENTS[step.kind].check(step, scope)

"""Checks that several step kinds share; each problem names the step and what to do about it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from openiom.kernel import Invalid, Problem
from openiom.policies import Condition, PolicyDocument
from openiom.provider_contract import Entity

from .catalog import CatalogSnapshot, settable_fields
from .step import Step

_LISTED = 12


@dataclass(frozen=True)
class CheckScope:
    """What a step is checked against; `subject` is None when the flow's subject does not exist."""

    catalog: CatalogSnapshot
    subject: Entity | None


def place_of(step: Step) -> str:
    """Return how problems name a step: its title, and its id when that differs."""
    if step.title in ("", step.id):
        return f"step {step.label!r}"
    return f"step {step.title!r} ({step.id})"


def list_choices(names: Collection[str]) -> str:
    """Return the names a user can choose from, as a remedy."""
    if not names:
        return "there is none yet"
    shown = sorted(names)
    more = " ..." if len(shown) > _LISTED else ""
    return "known: " + ", ".join(shown[:_LISTED]) + more


def check_event(catalog: CatalogSnapshot, event: str, place: str) -> Iterator[Problem]:
    """Check that a business event exists."""
    if event not in catalog.all_events:
        yield Problem(place, f"no business event {event!r}", "see the list of events")


def check_expression(text: str, place: str) -> Iterator[Problem]:
    """Check that an expression compiles; an empty one is allowed."""
    if not text:
        return
    try:
        Condition(text, where=place)
    except Invalid as error:
        yield Problem(place, error.what, error.remedy)


def resolve_entity(step: Step, name: str, scope: CheckScope) -> tuple[Entity | None, list[Problem]]:
    """Return the entity a step runs for: the subject, or the child that `name` is."""
    subject = scope.subject
    if subject is None or name in ("", subject.name):
        return subject, []

    what = f"no entity {name!r}"
    choices: Collection[str] = scope.catalog.entities
    if name not in subject.children:
        what = f"{name!r} is no child of {subject.name}"
        choices = [subject.name, *subject.children]
    elif name in choices:
        return scope.catalog.entities[name], []

    return None, [Problem(place_of(step), what, list_choices(choices))]


def check_policy(
    step: Step, name: str, *, kind: str, entity: Entity, catalog: CatalogSnapshot
) -> Iterator[Problem]:
    """Check that a policy exists, is of this kind and applies to the entity."""
    place = place_of(step)
    policy = catalog.policies.get(name)
    if policy is None:
        yield Problem(place, f"policy {name!r} is not published", "publish it or choose another")
        return

    if policy.type != kind:
        yield Problem(place, f"policy {name!r} is of type {policy.type}, but the step needs {kind}")

    if policy.entity != entity.name:
        yield Problem(
            place, f"policy {name!r} is for {policy.entity}, but the step runs for {entity.name}"
        )
        return

    yield from _check_settable(policy, entity, place, name)


def _check_settable(
    policy: PolicyDocument, entity: Entity, place: str, name: str
) -> Iterator[Problem]:
    """Check that the entity has every field that a policy sets."""
    settable: tuple[str, ...] = entity.settable if entity.set_fields else ()
    unknown = sorted(settable_fields(policy) - set(settable))
    if unknown:
        what = f"policy {name!r} sets {', '.join(unknown)}, which cannot be set"
        yield Problem(place, what, _settable_remedy(entity))


def _settable_remedy(entity: Entity) -> str:
    if entity.settable:
        return list_choices(entity.settable)
    return f"{entity.name} has no field a policy may set"

"""Compile checks of a policies step."""

from collections.abc import Iterator

from openiom.kernel import Problem
from openiom.orchestration.checks import (
    CheckScope,
    check_event,
    check_policy,
    place_of,
    resolve_entity,
)

from .document import Policies


def check(step: Policies, scope: CheckScope) -> Iterator[Problem]:
    """Check the entity, the policies and the events of the step."""
    if scope.subject is None:
        return
    entity, problems = resolve_entity(step, step.entity, scope)
    yield from problems
    if entity is None:
        return
    catalog = scope.catalog
    if step.filter:
        yield from check_policy(step, step.filter, kind="filter", entity=entity, catalog=catalog)
    for name in step.policies:
        yield from check_policy(step, name, kind="execution", entity=entity, catalog=catalog)
    child_events = step.child_events.named()
    for event in (*step.events.named(), *child_events):
        yield from check_event(catalog, event, place_of(step))
    if child_events and entity.name == scope.subject.name:
        yield Problem(
            place_of(step),
            "has child events, but its policies are evaluated for the subject",
            "set entity to a child",
        )

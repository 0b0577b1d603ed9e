"""Compile checks of a policies step."""

from collections.abc import Iterator

from openiom.kernel import Problem
from openiom.orchestration.catalog import CatalogSnapshot
from openiom.orchestration.checks import (
    CheckScope,
    check_event,
    check_policy,
    place_of,
    resolve_entity,
)
from openiom.provider_contract import Entity

from .document import Policies


def check(step: Policies, scope: CheckScope) -> Iterator[Problem]:
    """Check the entity, the policies and the events of the step."""
    if scope.subject is None:
        return

    entity, problems = resolve_entity(step, step.entity, scope)
    yield from problems
    if entity is None:
        return

    yield from _check_policies(step, entity, scope.catalog)
    yield from _check_events(step, scope.catalog)
    if step.child_events.named() and entity.name == scope.subject.name:
        yield Problem(
            place_of(step),
            "has child events, but its policies are evaluated for the subject",
            "set entity to a child",
        )


def _check_policies(step: Policies, entity: Entity, catalog: CatalogSnapshot) -> Iterator[Problem]:
    if step.filter:
        yield from check_policy(step, step.filter, kind="filter", entity=entity, catalog=catalog)
    for name in step.policies:
        yield from check_policy(step, name, kind="execution", entity=entity, catalog=catalog)


def _check_events(step: Policies, catalog: CatalogSnapshot) -> Iterator[Problem]:
    for event in [*step.events.named(), *step.child_events.named()]:
        yield from check_event(catalog, event, place_of(step))

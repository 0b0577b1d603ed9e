"""Compile checks of a provider action step."""

from collections.abc import Iterator

from openiom.kernel import Problem
from openiom.orchestration.checks import (
    CheckScope,
    check_expression,
    check_policy,
    list_choices,
    place_of,
    resolve_entity,
)
from openiom.provider_contract import Entity

from .document import ProviderActionStep


def check(step: ProviderActionStep, scope: CheckScope) -> Iterator[Problem]:
    """Check the expression, the entity, the filter, the instance and its action."""
    place = place_of(step)
    catalog = scope.catalog
    yield from check_expression(step.when, f"{place}, when")
    if scope.subject is None:
        return

    entity, problems = resolve_entity(step, step.for_each, scope)
    yield from problems
    if step.filter and entity:
        yield from check_policy(step, step.filter, kind="filter", entity=entity, catalog=catalog)

    if step.instance not in catalog.instances:
        what = f"no provider instance {step.instance!r}"
        yield Problem(place, what, list_choices(catalog.instances))
        return

    yield from _check_action(step, scope, entity)


def _check_action(
    step: ProviderActionStep, scope: CheckScope, entity: Entity | None
) -> Iterator[Problem]:
    """Check that the instance can do the action, for the entity the step runs for."""
    place = place_of(step)
    action = scope.catalog.provider_actions.get((step.instance, step.action))
    if action is None:
        what = f"{step.instance!r} has no action {step.action!r}"
        yield Problem(place, what, list_choices(_offered_actions(step, scope)))
    elif entity and action.entity != entity.name:
        what = f"{step.action!r} is for {action.entity}, but the step runs for {entity.name}"
        yield Problem(place, what)


def _offered_actions(step: ProviderActionStep, scope: CheckScope) -> list[str]:
    offered = []
    for instance, name in scope.catalog.provider_actions:
        if instance == step.instance:
            offered.append(name)
    return offered

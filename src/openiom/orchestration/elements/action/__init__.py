"""Action: have a package do something with the subject or its children."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from pydantic import Field, ValidationError

from openiom.kernel import Problem
from openiom.orchestration.checks import CheckScope, list_choices, place_of, resolve_entity
from openiom.orchestration.context import (
    ExecutableFlow,
    ExecutableStep,
    StepContext,
    distinct_ids,
    join_reasons,
    subjects_of,
)
from openiom.orchestration.element import Element
from openiom.orchestration.step import Port, Step, StepTraits
from openiom.orchestration.token import Token
from openiom.provider_contract import Action, ActionCall, Entity, Outcome


class ActionStep(Step):
    """Run an action of a package for the subject, or for each of its children."""

    traits = StepTraits()
    optional_ports = ("failed",)

    kind: Literal["action"]
    action: str = Field(description="Name of the action, e.g. fulfillment_optimization.source")
    parameters: dict[str, Any] = Field(default_factory=dict)
    for_each: str = Field(
        default="", description="Child entity the action runs for; empty: the subject"
    )

    @property
    def required_ports(self) -> tuple[Port, ...]:
        """`succeeded`."""
        return ("succeeded",)


def check(step: ActionStep, scope: CheckScope) -> Iterator[Problem]:
    """Check the action, the entity it runs for and its parameters."""
    if scope.subject is None:
        return

    place = place_of(step)
    entity, problems = resolve_entity(step, step.for_each, scope)
    yield from problems
    action = scope.catalog.actions.get(step.action)
    if action is None:
        yield Problem(place, f"no action {step.action!r}", list_choices(scope.catalog.actions))
        return

    yield from _check_entity(step, action, entity)
    yield from _check_parameters(step, action, place)


def _check_entity(step: ActionStep, action: Action, entity: Entity | None) -> Iterator[Problem]:
    """Check that an action is for the entity that the step runs for."""
    if entity is not None and action.entity != entity.name:
        what = f"action {step.action!r} is for {action.entity}, but the step runs for {entity.name}"
        yield Problem(place_of(step), what, f"choose an action for {entity.name}")


def _check_parameters(step: ActionStep, action: Action, place: str) -> Iterator[Problem]:
    try:
        action.parameters.model_validate(step.parameters)
    except ValidationError as error:
        for fault in error.errors():
            name = ".".join(map(str, fault["loc"]))
            yield Problem(f"{place}, parameters.{name}", fault["msg"])


@dataclass(frozen=True)
class ExecutableAction(ExecutableStep):
    """An action step, ready to run."""

    step: ActionStep

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """Call the action once for all subjects of the batch.

        A subject whose step runs for children succeeds when all of them do.
        """
        groups = subjects_of(context, flow, self.step.for_each, tokens)
        outcomes = self._call(context, flow, tokens, groups)
        for token, ids in zip(tokens, groups, strict=True):
            self._continue(context, token, [outcomes[id] for id in ids])

    def _continue(self, context: StepContext, token: Token, results: Sequence[Outcome]) -> None:
        retry_times = [result.retry_at for result in results if result.retry_at]
        if retry_times:
            context.suspend(token, due_at=max(retry_times))
        elif self.step.for_each:
            self._leave_with_children(context, token, results)
        else:
            self._leave(context, token, results[0].ok, results[0].reason, results[0].details)

    def _call(
        self,
        context: StepContext,
        flow: ExecutableFlow,
        tokens: Sequence[Token],
        groups: Sequence[Sequence[UUID]],
    ) -> dict[UUID, Outcome]:
        ids = distinct_ids(groups)
        if not ids:
            return {}

        resumed: set[UUID] = set()
        for token, group in zip(tokens, groups, strict=True):
            if token.state == "waiting":
                resumed.update(group)

        action = context.catalog.actions[self.step.action]
        parameters = action.parameters.model_validate(self.step.parameters)
        call = ActionCall(
            context.session, ids, parameters, context.now, flow.actor, frozenset(resumed)
        )
        outcomes = context.effects.run_action(action, call)
        context.facts.invalidate()
        return dict(zip(ids, outcomes, strict=True))

    def _leave_with_children(
        self, context: StepContext, token: Token, results: Sequence[Outcome]
    ) -> None:
        reasons = [result.reason for result in results if not result.ok]
        details = [dict(result.details) for result in results if result.details]
        summary = {"items": len(results), "failed": len(reasons), "results": details}
        self._leave(context, token, not reasons, join_reasons(reasons), summary)

    def _leave(
        self,
        context: StepContext,
        token: Token,
        ok: bool,
        reason: str,
        details: Mapping[str, Any],
    ) -> None:
        if ok:
            context.leave(token, "succeeded", reason, details)
        else:
            context.refuse(token, reason, details)


ELEMENT = Element(
    kind="action",
    title="Action",
    position=70,
    document=ActionStep,
    compile=ExecutableAction,
    check=check,
    references={"strategy": ("parameters.strategy",)},
)

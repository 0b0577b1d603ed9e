"""Condition: continue by `yes` or `no`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from openiom.kernel import Problem
from openiom.orchestration.checks import CheckScope, check_expression, place_of
from openiom.orchestration.context import (
    ExecutableFlow,
    ExecutableStep,
    StepContext,
    expression_failure,
)
from openiom.orchestration.element import Element
from openiom.orchestration.step import Port, Step
from openiom.orchestration.token import Token
from openiom.policies import Condition, Failure


class ConditionStep(Step):
    """Continue by `yes` or `no`, depending on an expression over the subject's facts."""

    kind: Literal["condition"]
    when: str = Field(min_length=1, description="Expression over the subject's facts")

    @property
    def required_ports(self) -> tuple[Port, ...]:
        """`yes` and `no`."""
        return ("yes", "no")


def check(step: ConditionStep, scope: CheckScope) -> Iterator[Problem]:
    """Check that the expression compiles."""
    yield from check_expression(step.when, f"{place_of(step)}, when")


@dataclass(frozen=True)
class ExecutableCondition(ExecutableStep):
    """A condition, ready to run."""

    step: ConditionStep
    condition: Condition

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """Evaluate the expression for every subject; stop where it has no result."""
        found, facts = context.facts_or_stop(flow, tokens, [self.condition])
        answers = context.evaluator.conditions(self.condition, facts)
        for token, answer in zip(found, answers, strict=True):
            self._leave(context, token, answer)

    def _leave(self, context: StepContext, token: Token, answer: bool | Failure) -> None:
        if isinstance(answer, Failure):
            context.stop(token, expression_failure(answer))
        elif answer:
            context.leave(token, "yes", f"{self.step.when} is true")
        else:
            context.leave(token, "no", f"{self.step.when} is false")


def compile_condition(step: ConditionStep) -> ExecutableCondition:
    """Return the condition with its expression compiled."""
    return ExecutableCondition(step, Condition(step.when, where=f"step {step.label}, when"))


ELEMENT = Element(
    kind="condition",
    title="Condition",
    position=40,
    document=ConditionStep,
    compile=compile_condition,
    check=check,
)

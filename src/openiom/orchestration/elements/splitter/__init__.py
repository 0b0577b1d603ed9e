"""Splitter: continue by every branch whose condition holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from openiom.kernel import Problem
from openiom.orchestration.checks import CheckScope, check_expression, place_of
from openiom.orchestration.context import (
    ExecutableFlow,
    ExecutableStep,
    StepContext,
    StepFailure,
    expression_failure,
)
from openiom.orchestration.element import Element
from openiom.orchestration.step import DocumentPart, Port, Step, StepTraits
from openiom.orchestration.token import Token
from openiom.policies import Condition, Failure


class Branch(DocumentPart):
    """One way out of a splitter."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    when: str = Field(min_length=1, description="Expression over the subject's facts")


class Splitter(Step):
    """Continue by every branch whose condition holds, at the same time."""

    traits = StepTraits(splits=True)

    kind: Literal["splitter"]
    branches: list[Branch] = Field(min_length=1, max_length=50)
    otherwise: bool = Field(
        default=False, description="Adds the port `otherwise`, used when no branch matches"
    )

    @property
    def branch_names(self) -> tuple[Port, ...]:
        """The names of the branches, in order."""
        return tuple(branch.name for branch in self.branches)

    @property
    def required_ports(self) -> tuple[Port, ...]:
        """One port per branch, and `otherwise` if the splitter has it."""
        if self.otherwise:
            return (*self.branch_names, "otherwise")
        return self.branch_names


def check(step: Splitter, scope: CheckScope) -> Iterator[Problem]:
    """Check the names and the expressions of the branches."""
    place = place_of(step)
    if len(set(step.required_ports)) < len(step.required_ports):
        yield Problem(place, "two branches share a name", "give each branch a name of its own")
    for branch in step.branches:
        yield from check_expression(branch.when, f"{place}, branch {branch.name}")


@dataclass(frozen=True)
class ExecutableSplitter(ExecutableStep):
    """A splitter, ready to run; `conditions` are those of the branches, in order."""

    step: Splitter
    conditions: tuple[Condition, ...]

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """Fork every token; stop where a branch has no result or none matches."""
        found, facts = context.facts_or_stop(flow, tokens, self.conditions)
        evaluate = context.evaluator.conditions
        by_branch = [evaluate(condition, facts) for condition in self.conditions]
        for token, *answers in zip(found, *by_branch, strict=True):
            self._fork(context, token, answers)

    def _fork(self, context: StepContext, token: Token, answers: Sequence[bool | Failure]) -> None:
        """Fork a token by the answers of its branches, in order."""
        for answer in answers:
            if isinstance(answer, Failure):
                context.stop(token, expression_failure(answer))
                return

        ports = self._matching_ports(answers)
        if ports:
            context.fork(token, ports)
        else:
            context.stop(token, self._no_match())

    def _matching_ports(self, answers: Sequence[bool | Failure]) -> list[Port]:
        ports = []
        for branch, matches in zip(self.step.branches, answers, strict=True):
            if matches:
                ports.append(branch.name)
        if not ports and self.step.otherwise:
            ports.append("otherwise")
        return ports

    def _no_match(self) -> StepFailure:
        names = ", ".join(self.step.branch_names)
        return StepFailure(
            what=f"no branch matches ({names})",
            remedy="add a branch `otherwise` to the splitter",
        )


def compile_splitter(step: Splitter) -> ExecutableSplitter:
    """Return the splitter with its expressions compiled."""
    conditions = []
    for branch in step.branches:
        where = f"step {step.label}, {branch.name}"
        conditions.append(Condition(branch.when, where=where))
    return ExecutableSplitter(step, tuple(conditions))


ELEMENT = Element(
    kind="splitter",
    title="Splitter",
    position=50,
    document=Splitter,
    compile=compile_splitter,
    check=check,
)

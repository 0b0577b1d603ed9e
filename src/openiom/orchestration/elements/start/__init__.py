"""Start: where a flow run begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from openiom.orchestration.context import ExecutableFlow, ExecutableStep, StepContext
from openiom.orchestration.element import Element
from openiom.orchestration.step import Step, StepTraits
from openiom.orchestration.token import Token


class Start(Step):
    """Where a flow run begins; every flow has exactly one."""

    traits = StepTraits(role="start")

    kind: Literal["start"]


@dataclass(frozen=True)
class ExecutableStart(ExecutableStep):
    """The start, ready to run."""

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """Move every token to the first step."""
        for token in tokens:
            context.advance(token, self.step.to["next"])


ELEMENT = Element(kind="start", title="Start", position=10, document=Start, compile=ExecutableStart)

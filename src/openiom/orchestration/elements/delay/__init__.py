"""Delay: wait for a fixed time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import Field

from openiom.orchestration.context import ExecutableFlow, ExecutableStep, StepContext
from openiom.orchestration.element import Element
from openiom.orchestration.step import Step, StepTraits
from openiom.orchestration.token import Token


class Delay(Step):
    """Wait for a fixed time, then continue."""

    traits = StepTraits(suspends=True, breaks_loops=True)

    kind: Literal["delay"]
    duration: timedelta = Field(description="ISO 8601 duration, e.g. PT15M", gt=timedelta(0))


@dataclass(frozen=True)
class ExecutableDelay(ExecutableStep):
    """A delay, ready to run."""

    step: Delay

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """Suspend tokens that arrive; let those whose time is over continue."""
        for token in tokens:
            if token.state == "waiting":
                context.leave(token, "next")
                continue

            context.suspend(
                token,
                due_at=context.now + self.step.duration,
                expected_port="next",
                summary=f"sleep {self.step.duration}",
            )


ELEMENT = Element(
    kind="delay", title="Delay", position=100, document=Delay, compile=ExecutableDelay
)

"""End: where a flow run, or one of its branches, is over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from openiom.orchestration.context import ExecutableFlow, ExecutableStep, StepContext
from openiom.orchestration.element import Element
from openiom.orchestration.step import Port, Step, StepTraits
from openiom.orchestration.token import Token


class End(Step):
    """Where a flow run, or one of its branches, is over."""

    traits = StepTraits(role="end")

    kind: Literal["end"]

    @property
    def required_ports(self) -> tuple[Port, ...]:
        """No ports: nothing follows an end."""
        return ()


@dataclass(frozen=True)
class ExecutableEnd(ExecutableStep):
    """An end, ready to run."""

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """End every token."""
        for token in tokens:
            context.end(token)


ELEMENT = Element(kind="end", title="End", position=20, document=End, compile=ExecutableEnd)

"""Wait: sleep until a business event happens or the time is over."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import Field

from openiom.kernel import Problem
from openiom.orchestration.checks import CheckScope, check_event, place_of
from openiom.orchestration.context import ExecutableFlow, ExecutableStep, PastEvent, StepContext
from openiom.orchestration.element import Element
from openiom.orchestration.step import Port, Step, StepTraits
from openiom.orchestration.token import Token


class Wait(Step):
    """Sleep until one of these events happens to the subject, or to anything whose root it is."""

    traits = StepTraits(suspends=True, breaks_loops=True, runs_last=True)

    kind: Literal["wait"]
    events: list[str] = Field(min_length=1, max_length=50)
    timeout: timedelta | None = Field(
        default=None, description="ISO 8601 duration, e.g. PT48H", gt=timedelta(0)
    )

    @property
    def required_ports(self) -> tuple[Port, ...]:
        """`happened`, and `timed_out` for a wait with a timeout."""
        if self.timeout:
            return ("happened", "timed_out")
        return ("happened",)

    @property
    def awaited_events(self) -> tuple[str, ...]:
        """The events of the document."""
        return tuple(self.events)


def check(step: Wait, scope: CheckScope) -> Iterator[Problem]:
    """Check that every event exists."""
    for event in step.events:
        yield from check_event(scope.catalog, event, place_of(step))


@dataclass(frozen=True)
class ExecutableWait(ExecutableStep):
    """A wait, ready to run."""

    step: Wait

    def run(self, context: StepContext, flow: ExecutableFlow, tokens: Sequence[Token]) -> None:
        """Continue where an event has happened; at a timeout the event log decides."""
        past = context.effects.find_past_events(tokens, self.step.events)
        for token in tokens:
            self._continue(context, token, past.get(token.id))

    def _continue(self, context: StepContext, token: Token, event: PastEvent | None) -> None:
        if event is not None:
            token.consumed_event_ids = (*token.consumed_event_ids, event.id)
            context.leave(token, "happened", event.name)
        elif token.state == "waiting":
            context.leave(token, "timed_out", f"none of {', '.join(self.step.events)} in time")
        else:
            self._register(context, token)

    def _register(self, context: StepContext, token: Token) -> None:
        due_at = None
        if self.step.timeout:
            due_at = context.now + self.step.timeout

        context.suspend(
            token,
            due_at=due_at,
            awaits=self.step.events,
            expected_port="happened",
            summary=f"wait for {', '.join(self.step.events)}",
        )


ELEMENT = Element(
    kind="wait",
    title="Wait for an event",
    position=90,
    document=Wait,
    compile=ExecutableWait,
    check=check,
)

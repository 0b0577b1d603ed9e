"""The document of a provider action step."""

from typing import Literal

from pydantic import Field

from openiom.orchestration.step import DocumentPart, Port, Step, StepTraits


class Retry(DocumentPart):
    """Overrides how often a provider call is retried."""

    max_attempts: int | None = Field(default=None, ge=1, le=100)
    first_delay_seconds: float | None = Field(
        default=None, gt=0, le=86400, description="Doubles with every attempt"
    )


class ProviderActionStep(Step):
    """Request an action of a provider instance, for the subject or for each child that passes
    the filter, and wait for the results."""

    traits = StepTraits(suspends=True)
    optional_ports = ("failed", "skipped")

    kind: Literal["provider_action"]
    instance: str
    action: str
    for_each: str = Field(
        default="", description="Child entity the action is for; empty: the subject"
    )
    filter: str = Field(default="", description="Filter policy over the entity")
    when: str = Field(default="", description="Expression over the entity's facts")
    retry: Retry = Retry()

    @property
    def required_ports(self) -> tuple[Port, ...]:
        """`succeeded`."""
        return ("succeeded",)

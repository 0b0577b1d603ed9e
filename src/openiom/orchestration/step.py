"""The part of a flow document that every step has in common; each step kind extends it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

StepId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Port = str


class DocumentPart(BaseModel):
    """Base of all parts of a flow document: immutable, and unknown fields are rejected."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ResumeOnError(DocumentPart):
    """How a flow run continues when a step fails: raise an event, leave by a port."""

    event: str = Field(default="", description="Business event to raise on the subject")
    port: Port = Field(
        description="The port by which the token leaves as if the step had succeeded"
    )


@dataclass(frozen=True, slots=True)
class StepTraits:
    """What the compiler and the runtime have to know about a step kind.

    role          whether a flow run starts or ends here
    suspends      the token can wait here for something outside the batch: a segment ends here
    breaks_loops  a loop through this step does not run without a pause
    splits        a token can leave by several ports at once
    joins         tokens of one split meet here
    runs_last     runs after all other steps of a batch, because it holds a lock until the commit
    """

    role: Literal["start", "end", "intermediate"] = "intermediate"
    suspends: bool = False
    breaks_loops: bool = False
    splits: bool = False
    joins: bool = False
    runs_last: bool = False


class Step(DocumentPart):
    """A step of a flow. `to` names, for each port, the step that follows."""

    traits: ClassVar[StepTraits] = StepTraits()
    optional_ports: ClassVar[tuple[Port, ...]] = ()

    kind: str
    id: StepId
    title: str = ""
    to: dict[Port, StepId] = Field(default_factory=dict)
    resume_on_error: ResumeOnError | None = None

    @property
    def label(self) -> str:
        """The title, or the id of a step without one."""
        return self.title or self.id

    @property
    def required_ports(self) -> tuple[Port, ...]:
        """Ports that must lead to a step; the first one is the port of success."""
        return ("next",)

    @property
    def ports(self) -> tuple[Port, ...]:
        """Every port by which a token can leave."""
        return (*self.required_ports, *self.optional_ports)

    @property
    def awaited_events(self) -> tuple[str, ...]:
        """Business events for which a token can wait at this step."""
        return ()

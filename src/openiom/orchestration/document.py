"""The flow document: what a business user draws and what is stored, before anybody has checked its references."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

StepId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
Port = str


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Trigger(_Part):
    """What starts a flow run: a business event on the subject, and a condition over the subject's facts."""

    event: str = Field(description="Business event, e.g. order.created")
    condition: str = Field(
        default="", description="Expression over the subject's facts; empty is always"
    )
    priority: int = Field(
        default=100, description="Lower is asked first; the first match takes the subject"
    )
    also: bool = Field(
        default=False,
        description="Start beside the flow that takes the subject, never instead of it",
    )


class ResumeOnError(_Part):
    """How a flow run goes on when a step fails: raise an event, leave by a port."""

    event: str = Field(default="", description="Business event to raise on the subject")
    port: Port = Field(description="The port by which the token leaves as if all were well")


class Retry(_Part):
    """Overrides how often a provider action is tried again."""

    max_attempts: int | None = Field(default=None, ge=1, le=100)
    first_delay_seconds: float | None = Field(
        default=None, gt=0, le=86400, description="Doubles with every attempt"
    )


class Branch(_Part):
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    when: str = Field(min_length=1, description="Expression over the subject's facts")


class PolicyEvents(_Part):
    """Business events a policies step raises; empty raises none."""

    passed: str = ""
    failed: str = ""


class _Step(_Part):
    """`to` names, for each port, the step that follows."""

    required: ClassVar[tuple[Port, ...]] = ("next",)
    optional: ClassVar[tuple[Port, ...]] = ()
    rests: ClassVar[bool] = False  # the token stops here until something outside the wave moves it

    id: StepId
    title: str = ""
    to: dict[Port, StepId] = Field(default_factory=dict)
    resume_on_error: ResumeOnError | None = None

    @property
    def shown(self) -> str:
        return self.title or self.id

    @property
    def ports(self) -> tuple[Port, ...]:
        """Every port the step may leave by."""
        return (*self.must_have, *self.optional)

    @property
    def must_have(self) -> tuple[Port, ...]:
        """Ports that have to be wired."""
        return self.required


class Start(_Step):
    kind: Literal["start"]


class End(_Step):
    kind: Literal["end"]
    required = ()


class Policies(_Step):
    """Judge the subject or its children: a filter policy decides whether the step is for them, the others check
    and set. A critical policy that fails ends in `failed`; an informational one is only noted."""

    kind: Literal["policies"]
    entity: str = Field(
        default="",
        description="Subject or one of its children, e.g. order_line; empty: the subject",
    )
    filter: str = Field(default="", description="Filter policy: records it refuses are skipped")
    policies: list[str] = Field(min_length=1, max_length=50)
    events: PolicyEvents = PolicyEvents()
    child_events: PolicyEvents = PolicyEvents()
    required = ("passed",)
    optional = ("failed", "skipped")


class ConditionStep(_Step):
    kind: Literal["condition"]
    when: str = Field(min_length=1, description="Expression over the subject's facts")
    required = ("yes", "no")


class Splitter(_Step):
    """A token goes down every branch whose condition holds."""

    kind: Literal["splitter"]
    branches: list[Branch] = Field(min_length=1, max_length=50)
    otherwise: bool = Field(
        default=False, description="Has a port `otherwise`, taken when no branch matches"
    )
    required = ()

    @property
    def must_have(self) -> tuple[Port, ...]:
        return (
            *(branch.name for branch in self.branches),
            *(("otherwise",) if self.otherwise else ()),
        )


class Merge(_Step):
    """Where branches of a splitter meet: `all` waits for every branch taken, `any` lets the first one through."""

    kind: Literal["merge"]
    mode: Literal["all", "any"] = "all"


class ActionStep(_Step):
    kind: Literal["action"]
    action: str = Field(description="Action of a room, e.g. fulfillment_optimization.source")
    parameters: dict[str, Any] = Field(default_factory=dict)
    for_each: str = Field(
        default="", description="Child entity the action runs for; empty: the subject"
    )
    required = ("succeeded",)
    optional = ("failed",)


class ProviderActionStep(_Step):
    """Ask a provider instance to do something outside, for the subject or for each child that the filter keeps."""

    kind: Literal["provider_action"]
    instance: str
    action: str
    for_each: str = Field(default="", description="Child entity it is done for; empty: the subject")
    filter: str = Field(default="", description="Filter policy over the entity")
    when: str = Field(default="", description="Expression over the entity's facts")
    retry: Retry = Retry()
    required = ("succeeded",)
    optional = ("failed", "skipped")
    rests = True


class Wait(_Step):
    """Sleep until one of these events happens to the subject, or to anything whose root it is."""

    kind: Literal["wait"]
    events: list[str] = Field(min_length=1, max_length=50)
    timeout: timedelta | None = Field(
        default=None, description="ISO 8601 duration, e.g. PT48H", gt=timedelta(0)
    )
    required = ("happened",)
    rests = True

    @property
    def must_have(self) -> tuple[Port, ...]:
        return ("happened", "timed_out") if self.timeout else ("happened",)


class Delay(_Step):
    kind: Literal["delay"]
    duration: timedelta = Field(description="ISO 8601 duration, e.g. PT15M", gt=timedelta(0))
    rests = True


Step = Annotated[
    Start
    | End
    | Policies
    | ConditionStep
    | Splitter
    | Merge
    | ActionStep
    | ProviderActionStep
    | Wait
    | Delay,
    Field(discriminator="kind"),
]


class FlowDocument(_Part):
    """A flow as stored under its logical name."""

    name: str = Field(default="", description="Repeats the logical name when given")
    title: str = Field(min_length=1)
    description: str = ""
    subject: str = Field(description="Entity the flow run is about: order, fulfillment_order...")
    trigger: Trigger
    cancel_on: list[str] = Field(
        default_factory=list,
        description="Events on the subject that end its flow runs, e.g. order.canceled",
    )
    steps: list[Step] = Field(min_length=2, max_length=500)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "FlowDocument":
        ids = [step.id for step in self.steps]
        twice = sorted({step for step in ids if ids.count(step) > 1})
        if twice:
            raise ValueError(f"two steps share the id {', '.join(twice)}")
        return self

    @property
    def by_id(self) -> Mapping[str, Step]:
        return {step.id: step for step in self.steps}

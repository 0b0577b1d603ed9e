"""The flow document: what a business user draws, before its references are checked."""

from collections import Counter
from collections.abc import Mapping

from pydantic import Field, model_validator

from .elements import AnyStep
from .step import DocumentPart, Step
from .trigger import Trigger


class FlowDocument(DocumentPart):
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
    retry_on: list[str] = Field(
        default_factory=list,
        description="Events on the subject, or on anything below it, after which its failed flow"
        " runs try their step again, e.g. order_line.canceled",
    )
    steps: list[AnyStep] = Field(min_length=2, max_length=500)

    @model_validator(mode="after")
    def _ids_are_unique(self) -> "FlowDocument":
        counts = Counter(step.id for step in self.steps)
        repeated = sorted(id for id, count in counts.items() if count > 1)
        if repeated:
            raise ValueError(f"two steps share the id {', '.join(repeated)}")
        return self

    @property
    def by_id(self) -> Mapping[str, Step]:
        """The steps by id."""
        return {step.id: step for step in self.steps}

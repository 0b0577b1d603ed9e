"""The trigger of a flow."""

from pydantic import Field

from .step import DocumentPart


class Trigger(DocumentPart):
    """What starts a flow run: a business event on the subject, and a condition on its facts."""

    event: str = Field(description="Business event, e.g. order.created")
    condition: str = Field(
        default="", description="Expression over the subject's facts; empty always matches"
    )
    priority: int = Field(
        default=100, description="Lower is evaluated first; the first matching flow is started"
    )
    parallel: bool = Field(
        default=False,
        description="Start in addition to the first matching flow, never instead of it",
    )

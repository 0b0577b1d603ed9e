"""Maximum number of sources per order line."""

from typing import ClassVar, Literal

from pydantic import Field

from openiom.fulfillment_optimization.constraints.document import ConstraintDocument
from openiom.fulfillment_optimization.constraints.effects import (
    ConstraintContext,
    ConstraintEffects,
)


class MaximumSourcesPerLine(ConstraintDocument):
    """A line is divided across at most so many sources; 1 is never divided.

    The penalty of a soft constraint is charged for each source beyond.
    """

    kind_title: ClassVar = "Maximum sources per line"

    type: Literal["maximum_sources_per_line"]
    maximum: int = Field(ge=1, title="Maximum sources")

    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Limit the sources of a line."""
        effects.limit_line_sources(self.maximum, hard=self.hard, penalty=self.penalty)

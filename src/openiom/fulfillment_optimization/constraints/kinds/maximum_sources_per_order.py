"""Maximum number of sources per order."""

from typing import ClassVar, Literal

from pydantic import Field

from openiom.fulfillment_optimization.constraints.document import ConstraintDocument
from openiom.fulfillment_optimization.constraints.effects import (
    ConstraintContext,
    ConstraintEffects,
)
from openiom.fulfillment_optimization.engine import Refusal


class MaximumSourcesPerOrder(ConstraintDocument):
    """An order is served from at most so many sources.

    The penalty of a soft constraint is charged for each source beyond.
    """

    kind_title: ClassVar = "Maximum sources per order"
    refusal_texts: ClassVar = {
        Refusal.MAXIMUM_SOURCES_PER_ORDER: "the order already uses all sources it may"
    }

    type: Literal["maximum_sources_per_order"]
    maximum: int = Field(ge=1, title="Maximum sources")

    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Limit the sources of an order."""
        effects.limit_sources(self.maximum, hard=self.hard, penalty=self.penalty)

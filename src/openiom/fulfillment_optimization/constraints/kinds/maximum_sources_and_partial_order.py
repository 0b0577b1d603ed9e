"""Maximum sources and partial orders in one constraint."""

from typing import ClassVar, Literal

from pydantic import Field

from openiom.fulfillment_optimization.constraints.document import ConstraintDocument
from openiom.fulfillment_optimization.constraints.effects import (
    ConstraintContext,
    ConstraintEffects,
)


class MaximumSourcesAndPartialOrder(ConstraintDocument):
    """Limits the sources of an order and forbids partial lines or partial orders in one rule.

    The penalty of a soft constraint is charged for each rule that is violated.
    """

    kind_title: ClassVar = "Maximum sources and partial orders"

    type: Literal["maximum_sources_and_partial_order"]
    maximum: int | None = Field(
        None, ge=1, title="Maximum sources", description="Per order; empty is any number"
    )
    partial_lines: bool = Field(
        True, title="Partial lines", description="A line may be divided across sources"
    )
    partial_orders: bool = Field(
        True,
        title="Partial orders",
        description="Some lines may be sourced while others are not",
    )

    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Apply each of the rules that is set."""
        if self.maximum is not None:
            effects.limit_sources(self.maximum, hard=self.hard, penalty=self.penalty)
        if not self.partial_lines:
            effects.limit_line_sources(1, hard=self.hard, penalty=self.penalty)
        if not self.partial_orders:
            effects.require_whole_orders(hard=self.hard, penalty=self.penalty)

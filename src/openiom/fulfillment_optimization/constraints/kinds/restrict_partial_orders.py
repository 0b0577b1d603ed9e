"""Orders served whole."""

from typing import ClassVar, Literal

from openiom.fulfillment_optimization.constraints.document import ConstraintDocument
from openiom.fulfillment_optimization.constraints.effects import (
    ConstraintContext,
    ConstraintEffects,
)
from openiom.fulfillment_optimization.engine import Refusal


class RestrictPartialOrders(ConstraintDocument):
    """All lines of an order are sourced, or none.

    The penalty of a soft constraint is charged for an order served in part; it counts where the
    strategy allows partial orders.
    """

    kind_title: ClassVar = "Restrict partial orders"
    refusal_texts: ClassVar = {Refusal.RESTRICT_PARTIAL: "the order must be sourced whole"}

    type: Literal["restrict_partial_orders"]

    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Require whole orders."""
        effects.require_whole_orders(hard=self.hard, penalty=self.penalty)

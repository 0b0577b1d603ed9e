"""Working times and cut-offs."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from openiom.fulfillment_optimization.constraints.document import (
    ConstraintDocument,
    ConstraintEntry,
)
from openiom.fulfillment_optimization.constraints.effects import (
    Bools,
    ConstraintContext,
    ConstraintEffects,
)
from openiom.fulfillment_optimization.engine import Refusal


class RespectTimings(ConstraintDocument):
    """Only sources that are open now and before their cut-off serve orders.

    The penalty of a soft constraint is charged for each parcel.
    """

    kind_title: ClassVar = "Respect working times"
    refusal_texts: ClassVar = {
        Refusal.CLOSED: "closed at this time",
        Refusal.AFTER_CUTOFF: "after the cut-off of the day",
    }
    depends_on_time: ClassVar = True

    type: Literal["respect_timings"]
    entries: list[ConstraintEntry] = Field(
        default_factory=list, title="Sources", description="Empty is every source"
    )

    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Refuse, or charge for, sources that accept no order now."""
        members = self._members(context)
        closed = members & (context.closed == Refusal.CLOSED)
        late = members & (context.closed == Refusal.AFTER_CUTOFF)
        if self.hard:
            effects.refuse_order(closed, Refusal.CLOSED)
            effects.refuse_order(late, Refusal.AFTER_CUTOFF)
        else:
            charged = np.broadcast_to(closed | late, context.km.shape)
            effects.charge_parcel("outside working times", charged, self.penalty)

    def _members(self, context: ConstraintContext) -> Bools:
        """(N,) whether a row applies to the source."""
        if not self.entries:
            return np.ones(context.nodes, dtype=bool)
        return context.sources.members_of_any(self.entries)

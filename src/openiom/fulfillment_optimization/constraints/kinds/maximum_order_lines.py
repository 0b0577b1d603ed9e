"""Maximum number of order lines a day."""

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
    LineCap,
    SourceSelector,
    caps_of_sources,
    line_cap,
)
from openiom.fulfillment_optimization.engine import UNLIMITED, Refusal


class LinesEntry(ConstraintEntry):
    """The order lines a day of a source, of each source, or of the sources of a list together."""

    lines: int = Field(
        ge=0, title="Lines a day", description="A list counts all its sources together"
    )


class MaximumOrderLines(ConstraintDocument):
    """A source, or the sources of a list together, serve at most so many order lines a day.

    The penalty of a soft constraint is charged for each line beyond; it is kept in two passes, see
    `planning.solver`.
    """

    kind_title: ClassVar = "Maximum order lines"
    refusal_texts: ClassVar = {Refusal.MAXIMUM_ORDER_LINES: "no more order lines today"}

    type: Literal["maximum_order_lines"]
    entries: list[LinesEntry] = Field(min_length=1, title="Limits")

    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Cap the order lines of the day, where the cap could bind for these orders."""
        for cap in self._caps(context):
            most_lines = context.lines * int(cap.members.sum())  # every line divided across all
            if cap.left >= most_lines:
                continue
            if self.hard:
                effects.caps.append(cap)
            else:
                effects.soft_caps.append(cap)
                effects.penalties += self.penalty

    def line_limited_sources(self, sources: SourceSelector) -> Bools | None:
        """(N,) sources that a row applies to."""
        members = [sources.members(entry) for entry in self.entries]
        return np.asarray(np.any(members, axis=0))

    def _caps(self, context: ConstraintContext) -> list[LineCap]:
        """Return a cap for each list, then one for each source with a limit of its own."""
        caps: list[LineCap] = []
        own_limits = np.full(context.nodes, UNLIMITED, dtype=np.int64)
        for entry in self.entries:
            members = context.sources.members(entry)
            if entry.source_list:
                caps.append(line_cap(members, entry.lines, context, self.penalty))
            else:
                own_limits[members] = np.minimum(own_limits[members], entry.lines)
        return caps + caps_of_sources(own_limits, context, self.penalty)

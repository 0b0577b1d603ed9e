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
    Ints,
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
            if cap.could_bind(context.lines):
                effects.limit_lines(cap, hard=self.hard)

    def line_limited_sources(self, sources: SourceSelector) -> Bools | None:
        """(N,) sources that a row applies to."""
        return sources.members_of_any(self.entries)

    def _caps(self, context: ConstraintContext) -> list[LineCap]:
        """Return a cap for each list, then one for each source with a limit of its own."""
        own_limits = self._own_limits(context.sources)
        return self._list_caps(context) + caps_of_sources(own_limits, context, self.penalty)

    def _list_caps(self, context: ConstraintContext) -> list[LineCap]:
        caps: list[LineCap] = []
        for entry in self.entries:
            if entry.source_list:
                members = context.sources.members(entry)
                caps.append(line_cap(members, entry.lines, context, self.penalty))
        return caps

    def _own_limits(self, sources: SourceSelector) -> Ints:
        """(N,) order lines a day of each source alone; the smallest of overlapping rows."""
        limits = np.full(len(sources.names), UNLIMITED, dtype=np.int64)
        for entry in self.entries:
            if not entry.source_list:
                members = sources.members(entry)
                limits[members] = np.minimum(limits[members], entry.lines)
        return limits

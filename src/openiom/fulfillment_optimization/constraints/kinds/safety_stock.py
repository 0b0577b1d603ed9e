"""Safety stock at sources."""

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from openiom.fulfillment_optimization.constraints.document import (
    ConstraintDocument,
    ConstraintEntry,
)
from openiom.fulfillment_optimization.constraints.effects import (
    ConstraintContext,
    ConstraintEffects,
    Ints,
)
from openiom.fulfillment_optimization.engine import Refusal


class SafetyEntry(ConstraintEntry):
    """The safety stock of a source, a list or all sources, for one product or all."""

    units: int | None = Field(
        None, ge=0, title="Units", description="Empty is the safety stock of each source"
    )
    product: str | None = Field(None, title="Product", json_schema_extra={"references": "product"})

    def units_at(self, safety_stock: Ints) -> Ints:
        """Return the units of the row at sources with this safety stock of their own."""
        if self.units is None:
            return safety_stock
        return np.full_like(safety_stock, self.units)


class SafetyStock(ConstraintDocument):
    """A source does not serve a product of which it has less than a number of units.

    Of overlapping rows the largest number counts. The penalty of a soft constraint is charged for
    each line.
    """

    kind_title: ClassVar = "Safety stock"
    refusal_texts: ClassVar = {Refusal.SAFETY_STOCK: "less on hand than its safety stock"}

    type: Literal["safety_stock"]
    entries: list[SafetyEntry] = Field(
        default_factory=list,
        title="Safety stocks",
        description="Empty is every source with its own safety stock",
    )

    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Refuse, or charge for, stock below the safety stock."""
        short = (context.stock < self._least(context)) & (context.stock > 0)  # (N, S)
        short_of_line = short.T[context.line_sku]
        if self.hard:
            effects.refuse_line(short_of_line, Refusal.SAFETY_STOCK)
        else:
            money = np.where(short_of_line, self.penalty, 0.0)
            effects.charge_line("below safety stock", money)

    def _least(self, context: ConstraintContext) -> Ints:
        """(N, S) units below which a source does not serve the product.

        Of overlapping rows the largest number counts.
        """
        least = np.zeros(context.stock.shape, dtype=np.int64)
        entries = self.entries or [SafetyEntry()]

        for entry in entries:
            rows = np.flatnonzero(context.sources.members(entry))
            cells = np.ix_(rows, context.columns(entry.product))
            units = entry.units_at(context.safety_stock[rows])
            least[cells] = np.maximum(least[cells], units[:, None])

        return least

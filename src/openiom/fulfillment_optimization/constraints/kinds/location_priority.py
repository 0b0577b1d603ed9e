"""Location priority."""

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

NO_RANK = np.iinfo(np.int64).max


class PriorityEntry(ConstraintEntry):
    """The rank of a source, a list or all sources, for one product or all."""

    rank: int = Field(ge=1, title="Rank", description="Lower ranks come first")
    product: str | None = Field(
        None,
        title="Product",
        description="Only for this product; takes precedence over rows for all products",
        json_schema_extra={"references": "product"},
    )


class LocationPriority(ConstraintDocument):
    """Sources of a lower rank serve a line before those of a higher one, whatever they cost.

    Of overlapping rows the lowest rank counts; sources without a row come last. The penalty of a
    soft constraint is charged for each step in rank.
    """

    kind_title: ClassVar = "Location priority"

    type: Literal["location_priority"]
    entries: list[PriorityEntry] = Field(min_length=1, title="Ranks")

    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Rank the sources of every line, or charge for each step."""
        steps = self._steps(context).T[context.line_sku].astype(np.float64)
        if self.hard:
            effects.rank_sources(steps)
        else:
            effects.charge_line("location priority", self.penalty * steps)

    def _steps(self, context: ConstraintContext) -> Ints:
        """(N, S) how many distinct ranks come before the source's, by product."""
        ranks = self._ranks_by_product(context)
        steps = np.empty_like(ranks)
        for sku in range(ranks.shape[1]):
            steps[:, sku] = np.unique(ranks[:, sku], return_inverse=True)[1]
        return steps

    def _ranks_by_product(self, context: ConstraintContext) -> Ints:
        """(N, S) rank of each source.

        A row for the product takes precedence over rows for all products; NO_RANK without either.
        """
        general = self._ranks(context, None)
        ranks = np.repeat(general[:, None], len(context.products), axis=1)

        for product in self._products():
            special = self._ranks(context, product)
            rank = np.where(special < NO_RANK, special, general)
            ranks[:, context.columns(product)] = rank[:, None]

        return ranks

    def _products(self) -> set[str]:
        """Return the products that have rows of their own."""
        return {entry.product for entry in self.entries if entry.product is not None}

    def _ranks(self, context: ConstraintContext, product: str | None) -> Ints:
        """(N,) lowest rank among the rows for this product (None: the rows for all products)."""
        ranks = np.full(context.nodes, NO_RANK, dtype=np.int64)
        for entry in self.entries:
            if entry.product == product:
                members = context.sources.members(entry)
                ranks[members] = np.minimum(ranks[members], entry.rank)
        return ranks

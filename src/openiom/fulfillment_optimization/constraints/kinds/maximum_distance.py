"""Maximum distance between source and destination."""

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
    Floats,
    SourceSelector,
)
from openiom.fulfillment_optimization.engine import Refusal

KM_PER_MILE = 1.609344


class DistanceEntry(ConstraintEntry):
    """The greatest distance of a source, a list or all sources."""

    distance: float | None = Field(
        None, gt=0, title="Distance", description="Great-circle distance; empty is any"
    )
    unit: Literal["km", "mi"] = Field("km", title="Unit")
    same_country: bool = Field(
        False, title="Same country", description="Only destinations in the country of the source"
    )

    def km(self) -> float:
        """Return the distance in kilometers; infinite when empty."""
        if self.distance is None:
            return np.inf
        if self.unit == "mi":
            return self.distance * KM_PER_MILE
        return self.distance


class MaximumDistance(ConstraintDocument):
    """Sources serve only destinations within a distance, or within their own country.

    Of overlapping rows the smallest distance counts. The penalty of a soft constraint is charged
    for each parcel.
    """

    kind_title: ClassVar = "Maximum distance"
    refusal_texts: ClassVar = {
        Refusal.MAXIMUM_DISTANCE: "farther than the maximum distance",
        Refusal.OTHER_COUNTRY_OR_REGION: "in another country",
    }

    type: Literal["maximum_distance"]
    entries: list[DistanceEntry] = Field(min_length=1, title="Distances")

    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Refuse, or charge for, sources that are too far or across a border."""
        domestic = self._domestic(context.sources)
        far = context.km > self._limits(context.sources)[None, :]
        foreign = context.destinations[:, None] != context.countries[None, :]
        abroad = domestic[None, :] & foreign
        if self.hard:
            effects.refuse_order(abroad, Refusal.OTHER_COUNTRY_OR_REGION)
            effects.refuse_order(far, Refusal.MAXIMUM_DISTANCE)
        else:
            effects.charge_parcel("beyond the maximum distance", far | abroad, self.penalty)

    def maximum_km(self, sources: SourceSelector) -> Floats | None:
        """(N,) the limits of a hard constraint."""
        return self._limits(sources) if self.hard else None

    def _domestic(self, sources: SourceSelector) -> Bools:
        """(N,) whether the source serves its own country only."""
        rows = [entry for entry in self.entries if entry.same_country]
        return sources.members_of_any(rows)

    def _limits(self, sources: SourceSelector) -> Floats:
        """(N,) kilometers; the smallest of overlapping rows."""
        limits = np.full(len(sources.names), np.inf)
        for entry in self.entries:
            members = sources.members(entry)
            limits[members] = np.minimum(limits[members], entry.km())
        return limits

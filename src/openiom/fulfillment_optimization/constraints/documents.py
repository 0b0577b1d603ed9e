"""Constraints as planners write them: one type each, hard or soft, within dates, for sources or lists."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator


class Entry(BaseModel):
    """Whom a row is about: one source, one list, or, when neither is named, every source."""

    model_config = ConfigDict(extra="forbid")

    source: str | None = None
    source_list: str | None = None

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        if self.source and self.source_list:
            raise ValueError("name a source or a source list, not both")
        return self


class DistanceEntry(Entry):
    distance: float | None = Field(
        None, gt=0, description="Greatest distance as the crow flies; empty is any"
    )
    unit: Literal["km", "mi"] = "km"
    same_country: bool = Field(False, description="Only destinations in the country of the source")


class LinesEntry(Entry):
    lines: int = Field(
        ge=0, description="Order lines a day; a list counts all its sources together"
    )


class SafetyEntry(Entry):
    units: int | None = Field(None, ge=0, description="Empty is the safety stock of each source")
    product: str | None = None


class PriorityEntry(Entry):
    rank: int = Field(ge=1, description="Lower comes first")
    product: str | None = Field(
        None, description="Only for this product; wins over rows for all products"
    )


class _Constraint(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    enabled: bool = True
    hard: bool = Field(
        True, description="Never broken; a soft one is broken when nothing else serves the order"
    )
    penalty: float = Field(100.0, ge=0, description="Money of breaking a soft one once")
    effective_from: date | None = None
    effective_to: date | None = Field(None, description="Last day")

    def in_force(self, day: date) -> bool:
        """Whether it counts on this day (UTC)."""
        begun = self.effective_from is None or self.effective_from <= day
        return self.enabled and begun and (self.effective_to is None or day <= self.effective_to)


class MaximumDistance(_Constraint):
    type: Literal["maximum_distance"]
    entries: list[DistanceEntry] = Field(min_length=1)


class RestrictPartialOrders(_Constraint):
    type: Literal["restrict_partial_orders"]


class MaximumSourcesPerOrder(_Constraint):
    type: Literal["maximum_sources_per_order"]
    maximum: int = Field(ge=1)


class MaximumSourcesPerLine(_Constraint):
    type: Literal["maximum_sources_per_line"]
    maximum: int = Field(ge=1)


class MaximumSourcesAndPartialOrder(_Constraint):
    """The earlier combined form."""

    type: Literal["maximum_sources_and_partial_order"]
    maximum: int | None = Field(None, ge=1, description="Sources per order; empty is any number")
    partial_lines: bool = Field(True, description="A line may be divided across sources")
    partial_orders: bool = Field(True, description="Some lines may be sourced while others are not")


class MaximumOrderLines(_Constraint):
    type: Literal["maximum_order_lines"]
    entries: list[LinesEntry] = Field(min_length=1)


class RespectTimings(_Constraint):
    type: Literal["respect_timings"]
    entries: list[Entry] = Field(default_factory=list, description="Empty is every source")


class SafetyStock(_Constraint):
    type: Literal["safety_stock"]
    entries: list[SafetyEntry] = Field(
        default_factory=list, description="Empty is every source, with its own figure"
    )


class LocationPriority(_Constraint):
    type: Literal["location_priority"]
    entries: list[PriorityEntry] = Field(min_length=1)


Constraint = (
    MaximumDistance
    | RestrictPartialOrders
    | MaximumSourcesPerOrder
    | MaximumSourcesPerLine
    | MaximumSourcesAndPartialOrder
    | MaximumOrderLines
    | RespectTimings
    | SafetyStock
    | LocationPriority
)


class ConstraintBody(RootModel[Annotated[Constraint, Field(discriminator="type")]]):
    """A constraint of any type; `type` says which."""

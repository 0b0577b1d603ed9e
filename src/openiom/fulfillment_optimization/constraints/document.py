"""The base of constraint documents; each kind is one subclass, in one module of `kinds`."""

from abc import ABC, abstractmethod
from datetime import date
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from openiom.fulfillment_optimization.documents import effective
from openiom.fulfillment_optimization.engine import Refusal
from openiom.kernel import Day

from .effects import Bools, ConstraintContext, ConstraintEffects, Floats, SourceSelector


class ConstraintEntry(BaseModel):
    """A row of a constraint: for one source, one source list or, when neither is named, all."""

    model_config = ConfigDict(extra="forbid")

    source: str | None = Field(None, title="Source", json_schema_extra={"references": "source"})
    source_list: str | None = Field(
        None, title="Source list", json_schema_extra={"references": "source_list"}
    )

    @model_validator(mode="after")
    def _check_scope(self) -> Self:
        if self.source and self.source_list:
            raise ValueError("name a source or a source list, not both")
        return self


class ConstraintDocument(BaseModel, ABC):
    """A constraint: hard or soft, within dates.

    A subclass adds `type` (the name of the kind, a literal), its own fields, and the class
    variables below; its docstring is the description planners read.
    """

    model_config = ConfigDict(extra="forbid")

    kind_title: ClassVar[str]
    refusal_texts: ClassVar[dict[Refusal, str]] = {}
    """What planners read where the constraint refused a source, for each code it uses."""
    depends_on_time: ClassVar[bool] = False
    """Whether the hour at which an order is planned matters."""

    title: str = Field(min_length=1, title="Title")
    enabled: bool = Field(True, title="Enabled")
    hard: bool = Field(
        True,
        title="Hard",
        description="Never violated; a soft one is violated when nothing else serves the order",
    )
    penalty: float = Field(
        100.0, ge=0, title="Penalty", description="Cost of violating a soft constraint once"
    )
    effective_from: Day | None = Field(None, title="Effective from")
    effective_to: Day | None = Field(None, title="Effective to", description="Last day")

    @abstractmethod
    def apply(self, context: ConstraintContext, effects: ConstraintEffects) -> None:
        """Add the constraint to the effects."""

    def maximum_km(self, sources: SourceSelector) -> Floats | None:
        """(N,) hard limit on the distance of each source; None for kinds without one."""
        return None

    def line_limited_sources(self, sources: SourceSelector) -> Bools | None:
        """(N,) sources whose order lines of the day are limited; None for kinds without a limit."""
        return None

    def in_force(self, day: date) -> bool:
        """Return whether the constraint counts on this day (UTC)."""
        return self.enabled and effective(self.effective_from, self.effective_to, day)

    @classmethod
    def kind(cls) -> str:
        """Return the name of the kind: the value of `type`."""
        [name] = cls.model_fields["type"].annotation.__args__  # type: ignore[union-attr]
        return str(name)

    @classmethod
    def property_schema(cls) -> dict[str, Any]:
        """Return the JSON schema of the properties a planner fills in, `type` excepted."""
        schema = cls.model_json_schema()
        del schema["properties"]["type"]
        schema["required"] = [name for name in schema["required"] if name != "type"]
        return schema

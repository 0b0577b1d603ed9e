"""The request of a simulation: demand, and the changes to simulate."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from openiom.kernel import Day
from openiom.platform.request_values import SmallNumber

Template = Literal["source_optimization", "demand_shock", "network_expansion", "new_product"]
MOST_DAYS = 366
MOST_RUNS = 200
MOST_CHANGES = 100


class _RequestModel(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Demand(_RequestModel):
    """The demand of a simulation; days are UTC.

    `past`: the days from `from` to `to`, resampled from themselves. `future`: days to come,
    resampled from the days of the basis, by default the four weeks before the request.
    """

    kind: Literal["past", "future"]
    from_: Day = Field(alias="from")
    to: Day
    multiplier: float = Field(
        1.0, gt=0, le=100, description="Factor on the orders of the resampled days"
    )
    basis_from: Day | None = None
    basis_to: Day | None = None

    @model_validator(mode="after")
    def _periods(self) -> Self:
        if self.to < self.from_:
            raise ValueError("to: is before from")
        if (self.to - self.from_).days >= MOST_DAYS:
            raise ValueError(f"to: a simulation covers at most {MOST_DAYS} days")
        return self

    @model_validator(mode="after")
    def _whole_basis(self) -> Self:
        if (self.basis_from is None) != (self.basis_to is None):
            raise ValueError("basis_from, basis_to: give both or neither")
        return self

    @model_validator(mode="after")
    def _basis_of_the_future(self) -> Self:
        if self.kind == "past" and self.basis_from is not None:
            raise ValueError("basis_from: past demand is its own basis; leave it out")
        return self

    @model_validator(mode="after")
    def _basis_period(self) -> Self:
        if self.basis_from is None or self.basis_to is None:
            return self
        if not 0 <= (self.basis_to - self.basis_from).days < MOST_DAYS:
            raise ValueError(f"basis_to: give 1 to {MOST_DAYS} days")
        return self

    @property
    def days(self) -> int:
        """The number of simulated days."""
        return (self.to - self.from_).days + 1


class NewSource(_RequestModel):
    """A source that does not exist yet: its document and its stock."""

    name: str = Field(min_length=1)
    body: dict[str, Any]
    stock_like: str = Field("", description="Source whose stock it starts with")
    stock: dict[str, SmallNumber] = Field({}, description="Units by product; wins over stock_like")


class ChangedConstraint(_RequestModel):
    """A constraint that is new or different; without a body the strategy loses it."""

    name: str = Field(min_length=1)
    body: dict[str, Any] | None = None


class ChangedStrategy(_RequestModel):
    """Changed fields of the strategy; `name` selects another strategy."""

    name: str = ""
    body: dict[str, Any] = {}


class NewProduct(_RequestModel):
    """A product that sells like another one, with `share` of its orders, in separate orders."""

    product: str = Field(min_length=1)
    like: str = Field(min_length=1)
    share: float = Field(gt=0, le=10)
    stock: dict[str, SmallNumber] = Field({}, description="Units by source")


class ScenarioChanges(_RequestModel):
    """The differences between scenario and baseline; none at all gives differences of zero."""

    closed_sources: list[str] = Field([], max_length=MOST_CHANGES)
    new_sources: list[NewSource] = Field([], max_length=MOST_CHANGES)
    constraints: list[ChangedConstraint] = Field([], max_length=MOST_CHANGES)
    strategy: ChangedStrategy | None = None
    demand_multiplier: float = Field(
        1.0, ge=0, le=100, description="A shock: factor on the demand of the baseline"
    )
    demand_products: list[str] = Field(
        [], description="Only orders with one of these products; empty is every order"
    )
    new_products: list[NewProduct] = Field([], max_length=MOST_CHANGES)


class SimulationRequest(_RequestModel):
    """A simulation to run."""

    name: str = Field(min_length=1, max_length=200)
    description: str = Field("", max_length=4000)
    template: Template = "source_optimization"
    demand: Demand
    strategy: str = Field("", description="Strategy of the baseline; empty is the default one")
    changes: ScenarioChanges = ScenarioChanges()
    replenish_days: int | None = Field(
        None,
        ge=1,
        le=MOST_DAYS,
        description="Interval in days at which each source is filled up to its first stock",
    )
    runs: int = Field(20, ge=2, le=MOST_RUNS)
    seed: int = Field(0, ge=0, le=2**63 - 1)

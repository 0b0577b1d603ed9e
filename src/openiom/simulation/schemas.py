"""Responses of the simulation API."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from openiom.platform.request_values import MAX_INTEGER

from .request import ScenarioChanges, SimulationRequest, Template

State = Literal["waiting", "running", "finished", "failed"]


class KpiBand(BaseModel):
    """The mean over the runs and the quantiles of 5 % and 95 %."""

    mean: float
    lower: float
    upper: float


class Difference(KpiBand):
    """Scenario less baseline, run by run; `certain` when the bounds are on one side of zero."""

    certain: bool


class DailyBand(BaseModel):
    """Means and bounds of every day of the period, in order."""

    mean: list[float]
    lower: list[float]
    upper: list[float]


class Figures(BaseModel):
    """The figures of one scenario."""

    kpis: dict[str, KpiBand]
    daily: dict[str, DailyBand]
    by_source: dict[str, dict[str, KpiBand]]


class Summary(BaseModel):
    """The figures of both scenarios and their difference."""

    baseline: Figures
    scenario: Figures
    difference: dict[str, Difference]


class PathDelta(BaseModel):
    """A field of a document, before and after a commit."""

    path: str
    before: Any = None
    after: Any = None


class DocumentDelta(BaseModel):
    """A document that a commit would change."""

    kind: str
    name: str
    change: Literal["added", "changed", "unchanged"]
    paths: list[PathDelta]


class SimulationRow(BaseModel):
    """A simulation in the list."""

    id: UUID
    name: str
    description: str
    template: Template
    state: State
    progress: float
    runs: int
    runs_done: int
    created_at: datetime
    created_by: str
    finished_at: datetime | None
    committed_at: datetime | None
    cloned_from: UUID | None
    error: str
    cost_currency: str = Field(
        description="Currency of sourcing costs; revenue is in the currency of the orders"
    )
    cost: KpiBand | None
    cost_difference: Difference | None


class SimulationView(SimulationRow):
    """A simulation.

    `request` can be posted again. `changed` is what a commit would change of the present
    configuration.
    """

    request: SimulationRequest
    currency: str
    basis_orders: int
    basis_lines: int
    started_at: datetime | None
    committed_by: str
    changed: list[DocumentDelta]
    summary: Summary | None


class CloneRequest(BaseModel):
    """The differences of a copy; demand and stock are those of the original."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, max_length=200)
    description: str | None = Field(None, max_length=4000)
    template: Template | None = None
    changes: ScenarioChanges | None = None
    replenish_days: int | None = Field(None, ge=1, le=MAX_INTEGER)
    runs: int | None = Field(None, ge=2, le=200)
    seed: int | None = Field(None, ge=0, le=2**63 - 1)


class CompareRequest(BaseModel):
    """The simulations to compare."""

    model_config = ConfigDict(extra="forbid")

    simulations: list[UUID] = Field(min_length=2, max_length=6)


class ComparedColumn(BaseModel):
    """One simulation of a comparison."""

    id: UUID
    name: str
    description: str
    template: Template
    from_: str = Field(serialization_alias="from")
    to: str
    sources: int
    constraints: int
    currency: str
    cost_currency: str
    kpis: dict[str, KpiBand]


class Comparison(BaseModel):
    """Scenarios side by side.

    `difference` is each one less the first, run by run; null where the two did not meet the same
    demand (another period, basis, seed or number of runs).
    """

    columns: list[ComparedColumn]
    difference: list[dict[str, Difference] | None]


class CommitResult(BaseModel):
    """The documents that a commit changed."""

    committed: bool
    changed: list[DocumentDelta]

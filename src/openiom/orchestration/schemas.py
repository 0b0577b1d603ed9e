"""HTTP shapes of flow runs, flows and runs."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

LIMIT = 1000


class RunError(BaseModel):
    """Why a flow run stands still, and what a person can do about it."""

    what: str
    where: str = ""
    why: str = ""
    remedy: str = ""


class StepEntry(BaseModel):
    at: datetime
    step: str
    title: str
    kind: str
    port: str
    reason: str = ""
    duration_ms: float = 0
    details: dict[str, Any] = Field(default_factory=dict)


class StandsAt(BaseModel):
    """One token: where the flow run stands, or one branch of it."""

    step: str
    step_title: str
    state: str
    since: datetime
    awaits: list[str]
    wake_at: datetime | None
    error: RunError | None


class FlowRunView(BaseModel):
    """`step` and what follows it repeat the token that matters most: a failed one before a waiting one."""

    id: UUID
    flow: str
    flow_title: str
    version: int
    state: str
    subject_type: str
    subject_id: UUID
    started_at: datetime
    finished_at: datetime | None
    step: str | None
    step_title: str | None
    since: datetime | None
    error: RunError | None
    awaits: list[str]
    wake_at: datetime | None
    tokens: list[StandsAt]
    results: list[StepEntry]


class FlowRuns(BaseModel):
    flow_runs: list[FlowRunView]


class RunRow(BaseModel):
    id: UUID
    flow: str
    flow_title: str
    version: int
    state: str
    subject_type: str
    subject_id: UUID
    subject_label: str
    root_id: UUID
    started_at: datetime
    finished_at: datetime | None
    step: str | None
    step_title: str | None
    since: datetime | None
    error: RunError | None


class FlowRow(BaseModel):
    name: str
    title: str
    subject: str
    trigger: str
    version: int
    active: bool
    paused: bool
    running: int
    waiting: int
    failed: int


class FlowItems(BaseModel):
    items: list[FlowRow]


class StepShape(BaseModel):
    id: str
    kind: str
    title: str
    ports: list[str]
    to: dict[str, str]


class ProblemView(BaseModel):
    where: str
    what: str
    remedy: str = ""


class FlowView(BaseModel):
    name: str
    title: str
    version: int
    active: bool
    paused: bool
    document: dict[str, Any]
    steps: list[StepShape]
    segments: list[list[str]]
    problems: list[ProblemView]


class StepCounts(BaseModel):
    ready: int = 0
    waiting: int = 0
    held: int = 0
    failed: int = 0
    passed_24h: int = 0
    ports_24h: dict[str, int] = Field(default_factory=dict)


class FlowCounts(BaseModel):
    steps: dict[str, StepCounts]


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FlowRunIds(_Asked):
    run_ids: list[UUID] = Field(min_length=1)


class ReprocessRequest(_Asked):
    """Flow runs, or orders of which every failed flow run is meant."""

    run_ids: list[UUID] = Field(default_factory=list)
    order_ids: list[UUID] = Field(default_factory=list)

    @model_validator(mode="after")
    def _names_something(self) -> "ReprocessRequest":
        if not self.run_ids and not self.order_ids:
            raise ValueError("give run_ids or order_ids")
        return self


class DoneView(BaseModel):
    id: UUID
    ok: bool
    reason: str = ""


class Results(BaseModel):
    results: list[DoneView]


class FlowNames(_Asked):
    names: list[str] = Field(min_length=1, max_length=LIMIT)


class Switched(BaseModel):
    state: Literal["paused", "running"]
    released: int = 0


class DryRunRequest(_Asked):
    """`document` tries a draft, `version` an older one; neither the version in use."""

    subject_ids: list[UUID] = Field(min_length=1, max_length=100)
    version: int | None = None
    document: dict[str, Any] | None = None


class DryStepView(BaseModel):
    step: str
    title: str
    kind: str
    port: str
    reason: str
    details: dict[str, Any]


class DryRunResult(BaseModel):
    subject_id: UUID
    steps: list[DryStepView]


class DryRunResults(BaseModel):
    results: list[DryRunResult]


class CheckRequest(_Asked):
    name: str
    document: dict[str, Any]


class Checked(BaseModel):
    problems: list[ProblemView]

"""HTTP schemas of flow runs, flows and step kinds."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from openiom.platform.request_values import SmallNumber

LIMIT = 1000


class RunError(BaseModel):
    """Why a flow run has stopped, and what a person can do about it."""

    what: str
    where: str = ""
    why: str = ""
    remedy: str = ""


class StepEntry(BaseModel):
    """What one step did, as the history of a flow run shows it."""

    recorded_at: datetime
    step: str
    title: str
    kind: str
    port: str
    reason: str = ""
    duration_ms: float = 0
    details: dict[str, Any] = Field(default_factory=dict)


class TokenView(BaseModel):
    """The position of a flow run, or of one of its branches.

    `postponed` says why its provider calls are not made for now.
    """

    step: str
    step_title: str
    state: str
    since: datetime
    awaits: list[str]
    wake_at: datetime | None
    error: RunError | None
    postponed: str


class RunSummary(BaseModel):
    """What every view of a flow run shows."""

    id: UUID
    flow: str
    flow_title: str
    version: int
    state: str
    subject_type: str
    subject_id: UUID
    started_at: datetime
    finished_at: datetime | None
    step: str | None = None
    step_title: str | None = None
    since: datetime | None = None
    error: RunError | None = None


class FlowRunView(RunSummary):
    """A flow run with its history. `step` and the fields like it describe the first token: a
    failed one comes before a waiting one."""

    awaits: list[str] = Field(default_factory=list)
    wake_at: datetime | None = None
    postponed: str = ""
    tokens: list[TokenView]
    results: list[StepEntry]


class FlowRuns(BaseModel):
    """The flow runs of one document."""

    flow_runs: list[FlowRunView]


class RunRow(RunSummary):
    """A row of the list of flow runs; `step` is that of a failed token if there is one."""

    subject_label: str
    root_id: UUID


class FlowRow(BaseModel):
    """A row of the list of flows, with the number of tokens by state."""

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
    """All flows."""

    items: list[FlowRow]


class StepShape(BaseModel):
    """A step as the diagram of a flow shows it."""

    id: str
    kind: str
    kind_title: str
    title: str
    ports: list[str]
    to: dict[str, str]


class StepKind(BaseModel):
    """A step kind a flow can be built from; `properties` is the JSON schema of its steps."""

    kind: str
    title: str
    description: str
    properties: dict[str, Any]


class StepKinds(BaseModel):
    """All step kinds."""

    items: list[StepKind]


class ProblemView(BaseModel):
    """A problem of a flow and where it is."""

    where: str
    what: str
    remedy: str = ""


class FlowView(BaseModel):
    """A flow in the version in use, and the problems it has with today's configuration."""

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
    """How many tokens are at a step, by state, and how many left it within 24 hours."""

    ready: int = 0
    waiting: int = 0
    on_hold: int = 0
    failed: int = 0
    passed_24h: int = 0
    ports_24h: dict[str, int] = Field(default_factory=dict)


class FlowCounts(BaseModel):
    """The counts of a flow by step id."""

    steps: dict[str, StepCounts]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FlowRunIds(_Request):
    """Flow runs to operate on."""

    run_ids: list[UUID] = Field(min_length=1)


class ReprocessRequest(_Request):
    """Flow runs to reprocess, or orders whose failed flow runs are all reprocessed."""

    run_ids: list[UUID] = Field(default_factory=list)
    order_ids: list[UUID] = Field(default_factory=list)

    @model_validator(mode="after")
    def _has_ids(self) -> "ReprocessRequest":
        if not self.run_ids and not self.order_ids:
            raise ValueError("give run_ids or order_ids")
        return self


class OperationResultView(BaseModel):
    """The result of an operation for one id."""

    id: UUID
    ok: bool
    reason: str = ""


class OperationResults(BaseModel):
    """One result per id, in the order of the request."""

    results: list[OperationResultView]


class FlowNames(_Request):
    """Flows to pause or to resume."""

    names: list[str] = Field(min_length=1, max_length=LIMIT)


class FlowStateChange(BaseModel):
    """The new state of flows, and how many tokens continue."""

    state: Literal["paused", "running"]
    released: int = 0


class DryRunRequest(_Request):
    """Subjects to try a flow with.

    `document` tries a draft, `version` an older version; without both, the version in use.
    """

    subject_ids: list[UUID] = Field(min_length=1, max_length=100)
    version: SmallNumber | None = None
    document: dict[str, Any] | None = None


class DryStepView(BaseModel):
    """A step of a dry run; `port` is empty where the flow run would stop or end."""

    step: str
    title: str
    kind: str
    port: str
    reason: str
    details: dict[str, Any]


class DryRunResult(BaseModel):
    """The steps that one subject would pass."""

    subject_id: UUID
    steps: list[DryStepView]


class DryRunResults(BaseModel):
    """The dry runs of all subjects, in the order of the request."""

    results: list[DryRunResult]


class CheckRequest(_Request):
    """A draft to check."""

    name: str
    document: dict[str, Any]


class CheckResult(BaseModel):
    """Every problem of a draft; it can be published when there is none."""

    problems: list[ProblemView]

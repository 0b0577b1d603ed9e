"""Reads of flow runs and flows for pages and programs."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch_as

from .compiler import check_flow, read_flow
from .context import ExecutableFlow
from .elements import ELEMENTS
from .engine import Engine, FlowVersionRow
from .run_list import RunColumns, error_view
from .schemas import (
    FlowCounts,
    FlowRow,
    FlowRunView,
    FlowView,
    ProblemView,
    StepCounts,
    StepEntry,
    StepKind,
    StepShape,
    TokenView,
)

_STATE_ORDER = {"failed": 0, "held": 1, "ready": 2, "waiting": 3}
_COUNT_BY_STATE = {"failed": "failed", "held": "on_hold", "ready": "ready", "waiting": "waiting"}
_LIST_FLOWS = """
SELECT f.name, f.title, f.subject, v.document #>> '{trigger,event}' AS trigger, v.version,
       f.active, f.paused, coalesce(c.running, 0) AS running, coalesce(c.waiting, 0) AS waiting,
       coalesce(c.failed, 0) AS failed
FROM orchestration.flow f
JOIN orchestration.flow_version v ON v.id = f.version_id
LEFT JOIN (
    SELECT w.name, count(*) FILTER (WHERE t.state IN ('ready', 'held')) AS running,
           count(*) FILTER (WHERE t.state = 'waiting') AS waiting,
           count(*) FILTER (WHERE t.state = 'failed') AS failed
    FROM orchestration.token t
    JOIN orchestration.flow_version w ON w.id = t.flow_version_id
    GROUP BY w.name
) c ON c.name = f.name
ORDER BY f.name
"""
_LEFT_BY_PORT = """
SELECT s.key AS step, p.key AS port, sum(p.value::text::bigint)::bigint AS number
FROM orchestration.step_tally t, jsonb_each(t.counts) s, jsonb_each(s.value) p
WHERE t.flow = %s AND t.recorded_at > %s
GROUP BY 1, 2
"""

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class _Token:
    run_id: UUID
    step: str
    state: str
    entered_at: datetime
    awaits: list[str] | None
    due_at: datetime | None
    error: dict[str, Any] | None
    postponed: str

    def view(self, flow: ExecutableFlow) -> TokenView:
        """Return the token as pages show it."""
        return TokenView(
            step=self.step,
            step_title=flow.document(self.step).label,
            state=self.state,
            since=self.entered_at,
            awaits=self.awaits or [],
            wake_at=self.due_at if self.state == "waiting" else None,
            error=error_view(self.error),
            postponed=self.postponed,
        )


@dataclass(frozen=True, slots=True)
class _StepResult:
    run_id: UUID
    recorded_at: datetime
    entries: list[dict[str, Any]]

    def views(self, flow: ExecutableFlow) -> list[StepEntry]:
        """Return the entries as the history shows them."""
        views = []
        for entry in self.entries:
            step = flow.document(entry["step"])
            view = StepEntry(
                recorded_at=self.recorded_at, title=step.label, kind=step.kind, **entry
            )
            views.append(view)

        return views


@dataclass(frozen=True, slots=True)
class StoredFlow(FlowVersionRow):
    """A flow version with the state of its flow."""

    active: bool
    paused: bool


@dataclass(frozen=True, slots=True)
class _TokenCount:
    step: str
    state: str
    number: int


@dataclass(frozen=True, slots=True)
class _PortCount:
    step: str
    port: str
    number: int


def flow_runs_of(session: Session, engine: Engine, root_id: UUID) -> list[FlowRunView]:
    """Return every flow run of a document and of those below it, newest first, with history."""
    runs = fetch_as(
        session,
        RunColumns,
        "SELECT id, flow_version_id, state, subject_type, subject_id, root_id, started_at,"
        " finished_at FROM orchestration.flow_run WHERE root_id = %s ORDER BY id DESC LIMIT 200",
        (root_id,),
    )
    flows = engine.flows.get(session, {run.flow_version_id for run in runs})
    ids = [run.id for run in runs]
    tokens = _tokens_by_run(session, ids)
    results = _results_by_run(session, ids)

    views = []
    for run in runs:
        flow = flows[run.flow_version_id]
        token_views = [token.view(flow) for token in tokens[run.id]]

        entries: list[StepEntry] = []
        for result in results[run.id]:
            entries.extend(result.views(flow))

        current = token_views[0].model_dump(exclude={"state"}) if token_views else {}
        view = FlowRunView(**run.summary(flow), **current, tokens=token_views, results=entries)
        views.append(view)

    return views


def _tokens_by_run(session: Session, run_ids: Sequence[UUID]) -> Mapping[UUID, list[_Token]]:
    rows = fetch_as(
        session,
        _Token,
        "SELECT run_id, step, state, entered_at, awaits, due_at, error, coalesce((SELECT"
        " string_agg(DISTINCT p.error ->> 'what', '; ') FROM orchestration.provider_call p"
        " WHERE p.token_id = t.id AND p.step = t.step AND p.state = 'held'), '') AS postponed"
        " FROM orchestration.token t WHERE run_id = ANY(%s) ORDER BY id",
        (list(run_ids),),
    )
    by_run: dict[UUID, list[_Token]] = defaultdict(list)
    for token in sorted(rows, key=lambda token: _STATE_ORDER[token.state]):
        by_run[token.run_id].append(token)

    return by_run


def _results_by_run(session: Session, run_ids: Sequence[UUID]) -> Mapping[UUID, list[_StepResult]]:
    rows = fetch_as(
        session,
        _StepResult,
        "SELECT run_id, recorded_at, entries FROM orchestration.step_result"
        " WHERE run_id = ANY(%s) ORDER BY id",
        (list(run_ids),),
    )
    by_run: dict[UUID, list[_StepResult]] = defaultdict(list)
    for result in rows:
        by_run[result.run_id].append(result)

    return by_run


def list_flows(session: Session) -> list[FlowRow]:
    """Return every flow with how many of its tokens are running, waiting and failed."""
    return fetch_as(session, FlowRow, _LIST_FLOWS)


def list_step_kinds() -> list[StepKind]:
    """Return the step kinds a flow can be built from."""
    kinds = []
    for element in ELEMENTS.values():
        kind = StepKind(
            kind=element.kind,
            title=element.title,
            description=element.description,
            properties=element.properties(),
        )
        kinds.append(kind)

    return kinds


def flow_view(session: Session, engine: Engine, name: str) -> FlowView:
    """Return a flow in the version in use, with its current problems. Raise `NotFound`."""
    stored = get_flow(session, name)
    flow = stored.compile()
    problems = check_flow(read_flow(stored.document), engine.catalog.snapshot(session))

    shapes = []
    for executable in flow.steps.values():
        step = executable.step
        shape = StepShape(
            id=step.id,
            kind=step.kind,
            kind_title=ELEMENTS[step.kind].title,
            title=step.label,
            ports=list(step.ports),
            to=dict(step.to),
        )
        shapes.append(shape)

    return FlowView(
        name=flow.name,
        title=flow.title,
        version=flow.version,
        active=stored.active,
        paused=stored.paused,
        document=stored.document,
        steps=shapes,
        segments=flow.plan.segments,
        problems=[ProblemView(where=p.where, what=p.what, remedy=p.remedy) for p in problems],
    )


def get_flow(session: Session, name: str, version: int | None = None) -> StoredFlow:
    """Return a version of a flow, by default the one in use. Raise `NotFound`."""
    rows = fetch_as(
        session,
        StoredFlow,
        "SELECT v.id, v.name, v.version, v.document, v.plan, f.active, f.paused"
        " FROM orchestration.flow f JOIN orchestration.flow_version v ON v.name = f.name"
        " WHERE f.name = %s AND CASE WHEN %s::int IS NULL THEN v.id = f.version_id"
        " ELSE v.version = %s::int END",
        (name, version, version),
    )
    if not rows:
        what = f"no flow named {name}"
        if version:
            what += f" in version {version}"

        raise NotFound(what, remedy="GET /api/v1/flows lists the flows")

    return rows[0]


def flow_counts(session: Session, name: str, *, now: datetime) -> FlowCounts:
    """Return, by step, how many tokens are there and how many left by which port in 24 hours."""
    steps: dict[str, StepCounts] = defaultdict(StepCounts)
    at_step = fetch_as(
        session,
        _TokenCount,
        "SELECT t.step, t.state, count(*) AS number FROM orchestration.token t"
        " JOIN orchestration.flow_version v ON v.id = t.flow_version_id"
        " WHERE v.name = %s GROUP BY 1, 2",
        (name,),
    )

    for count in at_step:
        setattr(steps[count.step], _COUNT_BY_STATE[count.state], count.number)

    since = now - timedelta(hours=24)
    for left in fetch_as(session, _PortCount, _LEFT_BY_PORT, (name, since)):
        counts = steps[left.step]
        counts.ports_24h[left.port] = left.number
        if left.port != "error":
            counts.passed_24h += left.number

    return FlowCounts(steps=dict(steps))

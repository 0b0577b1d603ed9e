"""Flow runs, runs and flows as pages show them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch

from .compiled_flows import Engine, RunningFlow, running_flow
from .compiler import Plan, check_flow
from .document import FlowDocument
from .schemas import (
    FlowCounts,
    FlowRow,
    FlowRunView,
    FlowView,
    ProblemView,
    RunError,
    RunRow,
    StandsAt,
    StepCounts,
    StepEntry,
    StepShape,
)

_WEIGHT = {"failed": 0, "held": 1, "ready": 2, "waiting": 3}


def flow_runs_of(session: Session, engine: Engine, root_id: UUID) -> list[FlowRunView]:
    """Every flow run of a document and of what stands under it, newest first, with its whole history."""
    rows = fetch(
        session,
        "SELECT id, flow_version_id, state, subject_type, subject_id, started_at, finished_at"
        " FROM orchestration.flow_run WHERE root_id = %s ORDER BY id DESC LIMIT 200",
        (root_id,),
    )
    ids = [row[0] for row in rows]
    known = engine.flows.get(session, {row[1] for row in rows})
    tokens = _tokens(session, ids, {row[0]: known[row[1]] for row in rows})
    results = _results(session, ids, {row[0]: known[row[1]] for row in rows})
    views = []
    for id, version_id, state, subject_type, subject_id, started_at, finished_at in rows:
        flow, standing = known[version_id], tokens[id]
        first = standing[0] if standing else None
        views.append(
            FlowRunView(
                id=id,
                flow=flow.name,
                flow_title=flow.document.title,
                version=flow.version,
                state=state,
                subject_type=subject_type,
                subject_id=subject_id,
                started_at=started_at,
                finished_at=finished_at,
                step=first.step if first else None,
                step_title=first.step_title if first else None,
                since=first.since if first else None,
                error=first.error if first else None,
                awaits=first.awaits if first else [],
                wake_at=first.wake_at if first else None,
                tokens=standing,
                results=results[id],
            )
        )
    return views


def _tokens(
    session: Session, ids: Sequence[UUID], flows: dict[UUID, RunningFlow]
) -> dict[UUID, list[StandsAt]]:
    rows = fetch(
        session,
        "SELECT run_id, step, state, entered_at, awaits, due_at, error FROM orchestration.token"
        " WHERE run_id = ANY(%s) ORDER BY id",
        (list(ids),),
    )
    found: dict[UUID, list[StandsAt]] = defaultdict(list)
    for flow_run, step, state, since, awaits, due_at, error in sorted(
        rows, key=lambda row: _WEIGHT[row[2]]
    ):
        title = flows[flow_run].steps[step].shown
        wake_at = due_at if state == "waiting" else None
        found[flow_run].append(
            StandsAt(
                step=step,
                step_title=title,
                state=state,
                since=since,
                awaits=awaits or [],
                wake_at=wake_at,
                error=error and RunError.model_validate(error),
            )
        )
    return found


def _results(
    session: Session, ids: Sequence[UUID], flows: dict[UUID, RunningFlow]
) -> dict[UUID, list[StepEntry]]:
    rows = fetch(
        session,
        "SELECT run_id, at, entries FROM orchestration.step_result WHERE run_id = ANY(%s) ORDER BY id",
        (list(ids),),
    )
    found: dict[UUID, list[StepEntry]] = defaultdict(list)
    for flow_run, at, entries in rows:
        for entry in entries:
            step = flows[flow_run].steps[entry["step"]]
            found[flow_run].append(
                StepEntry(
                    at=at,
                    step=step.id,
                    title=step.shown,
                    kind=step.kind,
                    port=entry["port"],
                    reason=entry.get("reason", ""),
                    duration_ms=entry.get("ms", 0),
                    details=entry.get("details", {}),
                )
            )
    return found


def list_runs(
    session: Session,
    engine: Engine,
    *,
    state: str,
    flow: str,
    after: UUID | None,
    limit: int,
) -> list[RunRow]:
    """Up to `limit + 1` flow runs, newest first, with the token that matters most."""
    rows = fetch(
        session,
        "SELECT j.id, j.flow_version_id, j.state, j.subject_type, j.subject_id, j.root_id, j.started_at,"
        " j.finished_at, t.step, t.entered_at, t.error FROM orchestration.flow_run j"
        " LEFT JOIN LATERAL (SELECT step, entered_at, error FROM orchestration.token t WHERE t.run_id = j.id"
        " ORDER BY t.state <> 'failed', t.id LIMIT 1) t ON true"
        " WHERE (%s = '' OR j.state = %s) AND (%s = '' OR j.flow = %s) AND (%s::uuid IS NULL OR j.id < %s)"
        " ORDER BY j.id DESC LIMIT %s",
        (state, state, flow, flow, after, after, limit + 1),
    )
    known = engine.flows.get(session, {row[1] for row in rows})
    labels = _labels(session, engine, [(row[3], row[4]) for row in rows])
    out = []
    for (
        id,
        version,
        state_,
        subject_type,
        subject_id,
        root,
        started,
        finished,
        step,
        since,
        error,
    ) in rows:
        running = known[version]
        out.append(
            RunRow(
                id=id,
                flow=running.name,
                flow_title=running.document.title,
                version=running.version,
                state=state_,
                subject_type=subject_type,
                subject_id=subject_id,
                subject_label=labels.get((subject_type, subject_id), str(subject_id)),
                root_id=root,
                started_at=started,
                finished_at=finished,
                step=step,
                step_title=running.steps[step].shown if step else None,
                since=since,
                error=error and RunError.model_validate(error),
            )
        )
    return out


def _labels(
    session: Session, engine: Engine, subjects: Sequence[tuple[str, UUID]]
) -> dict[tuple[str, UUID], str]:
    found: dict[tuple[str, UUID], str] = {}
    for entity in {entity for entity, _ in subjects} & set(engine.catalog.entities):
        ids = list({id for name, id in subjects if name == entity})
        labels = engine.entity(entity).label_of(session, ids)
        found.update({(entity, id): label for id, label in labels.items()})
    return found


def list_flows(session: Session) -> list[FlowRow]:
    """Every flow with how many of its flow runs' tokens move, wait and have failed."""
    rows = fetch(
        session,
        "SELECT f.name, f.title, f.subject, v.document #>> '{trigger,event}', v.version, f.active, f.paused,"
        " coalesce(c.running, 0), coalesce(c.waiting, 0), coalesce(c.failed, 0) FROM orchestration.flow f"
        " JOIN orchestration.flow_version v ON v.id = f.version_id LEFT JOIN (SELECT w.name,"
        " count(*) FILTER (WHERE t.state IN ('ready', 'held')) AS running,"
        " count(*) FILTER (WHERE t.state = 'waiting') AS waiting,"
        " count(*) FILTER (WHERE t.state = 'failed') AS failed FROM orchestration.token t"
        " JOIN orchestration.flow_version w ON w.id = t.flow_version_id GROUP BY w.name) c ON c.name = f.name"
        " ORDER BY f.name",
    )
    fields = tuple(FlowRow.model_fields)
    return [FlowRow.model_validate(dict(zip(fields, row, strict=True))) for row in rows]


def flow_view(session: Session, engine: Engine, name: str) -> FlowView:
    """A flow in the version in use, and what has become wrong with it since. Raises NotFound."""
    flow, active, paused, raw = get_flow(session, name)
    problems = check_flow(flow.document, engine.catalog.known(session))
    return FlowView(
        name=flow.name,
        title=flow.document.title,
        version=flow.version,
        active=active,
        paused=paused,
        document=raw,
        steps=[
            StepShape(id=s.id, kind=s.kind, title=s.shown, ports=list(s.ports), to=dict(s.to))
            for s in flow.document.steps
        ],
        segments=flow.plan.segments,
        problems=[ProblemView(where=p.where, what=p.what, remedy=p.remedy) for p in problems],
    )


def get_flow(
    session: Session, name: str, version: int | None = None
) -> tuple[RunningFlow, bool, bool, dict[str, Any]]:
    """A version, the one in use unless told, whether the flow is active and paused, and the raw document."""
    rows = fetch(
        session,
        "SELECT v.id, v.name, v.version, v.document, v.plan, f.active, f.paused FROM orchestration.flow f"
        " JOIN orchestration.flow_version v ON v.name = f.name WHERE f.name = %s"
        " AND CASE WHEN %s::int IS NULL THEN v.id = f.version_id ELSE v.version = %s::int END",
        (name, version, version),
    )
    if not rows:
        raise NotFound(f"no flow named {name}" + (f" in version {version}" if version else ""))
    id, name, number, document, plan, active, paused = rows[0]
    running = running_flow(
        id=id,
        name=name,
        version=number,
        document=FlowDocument.model_validate(document),
        plan=Plan.model_validate(plan),
    )
    return running, active, paused, document


def flow_counts(session: Session, name: str, *, now: datetime) -> FlowCounts:
    """For each step how many tokens stand there, and how many left it by which port within 24 hours."""
    steps: dict[str, StepCounts] = defaultdict(StepCounts)
    standing = fetch(
        session,
        "SELECT t.step, t.state, count(*) FROM orchestration.token t JOIN orchestration.flow_version v"
        " ON v.id = t.flow_version_id WHERE v.name = %s GROUP BY 1, 2",
        (name,),
    )
    for step, state, number in standing:
        setattr(steps[step], state, number)
    passed = fetch(
        session,
        "SELECT s.key, p.key, sum(p.value::text::bigint)::bigint FROM orchestration.step_tally t,"
        " jsonb_each(t.counts) s, jsonb_each(s.value) p WHERE t.flow = %s AND t.at > %s GROUP BY 1, 2",
        (name, now - timedelta(hours=24)),
    )
    for step, port, number in passed:
        steps[step].ports_24h[port] = number
        steps[step].passed_24h += number if port != "error" else 0
    return FlowCounts(steps=dict(steps))

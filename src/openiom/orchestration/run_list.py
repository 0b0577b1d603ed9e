"""The list of flow runs, and the sorts of which each has an index.

A run that has not ended has a token, and a failed one has a failed token: these are found by their
tokens, because the table of runs grows with every order and its state has no index.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as
from openiom.platform.sort_keys import Sort, SortKey, SortKeys

from .context import ExecutableFlow
from .engine import Engine
from .schemas import RunError, RunRow

_STARTED = SortKey[RunRow]("r.id", UUID, lambda row: row.id)
_TOKEN_STARTED = SortKey[RunRow]("t.run_id", UUID, lambda row: row.id)
_ANY_SORTS = SortKeys({"started": _STARTED}, noun="runs that have not failed", ties=(_STARTED,))
_RUNNING_SORTS = SortKeys(
    {"started": _TOKEN_STARTED}, noun="runs that have not failed", ties=(_TOKEN_STARTED,)
)
FAILED_RUN_SORTS = SortKeys(
    {
        "started": _TOKEN_STARTED,
        "since": SortKey("t.entered_at", datetime, lambda row: row.since or row.started_at),
    },
    noun="runs",
    ties=(_TOKEN_STARTED,),
)
_SORTS_OF_STATE = {"failed": FAILED_RUN_SORTS, "running": _RUNNING_SORTS}

_COLUMNS = """
SELECT r.id, r.flow_version_id, r.state, r.subject_type, r.subject_id, r.root_id, r.started_at,
       r.finished_at, t.step, t.entered_at AS since, t.error
"""
_ANY_RUNS = """
FROM orchestration.flow_run r
LEFT JOIN LATERAL (
    SELECT step, entered_at, error FROM orchestration.token t WHERE t.run_id = r.id
    ORDER BY t.state <> 'failed', t.id LIMIT 1
) t ON true
"""
_RUNS_OF_TOKENS = """
FROM orchestration.token t
JOIN orchestration.flow_run r ON r.id = t.run_id
"""
_FIRST_TOKEN = """
NOT EXISTS (SELECT FROM orchestration.token e WHERE e.run_id = t.run_id AND e.id < t.id)
"""
_FIRST_FAILED_TOKEN = """
t.state = 'failed' AND NOT EXISTS (
    SELECT FROM orchestration.token e
    WHERE e.run_id = t.run_id AND e.id < t.id AND e.state = 'failed')
"""


@dataclass(frozen=True, slots=True)
class RunColumns:
    """The stored columns of a flow run."""

    id: UUID
    flow_version_id: int
    state: str
    subject_type: str
    subject_id: UUID
    root_id: UUID
    started_at: datetime
    finished_at: datetime | None

    def summary(self, flow: ExecutableFlow) -> dict[str, Any]:
        """Return the fields of `RunSummary` that do not depend on a token."""
        return {
            "id": self.id,
            "flow": flow.name,
            "flow_title": flow.title,
            "version": flow.version,
            "state": self.state,
            "subject_type": self.subject_type,
            "subject_id": self.subject_id,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
        }


@dataclass(frozen=True, slots=True)
class _RunAtStep(RunColumns):
    step: str | None
    since: datetime | None
    error: dict[str, Any] | None


class RunFilter(NamedTuple):
    """What the list of runs is narrowed to; empty fields match everything."""

    state: str = ""
    flow: str = ""
    sort: str = ""

    @property
    def sorted_by(self) -> Sort[RunRow]:
        """The sort that was chosen, else newest first. Raise `Invalid`."""
        return _SORTS_OF_STATE.get(self.state, _ANY_SORTS).parse(self.sort or "-started")


def list_runs(
    session: Session,
    engine: Engine,
    chosen: RunFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
) -> list[RunRow]:
    """Return flow runs in the order of `sorted_by`; `after` is the sort key of the last one."""
    query, parameters = run_query(chosen, after=after, limit=limit)
    runs = fetch_as(session, _RunAtStep, query, parameters)
    flows = engine.flows.get(session, {run.flow_version_id for run in runs})
    labels = _subject_labels(session, engine, runs)

    rows = []
    for run in runs:
        version = flows[run.flow_version_id]
        row = RunRow(
            **run.summary(version),
            step=run.step,
            step_title=version.document(run.step).label if run.step else None,
            since=run.since,
            error=error_view(run.error),
            subject_label=labels.get(run.subject_id, str(run.subject_id)),
            root_id=run.root_id,
        )
        rows.append(row)

    return rows


def run_query(
    chosen: RunFilter, *, after: Sequence[Any] | None, limit: int
) -> tuple[str, list[Any]]:
    """Return the query of a page of runs and its parameters."""
    source, conditions = _ANY_RUNS, []
    if chosen.state == "failed":
        source, conditions = _RUNS_OF_TOKENS, [_FIRST_FAILED_TOKEN]
    elif chosen.state == "running":
        source, conditions = _RUNS_OF_TOKENS, [_FIRST_TOKEN]

    parameters: list[Any] = []
    for condition, value in (("r.state = %s", chosen.state), ("r.flow = %s", chosen.flow)):
        if value:
            conditions.append(condition)
            parameters.append(value)

    if after:
        condition, values = chosen.sorted_by.after(after)
        conditions.append(condition)
        parameters += values

    where = " AND ".join(conditions) or "TRUE"
    order_by = chosen.sorted_by.order_by
    query = f"{_COLUMNS} {source} WHERE {where} ORDER BY {order_by} LIMIT %s"
    return query, [*parameters, limit]


def _subject_labels(
    session: Session, engine: Engine, runs: Sequence[RunColumns]
) -> Mapping[UUID, str]:
    ids_by_entity: dict[str, set[UUID]] = defaultdict(set)
    for run in runs:
        ids_by_entity[run.subject_type].add(run.subject_id)

    labels: dict[UUID, str] = {}
    for name in ids_by_entity.keys() & engine.catalog.entities.keys():
        entity = engine.catalog.entities[name]
        labels.update(entity.label_of(session, list(ids_by_entity[name])))

    return labels


def error_view(error: Mapping[str, Any] | None) -> RunError | None:
    """Return an error as pages show it."""
    return RunError.model_validate(error) if error else None

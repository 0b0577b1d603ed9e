"""Provider calls that wait, and runs that failed, and the documents that they belong to.

Calls that are held because their instance is paused wait for it as well. Those that are held for
another reason, such as a manual hold of their order, wait for that and not for the instance.

Every read is bounded: a queue of a million calls costs no more than one of `MAX_COUNTED`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as, fetch_column

from .provider_call import INSTANCE_PAUSED

MAX_COUNTED = 10_000

_OF_INSTANCE = """
SELECT r.root_id FROM (
    (SELECT run_id FROM orchestration.provider_call
     WHERE state = 'ready' AND instance = {instance} LIMIT %(limit)s)
    UNION ALL
    (SELECT run_id FROM orchestration.provider_call
     WHERE state = 'leased' AND instance = {instance} LIMIT %(limit)s)
    UNION ALL
    (SELECT run_id FROM orchestration.provider_call
     WHERE state = 'held' AND instance = {instance} AND error ->> 'cause' = %(paused)s
     LIMIT %(limit)s)
    LIMIT %(limit)s
) c
JOIN orchestration.flow_run r ON r.id = c.run_id
"""
_COUNT = f"""
SELECT i.instance, w.root_id, count(*) AS calls
FROM unnest(%(instances)s::text[]) AS i(instance)
CROSS JOIN LATERAL ({_OF_INSTANCE.format(instance="i.instance")}) w
GROUP BY i.instance, w.root_id
"""
_ROOTS = f"SELECT DISTINCT w.root_id FROM ({_OF_INSTANCE.format(instance='%(instance)s')}) w"
_INSTANCES = """
SELECT DISTINCT r.root_id, c.instance
FROM orchestration.flow_run r
JOIN orchestration.token t ON t.run_id = r.id
JOIN orchestration.provider_call c ON c.token_id = t.id
WHERE r.root_id = ANY(%(roots)s) AND c.instance = ANY(%(instances)s)
  AND (c.state IN ('ready', 'leased') OR c.state = 'held' AND c.error ->> 'cause' = %(paused)s)
ORDER BY r.root_id, c.instance
"""
_FAILED_RUNS = """
SELECT count(DISTINCT run_id) FROM (
    SELECT run_id FROM orchestration.token WHERE state = 'failed' LIMIT %s) t
"""
_FAILED_ROOTS = """
SELECT root_id, min(entered_at) AS since FROM (
    SELECT root_id, entered_at FROM orchestration.token WHERE state = 'failed' LIMIT %s) t
GROUP BY root_id
"""
_FAILED_STEP = """
SELECT t.run_id, t.entered_at AS since, coalesce(t.error ->> 'what', '') AS what,
    coalesce(nullif(jsonb_path_query_first(v.document, '$.steps[*] ? (@.id == $step).title',
        jsonb_build_object('step', t.step)) #>> '{}', ''), t.step) AS step_title
FROM orchestration.flow_run r
JOIN orchestration.token t ON t.run_id = r.id
LEFT JOIN orchestration.flow_version v ON v.id = t.flow_version_id
WHERE r.root_id = %s AND t.state = 'failed'
ORDER BY t.entered_at, t.id LIMIT 1
"""
_OLDEST_CALL = """
SELECT min(created_at) FROM (
    SELECT created_at FROM orchestration.provider_call
    WHERE state IN ('ready', 'leased') AND instance = %s LIMIT %s) c
"""


class WaitingCalls(NamedTuple):
    """How many calls of a document wait for an instance."""

    instance: str
    root_id: UUID
    calls: int


class FailedRoot(NamedTuple):
    """A document of which a flow run has failed, and since when."""

    root_id: UUID
    since: datetime


class FailedStep(NamedTuple):
    """The step at which a flow run of a document failed, since when and why."""

    run_id: UUID
    since: datetime
    what: str
    step_title: str


class _WaitingRoot(NamedTuple):
    root_id: UUID
    instance: str


def count_waiting_calls(session: Session, instances: Sequence[str]) -> list[WaitingCalls]:
    """Return the calls that wait for these instances, `MAX_COUNTED` at most of each."""
    if not instances:
        return []

    parameters = {"instances": list(instances), "limit": MAX_COUNTED, "paused": INSTANCE_PAUSED}
    return fetch_as(session, WaitingCalls, _COUNT, parameters)


def roots_waiting_for(session: Session, instance: str) -> list[UUID]:
    """Return documents of which a call waits for an instance, at most `MAX_COUNTED`."""
    parameters = {"instance": instance, "limit": MAX_COUNTED, "paused": INSTANCE_PAUSED}
    return fetch_column(session, _ROOTS, parameters)


def waiting_instances(
    session: Session, roots: Sequence[UUID], instances: Sequence[str]
) -> dict[UUID, str]:
    """Return which of these instances each document waits for; others are absent."""
    if not roots or not instances:
        return {}

    parameters = {
        "roots": list(roots),
        "instances": list(instances),
        "paused": INSTANCE_PAUSED,
    }
    rows = fetch_as(session, _WaitingRoot, _INSTANCES, parameters)
    return {row.root_id: row.instance for row in reversed(rows)}


def count_failed_runs(session: Session) -> int:
    """Return how many flow runs have failed, at most `MAX_COUNTED`."""
    return int(fetch_column(session, _FAILED_RUNS, (MAX_COUNTED,))[0])


def failed_roots(session: Session) -> list[FailedRoot]:
    """Return the documents of failed flow runs; at most `MAX_COUNTED` runs are considered."""
    return fetch_as(session, FailedRoot, _FAILED_ROOTS, (MAX_COUNTED,))


def failed_step(session: Session, root_id: UUID) -> FailedStep | None:
    """Return the step at which a flow run of a document failed first, None when none has."""
    rows = fetch_as(session, FailedStep, _FAILED_STEP, (root_id,))
    return rows[0] if rows else None


def oldest_call(session: Session, instance: str) -> datetime | None:
    """Return when the oldest call that waits for an instance was queued, None without one."""
    found: list[datetime | None] = fetch_column(session, _OLDEST_CALL, (instance, MAX_COUNTED))
    return found[0]

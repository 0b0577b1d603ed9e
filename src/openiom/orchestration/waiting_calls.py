"""Provider calls that wait, by what they wait for and by the documents that they belong to.

Every read is bounded: a queue of a million calls costs no more than one of `MAX_COUNTED`.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as, fetch_column

MAX_COUNTED = 10_000

_OF_INSTANCE = """
SELECT r.root_id FROM (
    (SELECT run_id FROM orchestration.provider_call
     WHERE state = 'ready' AND instance = {instance} LIMIT %(limit)s)
    UNION ALL
    (SELECT run_id FROM orchestration.provider_call
     WHERE state = 'leased' AND instance = {instance} LIMIT %(limit)s)
    LIMIT %(limit)s
) c
JOIN orchestration.flow_run r ON r.id = c.run_id
"""
_COUNT = f"""
SELECT i.instance, count(*) AS calls, count(DISTINCT w.root_id) AS roots
FROM unnest(%(instances)s::text[]) AS i(instance)
CROSS JOIN LATERAL ({_OF_INSTANCE.format(instance="i.instance")}) w
GROUP BY i.instance
"""
_ROOTS = f"SELECT DISTINCT w.root_id FROM ({_OF_INSTANCE.format(instance='%(instance)s')}) w"
_INSTANCES = """
SELECT DISTINCT r.root_id, c.instance
FROM orchestration.flow_run r
JOIN orchestration.token t ON t.run_id = r.id
JOIN orchestration.provider_call c ON c.token_id = t.id
WHERE r.root_id = ANY(%(roots)s) AND c.instance = ANY(%(instances)s)
  AND c.state IN ('ready', 'leased')
ORDER BY r.root_id, c.instance
"""
_FAILED_RUNS = """
SELECT count(DISTINCT run_id) FROM (
    SELECT run_id FROM orchestration.token WHERE state = 'failed' LIMIT %s) t
"""


class WaitingCalls(NamedTuple):
    """How many calls wait for an instance, and of how many documents; at most `MAX_COUNTED`."""

    instance: str
    calls: int
    roots: int


class _WaitingRoot(NamedTuple):
    root_id: UUID
    instance: str


def count_waiting_calls(session: Session, instances: Sequence[str]) -> dict[str, WaitingCalls]:
    """Return the calls that wait for these instances; one without calls is absent."""
    if not instances:
        return {}

    parameters = {"instances": list(instances), "limit": MAX_COUNTED}
    rows = fetch_as(session, WaitingCalls, _COUNT, parameters)
    return {row.instance: row for row in rows}


def roots_waiting_for(session: Session, instance: str) -> list[UUID]:
    """Return documents of which a call waits for an instance, at most `MAX_COUNTED`."""
    return fetch_column(session, _ROOTS, {"instance": instance, "limit": MAX_COUNTED})


def waiting_instances(
    session: Session, roots: Sequence[UUID], instances: Sequence[str]
) -> dict[UUID, str]:
    """Return which of these instances each document waits for; others are absent."""
    if not roots or not instances:
        return {}

    parameters = {"roots": list(roots), "instances": list(instances)}
    rows = fetch_as(session, _WaitingRoot, _INSTANCES, parameters)
    return {row.root_id: row.instance for row in reversed(rows)}


def count_failed_runs(session: Session) -> int:
    """Return how many flow runs have failed, at most `MAX_COUNTED`."""
    return int(fetch_column(session, _FAILED_RUNS, (MAX_COUNTED,))[0])

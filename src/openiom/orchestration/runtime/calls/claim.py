"""Claiming provider calls: rows of one instance and action, leased to one worker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from openiom.orchestration.provider_call import INSTANCE_PAUSED
from openiom.platform.bulk import execute, fetch_as, fetch_column
from openiom.platform.database import Database, to_json_text
from openiom.platform.installation import IS_LIVE
from openiom.platform.leases import LEASE
from openiom.provider_contract import ProviderAction
from openiom.providers import lock_paused

log = structlog.get_logger("provider_calls")

TOKEN_WAITS = (
    "EXISTS (SELECT 1 FROM orchestration.token t WHERE t.id = p.token_id AND t.step = p.step"
    " AND t.generation = p.generation AND t.state = 'waiting')"
)
"""Whether the token of call `p` still waits for it; the calls of skipped ones are not retried."""

_ROUNDS = 4  # calls of one claim, as a multiple of what may be in flight at once


class CallGroup(NamedTuple):
    """What one worker calls at a time: one action of one provider instance."""

    instance: str
    action: str


@dataclass(slots=True)
class ClaimedCall:
    """A row of the queue, leased to this worker.

    deferrals  how often the provider asked us to wait; those calls do not count as attempts
    """

    id: int
    key: str
    entity: str
    entity_id: UUID
    flow: str
    token_id: UUID
    step: str
    generation: int
    payload: Mapping[str, Any]
    attempts: int
    max_attempts: int
    first_delay_seconds: float
    deferrals: int


def release_expired_leases(session: Session, now: datetime) -> None:
    """Make calls ready again whose worker died: the same call, under the same key."""
    released = execute(
        session,
        "UPDATE orchestration.provider_call p SET lease_until = NULL, due_at = %s,"
        f" state = CASE WHEN {TOKEN_WAITS} THEN 'ready' ELSE 'canceled' END"
        " WHERE id IN (SELECT id FROM orchestration.provider_call WHERE state = 'leased'"
        f" AND lease_until < %s AND {IS_LIVE} FOR UPDATE SKIP LOCKED)",
        (now, now),
    )
    if released:
        log.warning("leases_expired", rows=released)


def oldest_due_group(
    session: Session, now: datetime, *, excluded: Sequence[CallGroup]
) -> CallGroup | None:
    """Return the group of the call that has been due for longest, except the excluded ones."""
    groups = [f"{group.instance}/{group.action}" for group in excluded]
    found = fetch_as(
        session,
        CallGroup,
        "SELECT instance, action FROM orchestration.provider_call"
        " WHERE state = 'ready' AND due_at <= %s AND instance || '/' || action <> ALL(%s)"
        f" AND {IS_LIVE}"
        " ORDER BY due_at LIMIT 1",
        (now, groups),
    )
    return found[0] if found else None


def claim_limit(action: ProviderAction | None, limit: int) -> int:
    """Return how many calls to claim.

    At least what may be in flight at once, or the provider would idle; at most a few times that,
    in whole bulk calls.
    """
    if action is None:
        return limit

    in_flight = action.batch * action.concurrency
    most = max(in_flight, min(limit, _ROUNDS * in_flight))
    return max(most // action.batch * action.batch, 1)


def claim_calls(
    session: Session, group: CallGroup, *, limit: int, now: datetime
) -> list[ClaimedCall]:
    """Lease due calls of a group, oldest first."""
    return fetch_as(
        session,
        ClaimedCall,
        "UPDATE orchestration.provider_call p SET state = 'leased', lease_until = %s,"
        " attempts = attempts + 1 WHERE id IN (SELECT id FROM orchestration.provider_call"
        " WHERE state = 'ready' AND instance = %s AND action = %s AND due_at <= %s"
        " ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED)"
        " RETURNING id, key, entity, entity_id, flow, token_id, step, generation, payload,"
        " attempts, max_attempts, first_delay_seconds, deferrals",
        (now + LEASE, group.instance, group.action, now, limit),
    )


def hold_paused_calls(session: Session, group: CallGroup) -> int:
    """Hold the group's ready calls of paused flows, or all of a paused instance; return how many.

    The flows and instances are locked, so that a resume sees what is held here.
    """
    if group.instance in lock_paused(session):
        return _hold_group(session, group)

    paused = fetch_column(
        session, "SELECT name FROM orchestration.flow WHERE paused ORDER BY name FOR SHARE"
    )
    if not paused:
        return 0

    return execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'held' WHERE id IN (SELECT id"
        " FROM orchestration.provider_call WHERE state = 'ready' AND instance = %s"
        " AND action = %s AND flow = ANY(%s) FOR UPDATE SKIP LOCKED)",
        (group.instance, group.action, paused),
    )


def _hold_group(session: Session, group: CallGroup) -> int:
    problem = {"what": f"{group.instance} is paused", "where": group.instance, "why": ""}
    problem |= {"remedy": "resume the provider instance", "cause": INSTANCE_PAUSED}
    error = to_json_text(problem)
    return execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'held', error = %s::jsonb WHERE id IN"
        " (SELECT id FROM orchestration.provider_call WHERE state = 'ready' AND instance = %s"
        " AND action = %s FOR UPDATE SKIP LOCKED)",
        (error, group.instance, group.action),
    )


def renew_leases(database: Database, calls: Sequence[ClaimedCall], until: datetime) -> None:
    """Extend the leases of these calls; rows that another worker has claimed are left alone."""
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE orchestration.provider_call p SET lease_until = greatest(p.lease_until, %s)"
            " FROM unnest(%s::bigint[], %s::int[]) AS n(id, attempts)"
            " WHERE p.id = n.id AND p.state = 'leased' AND p.attempts = n.attempts",
            (until, [call.id for call in calls], [call.attempts for call in calls]),
        )

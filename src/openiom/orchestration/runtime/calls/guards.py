"""Claimed calls that are not made: for now, or not any more."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orchestration.provider_call import CallState
from openiom.orchestration.runtime.columns import Record, columns_of
from openiom.orchestration.runtime.wakes import CALLS_WAKE, STEPS_WAKE
from openiom.platform.bulk import execute, fetch_column
from openiom.platform.database import to_json_text
from openiom.platform.events import notify
from openiom.provider_contract import ActionGuard, Entity, ProviderAction

from .claim import ClaimedCall
from .completed import release_tokens

_BUSY_TOKEN = timedelta(seconds=1)

# The claim is undone: a call that is not made is no attempt.
_RETURN = """
UPDATE orchestration.provider_call p
SET state = n.state, error = n.error::jsonb, due_at = n.due_at, lease_until = NULL,
    attempts = p.attempts - 1, finished_at = CASE WHEN n.state = 'canceled' THEN n.due_at END
FROM unnest(%(id)s::bigint[], %(state)s::text[], %(error)s::text[], %(due_at)s::timestamptz[])
     AS n(id, state, error, due_at)
WHERE p.id = n.id
"""

_RELEASE = """
UPDATE orchestration.provider_call p SET state = 'ready', due_at = %s, error = NULL
FROM orchestration.flow_run r JOIN orchestration.token t ON t.run_id = r.id
WHERE r.root_id = ANY(%s) AND p.token_id = t.id AND p.state = 'held'
"""


def guard_calls(
    session: Session,
    entity: Entity,
    action: ProviderAction,
    calls: Sequence[ClaimedCall],
    now: datetime,
) -> list[ClaimedCall]:
    """Return the claimed calls to make.

    Those that are postponed are held until `release_calls`; a first attempt that is not possible
    any more is canceled. A call that was attempted before is repeated: its provider may have it.
    """
    first = [call for call in calls if call.attempts == 1]
    impossible = _guarded(session, entity.impossible, action, first)
    remaining = [call for call in calls if call.id not in impossible]
    postponed = _guarded(session, entity.postponed, action, remaining)
    if impossible:
        _cancel(session, first, impossible, now)
    if postponed:
        _hold(session, remaining, postponed, now)

    return [call for call in remaining if call.id not in postponed]


def _hold(
    session: Session, calls: Sequence[ClaimedCall], reasons: Mapping[int, str], now: datetime
) -> None:
    """Hold those of these calls that have a reason."""
    records: list[Record] = []
    for call in calls:
        if call.id in reasons:
            records.append(_record(call, "held", reasons[call.id], now))

    execute(session, _RETURN, columns_of(records))


def _guarded(
    session: Session,
    guard: ActionGuard | None,
    action: ProviderAction,
    calls: Sequence[ClaimedCall],
) -> dict[int, str]:
    """Return why calls are not made, by their ids."""
    if guard is None or not calls:
        return {}

    reasons = guard(session, [call.entity_id for call in calls], action.succeeded)
    return {call.id: reasons[call.entity_id] for call in calls if call.entity_id in reasons}


def _cancel(
    session: Session, calls: Sequence[ClaimedCall], reasons: Mapping[int, str], now: datetime
) -> None:
    """Cancel those of these calls that have a reason.

    One whose token another transaction has locked is claimed again later.
    """
    unwanted = [call for call in calls if call.id in reasons]
    # Waiting for tokens could deadlock: others lock tokens first, and then calls.
    locked = fetch_column(
        session,
        "SELECT id FROM orchestration.token WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED",
        ([call.token_id for call in unwanted],),
    )
    records: list[Record] = []
    for call in unwanted:
        if call.token_id in locked:
            records.append(_record(call, "canceled", reasons[call.id], now))
        else:
            records.append(_record(call, "ready", reasons[call.id], now + _BUSY_TOKEN))

    execute(session, _RETURN, columns_of(records))
    if release_tokens(session, locked, now=now):
        notify(session, STEPS_WAKE)


def _record(call: ClaimedCall, state: CallState, reason: str, due_at: datetime) -> Record:
    problem: dict[str, Any] = {"what": reason, "where": call.step, "why": "", "remedy": ""}
    return {"id": call.id, "state": state, "error": to_json_text(problem), "due_at": due_at}


def release_calls(session: Session, root_ids: Collection[UUID], *, now: datetime) -> None:
    """Make the held calls of the flow runs of these roots due.

    What postpones a call still, such as a paused flow, holds it again.
    """
    if root_ids and execute(session, _RELEASE, (now, list(root_ids))):
        notify(session, CALLS_WAKE)

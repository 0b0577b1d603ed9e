"""Withdrawal of provider calls before they are made."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch_as
from openiom.platform.events import notify

from .calls.completed import release_tokens
from .wakes import STEPS_WAKE


class _OpenCall(NamedTuple):
    id: int
    entity_id: UUID
    token_id: UUID


# Tokens and calls that another transaction has locked are being called or continued: they count as
# in flight. Waiting for them could deadlock, because callers have locked their entities.
_WITHDRAWABLE = """
SELECT p.id, p.entity_id, p.token_id
FROM orchestration.flow_run r
JOIN orchestration.token t ON t.run_id = r.id
JOIN orchestration.provider_call p ON p.token_id = t.id AND p.step = t.step
    AND p.generation = t.generation
WHERE r.root_id = ANY(%(root_ids)s) AND t.state = 'waiting' AND p.entity = %(entity)s
    AND p.entity_id = ANY(%(entity_ids)s) AND p.state IN ('ready', 'held') AND p.attempts = 0
ORDER BY t.id, p.id FOR UPDATE OF t, p SKIP LOCKED
"""

_OPEN = """
SELECT p.id, p.entity_id, p.token_id
FROM orchestration.flow_run r
JOIN orchestration.token t ON t.run_id = r.id
JOIN orchestration.provider_call p ON p.token_id = t.id
WHERE r.root_id = ANY(%(root_ids)s) AND p.entity = %(entity)s
    AND p.entity_id = ANY(%(entity_ids)s) AND p.state IN ('ready', 'held', 'leased')
"""


def lock_calls(
    session: Session, *, entity: str, entity_ids: Collection[UUID], root_ids: Collection[UUID]
) -> set[UUID]:
    """Keep the calls about these entities that were never attempted from being made for now.

    `root_ids` are the roots of the flow runs that may have queued them. Return the entities of
    which a call is being made, or was attempted without a known outcome.
    """
    parameters = _parameters(entity, entity_ids, root_ids)
    locked = {call.id for call in fetch_as(session, _OpenCall, _WITHDRAWABLE, parameters)}
    in_flight: set[UUID] = set()
    for call in fetch_as(session, _OpenCall, _OPEN, parameters):
        if call.id not in locked:
            in_flight.add(call.entity_id)
    return in_flight


def _parameters(
    entity: str, entity_ids: Collection[UUID], root_ids: Collection[UUID]
) -> dict[str, Any]:
    return {"entity": entity, "entity_ids": list(entity_ids), "root_ids": list(root_ids)}


def withdraw_calls(
    session: Session,
    *,
    entity: str,
    entity_ids: Collection[UUID],
    root_ids: Collection[UUID],
    now: datetime,
) -> set[UUID]:
    """Withdraw the calls about these entities that were never attempted.

    `root_ids` are the roots of the flow runs that may have queued them. A token whose calls are
    then all final continues as if they had succeeded. Return the entities of which a call is still
    open: it is being made, or was attempted without a known outcome.
    """
    parameters = _parameters(entity, entity_ids, root_ids)
    calls = fetch_as(session, _OpenCall, _WITHDRAWABLE, parameters)
    if calls:
        execute(
            session,
            "UPDATE orchestration.provider_call SET state = 'canceled', finished_at = %s"
            " WHERE id = ANY(%s)",
            (now, [call.id for call in calls]),
        )
        if release_tokens(session, {call.token_id for call in calls}, now=now):
            notify(session, STEPS_WAKE)

    return {call.entity_id for call in fetch_as(session, _OpenCall, _OPEN, parameters)}

"""The outbound queue as steps and operations write it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orchestration.provider_call import EarlierCall, NewCall
from openiom.platform.bulk import copy_rows, execute, fetch_as
from openiom.platform.database import to_json_text
from openiom.platform.events import notify

from .columns import Record
from .wakes import CALLS_WAKE

_COLUMNS = (
    "key",
    "instance",
    "action",
    "entity",
    "entity_id",
    "flow",
    "run_id",
    "token_id",
    "step",
    "generation",
    "payload",
    "state",
    "due_at",
    "max_attempts",
    "first_delay_seconds",
    "created_at",
)


@dataclass(frozen=True, slots=True)
class _LastGeneration:
    run_id: UUID
    generation: int


def insert_calls(session: Session, calls: Sequence[NewCall], *, now: datetime) -> int:
    """Insert calls that are due now; return how many."""
    records = [_insert_record(call, now) for call in calls]
    rows = map(itemgetter(*_COLUMNS), records)
    return copy_rows(session, "orchestration.provider_call", _COLUMNS, rows)


def _insert_record(call: NewCall, now: datetime) -> Record:
    return {
        "key": call.key,
        "instance": call.instance,
        "action": call.action,
        "entity": call.entity,
        "entity_id": call.entity_id,
        "flow": call.flow,
        "run_id": call.run_id,
        "token_id": call.token_id,
        "step": call.step,
        "generation": call.generation,
        "payload": to_json_text(call.payload),
        "state": "ready",
        "due_at": now,
        "max_attempts": call.max_attempts,
        "first_delay_seconds": call.first_delay_seconds,
        "created_at": now,
    }


def retry_calls(session: Session, calls: Sequence[NewCall], *, now: datetime) -> None:
    """Make failed or canceled calls due again under their key, with no attempts counted."""
    if not calls:
        return

    payloads = {call.key: to_json_text(call.payload) for call in calls}
    execute(
        session,
        "UPDATE orchestration.provider_call p SET state = 'ready', due_at = %s, attempts = 0,"
        " deferrals = 0, error = NULL, finished_at = NULL, payload = n.payload::jsonb"
        " FROM unnest(%s::text[], %s::text[]) AS n(key, payload)"
        " WHERE p.key = n.key AND p.state IN ('failed', 'canceled')",
        (now, list(payloads), list(payloads.values())),
    )


def last_generations(session: Session, run_ids: Sequence[UUID], step: str) -> Mapping[UUID, int]:
    """Return the highest generation of the step's calls by flow run."""
    rows = fetch_as(
        session,
        _LastGeneration,
        "SELECT run_id, max(generation) AS generation FROM orchestration.provider_call"
        " WHERE run_id = ANY(%s) AND step = %s GROUP BY run_id",
        (list(run_ids), step),
    )
    return {row.run_id: row.generation for row in rows}


def earlier_calls(session: Session, token_ids: Sequence[UUID], step: str) -> list[EarlierCall]:
    """Return the calls that these tokens have queued at the step."""
    return fetch_as(
        session,
        EarlierCall,
        "SELECT id, key, state, entity_id, external_id, event_raised"
        " FROM orchestration.provider_call WHERE token_id = ANY(%s) AND step = %s ORDER BY id",
        (list(token_ids), step),
    )


def mark_event_raised(session: Session, ids: Sequence[int]) -> None:
    """Record that the events of these calls were raised."""
    execute(
        session,
        "UPDATE orchestration.provider_call SET event_raised = true WHERE id = ANY(%s)",
        (list(ids),),
    )


def cancel_calls_of_tokens(session: Session, token_ids: Collection[UUID], *, now: datetime) -> None:
    """Cancel the calls of these tokens that were not made yet or have failed."""
    execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'canceled', finished_at = %s"
        " WHERE token_id = ANY(%s) AND state IN ('ready', 'held', 'failed')",
        (now, list(token_ids)),
    )


def cancel_calls_of_runs(session: Session, run_ids: Collection[UUID], *, now: datetime) -> None:
    """Cancel the calls of these flow runs that were not made yet or have failed."""
    execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'canceled', finished_at = %s"
        " WHERE run_id = ANY(%s) AND state IN ('ready', 'held', 'failed')",
        (now, list(run_ids)),
    )


def resume_calls_to(session: Session, instance: str) -> int:
    """Make the held calls to a provider instance ready; return how many.

    What postpones a call still, such as a paused flow, holds it again.
    """
    resumed = execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'ready', error = NULL"
        " WHERE state = 'held' AND instance = %s",
        (instance,),
    )
    if resumed:
        notify(session, CALLS_WAKE)
    return resumed


def resume_calls(session: Session, flows: Sequence[str]) -> None:
    """Make the held calls of these flows ready."""
    execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'ready'"
        " WHERE state = 'held' AND flow = ANY(%s)",
        (list(flows),),
    )

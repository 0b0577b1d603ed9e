"""Flow runs begin and are called off, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import new_ids
from openiom.platform.bulk import execute, fetch
from openiom.platform.events import LoggedEvent

from .compiled_flows import RunningFlow
from .tokens import Token, insert


@dataclass(frozen=True, slots=True)
class Begin:
    """A subject to take through a flow because of an event; with an error it stands failed at the start."""

    flow: RunningFlow
    event: LoggedEvent
    error: dict[str, Any] | None = None


def begin(session: Session, wanted: Sequence[Begin], *, now: datetime) -> int:
    """Start flow runs, each with one token at the flow's start. What was started before is not started again."""
    tokens = open_flow_runs(session, wanted, now=now)
    insert(session, tokens)
    return len(tokens)


def open_flow_runs(session: Session, wanted: Sequence[Begin], *, now: datetime) -> list[Token]:
    """The flow runs that were not started before, and for each its first token, which has no row yet."""
    if not wanted:
        return []
    ids = new_ids(len(wanted))
    rows = fetch(
        session,
        "INSERT INTO orchestration.flow_run (id, flow_version_id, flow, lane, subject_type, subject_id, root_id,"
        " trigger_event_id, state, started_at)"
        " SELECT n.*, %s FROM unnest(%s::uuid[], %s::int[], %s::text[], %s::text[], %s::text[], %s::uuid[],"
        " %s::uuid[], %s::bigint[], %s::text[]) AS n ON CONFLICT DO NOTHING RETURNING id",
        (
            now,
            ids,
            [b.flow.id for b in wanted],
            [b.flow.name for b in wanted],
            [b.flow.name if b.flow.document.trigger.also else "" for b in wanted],
            [b.event.subject_type for b in wanted],
            [b.event.subject_id for b in wanted],
            [b.event.root_id for b in wanted],
            [b.event.id for b in wanted],
            ["failed" if b.error else "running" for b in wanted],
        ),
    )
    started = {row[0] for row in rows}
    kept = [(id, b) for id, b in zip(ids, wanted, strict=True) if id in started]
    return [
        _first_token(token_id, flow_run, b, now)
        for token_id, (flow_run, b) in zip(new_ids(len(kept)), kept, strict=True)
    ]


def begun(session: Session, events: Sequence[LoggedEvent]) -> set[int]:
    """Ids of those of these events that have started their flow runs already."""
    rows = fetch(
        session,
        "SELECT DISTINCT j.trigger_event_id FROM unnest(%s::uuid[], %s::bigint[]) AS e(subject_id, id)"
        " JOIN orchestration.flow_run j ON j.subject_id = e.subject_id AND j.trigger_event_id = e.id",
        ([e.subject_id for e in events], [e.id for e in events]),
    )
    return {row[0] for row in rows}


def _first_token(id: UUID, flow_run: UUID, wanted: Begin, now: datetime) -> Token:
    return Token(
        id=id,
        run_id=flow_run,
        version_id=wanted.flow.id,
        subject_id=wanted.event.subject_id,
        root_id=wanted.event.root_id,
        step=wanted.flow.plan.start,
        state="failed" if wanted.error else "ready",
        arrived=None,
        frames=(),
        since_id=wanted.event.id,
        consumed=(),
        visit=0,
        entered_at=now,
        due_at=None if wanted.error else now,
        error=wanted.error,
        fresh=True,
    )


def lock_tokens(session: Session, run_ids: Sequence[UUID]) -> list[tuple[UUID, UUID, str]]:
    """(token, flow run, state) of these flow runs' tokens, locked in the one order all of us lock them."""
    rows = fetch(
        session,
        "SELECT id, run_id, state FROM orchestration.token WHERE run_id = ANY(%s) ORDER BY id FOR UPDATE",
        (list(run_ids),),
    )
    return [(id, flow_run, state) for id, flow_run, state in rows]


def call_off(session: Session, run_ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Cancel flow runs that are not over; what a provider was not yet asked to do is not asked. Returns which."""
    if not run_ids:
        return set()
    lock_tokens(session, run_ids)
    rows = fetch(
        session,
        "UPDATE orchestration.flow_run SET state = 'canceled', finished_at = %s"
        " WHERE id = ANY(%s) AND state IN ('running', 'failed') RETURNING id",
        (now, list(run_ids)),
    )
    canceled = [row[0] for row in rows]
    execute(session, "DELETE FROM orchestration.token WHERE run_id = ANY(%s)", (canceled,))
    execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'canceled', finished_at = %s"
        " WHERE run_id = ANY(%s) AND state IN ('ready', 'held', 'failed')",
        (now, canceled),
    )
    return set(canceled)

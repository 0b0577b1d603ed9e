"""Journeys begin and are called off, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import new_ids
from openiom.platform.bulk import execute, fetch
from openiom.platform.events import LoggedEvent

from .running import RunningFlow
from .tokens import Token, insert


@dataclass(frozen=True, slots=True)
class Begin:
    """A subject to take through a flow because of an event; with an error it stands failed at the start."""

    flow: RunningFlow
    event: LoggedEvent
    error: dict[str, Any] | None = None


def begin(session: Session, wanted: Sequence[Begin], *, now: datetime) -> int:
    """Start journeys, each with one token at the flow's start. What was started before is not started again."""
    tokens = open_journeys(session, wanted, now=now)
    insert(session, tokens)
    return len(tokens)


def open_journeys(session: Session, wanted: Sequence[Begin], *, now: datetime) -> list[Token]:
    """The journeys that were not started before, and for each its first token, which has no row yet."""
    if not wanted:
        return []
    ids = new_ids(len(wanted))
    rows = fetch(
        session,
        "INSERT INTO orchestration.journey (id, flow_version_id, flow, lane, subject_type, subject_id, root_id,"
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
        _first_token(token_id, journey, b, now) for token_id, (journey, b) in zip(new_ids(len(kept)), kept, strict=True)
    ]


def begun(session: Session, events: Sequence[LoggedEvent]) -> set[int]:
    """Ids of those of these events that have started their journeys already."""
    rows = fetch(
        session,
        "SELECT DISTINCT j.trigger_event_id FROM unnest(%s::uuid[], %s::bigint[]) AS e(subject_id, id)"
        " JOIN orchestration.journey j ON j.subject_id = e.subject_id AND j.trigger_event_id = e.id",
        ([e.subject_id for e in events], [e.id for e in events]),
    )
    return {row[0] for row in rows}


def _first_token(id: UUID, journey: UUID, wanted: Begin, now: datetime) -> Token:
    return Token(
        id=id,
        journey_id=journey,
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


def lock_tokens(session: Session, journey_ids: Sequence[UUID]) -> list[tuple[UUID, UUID, str]]:
    """(token, journey, state) of these journeys' tokens, locked in the one order all of us lock them."""
    rows = fetch(
        session,
        "SELECT id, journey_id, state FROM orchestration.token WHERE journey_id = ANY(%s) ORDER BY id FOR UPDATE",
        (list(journey_ids),),
    )
    return [(id, journey, state) for id, journey, state in rows]


def call_off(session: Session, journey_ids: Sequence[UUID], *, now: datetime) -> set[UUID]:
    """Cancel journeys that are not over; what a provider was not yet asked to do is not asked. Returns which."""
    if not journey_ids:
        return set()
    lock_tokens(session, journey_ids)
    rows = fetch(
        session,
        "UPDATE orchestration.journey SET state = 'canceled', finished_at = %s"
        " WHERE id = ANY(%s) AND state IN ('running', 'failed') RETURNING id",
        (now, list(journey_ids)),
    )
    canceled = [row[0] for row in rows]
    execute(session, "DELETE FROM orchestration.token WHERE journey_id = ANY(%s)", (canceled,))
    execute(
        session,
        "UPDATE orchestration.provider_action SET state = 'canceled', finished_at = %s"
        " WHERE journey_id = ANY(%s) AND state IN ('ready', 'held', 'failed')",
        (now, canceled),
    )
    return set(canceled)

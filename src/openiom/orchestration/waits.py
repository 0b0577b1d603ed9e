"""
Waiting for a business event without ever missing one.

Whoever registers a wait looks in the log first: an event may have happened before the token came here. What is
left is an event that commits after that look and is dispatched before the registration commits. So registering
takes a lock shared, from before the look until the commit, and the dispatcher takes it exclusively around its own
look for waiting tokens: either it sees the registration, or the registration sees the event.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch
from openiom.platform.events import LoggedEvent

from .compiled_flows import RunningFlow
from .document import Wait
from .token_batch import TokenBatch
from .tokens import Token

_LOCK = 0x696F6D01  # one number of ours among PostgreSQL's advisory locks

# The earliest event each token may use: after its trigger, not used before, about its subject or under it.
_HAPPENED = """
SELECT t.id, e.id, e.name
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::text[])
     AS t(id, subject_id, root_id, since_id, consumed, awaits)
CROSS JOIN LATERAL (
    SELECT e.id, e.name FROM platform.business_event e
    WHERE e.root_id = t.root_id AND e.id > t.since_id AND (e.subject_id = t.subject_id OR t.root_id = t.subject_id)
      AND e.name = ANY(string_to_array(t.awaits, ',')) AND e.id <> ALL(string_to_array(t.consumed, ',')::bigint[])
    ORDER BY e.id LIMIT 1
) e
"""

_WAKE = """
WITH happened AS (
    SELECT DISTINCT ON (t.id) t.id, e.id AS event_id, e.name
    FROM unnest(%s::bigint[], %s::text[], %s::uuid[], %s::uuid[]) AS e(id, name, subject_id, root_id)
    JOIN orchestration.token t ON t.subject_id = ANY(ARRAY[e.subject_id, e.root_id])
     AND t.awaits IS NOT NULL AND e.name = ANY(t.awaits) AND e.id > t.since_id AND e.id <> ALL(t.consumed)
    ORDER BY t.id, e.id
)
UPDATE orchestration.token t
SET state = 'ready', due_at = %s, awaits = NULL, consumed = t.consumed || h.event_id,
    arrived = jsonb_build_object('port', 'happened', 'reason', h.name)
FROM happened h WHERE t.id = h.id AND t.state = 'waiting' AND t.awaits IS NOT NULL
"""


def run_wait(wave: TokenBatch, flow: RunningFlow, step: Wait, tokens: Sequence[Token]) -> None:
    """Go on at once when it has already happened; on time's up the log has the last word; sleep otherwise."""
    hold_dispatcher(wave.session)
    happened = already_happened(wave.session, tokens, step.events)
    for token in tokens:
        if token.id in happened:
            event_id, name = happened[token.id]
            token.consumed = (*token.consumed, event_id)
            wave.leave(token, "happened", name)
        elif token.state == "waiting":
            wave.leave(token, "timed_out", f"none of {', '.join(step.events)} in time")
        else:
            wave.sleep(
                token, due_at=wave.now + step.timeout if step.timeout else None, awaits=step.events
            )


def hold_dispatcher(session: Session) -> None:
    """Until the commit no dispatcher looks for waiting tokens. Shared: waves do not wait for each other."""
    execute(session, "SELECT pg_advisory_xact_lock_shared(%s)", (_LOCK,))


def already_happened(
    session: Session, tokens: Sequence[Token], events: Sequence[str]
) -> dict[UUID, tuple[int, str]]:
    """For each token whose event is in the log already: the event's id and name."""
    rows = fetch(
        session,
        _HAPPENED,
        (
            [t.id for t in tokens],
            [t.subject_id for t in tokens],
            [t.root_id for t in tokens],
            [t.since_id for t in tokens],
            [",".join(map(str, t.consumed)) for t in tokens],
            [",".join(events)] * len(tokens),
        ),
    )
    return {id: (event_id, name) for id, event_id, name in rows}


def wake_waiting(session: Session, events: Sequence[LoggedEvent], *, now: datetime) -> int:
    """Make tokens ready that wait for one of these events; returns how many. The last thing before a commit."""
    if not events:
        return 0
    execute(session, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    parameters: tuple[Any, ...] = (
        [e.id for e in events],
        [e.name for e in events],
        [e.subject_id for e in events],
        [e.root_id for e in events],
        now,
    )
    return execute(session, _WAKE, parameters)

"""Waiting for a business event without missing one.

A token that enters a wait looks in the event log first: the event may have happened before the
token arrived. That leaves an event that commits after the look and is dispatched before the
registration commits. So registering takes a shared lock from before the look until the commit, and
the dispatcher takes the lock exclusively around its own search for waiting tokens. Either the
dispatcher sees the registration, or the registration sees the event.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orchestration.context import PastEvent
from openiom.orchestration.token import Token
from openiom.platform.bulk import execute
from openiom.platform.events import EventSearch, LoggedEvent, first_events

from .columns import Record, columns_of

_LOCK = 0x696F6D01  # our number among PostgreSQL's advisory locks

_WAKE = """
WITH happened AS (
    SELECT DISTINCT ON (t.id) t.id, e.id AS event_id, e.name
    FROM unnest(%(id)s::bigint[], %(name)s::text[], %(subject_id)s::uuid[], %(root_id)s::uuid[])
         AS e(id, name, subject_id, root_id)
    JOIN orchestration.token t ON t.subject_id = ANY(ARRAY[e.subject_id, e.root_id])
     AND t.awaits IS NOT NULL AND e.name = ANY(t.awaits) AND e.id > t.since_id
     AND e.id <> ALL(t.consumed_event_ids)
    ORDER BY t.id, e.id
)
UPDATE orchestration.token t
SET state = 'ready', due_at = %(now)s, awaits = NULL,
    consumed_event_ids = t.consumed_event_ids || h.event_id,
    step_result = jsonb_build_object('port', 'happened', 'reason', h.name)
FROM happened h WHERE t.id = h.id AND t.state = 'waiting' AND t.awaits IS NOT NULL
"""


def block_dispatcher(session: Session) -> None:
    """Keep dispatchers from searching for waiting tokens until the commit.

    The lock is shared: batches that register waits do not block each other.
    """
    execute(session, "SELECT pg_advisory_xact_lock_shared(%s)", (_LOCK,))


def find_past_events(
    session: Session, tokens: Sequence[Token], names: Sequence[str]
) -> Mapping[UUID, PastEvent]:
    """Return, by token id, the first event in the log that the token has not consumed."""
    searches = [_search(token, names) for token in tokens]
    found = {}
    for token_id, (event_id, name) in first_events(session, searches).items():
        found[token_id] = PastEvent(event_id, name)
    return found


def _search(token: Token, names: Sequence[str]) -> EventSearch:
    return EventSearch(
        key=token.id,
        subject_id=token.subject_id,
        root_id=token.root_id,
        since_id=token.since_id,
        names=names,
        consumed=token.consumed_event_ids,
    )


def wake_tokens(session: Session, events: Sequence[LoggedEvent], *, now: datetime) -> int:
    """Make the tokens due that wait for one of these events; return how many.

    Call it last before the commit: it holds the exclusive lock until then.
    """
    if not events:
        return 0
    execute(session, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    return execute(session, _WAKE, {**columns_of(map(_event_record, events)), "now": now})


def _event_record(event: LoggedEvent) -> Record:
    return {
        "id": event.id,
        "name": event.name,
        "subject_id": event.subject_id,
        "root_id": event.root_id,
    }

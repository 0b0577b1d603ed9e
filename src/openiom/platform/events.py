"""The business event log: append-only, partitioned by month, written beside the change it reports.

It is the timeline, the outbox and what starts and continues flows. Readers are named consumers. A
consumer's cursor is a snapshot: it reads what a newer snapshot sees in addition, and never waits
for a transaction in flight (see `log_positions`). Events of one batch are returned in the order of
their ids, in which transactions that lock the same rows append them.

Transaction ids belong to one server. The events of a log that was restored into another one, up to
`installation.foreign_events`, are not compared by their transaction; those that a consumer had not
read when the log was rebased are its backlog (see `installation`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event

from .bulk import copy_rows, execute, fetch, fetch_as, fetch_column
from .database import to_json_text
from .log_positions import LogPosition, LogWindow, PartialPosition
from .write_behind import session_buffer

EVENTS_WAKE = "events"
"""The kind of worker that `append_events` notifies."""
NOTIFY_CHANNEL = "openiom_work"


@dataclass(slots=True)
class LoggedEvent:
    """An event of the log."""

    id: int
    occurred_at: datetime
    name: str
    subject_type: str
    subject_id: UUID
    root_id: UUID
    actor: str
    data: Mapping[str, Any]
    xid: int = 0
    """The transaction that appended it; 0 for events handed on inside of it."""


@dataclass(frozen=True, slots=True)
class ConsumerLag:
    """How long ago the oldest event happened that a consumer has not read; 0 when there is none."""

    name: str
    seconds: float


@dataclass(slots=True)
class EventSearch:
    """A search for the first event of some names after `since_id`, about a subject or its children.

    `key` identifies the search in the result; events with an id in `consumed` are skipped.
    """

    key: UUID
    subject_id: UUID
    root_id: UUID
    since_id: int
    names: Sequence[str]
    consumed: Sequence[int] = ()


_WRITTEN = ("id", "occurred_at", "name", "subject_type", "subject_id", "root_id", "actor", "data")
_READ = (
    "id, occurred_at, name, subject_type, subject_id, root_id, actor, data,"
    " xid::text::bigint AS xid"
)
_NEXT_IDS = """
SELECT nextval('platform.business_event_id_seq') FROM generate_series(1, %s)
"""


_FOREIGN = "coalesce((SELECT i.foreign_events FROM platform.installation i), 0)"
_OWN = f"id > {_FOREIGN}"
"""Events that this server has appended; their transaction ids can be compared."""
_READ_CURSOR = f"""
SELECT c.seen::text AS seen, c.xid::text::bigint AS xid, c.event_id,
       pg_current_snapshot()::text AS now, {_FOREIGN} AS foreign_events,
       (SELECT e.id FROM platform.business_event e
        WHERE e.xid >= pg_snapshot_xmax(c.seen)
          AND e.xid < pg_snapshot_xmax(pg_current_snapshot()) AND e.{_OWN}
        ORDER BY e.xid, e.id LIMIT 1) IS NOT NULL AS has_next,
       EXISTS (SELECT FROM platform.event_backlog b WHERE b.consumer = c.name) AS has_backlog
FROM platform.event_consumer c WHERE c.name = %s FOR UPDATE OF c SKIP LOCKED
"""
_READ_TRANSACTIONS = f"""
SELECT {_READ} FROM platform.business_event e
WHERE xid = ANY(%s::xid8[]) AND id > %s
  AND (%s::text[] IS NULL OR name = ANY(%s)) ORDER BY e.xid, e.id LIMIT %s
"""
_READ_NEW = f"""
SELECT {_READ} FROM platform.business_event e
WHERE xid >= %s::xid8 AND xid < %s::xid8 AND xid <> ALL(%s::xid8[]) AND id > %s
  AND (%s::text[] IS NULL OR name = ANY(%s)) ORDER BY e.xid, e.id LIMIT %s
"""
_READ_BACKLOG = f"""
WITH page AS MATERIALIZED (
  SELECT b.consumer, b.event_id, b.xid AS event_xid, b.occurred_at AS event_at
  FROM platform.event_backlog b WHERE b.consumer = %s ORDER BY b.event_id LIMIT %s
), removed AS (
  DELETE FROM platform.event_backlog b USING page p
  WHERE b.consumer = p.consumer AND b.event_id = p.event_id
)
SELECT {_READ} FROM page p JOIN platform.business_event e
  ON e.xid = p.event_xid AND e.id = p.event_id AND e.occurred_at = p.event_at
WHERE %s::text[] IS NULL OR name = ANY(%s) ORDER BY id
"""
_LAGS = f"""
SELECT c.name, coalesce(extract(epoch FROM clock_timestamp() - least(
  (SELECT e.occurred_at FROM platform.business_event e
   WHERE e.xid >= pg_snapshot_xmax(c.seen)
     AND e.xid < pg_snapshot_xmax(pg_current_snapshot()) AND e.{_OWN}
   ORDER BY e.xid, e.id LIMIT 1),
  (SELECT min(e.occurred_at) FROM platform.business_event e
   WHERE e.xid = ANY(ARRAY(SELECT pg_snapshot_xip(c.seen)))
     AND NOT (e.xid = c.xid AND e.id <= c.event_id) AND e.{_OWN}),
  (SELECT min(b.occurred_at) FROM platform.event_backlog b WHERE b.consumer = c.name)
)), 0)::float AS seconds
FROM platform.event_consumer c ORDER BY c.name
"""
_ADD_CONSUMER = """
WITH added AS (
  INSERT INTO platform.event_consumer (name) VALUES (%s) ON CONFLICT DO NOTHING RETURNING name)
INSERT INTO platform.event_backlog (consumer, event_id, xid, occurred_at)
SELECT a.name, e.id, e.xid, e.occurred_at
FROM added a, platform.installation i, platform.business_event e WHERE e.id <= i.foreign_events
"""


@dataclass(slots=True)
class _Cursor:
    seen: str
    xid: int
    event_id: int
    now: str
    foreign_events: int
    has_next: bool
    has_backlog: bool


_KEY = "openiom.events"


class _EventBuffer:
    """The events that a transaction has appended: written at its flushes, handed on at once.

    `is_complete` says whether all of them are in `events`; a savepoint that was rolled back has
    taken some of them.
    """

    def __init__(self) -> None:
        self.events: list[LoggedEvent] = []
        self.is_complete = True
        self._pending: list[LoggedEvent] = []

    def add(self, events: Sequence[LoggedEvent]) -> None:
        """Write these events with the next flush."""
        self.events += events
        self._pending += events

    def flush(self, session: Session) -> None:
        """Write what is pending, and notify the readers at the commit."""
        if not self._pending:
            return

        pending, self._pending = self._pending, []
        copy_rows(session, "platform.business_event", _WRITTEN, list(map(_row, pending)))
        notify(session, EVENTS_WAKE)

    def discard(self) -> None:
        """Forget the events: a savepoint was rolled back, and those before it are written."""
        self.events.clear()
        self._pending.clear()
        self.is_complete = False


def _buffer(session: Session) -> _EventBuffer:
    """Return the events of this transaction."""
    return session_buffer(session, _KEY, _EventBuffer)


def _flush_events(session: Session) -> None:
    """Write pending events, before a query reads the log."""
    if _KEY in session.info:
        _buffer(session).flush(session)


def _row(event: LoggedEvent) -> tuple[Any, ...]:
    return (
        event.id,
        event.occurred_at,
        event.name,
        event.subject_type,
        event.subject_id,
        event.root_id,
        event.actor,
        to_json_text(event.data),
    )


def append_events(session: Session, events: Iterable[Event], *, at: datetime, actor: str) -> int:
    """Append events beside the change they report, and notify their readers at commit.

    Return how many were appended. They get their ids now, in the order in which transactions that
    lock the same rows append them, and are written with the session's other buffers.
    """
    new = list(events)
    if not new:
        return 0

    appended: list[LoggedEvent] = []
    ids = fetch_column(session, _NEXT_IDS, (len(new),))
    for event_id, event in zip(ids, new, strict=True):
        appended.append(
            LoggedEvent(
                event_id,
                at,
                event.name,
                event.subject_type,
                event.subject_id,
                event.root_id,
                actor,
                event.data,
            )
        )

    _buffer(session).add(appended)
    return len(appended)


def notify(session: Session, kind: str) -> None:
    """Wake idle workers of `kind` on any machine once this transaction commits."""
    execute(session, "SELECT pg_notify(%s, %s)", (NOTIFY_CHANNEL, kind))


def read_new(
    session: Session, *, consumer: str, names: Collection[str] | None, limit: int
) -> tuple[list[LoggedEvent], bool]:
    """Return the next events of `consumer` and whether more may follow, and move its cursor.

    `names` None reads every event. Return ([], False) when another process is reading for the same
    consumer. Events of transactions in flight are returned once these have ended.
    """
    for cursor in fetch_as(session, _Cursor, _READ_CURSOR, (consumer,)):
        if cursor.has_backlog:
            return _read_backlog(session, consumer, names, limit), True

        start = PartialPosition(LogPosition.parse(cursor.seen), cursor.xid, cursor.event_id)
        window = LogWindow(start, LogPosition.parse(cursor.now))
        if not cursor.has_next and not window.ended:
            return [], False

        events = _read_window(session, window, cursor.foreign_events, names, limit)
        position = PartialPosition(window.end)
        if len(events) == limit:
            position = window.position_at(events[-1].xid, events[-1].id)

        _move_cursor(session, consumer, position)
        return sorted(events, key=attrgetter("id")), len(events) == limit

    return [], False


def _read_window(
    session: Session,
    window: LogWindow,
    foreign_events: int,
    names: Collection[str] | None,
    limit: int,
) -> list[LoggedEvent]:
    """Return the first events of a window after the foreign ones, in its order.

    Transactions that were in flight at its start are looked up one by one; the others are a range.
    """
    wanted = None if names is None else list(names)
    start = window.start
    rest = [start.xid] if start.xid in window.ended else []
    ended = [xid for xid in window.ended if xid != start.xid]
    events: list[LoggedEvent] = []

    for xids, after in ((rest, max(start.event_id, foreign_events)), (ended, foreign_events)):
        if xids and len(events) < limit:
            parameters = (xids, after, wanted, wanted, limit - len(events))
            events += fetch_as(session, LoggedEvent, _READ_TRANSACTIONS, parameters)

    if len(events) == limit or not window.has_new:
        return events

    return events + fetch_as(
        session,
        LoggedEvent,
        _READ_NEW,
        (
            str(start.position.xmax),
            str(window.end.xmax),
            sorted(window.end.in_flight),
            foreign_events,
            wanted,
            wanted,
            limit - len(events),
        ),
    )


def _read_backlog(
    session: Session, consumer: str, names: Collection[str] | None, limit: int
) -> list[LoggedEvent]:
    wanted = None if names is None else list(names)
    return fetch_as(session, LoggedEvent, _READ_BACKLOG, (consumer, limit, wanted, wanted))


def events_in_transaction(session: Session, names: Collection[str]) -> list[LoggedEvent]:
    """Return the events of these names that this transaction has appended so far, in order."""
    buffer = _buffer(session)
    if buffer.is_complete:
        return [event for event in buffer.events if event.name in names]

    buffer.flush(session)
    return fetch_as(
        session,
        LoggedEvent,
        f"SELECT {_READ} FROM platform.business_event"
        f" WHERE xid = pg_current_xact_id() AND name = ANY(%s) AND {_OWN} ORDER BY id",
        (list(names),),
    )


def timeline(session: Session, root_ids: Sequence[UUID], *, limit: int = 500) -> list[LoggedEvent]:
    """Return everything that happened to these documents, newest first."""
    _flush_events(session)
    return fetch_as(
        session,
        LoggedEvent,
        f"SELECT {_READ} FROM platform.business_event WHERE root_id = ANY(%s)"
        " ORDER BY id DESC LIMIT %s",
        (list(root_ids), limit),
    )


def latest_events(session: Session, root_ids: Sequence[UUID]) -> dict[UUID, LoggedEvent]:
    """Return the last event of each of these documents; documents without events are absent."""
    _flush_events(session)
    events = fetch_as(
        session,
        LoggedEvent,
        "SELECT latest.* FROM unnest(%s::uuid[]) AS root(id) CROSS JOIN LATERAL ("
        f" SELECT {_READ} FROM platform.business_event WHERE root_id = root.id"
        " ORDER BY id DESC LIMIT 1) latest",
        (list(root_ids),),
    )
    return {event.root_id: event for event in events}


def latest_event(session: Session, root_id: UUID, name: str) -> LoggedEvent | None:
    """Return the last event of this name of a document, None when there was none."""
    _flush_events(session)
    events = fetch_as(
        session,
        LoggedEvent,
        f"SELECT {_READ} FROM platform.business_event WHERE root_id = %s AND name = %s"
        " ORDER BY id DESC LIMIT 1",
        (root_id, name),
    )
    return events[0] if events else None


def roots_with_event(
    session: Session,
    root_ids: Collection[UUID],
    name: str,
    *,
    since: datetime,
    data: Mapping[str, Any] | None = None,
) -> set[UUID]:
    """Return the documents that had an event of this name, and of this data, after `since`."""
    _flush_events(session)
    rows = fetch(
        session,
        "SELECT DISTINCT root_id FROM platform.business_event WHERE root_id = ANY(%s)"
        " AND name = %s AND occurred_at > %s AND data @> %s::jsonb",
        (list(root_ids), name, since, to_json_text(data or {})),
    )
    return {root_id for (root_id,) in rows}


def latest_data(
    session: Session, root_ids: Collection[UUID], name: str
) -> dict[UUID, dict[str, Any]]:
    """Return the data of the last event of this name of each of these documents."""
    _flush_events(session)
    rows = fetch(
        session,
        "SELECT DISTINCT ON (root_id) root_id, data FROM platform.business_event"
        " WHERE root_id = ANY(%s) AND name = %s ORDER BY root_id, id DESC",
        (list(root_ids), name),
    )
    return dict(rows)


def first_events(session: Session, searches: Sequence[EventSearch]) -> dict[UUID, tuple[int, str]]:
    """Return the id and name of the first event that each search finds, by the search's key.

    An event is about a search's subject when it is the event's subject, or its root.
    """
    _flush_events(session)
    columns = (
        [search.key for search in searches],
        [search.subject_id for search in searches],
        [search.root_id for search in searches],
        [search.since_id for search in searches],
        [",".join(search.names) for search in searches],
        [",".join(map(str, search.consumed)) for search in searches],
    )
    rows = fetch(
        session,
        "SELECT s.key, e.id, e.name"
        " FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[], %s::text[], %s::text[])"
        "   AS s(key, subject_id, root_id, since_id, names, consumed)"
        " CROSS JOIN LATERAL (SELECT e.id, e.name FROM platform.business_event e"
        "   WHERE e.root_id = s.root_id AND e.id > s.since_id"
        "   AND (e.subject_id = s.subject_id OR s.root_id = s.subject_id)"
        "   AND e.name = ANY(string_to_array(s.names, ','))"
        "   AND e.id <> ALL(string_to_array(s.consumed, ',')::bigint[])"
        "   ORDER BY e.id LIMIT 1) e",
        columns,
    )
    return {key: (event_id, name) for key, event_id, name in rows}


def end_of_log(session: Session) -> LogPosition:
    """Return the position after all transactions that have ended."""
    [(snapshot,)] = fetch(session, "SELECT pg_current_snapshot()::text")
    return LogPosition.parse(snapshot)


def read_between(
    session: Session, start: LogPosition, end: LogPosition, *, limit: int
) -> list[LoggedEvent]:
    """Return the first events after `start` and up to `end`, in the order of their ids."""
    window = LogWindow(PartialPosition(start), end)
    [(foreign_events,)] = fetch(session, f"SELECT {_FOREIGN}")
    events = _read_window(session, window, foreign_events, None, limit)
    return sorted(events, key=attrgetter("id"))


def consumer_lags(session: Session) -> list[ConsumerLag]:
    """Return how far each consumer is behind the log, by name."""
    return fetch_as(session, ConsumerLag, _LAGS)


def backlog_size(session: Session) -> int:
    """Return how many events of a restored log the consumers have not read yet."""
    [(waiting,)] = fetch(session, "SELECT count(*) FROM platform.event_backlog")
    return int(waiting)


def estimated_events(session: Session) -> int:
    """Return the number of events in the log as the planner's statistics estimate it."""
    [(estimate,)] = fetch(
        session,
        "SELECT coalesce(sum(greatest(c.reltuples, 0)), 0)::bigint"
        " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
        " WHERE i.inhparent = 'platform.business_event'::regclass",
    )
    return int(estimate)


def ensure_consumer(session: Session, name: str) -> None:
    """Create the cursor of a new consumer; it starts at the beginning of the log."""
    execute(session, _ADD_CONSUMER, (name,))


def _move_cursor(session: Session, consumer: str, position: PartialPosition) -> None:
    execute(
        session,
        "UPDATE platform.event_consumer SET seen = %s::pg_snapshot, xid = %s::xid8,"
        " event_id = %s, updated_at = now() WHERE name = %s",
        (str(position.position), str(position.xid), position.event_id, consumer),
    )

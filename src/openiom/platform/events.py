"""The business event log: append-only, partitioned by month, written beside the change it reports.

It is the timeline, the outbox and what starts and continues flows. Readers are named consumers. A
consumer's cursor never passes a transaction still in flight: an event is read only when its
transaction id is below the snapshot's xmin, and events are read in (xid, id) order, so a
transaction that commits late cannot fall behind a cursor.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    FetchedValue,
    Identity,
    Index,
    PrimaryKeyConstraint,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.types import UserDefinedType

from openiom.kernel import Event

from .bulk import copy_rows, execute, fetch, fetch_as
from .database import Base, to_json_text

EVENTS_WAKE = "events"
"""The kind of worker that `append_events` notifies."""
NOTIFY_CHANNEL = "openiom_work"


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class BusinessEvent(Base):
    """One event of the log."""

    __tablename__ = "business_event"
    __table_args__ = (
        PrimaryKeyConstraint("xid", "id", "occurred_at"),
        Index("ix_business_event_root_id", "root_id", "id"),
        {"schema": "platform", "postgresql_partition_by": "RANGE (occurred_at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    xid: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())
    occurred_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    name: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    root_id: Mapped[UUID]
    actor: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class EventConsumer(Base):
    """A named reader and the position up to which it has read."""

    __tablename__ = "event_consumer"
    __table_args__ = {"schema": "platform"}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("'0'::xid8"))
    event_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), server_onupdate=FetchedValue()
    )


@dataclass(slots=True)
class LoggedEvent:
    """An event read from the log; (xid, id) orders the log."""

    xid: int
    id: int
    occurred_at: datetime
    name: str
    subject_type: str
    subject_id: UUID
    root_id: UUID
    actor: str
    data: dict[str, Any]


class LogPosition(NamedTuple):
    """A place in the log: everything at or before it has been read."""

    xid: int
    event_id: int


@dataclass(frozen=True, slots=True)
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


_WRITTEN = ("occurred_at", "name", "subject_type", "subject_id", "root_id", "actor", "data")
_READ = (
    "xid::text::bigint AS xid, id, occurred_at, name, subject_type, subject_id, root_id,"
    " actor, data"
)


def append_events(session: Session, events: Iterable[Event], *, at: datetime, actor: str) -> int:
    """Append events beside the change they report, and notify their readers at commit.

    Return how many were appended.
    """
    rows = []
    for event in events:
        rows.append(
            (
                at,
                event.name,
                event.subject_type,
                event.subject_id,
                event.root_id,
                actor,
                to_json_text(event.data),
            )
        )

    written = copy_rows(session, "platform.business_event", _WRITTEN, rows)
    if written:
        notify(session, EVENTS_WAKE)

    return written


def notify(session: Session, kind: str) -> None:
    """Wake idle workers of `kind` on any machine once this transaction commits."""
    execute(session, "SELECT pg_notify(%s, %s)", (NOTIFY_CHANNEL, kind))


def read_new(
    session: Session, *, consumer: str, names: Collection[str] | None, limit: int
) -> tuple[list[LoggedEvent], bool]:
    """Return the next events of `consumer` and whether more may follow, and move its cursor.

    `names` None reads every event. Return ([], False) when another process is reading for the same
    consumer, and ([], True) when the next event may still be preceded by one in flight.
    """
    cursor = fetch(
        session,
        "SELECT c.xid::text, c.event_id, pg_snapshot_xmin(pg_current_snapshot())::text,"
        " (SELECT e.xid::text FROM platform.business_event e"
        "   WHERE (e.xid, e.id) > (c.xid, c.event_id) ORDER BY e.xid, e.id LIMIT 1)"
        " FROM platform.event_consumer c WHERE c.name = %s FOR UPDATE OF c SKIP LOCKED",
        (consumer,),
    )
    if not cursor:
        return [], False

    xid, event_id, horizon, next_xid = cursor[0]
    if next_xid is None:
        return [], False
    if int(next_xid) >= int(horizon):
        return [], True

    wanted = None if names is None else list(names)
    events = fetch_as(
        session,
        LoggedEvent,
        f"SELECT {_READ} FROM platform.business_event"
        " WHERE (xid, id) > (%s::xid8, %s) AND xid < %s::xid8"
        " AND (%s::text[] IS NULL OR name = ANY(%s)) ORDER BY xid, id LIMIT %s",
        (xid, event_id, horizon, wanted, wanted, limit),
    )
    if len(events) == limit:
        _move_cursor(session, consumer, str(events[-1].xid), events[-1].id)
        return events, True

    _move_cursor(session, consumer, horizon, -1)
    return events, _has_events_after(session, horizon)


def events_in_transaction(session: Session, names: Collection[str]) -> list[LoggedEvent]:
    """Return the events of these names that this transaction has appended so far, in order."""
    return fetch_as(
        session,
        LoggedEvent,
        f"SELECT {_READ} FROM platform.business_event"
        " WHERE xid = pg_current_xact_id() AND name = ANY(%s) ORDER BY id",
        (list(names),),
    )


def timeline(session: Session, root_ids: Sequence[UUID], *, limit: int = 500) -> list[LoggedEvent]:
    """Return everything that happened to these documents, newest first."""
    return fetch_as(
        session,
        LoggedEvent,
        f"SELECT {_READ} FROM platform.business_event WHERE root_id = ANY(%s)"
        " ORDER BY id DESC LIMIT %s",
        (list(root_ids), limit),
    )


def roots_with_event(
    session: Session,
    root_ids: Collection[UUID],
    name: str,
    *,
    since: datetime,
    data: Mapping[str, Any] | None = None,
) -> set[UUID]:
    """Return the documents that had an event of this name, and of this data, after `since`."""
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
    """Return the position before the oldest transaction still in flight."""
    [(xmin,)] = fetch(session, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
    return LogPosition(int(xmin), -1)


def read_between(
    session: Session, start: LogPosition, end: LogPosition, *, limit: int
) -> list[LoggedEvent]:
    """Return the first events after `start` and before `end`, in the order of the log."""
    return fetch_as(
        session,
        LoggedEvent,
        f"SELECT {_READ} FROM platform.business_event"
        " WHERE (xid, id) > (%s::xid8, %s) AND xid < %s::xid8"
        " ORDER BY xid, id LIMIT %s",
        (str(start.xid), start.event_id, str(end.xid), limit),
    )


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
    execute(
        session,
        "INSERT INTO platform.event_consumer (name) VALUES (%s) ON CONFLICT DO NOTHING",
        (name,),
    )


def _move_cursor(session: Session, consumer: str, xid: str, event_id: int) -> None:
    execute(
        session,
        "UPDATE platform.event_consumer SET xid = %s::xid8, event_id = %s, updated_at = now()"
        " WHERE name = %s",
        (xid, event_id, consumer),
    )


def _has_events_after(session: Session, xid: str) -> bool:
    rows = fetch(
        session,
        "SELECT 1 FROM platform.business_event WHERE (xid, id) > (%s::xid8, -1)"
        " ORDER BY xid, id LIMIT 1",
        (xid,),
    )
    return bool(rows)

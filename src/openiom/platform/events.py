"""
The business event log: append-only, partitioned by month, written in the transaction that made the fact true.

It is the timeline, the outbox and what wakes flows. Readers are named consumers whose cursor never passes a
transaction still in flight: a row is read only when its transaction id is below the snapshot's xmin, and
rows are read in (xid, id) order, so a transaction that commits late can never fall behind the cursor.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
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

from .bulk import copy_rows, execute, fetch
from .database import Base, to_json_text

EVENTS_WAKE = "events"


class Xid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


class BusinessEvent(Base):
    __tablename__ = "business_event"
    __table_args__ = (
        PrimaryKeyConstraint("xid", "id", "at"),
        Index("ix_business_event_root_id", "root_id", "id"),
        {"schema": "platform", "postgresql_partition_by": "RANGE (at)"},
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True))
    xid: Mapped[int] = mapped_column(Xid8, server_default=func.pg_current_xact_id())
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    name: Mapped[str] = mapped_column(Text)
    subject_type: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[UUID]
    root_id: Mapped[UUID]
    actor: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)


class EventConsumer(Base):
    __tablename__ = "event_consumer"
    __table_args__ = {"schema": "platform"}

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    xid: Mapped[int] = mapped_column(Xid8, server_default=text("'0'::xid8"))
    event_id: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), server_onupdate=FetchedValue()
    )


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """One row of the log. `position` orders the log and is what live readers resume from."""

    xid: int
    id: int
    at: datetime
    name: str
    subject_type: str
    subject_id: UUID
    root_id: UUID
    actor: str
    data: dict[str, Any]


_COLUMNS = ("at", "name", "subject_type", "subject_id", "root_id", "actor", "data")
_READ = "xid::text::bigint, id, at, name, subject_type, subject_id, root_id, actor, data"


def append_events(session: Session, events: Iterable[Event], *, at: datetime, actor: str) -> int:
    """Append facts beside the change that made them true, and wake their readers at commit. Returns how many."""
    rows = (
        (at, e.name, e.subject_type, e.subject_id, e.root_id, actor, to_json_text(e.data))
        for e in events
    )
    written = copy_rows(session, "platform.business_event", _COLUMNS, rows)
    if written:
        notify(session, EVENTS_WAKE)
    return written


def notify(session: Session, kind: str) -> None:
    """Tell idle waves of `kind`, on any machine, that rows wait; delivered when this transaction commits."""
    execute(session, "SELECT pg_notify('openiom_wave', %s)", (kind,))


def read_new(
    session: Session, *, consumer: str, names: Collection[str] | None, limit: int
) -> tuple[list[LoggedEvent], bool]:
    """The next events for `consumer`, moving its cursor in this transaction, and whether more may wait.

    `names` None reads every event. Returns ([], False) when another process is reading for the same
    consumer; ([], True) when events exist that a transaction in flight still holds back.
    """
    cursor = fetch(
        session,
        "SELECT c.xid::text, c.event_id, pg_snapshot_xmin(pg_current_snapshot())::text,"
        " (SELECT e.xid::text FROM platform.business_event e WHERE (e.xid, e.id) > (c.xid, c.event_id)"
        " ORDER BY e.xid, e.id LIMIT 1) FROM platform.event_consumer c WHERE c.name = %s FOR UPDATE OF c SKIP LOCKED",
        (consumer,),
    )
    if not cursor or cursor[0][3] is None:
        return [], False
    xid, event_id, horizon, first = cursor[0]
    if int(first) >= int(horizon):
        return [], True
    rows = fetch(
        session,
        f"SELECT {_READ} FROM platform.business_event WHERE (xid, id) > (%s::xid8, %s) AND xid < %s::xid8"
        " AND (%s::text[] IS NULL OR name = ANY(%s)) ORDER BY xid, id LIMIT %s",
        (xid, event_id, horizon, wanted := None if names is None else list(names), wanted, limit),
    )
    full = len(rows) == limit
    if full:
        _move(session, consumer, str(rows[-1][0]), rows[-1][1])
    else:
        _move(session, consumer, horizon, -1)
    return [LoggedEvent(*row) for row in rows], full or _any_after(session, horizon, -1)


def events_in_transaction(session: Session, names: Collection[str]) -> list[LoggedEvent]:
    """Events of these names that this very transaction has told so far, in order."""
    rows = fetch(
        session,
        f"SELECT {_READ} FROM platform.business_event WHERE xid = pg_current_xact_id() AND name = ANY(%s) ORDER BY id",
        (list(names),),
    )
    return [LoggedEvent(*row) for row in rows]


def _move(session: Session, consumer: str, xid: str, event_id: int) -> None:
    execute(
        session,
        "UPDATE platform.event_consumer SET xid = %s::xid8, event_id = %s, updated_at = now() WHERE name = %s",
        (xid, event_id, consumer),
    )


def _any_after(session: Session, xid: str, event_id: int) -> bool:
    query = "SELECT 1 FROM platform.business_event WHERE (xid, id) > (%s::xid8, %s) ORDER BY xid, id LIMIT 1"
    return bool(fetch(session, query, (xid, event_id)))


def ensure_consumer(session: Session, name: str) -> None:
    """Make the consumer's cursor if it is new; it starts at the beginning of the log."""
    execute(
        session,
        "INSERT INTO platform.event_consumer (name) VALUES (%s) ON CONFLICT DO NOTHING",
        (name,),
    )


def timeline(session: Session, root_ids: Sequence[UUID], *, limit: int = 500) -> list[LoggedEvent]:
    """Everything that happened to these documents, newest first."""
    rows = fetch(
        session,
        f"SELECT {_READ} FROM platform.business_event WHERE root_id = ANY(%s) ORDER BY id DESC LIMIT %s",
        (list(root_ids), limit),
    )
    return [LoggedEvent(*row) for row in rows]


def months_from(day: date, count: int) -> list[tuple[str, date, date]]:
    """(partition name, first day, first day of the next month) for `count` months from `day`'s month."""
    out = []
    year, month = day.year, day.month
    for _ in range(count):
        following = date(year + month // 12, month % 12 + 1, 1)
        out.append((f"business_event_{year}_{month:02d}", date(year, month, 1), following))
        year, month = following.year, following.month
    return out


def ensure_partitions(session: Session, *, today: date, months: int = 3) -> None:
    """Partitions for this month and the next ones; rows outside them land in the default partition."""
    execute(
        session,
        "CREATE TABLE IF NOT EXISTS platform.business_event_default PARTITION OF platform.business_event DEFAULT",
    )
    for name, first, following in months_from(today, months):
        execute(
            session,
            f"CREATE TABLE IF NOT EXISTS platform.{name} PARTITION OF platform.business_event"
            f" FOR VALUES FROM ('{first} 00:00+00') TO ('{following} 00:00+00')",
        )


def utc_now() -> datetime:
    """The edge's clock. Rooms are handed the time; they never ask."""
    return datetime.now(UTC)


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


def first_events(session: Session, searches: Sequence[EventSearch]) -> dict[UUID, tuple[int, str]]:
    """Return the id and name of the first event that each search finds, by the search's key.

    An event is about a search's subject when it is the event's subject, or its root.
    """
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
        (
            [search.key for search in searches],
            [search.subject_id for search in searches],
            [search.root_id for search in searches],
            [search.since_id for search in searches],
            [",".join(search.names) for search in searches],
            [",".join(map(str, search.consumed)) for search in searches],
        ),
    )
    return {key: (event_id, name) for key, event_id, name in rows}

"""The server on which an installation lives, and whether it is the live one.

A transaction id means nothing on another server, and a copy of a production database must not poll
production's store. The database therefore remembers the server that it was used on. Every process
compares it when it starts: after a restore, a move or logical replication the event log is rebased,
so that no consumer skips or repeats an event, and the installation is a copy, which communicates
with no provider until a person says that it is the live one.

Rebasing stores what each consumer has not read (`EventBacklog`), and lets its cursor continue with
the transactions of this server. No event is written again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import BigInteger, Boolean, CheckConstraint, DateTime, Text, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from .bulk import execute, fetch, fetch_as
from .database import Base, Database, driver
from .server_watch import Server, identify

log = structlog.get_logger("installation")
_LOCK = 0x696F6D02  # our number among PostgreSQL's advisory locks
IS_LIVE = "NOT EXISTS (SELECT FROM platform.installation WHERE NOT live)"
"""Condition of statements that claim work with providers: a copy does none."""


class InstallationRow(Base):
    """The only row: the server that this database was last used on.

    foreign_events  events up to this id were appended on other servers
    timeline        that of the server; 0 when it is not known
    """

    __tablename__ = "installation"
    __table_args__ = (CheckConstraint("id", "installation_is_one_row"), {"schema": "platform"})

    id: Mapped[bool] = mapped_column(Boolean, primary_key=True, server_default=text("true"))
    system_identifier: Mapped[str] = mapped_column(Text)
    database_oid: Mapped[int] = mapped_column(BigInteger)
    live: Mapped[bool] = mapped_column(Boolean)
    foreign_events: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    timeline: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


@dataclass(frozen=True, slots=True)
class Installation:
    """The server that a database was last used on, and whether the installation is the live one."""

    system_identifier: str
    database_oid: int
    live: bool
    timeline: int = 0

    @property
    def server(self) -> Server:
        return Server(self.system_identifier, self.database_oid, self.timeline)


_IS_AHEAD = """
SELECT coalesce(bool_or(pg_snapshot_xmax(c.seen) > pg_snapshot_xmax(pg_current_snapshot())), false)
FROM platform.event_consumer c
"""
_STORE_BACKLOG = """
INSERT INTO platform.event_backlog (consumer, event_id, xid, occurred_at)
SELECT c.name, e.id, e.xid, e.occurred_at
FROM platform.event_consumer c
JOIN platform.business_event e
  ON NOT pg_visible_in_snapshot(e.xid, c.seen) AND NOT (e.xid = c.xid AND e.id <= c.event_id)
WHERE e.id > coalesce((SELECT i.foreign_events FROM platform.installation i), 0)
ON CONFLICT DO NOTHING
"""
_MOVE_CURSORS = """
UPDATE platform.event_consumer
SET seen = pg_current_snapshot(), xid = '0', event_id = 0, updated_at = now()
"""
_STORE_SERVER = """
INSERT INTO platform.installation
  (system_identifier, database_oid, timeline, live, foreign_events, changed_at)
VALUES (%(system_identifier)s, %(database_oid)s, %(timeline)s, %(live)s, %(foreign_events)s,
  %(now)s)
ON CONFLICT (id) DO UPDATE
SET system_identifier = excluded.system_identifier, database_oid = excluded.database_oid,
    timeline = excluded.timeline, live = excluded.live, foreign_events = excluded.foreign_events,
    changed_at = excluded.changed_at
"""
_STORE_TIMELINE = "UPDATE platform.installation SET timeline = %s, changed_at = %s"
_SEQUENCES = """
SELECT format('%%I.%%I', n.nspname, c.relname), a.attname,
       pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%%'
  AND pg_get_serial_sequence(format('%%I.%%I', n.nspname, c.relname), a.attname) IS NOT NULL
ORDER BY 1
"""


def recognize_server(database: Database, *, now: datetime) -> Installation:
    """Compare the server with the one that the database was last used on; every start does so.

    The first time, the server is recorded as the live one. On another server, or when this one
    would repeat transaction ids, the event log is rebased and the installation becomes a copy.
    """
    with database.unit_of_work() as session:
        known = find_installation(session)
        server = current_server(session)
        recognized = _recognized(session, known, server)
        if recognized:
            return _on_timeline(session, recognized, server, now=now)

        execute(session, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        known = find_installation(session)
        if known is None and not _is_ahead(session):
            return _store(session, server, live=True, foreign_events=0, now=now)

        recognized = _recognized(session, known, server)
        if recognized:
            return recognized

        log.warning(
            "database_restored",
            remedy="providers are off until you run: iom restored --live",
        )
        return _rebase(session, server, live=False, now=now)


def watch_server(database: Database, *, clock: Callable[[], datetime]) -> None:
    """Recognize the server whenever a new connection of this process leads to another one."""

    def recognize(before: Server, found: Server) -> None:
        log.warning("database_server_changed", before=before._asdict(), now=found._asdict())
        recognize_server(database, now=clock())

    database.watch_server(recognize)


def declare_restored(database: Database, *, live: bool, now: datetime) -> Installation:
    """Rebase the event log for the server, and say whether this installation is the live one."""
    with database.unit_of_work() as session:
        execute(session, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        known = find_installation(session)
        server = current_server(session)
        if _recognized(session, known, server):
            foreign = _foreign_events(session)
            return _store(session, server, live=live, foreign_events=foreign, now=now)

        return _rebase(session, server, live=live, now=now)


def _recognized(
    session: Session, known: Installation | None, server: Server
) -> Installation | None:
    """Return the known server if it is this one and would not repeat transaction ids."""
    if known is None or server.is_copy_of(known.server):
        return None
    return None if _is_ahead(session) else known


def find_installation(session: Session) -> Installation | None:
    """Return the server that the database was last used on, None before the first start."""
    query = "SELECT system_identifier, database_oid, live, timeline FROM platform.installation"
    rows = fetch_as(session, Installation, query)
    return rows[0] if rows else None


def is_live(session: Session) -> bool:
    """Return whether the installation may communicate with providers."""
    [(live,)] = fetch(session, f"SELECT {IS_LIVE}")
    return bool(live)


def current_server(session: Session) -> Server:
    """Return the server and the database of a session."""
    return identify(driver(session))


def _on_timeline(
    session: Session, known: Installation, server: Server, *, now: datetime
) -> Installation:
    """Return the installation on the timeline of the server, which is stored when it changed.

    A standby that was promoted continues the installation; so would a physical copy of it.
    """
    if server.timeline in (0, known.timeline):
        return known

    if server.is_promoted_from(known.server):
        log.warning(
            "database_promoted",
            timeline=server.timeline,
            remedy="if this is a copy and not the live installation, run: iom restored --copy",
        )

    execute(session, _STORE_TIMELINE, (server.timeline, now))
    return replace(known, timeline=server.timeline)


def _is_ahead(session: Session) -> bool:
    """Return whether a consumer has read transactions that the server has not begun yet."""
    [(is_ahead,)] = fetch(session, _IS_AHEAD)
    return bool(is_ahead)


def _rebase(session: Session, server: Server, *, live: bool, now: datetime) -> Installation:
    """Continue the log with the transactions of this server, without a gap and a repetition."""
    execute(session, "LOCK TABLE platform.business_event, platform.event_consumer IN SHARE MODE")
    advance_sequences(session)
    execute(session, _STORE_BACKLOG)
    execute(session, _MOVE_CURSORS)
    foreign = max(_foreign_events(session), _last_event(session))
    return _store(session, server, live=live, foreign_events=foreign, now=now)


def advance_sequences(session: Session) -> None:
    """Continue every sequence after the highest id: logical replication does not copy them."""
    for table, column, sequence in fetch(session, _SEQUENCES):
        fetch(
            session,
            f"SELECT setval(%s, t.highest) FROM (SELECT max({column}) AS highest FROM {table}) t"
            f" WHERE t.highest > (SELECT last_value FROM {sequence})",
            (sequence,),
        )


def _last_event(session: Session) -> int:
    [(last,)] = fetch(session, "SELECT coalesce(max(id), 0) FROM platform.business_event")
    return int(last)


def _foreign_events(session: Session) -> int:
    query = "SELECT coalesce(max(foreign_events), 0) FROM platform.installation"
    [(foreign,)] = fetch(session, query)
    return int(foreign)


def _store(
    session: Session, server: Server, *, live: bool, foreign_events: int, now: datetime
) -> Installation:
    parameters = {
        "system_identifier": server.system_identifier,
        "database_oid": server.database_oid,
        "timeline": server.timeline,
        "live": live,
        "foreign_events": foreign_events,
        "now": now,
    }
    execute(session, _STORE_SERVER, parameters)
    return Installation(server.system_identifier, server.database_oid, live, server.timeline)

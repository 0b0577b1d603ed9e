"""Which server a connection leads to, and what happens when that is another one than before."""

from collections.abc import Callable
from threading import RLock
from typing import Any, NamedTuple

import psycopg

_IDENTITY = """
SELECT (SELECT system_identifier::text FROM pg_control_system()),
       (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),
       CASE WHEN pg_is_in_recovery() THEN 0
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint END
"""
_DATABASE = "SELECT '', oid::bigint, 0::bigint FROM pg_database WHERE datname = current_database()"


class Server(NamedTuple):
    """What tells a database on a server from a copy of it elsewhere.

    system_identifier  empty when the user may not read it
    timeline           changes when a standby is promoted; 0 on a standby, or when it is not known
    """

    system_identifier: str
    database_oid: int
    timeline: int = 0

    def is_copy_of(self, other: "Server") -> bool:
        """Return whether this is another server or another database."""
        return self[:2] != other[:2]

    def is_promoted_from(self, other: "Server") -> bool:
        """Return whether both are known to be on different timelines of the same server."""
        timelines = {self.timeline, other.timeline} - {0}
        return not self.is_copy_of(other) and len(timelines) > 1


def identify(connection: psycopg.Connection[Any]) -> Server:
    """Return the server and the database of a connection, inside its transaction if it has one.

    A service that keeps its users from identifying the server is recognized by the database alone.
    """
    try:
        with connection.transaction():
            row = connection.execute(_IDENTITY).fetchone()
    except psycopg.DatabaseError:
        row = connection.execute(_DATABASE).fetchone()

    assert row is not None
    return Server(*row)


class ServerWatch:
    """Compares the server of every new connection of a process with the one before.

    `on_change` is called before the first connection to another server is used. Other threads that
    connect wait until it has returned; if it raises, their connections and this one fail, and the
    next one calls it once more. What it connects to itself is not compared.

    generation  number of the server; connections of another one lead elsewhere
    """

    def __init__(self, on_change: Callable[[Server, Server], None]) -> None:
        self.generation = 0
        self._on_change = on_change
        self._lock = RLock()
        self._known: Server | None = None
        self._is_changing = False

    def compare(self, connection: psycopg.Connection[Any]) -> int:
        """Compare a connection without a transaction and return the generation of its server.

        Raise what `on_change` raises.
        """
        found = identify(connection)
        connection.rollback()
        with self._lock:
            known = self._known
            if self._is_changing:
                return self.generation

            if known is not None and _has_changed(known, found):
                self._change(known, found)

            self._known = found
            return self.generation

    def _change(self, known: Server, found: Server) -> None:
        self.generation += 1
        self._is_changing = True
        try:
            self._on_change(known, found)
        finally:
            self._is_changing = False


def _has_changed(known: Server, found: Server) -> bool:
    return found.is_copy_of(known) or found.is_promoted_from(known)

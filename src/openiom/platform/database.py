"""The database of an installation, its sessions and its unit of work. PostgreSQL only."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import MetaData, create_engine, event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from .clock import DATABASE_CLOCK
from .server_watch import Server, ServerWatch
from .write_behind import flush_buffers

NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLALCHEMY_SCHEME = "postgresql+psycopg://"
PREPARED_STATEMENTS = 500
CONNECTION_SECONDS = 1800
_GENERATION = "server_generation"


class Base(DeclarativeBase):
    """Base of all tables; each package uses the PostgreSQL schema of its own name."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def to_json(value: Any) -> bytes:
    """Return `value` as JSON; types that JSON does not know become their text."""
    return orjson.dumps(value, default=str)


def from_json(text: str | bytes) -> Any:
    """Return the value of a JSON text. Raise `ValueError`."""
    return orjson.loads(text)


def to_json_text(value: Any) -> str:
    """Return `value` as JSON text. See `to_json`."""
    return to_json(value).decode()


set_json_dumps(to_json)
set_json_loads(orjson.loads)


def psycopg_url(url: str) -> str:
    """Return a PostgreSQL URL in the form that SQLAlchemy uses."""
    for prefix in (SQLALCHEMY_SCHEME, "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return SQLALCHEMY_SCHEME + url.removeprefix(prefix)
    return url


def libpq_url(url: str) -> str:
    """Return a PostgreSQL URL in the form that psycopg uses."""
    return url.replace(SQLALCHEMY_SCHEME, "postgresql://", 1)


class WriteInReadingSession(Exception):
    """A mistake in the program, not a server that only reads: a retry cannot help."""


class Database:
    """One PostgreSQL database: an environment, the unit of scale and of access."""

    def __init__(
        self,
        url: str,
        *,
        threads: int = 8,
        kept: int | None = None,
        name: str = "openiom",
        direct_url: str = "",
        lock_seconds: float = 0.0,
    ) -> None:
        """Prepare a pool with connections for `threads` at once.

        A thread may use two for a moment: a worker renews its lease beside its own transaction.
        `kept` connections, by default one per thread, stay open when they are not used. A statement
        fails that waits longer than `lock_seconds` for a lock; 0 waits for ever.

        With `direct_url`, `url` is a pooler that gives every transaction another server connection,
        such as PgBouncer in transaction mode: nothing is prepared or set for longer than a
        transaction, and `connect` uses `direct_url`.
        """
        self.url = libpq_url(url)
        self.direct_url = libpq_url(direct_url)
        pool_size = threads if kept is None else min(kept, threads)
        settings = {"timezone": "UTC", "jit": "off", "lock_timeout": f"{lock_seconds * 1000:.0f}"}
        arguments: dict[str, Any] = {"application_name": name}
        if not direct_url:
            arguments["options"] = " ".join(f"-c {key}={text}" for key, text in settings.items())

        self.engine: Engine = create_engine(
            psycopg_url(url),
            pool_size=pool_size,
            max_overflow=2 * threads - pool_size,
            pool_pre_ping=False,
            pool_recycle=CONNECTION_SECONDS,
            pool_use_lifo=True,
            json_serializer=to_json_text,
            json_deserializer=orjson.loads,
            connect_args=arguments,
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._readers = sessionmaker(
            self.engine.execution_options(postgresql_readonly=True), expire_on_commit=False
        )
        self._watch: ServerWatch | None = None
        event.listen(self.engine, "connect", _compare_clocks)
        event.listen(self.engine, "connect", _prepare_nothing if direct_url else _prepare_all)
        if direct_url:
            _set_in_transactions(settings, self._sessions, self._readers)

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """Yield the session of one request, message or batch.

        It is committed once when the block ends, and rolled back when the block raises.
        """
        with self._sessions() as session, session.begin():
            yield session
            flush_buffers(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a read-only session. Raise `WriteInReadingSession` for a write through it."""
        try:
            with self._readers() as session:
                yield session
        except (ReadOnlySqlTransaction, DBAPIError) as error:
            cause = _driver_error(error)
            if isinstance(cause, ReadOnlySqlTransaction):
                raise WriteInReadingSession(str(cause)) from error

            raise

    def connect(self) -> psycopg.Connection[Any]:
        """Return a new connection in autocommit, for LISTEN and advisory locks."""
        connection = psycopg.connect(
            self.direct_url or self.url, autocommit=True, application_name="openiom-listen"
        )
        if self._watch is not None:
            try:
                self._watch.compare(connection)
            except BaseException:
                connection.close()
                raise

        return connection

    def watch_server(self, on_change: Callable[[Server, Server], None]) -> None:
        """Call `on_change` with both servers when a new connection leads to another one.

        It is called before that connection is used, and no connection to the server before is used
        after that. See `ServerWatch`.
        """
        if self._watch is None:
            # Not when they are opened: SQLAlchemy opens the first one of a pool under a lock.
            event.listen(self.engine, "checkout", self._check_server)

        self._watch = ServerWatch(on_change)

    def _check_server(
        self, connection: psycopg.Connection[Any], record: ConnectionPoolEntry, proxy: object
    ) -> None:
        """Compare a connection when it is first used; have one to the server before replaced."""
        assert self._watch is not None
        generation = record.info.get(_GENERATION)
        if generation is None:
            record.info[_GENERATION] = self._watch.compare(connection)
        elif generation != self._watch.generation:
            raise DisconnectionError("the server of this connection has been exchanged")

    def close(self) -> None:
        """Close all connections of the pool."""
        self.engine.dispose()


def driver(session: Session) -> psycopg.Connection[Any]:
    """Return the psycopg connection of a session, inside the same transaction."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection


def _driver_error(error: Exception) -> BaseException | None:
    """Return the error of psycopg, which SQLAlchemy may have wrapped."""
    return error.orig if isinstance(error, DBAPIError) else error


def _prepare_all(connection: psycopg.Connection[Any], _: object) -> None:
    """Prepare every statement at its first repetition: batches repeat a few hundred of them."""
    connection.prepare_threshold = 1
    connection.prepared_max = PREPARED_STATEMENTS


def _prepare_nothing(connection: psycopg.Connection[Any], _: object) -> None:
    """Prepare no statement: the next transaction may run on another server connection."""
    connection.prepare_threshold = None


def _compare_clocks(connection: psycopg.Connection[Any], _: object) -> None:
    """Have this process follow the clock of the database."""
    if not DATABASE_CLOCK.claim_comparison():
        return

    requested_at = datetime.now(UTC)
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    answered_at = datetime.now(UTC)
    connection.rollback()
    if row is not None:
        DATABASE_CLOCK.follow(row[0], requested_at=requested_at, answered_at=answered_at)


def _set_in_transactions(settings: dict[str, str], *sessions: sessionmaker[Session]) -> None:
    """Apply settings at the beginning of every transaction of these sessions."""
    statements = "; ".join(f"SET LOCAL {name} = '{text}'" for name, text in settings.items())

    def apply(_: Session, transaction: SessionTransaction, connection: Connection) -> None:
        if not transaction.nested:
            driver_connection = connection.connection.driver_connection
            assert isinstance(driver_connection, psycopg.Connection)
            driver_connection.execute(statements.encode())

    for maker in sessions:
        event.listen(maker, "after_begin", apply)

"""The database of an installation, its sessions and its unit of work. PostgreSQL only."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
from psycopg.types.json import set_json_dumps, set_json_loads
from sqlalchemy import MetaData, create_engine, event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

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


class Base(DeclarativeBase):
    """Base of all tables; each package uses the PostgreSQL schema of its own name."""

    metadata = MetaData(naming_convention=NAMING_CONVENTION)


def to_json(value: Any) -> bytes:
    """Return `value` as JSON; types that JSON does not know become their text."""
    return orjson.dumps(value, default=str)


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


class Database:
    """One PostgreSQL database: an environment, the unit of scale and of access."""

    def __init__(
        self, url: str, *, threads: int = 8, kept: int | None = None, name: str = "openiom"
    ) -> None:
        """Prepare a pool with connections for `threads` at once.

        A thread may use two for a moment: a worker renews its lease beside its own transaction, and
        a request is committed while its thread serves the next one. `kept` connections, by default
        one per thread, stay open when they are not used.
        """
        self.url = libpq_url(url)
        pool_size = threads if kept is None else min(kept, threads)
        self.engine: Engine = create_engine(
            psycopg_url(url),
            pool_size=pool_size,
            max_overflow=2 * threads - pool_size,
            pool_pre_ping=False,
            pool_recycle=CONNECTION_SECONDS,
            pool_use_lifo=True,
            json_serializer=to_json_text,
            json_deserializer=orjson.loads,
            connect_args={"application_name": name, "options": "-c timezone=UTC -c jit=off"},
        )
        event.listen(self.engine, "connect", _prepare_statements)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._readers = sessionmaker(
            self.engine.execution_options(postgresql_readonly=True), expire_on_commit=False
        )

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
        """Yield a read-only session; PostgreSQL refuses writes through it."""
        with self._readers() as session:
            yield session

    def connect(self) -> psycopg.Connection[Any]:
        """Return a new connection in autocommit, for LISTEN and advisory locks."""
        return psycopg.connect(self.url, autocommit=True, application_name="openiom-listen")

    def close(self) -> None:
        """Close all connections of the pool."""
        self.engine.dispose()


def driver(session: Session) -> psycopg.Connection[Any]:
    """Return the psycopg connection of a session, inside the same transaction."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection


def _prepare_statements(connection: psycopg.Connection[Any], _: object) -> None:
    """Prepare every statement at its first repetition: batches repeat a few hundred of them."""
    connection.prepare_threshold = 1
    connection.prepared_max = PREPARED_STATEMENTS

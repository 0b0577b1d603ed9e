"""Sessions and the single unit of work. PostgreSQL is the only database."""

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

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of every room; each room uses a PostgreSQL schema of its own name."""

    metadata = MetaData(naming_convention=NAMES)


def to_json(value: Any) -> bytes:
    return orjson.dumps(value, default=str)


def to_json_text(value: Any) -> str:
    return to_json(value).decode()


set_json_dumps(to_json)
set_json_loads(orjson.loads)


def psycopg_url(url: str) -> str:
    """The SQLAlchemy form of a PostgreSQL URL."""
    for prefix in ("postgresql+psycopg://", "postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url[len(prefix) :]
    return url


def libpq_url(url: str) -> str:
    """The form psycopg and procrastinate take."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _keep_statements(connection: psycopg.Connection[Any], _: object) -> None:
    """Waves say the same few hundred things again and again: keep them all prepared, from the second time on."""
    connection.prepare_threshold = 1
    connection.prepared_max = 500


class Database:
    """One PostgreSQL database: an environment, the scale unit and the security boundary."""

    def __init__(
        self, url: str, *, threads: int = 8, kept: int | None = None, name: str = "openiom"
    ) -> None:
        """Connections for so many threads at once, so that none waits for another's.

        A thread may have two for a moment: a turn renews its lease beside its own transaction, and a request is
        committed while its thread serves the next. `kept` of them (`threads` when None) stay open for good.
        """
        self.url = libpq_url(url)
        pool_size = threads if kept is None else min(kept, threads)
        self.engine: Engine = create_engine(
            psycopg_url(url),
            pool_size=pool_size,
            max_overflow=2 * threads - pool_size,
            pool_pre_ping=False,
            pool_recycle=1800,
            pool_use_lifo=True,
            json_serializer=to_json_text,
            json_deserializer=orjson.loads,
            connect_args={"application_name": name, "options": "-c timezone=UTC -c jit=off"},
        )
        event.listen(self.engine, "connect", _keep_statements)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._readers = sessionmaker(
            self.engine.execution_options(postgresql_readonly=True), expire_on_commit=False
        )

    @contextmanager
    def unit_of_work(self) -> Iterator[Session]:
        """One request, one message, one wave: one commit, here only; rolled back on any error."""
        with self._sessions() as session, session.begin():
            yield session
            flush_buffers(session)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A read-only session; writing through it is refused by PostgreSQL."""
        with self._readers() as session:
            yield session

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of its own, in autocommit, for LISTEN and advisory work."""
        return psycopg.connect(self.url, autocommit=True, application_name="openiom-listen")

    def close(self) -> None:
        self.engine.dispose()


def driver(session: Session) -> psycopg.Connection[Any]:
    """The psycopg connection behind `session`, inside the same transaction."""
    connection = session.connection().connection.driver_connection
    assert isinstance(connection, psycopg.Connection)
    return connection

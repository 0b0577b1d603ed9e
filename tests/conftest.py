"""A real PostgreSQL for every test process, and the application wired over it.

One embedded server has one database per test process, which is emptied before each test. A package
that needs other settings has a `settings` fixture of its own.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import psycopg
import pytest
from starlette.testclient import TestClient
from tests.tables import empty_tables

from openiom.administration import issue_token
from openiom.app.application import Application, build
from openiom.app.tables import load_tables, schemas
from openiom.app.web import create_app
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.embedded import embedded_postgres, ensure_database
from openiom.platform.event_partitions import ensure_partitions
from openiom.platform.settings import Settings

# The time of one example depends on the machine; wrong results are looked for, not slow ones.
hypothesis.settings.register_profile("openiom", deadline=None)
hypothesis.settings.load_profile("openiom")

# The other systems of tests listen on this machine, which providers do not reach by default.
os.environ["OPENIOM_PROVIDER_NETWORKS"] = "127.0.0.0/8,::1/128"

TESTS = Path(__file__).parent
LONG = (
    "ui",
    "app/test_api_fuzz.py",
    "browser",
    "fulfillment_optimization/engine",
    "fulfillment_optimization/constraints",
    "order_stories",
    "drills",
    "simulation",
)
"""Tests of which a file takes long, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run long files first, so that no process of xdist is left alone with one at the end."""
    items.sort(key=lambda item: place_in_run(item.path))


def place_in_run(file: Path) -> int:
    path = file.relative_to(TESTS) if file.is_relative_to(TESTS) else file
    for place, start in enumerate(LONG):
        if path.is_relative_to(start):
            return place

    return len(LONG)


@pytest.fixture(scope="session")
def postgres_url(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str = "master"
) -> Iterator[str]:
    """Yield the URL of this process's database; OPENIOM_TEST_DATABASE_URL names a given server."""
    given = os.environ.get("OPENIOM_TEST_DATABASE_URL")
    name = "openiom_test_" + os.environ.get("PYTEST_XDIST_WORKER", "main")
    if given:
        yield ensure_database(given, name)
        return

    home = Path(tempfile.mkdtemp(prefix="openiom-test-"))
    try:
        with embedded_postgres(home, database=name) as url:
            with psycopg.connect(url, autocommit=True) as connection:
                # Nothing outlives the tests.
                connection.execute("ALTER SYSTEM SET fsync = off")
                connection.execute("ALTER SYSTEM SET full_page_writes = off")
                connection.execute("SELECT pg_reload_conf()")

            yield url
    finally:
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_database(postgres_url: str) -> Iterator[Database]:
    base = load_tables()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        for schema in schemas():
            connection.execute(
                f'DROP SCHEMA IF EXISTS "{schema}" CASCADE; CREATE SCHEMA "{schema}"'.encode()
            )

    database = Database(postgres_url)
    base.metadata.create_all(database.engine)

    with database.unit_of_work() as session:
        ensure_partitions(session, today=datetime.now(UTC).date())

    yield database
    database.close()


@pytest.fixture
def database(empty_database: Database) -> Database:
    """Return a database whose tables are all empty."""
    empty_tables(empty_database)
    return empty_database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, ui_path=tmp_path / "ui")


@pytest.fixture
def application(database: Database, settings: Settings) -> Iterator[Application]:
    built = build(settings, database.url)
    yield built
    built.close()


@pytest.fixture
def anonymous_client(application: Application) -> Iterator[TestClient]:
    """Yield a client without credentials."""
    with TestClient(create_app(application)) as client:
        yield client


@pytest.fixture
def client(application: Application) -> Iterator[TestClient]:
    """Yield a client with an administrator's token."""
    with application.database.unit_of_work() as session:
        token = issue_token(
            session, name="test", roles=["administrator"], now=utc_now(), actor="test"
        )

    with TestClient(
        create_app(application), headers={"authorization": f"Bearer {token}"}
    ) as client:
        yield client

"""The schema is migrated while the previous version of the program serves requests."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from starlette.testclient import TestClient

from openiom.app.application import CONSUMERS, build
from openiom.app.migrate import applied, migrate, planned, planned_statements, state_of_schema
from openiom.app.resources import folder
from openiom.app.web import create_app
from openiom.platform.bulk import fetch, fetch_column
from openiom.platform.database import Database
from openiom.platform.embedded import ensure_database
from openiom.platform.schema_versions import SchemaState
from openiom.platform.settings import Settings

FIRST = "0001_first_tables"
EXPAND = '''"""Add a note to scheduled jobs, and an index of large tables.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002_expand"
down_revision = "0001_first_tables"
compatible_with = "0001_first_tables"


def upgrade():
    op.add_column("scheduled_job", sa.Column("note", sa.Text()), schema="platform")
    with op.get_context().autocommit_block():
        op.execute("SET lock_timeout = 0")
        op.create_index(
            "ix_order_currency",
            "order",
            ["currency"],
            schema="orders",
            postgresql_concurrently=True,
        )
'''
CONTRACT = '''"""Remove the last error of scheduled jobs."""

from alembic import op

revision = "0003_contract"
down_revision = "0002_expand"
compatible_with = "0002_expand"


def upgrade():
    op.drop_column("scheduled_job", "last_error", schema="platform")
'''
BROKEN = '''"""Fail."""

from alembic import op

revision = "0003_broken"
down_revision = "0002_expand"
compatible_with = "0002_expand"


def upgrade():
    op.execute("CREATE TABLE platform.half_done (n int)")
    op.execute("SELECT 1 / 0")
'''


@pytest.fixture
def upgraded(postgres_url: str) -> Iterator[Database]:
    """A migrated database of its own on the test server."""
    name = f"openiom_upgrade_{uuid4().hex[:8]}"
    database = Database(ensure_database(postgres_url, name), threads=4)
    migrate(database, consumers=CONSUMERS)
    yield database
    database.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    """The migrations of the next version of the program, which expand the schema."""
    copy = tmp_path / "migrations"
    shutil.copytree(folder("migrations"), copy)
    (copy / "versions" / "2026-12-01-0900_expand.py").write_text(EXPAND)
    return copy


@pytest.fixture
def running(upgraded: Database, tmp_path: Path) -> Iterator[TestClient]:
    """A web process of this version over the database."""
    application = build(Settings(home=tmp_path), upgraded.url)
    with TestClient(create_app(application)) as client:
        yield client

    application.close()


def indexes(database: Database) -> list[tuple[str, bool]]:
    with database.reading() as session:
        return fetch(
            session,
            "SELECT i.indexrelid::regclass::text, i.indisvalid FROM pg_index i"
            " WHERE i.indexrelid = to_regclass('orders.ix_order_currency')",
        )


def test_a_running_process_serves_an_expanded_schema_and_refuses_a_contracted_one(
    upgraded: Database, scripts: Path, running: TestClient
) -> None:
    before = running.get("/ready")
    migrate(upgraded, consumers=CONSUMERS, scripts=scripts)
    expanded = running.get("/ready")
    (scripts / "versions" / "2026-12-02-0900_contract.py").write_text(CONTRACT)
    migrate(upgraded, consumers=CONSUMERS, scripts=scripts)
    contracted = running.get("/ready")

    assert (before.status_code, before.json()["schema_version"]) == (200, FIRST)
    assert (expanded.status_code, expanded.json()["schema_version"]) == (200, "0002_expand")
    assert indexes(upgraded) == [("orders.ix_order_currency", True)]
    assert contracted.status_code == 503
    assert contracted.json()["remedy"] == (
        "install the version of the program that migrated the database"
    )
    assert running.get("/health").status_code == 200


def test_the_previous_version_leaves_a_newer_schema_as_it_is(
    upgraded: Database, scripts: Path
) -> None:
    migrate(upgraded, consumers=CONSUMERS, scripts=scripts)

    migrate(upgraded, consumers=CONSUMERS)

    assert state_of_schema(upgraded) == SchemaState.NEWER
    assert state_of_schema(upgraded, scripts) == SchemaState.CURRENT
    assert [migration.revision for migration in applied(upgraded)] == [FIRST, "0002_expand"]


def test_a_migration_that_fails_undoes_itself_only(upgraded: Database, scripts: Path) -> None:
    (scripts / "versions" / "2026-12-02-0900_broken.py").write_text(BROKEN)

    with pytest.raises(Exception, match="division by zero"):
        migrate(upgraded, consumers=CONSUMERS, scripts=scripts)

    assert [migration.revision for migration in applied(upgraded)] == [FIRST, "0002_expand"]
    assert indexes(upgraded) == [("orders.ix_order_currency", True)]
    with upgraded.reading() as session:
        assert fetch_column(session, "SELECT to_regclass('platform.half_done')") == [None]


def test_a_plan_is_printed_without_changing_anything(upgraded: Database, scripts: Path) -> None:
    [migration] = planned(upgraded, scripts)
    statements = planned_statements(upgraded, scripts)

    assert (migration.revision, migration.compatible_with) == ("0002_expand", FIRST)
    assert migration.title == "Add a note to scheduled jobs, and an index of large tables."
    assert "ALTER TABLE platform.scheduled_job ADD COLUMN note TEXT" in statements
    assert 'CREATE INDEX CONCURRENTLY ix_order_currency ON orders."order" (currency)' in statements
    assert "CREATE TABLE orders" not in statements
    assert [migration.revision for migration in applied(upgraded)] == [FIRST]
    assert planned(upgraded) == []
    assert planned_statements(upgraded) == ""

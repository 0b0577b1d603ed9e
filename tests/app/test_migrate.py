"""Migrations: many processes at once, one result."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import psycopg
import pytest

from openiom.app.migrate import applied, head, migrate, state_of_schema
from openiom.app.tables import schemas
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.embedded import ensure_database
from openiom.platform.schema_versions import SchemaState


@pytest.fixture
def fresh(postgres_url: str) -> Iterator[Database]:
    """An empty database of its own on the test server."""
    name = f"openiom_fresh_{uuid4().hex[:8]}"
    database = Database(ensure_database(postgres_url, name), threads=4)
    yield database
    database.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


def test_four_processes_that_migrate_together_end_at_one_schema(fresh: Database) -> None:
    def one(_: int) -> None:
        own = Database(fresh.url, threads=2)
        try:
            migrate(own, consumers=("orchestration",))
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))

    assert state_of_schema(fresh) == SchemaState.CURRENT
    assert [migration.revision for migration in applied(fresh)] == [head()]

    with fresh.reading() as session:
        assert fetch(session, "SELECT name FROM platform.event_consumer") == [("orchestration",)]


WRITTEN_IN_SQL = (
    "SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
    " WHERE n.nspname = ANY(%(schemas)s)",
    "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT t.tgisinternal AND n.nspname = ANY(%(schemas)s)",
)


def definitions(database: Database, query: str) -> list[str]:
    with database.reading() as session:
        rows = fetch(session, query, {"schemas": schemas()})
    return sorted(definition for (definition,) in rows)


def test_migrations_create_the_triggers_and_functions_that_the_models_declare(
    fresh: Database, database: Database
) -> None:
    migrate(fresh, consumers=())

    for query in WRITTEN_IN_SQL:
        assert definitions(fresh, query) == definitions(database, query)
        assert definitions(fresh, query)

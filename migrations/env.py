"""One Alembic line for all packages. The database comes from the caller or from OPENIOM_DATABASE_URL.

Every migration is a transaction of its own, in which it is recorded as applied. An index of a large
table is created in an autocommit block, `CONCURRENTLY`.
"""

import os
from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.runtime.migration import MigrationContext, MigrationInfo
from sqlalchemy import Connection, create_engine, text

from openiom.app.tables import load_tables, schemas
from openiom.platform.database import psycopg_url
from openiom.platform.event_tables import PgSnapshot, Xid8

METADATA = load_tables().metadata
LOCK_TIMEOUT = "10s"
XID8 = """

class Xid8(sa.types.UserDefinedType):
    def get_col_spec(self, **_):
        return "xid8"
"""
PG_SNAPSHOT = """

class PgSnapshot(sa.types.UserDefinedType):
    def get_col_spec(self, **_):
        return "pg_snapshot"
"""
RECORD = text(
    "INSERT INTO platform.schema_version (revision, compatible_with)"
    " VALUES (:revision, :compatible_with)"
)
FORGET = text("DELETE FROM platform.schema_version WHERE revision = :revision")


def include_object(
    item: object, name: str | None, kind: str, reflected: bool, compare_to: object
) -> bool:
    """Leave out partitions of the event log: a scheduled job creates them, not a migration."""
    if kind != "table" or not reflected:
        return True
    return not (name or "").startswith("business_event_")


def render_item(kind: str, item: object, context: AutogenContext) -> str | bool:
    """Types of our own are written into the migration: it must not change when the product does."""
    if kind == "type" and isinstance(item, Xid8):
        context.imports.add(XID8)
        return "Xid8()"

    if kind == "type" and isinstance(item, PgSnapshot):
        context.imports.add(PG_SNAPSHOT)
        return "PgSnapshot()"

    return False


def record(*, ctx: MigrationContext, step: MigrationInfo, **_: Any) -> None:
    """Record a migration, with the oldest revision whose program works with its schema."""
    if step.is_upgrade:
        script = step.up_revision
        compatible_with = getattr(script.module, "compatible_with", script.revision)
        values = {"revision": script.revision, "compatible_with": compatible_with}
        ctx.impl.execute(RECORD.bindparams(**values))
    elif step.down_revision_ids:
        for revision in step.up_revision_ids:
            ctx.impl.execute(FORGET.bindparams(revision=revision))


def configure(**options: Any) -> None:
    context.configure(
        target_metadata=METADATA,
        include_schemas=True,
        include_name=lambda name, kind, _: kind != "schema" or name in schemas(),
        include_object=include_object,
        render_item=render_item,
        version_table_schema="public",
        compare_type=True,
        compare_server_default=False,
        transaction_per_migration=True,
        on_version_apply=record,
        **options,
    )


def run(connection: Connection) -> None:
    with connection.begin():
        for schema in schemas():
            connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
        connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))

    configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()


def print_statements() -> None:
    """Print the statements of the migrations instead of executing them."""
    configure(dialect_name="postgresql", literal_binds=True)
    with context.begin_transaction():
        for schema in schemas():
            context.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        context.run_migrations()


def main() -> None:
    if context.is_offline_mode():
        print_statements()
        return

    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return

    engine = create_engine(psycopg_url(os.environ["OPENIOM_DATABASE_URL"]))
    with engine.connect() as connection:
        run(connection)


main()

"""One Alembic line for every room. The database comes from the caller or from OPENIOM_DATABASE_URL."""

import os

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, create_engine, text

from openiom.app.tables import load_tables, schemas
from openiom.platform.database import psycopg_url
from openiom.platform.events import Xid8

METADATA = load_tables().metadata
XID8 = """

class Xid8(sa.types.UserDefinedType):
    def get_col_spec(self, **_):
        return "xid8"
"""


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
    return False


def run(connection: Connection) -> None:
    for schema in schemas():
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        include_schemas=True,
        include_name=lambda name, kind, _: kind != "schema" or name in schemas(),
        include_object=include_object,
        render_item=render_item,
        version_table_schema="public",
        compare_type=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.execute("SET LOCAL lock_timeout = '10s'")
        context.run_migrations()


def main() -> None:
    given = context.config.attributes.get("connection")
    if given is not None:
        run(given)
        return
    engine = create_engine(psycopg_url(os.environ["OPENIOM_DATABASE_URL"]))
    with engine.begin() as connection:
        run(connection)


main()

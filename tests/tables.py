"""The tables of the test database."""

from functools import cache

from openiom.app.tables import load_tables
from openiom.platform.database import Database

# A table without a page has no row, not even a dead one: only the others are truncated, because
# truncating all takes ten times as long. The pages of a partitioned table are in its partitions.
TABLES_WITH_PAGES = """
WITH named AS (SELECT unnest(%(names)s::regclass[]) AS oid),
     stored AS (SELECT oid FROM named
                UNION ALL
                SELECT inhrelid FROM pg_inherits JOIN named ON named.oid = inhparent)
SELECT oid::regclass::text FROM stored WHERE pg_relation_size(oid) > 0
"""
RESTART_SEQUENCES = """
SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, start_value, false)
FROM pg_sequences
WHERE last_value IS NOT NULL AND schemaname = ANY(%(schemas)s)
"""


@cache
def tables() -> tuple[list[str], list[str]]:
    """Return the names of all tables, and the schemas that they are in."""
    declared = load_tables().metadata.sorted_tables
    schemas = {str(table.schema) for table in declared}
    return [f'"{table.schema}"."{table.name}"' for table in declared], sorted(schemas)


def empty_tables(database: Database) -> None:
    """Delete every row of every table, and let their identities start again."""
    names, schemas = tables()
    with database.engine.begin() as connection:
        found = connection.exec_driver_sql(TABLES_WITH_PAGES, {"names": names})
        filled = list(found.scalars())
        if filled:
            connection.exec_driver_sql(f"TRUNCATE {', '.join(filled)} CASCADE")

        connection.exec_driver_sql(RESTART_SEQUENCES, {"schemas": schemas})

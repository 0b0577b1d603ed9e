"""The tables of the test database."""

import psycopg

from openiom.app.tables import load_tables
from openiom.platform.database import Database


def empty_tables(database: Database) -> None:
    """Delete every row of every table."""
    names = ", ".join(f'"{t.schema}"."{t.name}"' for t in load_tables().metadata.sorted_tables)
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE".encode())

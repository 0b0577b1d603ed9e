"""Migration of a database to the newest schema; safe to run from many processes at once."""

from collections.abc import Callable, Sequence

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.event_partitions import ensure_partitions
from openiom.platform.events import ensure_consumer

from .resources import folder

MIGRATION_LOCK = 7_200_340_011

Report = Callable[[str], None]


def alembic_config() -> Config:
    """Return Alembic's configuration of our migrations."""
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def heads() -> tuple[str, ...]:
    """Return the newest revisions that this program knows."""
    return tuple(ScriptDirectory.from_config(alembic_config()).get_heads())


def current(database: Database) -> tuple[str, ...]:
    """Return the revisions of a database; none before the first migration."""
    with database.reading() as session:
        if fetch(session, "SELECT to_regclass('public.alembic_version')")[0][0] is None:
            return ()
        rows = fetch(session, "SELECT version_num FROM public.alembic_version")
        return tuple(revision for (revision,) in rows)


def at_head(database: Database) -> bool:
    """Return whether a database has the newest schema that this program knows."""
    return set(current(database)) == set(heads())


def migrate(
    database: Database, *, consumers: Sequence[str], report: Report = lambda _: None
) -> None:
    """Bring a database to the newest schema, with event partitions and the consumers' cursors.

    `report` is called with the name of each phase.
    """
    with database.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        if not at_head(database):
            report("tables")
            _upgrade(database)

        # Two transactions: a worker that already reads the log may hold what one of them needs
        # while it waits for what the other one holds.
        with database.unit_of_work() as session:
            ensure_partitions(session, today=utc_now().date())

        with database.unit_of_work() as session:
            for consumer in consumers:
                ensure_consumer(session, consumer)


def reset_statistics(database: Database) -> None:
    """Analyze all tables, so that queries are planned for rows that were just loaded."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _upgrade(database: Database) -> None:
    config = alembic_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")

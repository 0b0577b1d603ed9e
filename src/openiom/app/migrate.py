"""Bring a database to the newest schema; any number of processes may ask at the same time."""

from collections.abc import Callable, Sequence

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from procrastinate.schema import SchemaManager
from sqlalchemy import text

from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.event_partitions import ensure_partitions
from openiom.platform.events import ensure_consumer

from .resources import folder

LOCK = 7_200_340_011  # one number for everybody who migrates this database

Say = Callable[[str], None]


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def heads() -> tuple[str, ...]:
    """The newest revisions this program knows."""
    return tuple(ScriptDirectory.from_config(alembic_config()).get_heads())


def current(database: Database) -> tuple[str, ...]:
    """The revisions a database stands at; empty before the first migration."""
    with database.reading() as session:
        if fetch(session, "SELECT to_regclass('public.alembic_version')")[0][0] is None:
            return ()
        return tuple(
            row[0] for row in fetch(session, "SELECT version_num FROM public.alembic_version")
        )


def at_head(database: Database) -> bool:
    return set(current(database)) == set(heads())


def migrate(database: Database, *, consumers: Sequence[str], say: Say = lambda _: None) -> None:
    """Alembic to head, procrastinate's tables, event partitions and the cursors of event consumers."""
    with database.connect() as waiting:
        waiting.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        _procrastinate(database)
        if not at_head(database):  # last: whoever waits for the schema finds all of it
            say("tables")
            _upgrade(database)
        # Apart, so that neither waits for a worker that already reads the log while it holds what the worker wants.
        with database.unit_of_work() as session:
            ensure_partitions(session, today=utc_now().date())
        with database.unit_of_work() as session:
            for consumer in consumers:
                ensure_consumer(session, consumer)


def _upgrade(database: Database) -> None:
    config = alembic_config()
    with database.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _procrastinate(database: Database) -> None:
    """Procrastinate owns its tables in the schema public."""
    with database.unit_of_work() as session:
        if fetch(session, "SELECT to_regclass('public.procrastinate_jobs')")[0][0] is None:
            session.connection().execution_options(no_parameters=True).exec_driver_sql(
                SchemaManager.get_schema()
            )


def reset_statistics(database: Database) -> None:
    """Let the planner look at freshly loaded tables at once."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))

"""Migration of a database to the newest schema; safe to run from many processes at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.event_partitions import ensure_partitions
from openiom.platform.events import ensure_consumer
from openiom.platform.installation import recognize_server
from openiom.platform.schema_versions import (
    AppliedMigration,
    SchemaState,
    applied_migrations,
    schema_state,
)

from .resources import folder

MIGRATION_LOCK = 7_200_340_011

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class PlannedMigration:
    """A migration that a database does not have yet."""

    revision: str
    title: str
    compatible_with: str


def alembic_config(scripts: Path | None = None, *, output: StringIO | None = None) -> Config:
    """Return Alembic's configuration of our migrations, or of those in `scripts`."""
    config = Config(output_buffer=output) if output else Config()
    config.set_main_option("script_location", str(scripts or folder("migrations")))
    config.set_main_option("path_separator", "os")
    return config


def head(scripts: Path | None = None) -> str:
    """Return the newest revision that this program knows."""
    [newest] = ScriptDirectory.from_config(alembic_config(scripts)).get_heads()
    return newest


@cache
def own_head() -> str:
    """Return the newest revision of this program, read once."""
    return head()


def applied(database: Database) -> list[AppliedMigration]:
    """Return the migrations of a database in their order; none before the first one."""
    with database.reading() as session:
        return applied_migrations(session)


def state_of_schema(database: Database, scripts: Path | None = None) -> SchemaState:
    """Return how the schema of a database relates to this program."""
    return schema_state(applied(database), head=head(scripts))


def planned(database: Database, scripts: Path | None = None) -> list[PlannedMigration]:
    """Return the migrations that `migrate` would apply, in their order."""
    known = {migration.revision for migration in applied(database)}
    migrations: list[PlannedMigration] = []
    for script in ScriptDirectory.from_config(alembic_config(scripts)).walk_revisions():
        if script.revision not in known:
            title = script.doc.splitlines()[0]
            compatible_with = getattr(script.module, "compatible_with", script.revision)
            migrations.append(PlannedMigration(script.revision, title, compatible_with))

    return migrations[::-1]


def planned_statements(database: Database, scripts: Path | None = None) -> str:
    """Return the SQL statements that `migrate` would execute, empty when there is nothing to do."""
    if not planned(database, scripts):
        return ""

    done = applied(database)
    start = done[-1].revision if done else "base"
    output = StringIO()
    command.upgrade(alembic_config(scripts, output=output), f"{start}:head", sql=True)
    return output.getvalue()


def migrate(
    database: Database,
    *,
    consumers: Sequence[str],
    report: Report = lambda _: None,
    scripts: Path | None = None,
) -> None:
    """Bring a database to the newest schema, with event partitions and the consumers' cursors.

    A schema that is newer than the program is left as it is. `report` is called with the name of
    each phase.
    """
    with database.connect() as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        if state_of_schema(database, scripts) == SchemaState.OLDER:
            report("tables")
            _upgrade(database, scripts)

        # Two transactions: a worker that already reads the log may hold what one of them needs
        # while it waits for what the other one holds.
        with database.unit_of_work() as session:
            ensure_partitions(session, today=utc_now().date())

        with database.unit_of_work() as session:
            for consumer in consumers:
                ensure_consumer(session, consumer)

        recognize_server(database, now=utc_now())


def reset_statistics(database: Database) -> None:
    """Analyze all tables, so that queries are planned for rows that were just loaded."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))


def _upgrade(database: Database, scripts: Path | None) -> None:
    config = alembic_config(scripts)
    with database.engine.connect() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        finally:
            # Its settings are those of migrations.
            connection.invalidate()

"""Commands that run an installation: serve, web, worker, migrate."""

from typing import Annotated

import typer

from openiom.app.application import CONSUMERS, build
from openiom.app.migrate import migrate as migrate_database
from openiom.app.migrate import planned, planned_statements
from openiom.app.processes import (
    Supervisor,
    bind_port,
    end_on_signals,
    running_database,
    start_application,
    url_of,
    wait_until_ready,
)
from openiom.app.web import inherited_sockets, run_web
from openiom.app.worker import run_worker
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import backlog_size
from openiom.platform.installation import declare_restored

from .context import (
    Home,
    console,
    end_with_supervisor,
    errors,
    open_application,
    read_settings,
)

Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 is any free one")
]
Host = Annotated[str | None, typer.Option(help="Address to listen on (OPENIOM_HOST)")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (serve, web, worker, migrate, restored):
        app.command()(command)


def serve(
    port: Port = None,
    host: Host = None,
    home: Home = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=64, help="Worker processes to start")
    ] = None,
    web_processes: Annotated[
        int | None, typer.Option(min=1, max=16, help="Web processes to start")
    ] = None,
) -> None:
    """Run everything on this machine: database, web and workers.

    Example: iom serve --port 8000 --workers 2
    """
    settings = read_settings(
        port=port, host=host, home=home, workers=workers, web_processes=web_processes
    )
    bound = bind_port(settings.host, settings.port, insist=port is not None)
    url = url_of(bound)
    end_on_signals()

    with (
        errors.status("PostgreSQL") as status,
        running_database(settings) as database_url,
        Supervisor() as supervisor,
    ):
        status.update("web and workers")
        start_application(
            supervisor,
            settings,
            database_url,
            bound,
            workers=settings.workers,
            web_processes=settings.web_processes,
        )
        status.update("migrations")
        migrate_to_head(settings.direct_database_url or database_url)
        status.update("web and workers")
        wait_until_ready(supervisor, url)
        supervisor.stop_on_signals()
        status.stop()
        console.print(f"OpenIOM is running at [bold]{url}[/bold]  (Ctrl-C stops it)")
        supervisor.watch()


def web(port: Port = None, host: Host = None) -> None:
    """Run one web process against a database that is already migrated.

    Example: OPENIOM_DATABASE_URL=postgresql://... iom web --port 8000
    """
    settings = read_settings(port=port, host=host)
    end_with_supervisor()
    sockets = inherited_sockets()
    if not sockets:
        sockets = [bind_port(settings.host, settings.port, insist=True)]
        errors.print(f"listening on {url_of(sockets[0])}", highlight=False)

    if not settings.public_url:
        settings = settings.model_copy(update={"public_url": url_of(sockets[0])})

    # uvicorn raises the signal again when it has ended, which would end us before PostgreSQL.
    end_on_signals()
    with running_database(settings) as database_url:
        run_web(build(settings, database_url), sockets)


def worker() -> None:
    """Run one worker process: batches and scheduled jobs. Any number may run, on any machine.

    Example: OPENIOM_DATABASE_URL=postgresql://... iom worker
    """
    settings = read_settings()
    end_with_supervisor()
    with running_database(settings) as database_url:
        run_worker(build(settings, database_url))


def migrate(
    home: Home = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print the migrations and their SQL, and change nothing")
    ] = False,
) -> None:
    """Bring the database to the newest schema; safe to repeat, and while the program runs.

    Example: OPENIOM_DATABASE_URL=postgresql://... iom migrate --plan
    """
    settings = read_settings(home=home)
    if plan:
        with running_database(settings) as database_url:
            print_plan(settings.direct_database_url or database_url)

        return

    with errors.status("Migrating"), running_database(settings) as database_url:
        migrate_to_head(settings.direct_database_url or database_url)
    console.print("The database schema is up to date.")


def restored(
    home: Home = None,
    live: Annotated[
        bool,
        typer.Option(
            "--live/--copy", help="Whether this is now the live installation, or a copy of it"
        ),
    ] = False,
) -> None:
    """Continue on another server after a restore, a move or logical replication.

    No event is skipped or repeated. A copy communicates with no provider.

    Example: OPENIOM_DATABASE_URL=postgresql://... iom restored --live
    """
    with open_application(home) as application:
        declare_restored(application.database, live=live, now=utc_now())
        with application.database.reading() as session:
            waiting = backlog_size(session)

    console.print(f"The event log continues on this server; {waiting} events wait to be processed.")
    if live:
        console.print("This is the live installation: it communicates with its providers.")
    else:
        console.print("This is a copy: no provider is contacted until iom restored --live.")


def print_plan(database_url: str) -> None:
    """Print what `migrate` would do with the database at a URL."""
    database = Database(database_url, threads=2)
    try:
        migrations = planned(database)
        statements = planned_statements(database)
    finally:
        database.close()

    if not migrations:
        console.print("The database schema is up to date; there is nothing to do.")
        return

    for migration in migrations:
        console.print(
            f"{migration.revision}: {migration.title}"
            f" Programs from {migration.compatible_with} on keep running.",
            highlight=False,
        )

    console.out(statements, highlight=False)


def migrate_to_head(database_url: str) -> None:
    """Migrate the database at a URL."""
    database = Database(database_url, threads=2)
    try:
        migrate_database(database, consumers=CONSUMERS)
    finally:
        database.close()

"""Commands that run the product: demo, serve, web, worker, migrate."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from openiom.app.application import CONSUMERS, build
from openiom.app.migrate import migrate as migrate_database
from openiom.app.processes import (
    Supervisor,
    bind_port,
    end_on_signals,
    running_database,
    start_application,
    url_of,
    wait_until_ready,
)
from openiom.app.web import inherited_socket, run_web
from openiom.app.worker import run_worker
from openiom.platform.database import Database
from openiom.platform.settings import Settings
from openiom_simulators.demo import run_demo
from openiom_simulators.load_run import headless_home, run_headless

from .context import console, end_with_supervisor, errors, read_settings

Home = Annotated[
    Path | None, typer.Option(help="Where the installation keeps its data (OPENIOM_HOME)")
]
Port = Annotated[
    int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one")
]
Host = Annotated[str | None, typer.Option(help="Address to listen on (OPENIOM_HOST)")]


def register(app: typer.Typer) -> None:
    for command in (demo, serve, web, worker, migrate):
        app.command()(command)


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Run orders through everything, report, and end")
    ] = False,
    orders: Annotated[int, typer.Option(min=1, help="How many orders, with --headless")] = 1000,
    port: Port = None,
    home: Home = None,
    trickle: Annotated[bool, typer.Option(help="Let an order trickle in every few seconds")] = True,
) -> None:
    """Start everything on this machine, seed the Fabrikam company and let orders trickle in.

    Examples: iom demo --port 8100; iom demo --headless --orders 2000
    """
    if headless:
        given = home or (
            Path(os.environ["OPENIOM_HOME"]) if os.environ.get("OPENIOM_HOME") else None
        )
        with headless_home(given) as folder:
            settings = read_settings(
                home=folder,
                port=port or 0,
                log_level=os.environ.get("OPENIOM_LOG_LEVEL", "WARNING"),
            )
            summary = run_headless(settings, orders=orders, errors=errors)
        console.out(json.dumps(summary.shown()), highlight=False)
        sys.exit(0 if summary.accounted_for else 1)
    settings = read_settings(
        port=port, home=home, log_level=os.environ.get("OPENIOM_LOG_LEVEL", "WARNING")
    )
    with errors.status("starting") as status:

        def say(phase: str) -> None:
            if phase:
                status.update(phase)
                status.start()
            else:
                status.stop()

        run_demo(
            settings,
            insist=port is not None,
            trickle=trickle,
            password=os.environ.get("OPENIOM_DEMO_PASSWORD", ""),
            say=say,
            shown=lambda text: console.print(text, highlight=False, soft_wrap=True),
        )


def serve(
    port: Port = None,
    host: Host = None,
    home: Home = None,
    workers: Annotated[
        int | None, typer.Option(min=0, max=64, help="Worker processes to start")
    ] = None,
) -> None:
    """Run everything on this machine: database, web and workers.

    Example: iom serve --port 8000 --workers 2
    """
    settings = read_settings(port=port, host=host, home=home, workers=workers)
    bound = bind_port(settings.host, settings.port, insist=port is not None)
    end_on_signals()
    with (
        errors.status("PostgreSQL") as status,
        running_database(settings) as database_url,
        Supervisor() as supervisor,
    ):
        status.update("web and workers")
        start_application(supervisor, settings, database_url, bound, workers=settings.workers)
        status.update("migrations")
        bring_up_to_date(database_url)
        status.update("web and workers")
        wait_until_ready(supervisor, url_of(bound))
        supervisor.stop_on_signals()
        status.stop()
        console.print(f"OpenIOM runs at [bold]{url_of(bound)}[/bold]  (Ctrl-C ends it)")
        supervisor.watch()


def bring_up_to_date(database_url: str) -> None:
    database = Database(database_url, threads=2)
    try:
        migrate_database(database, consumers=CONSUMERS)
    finally:
        database.close()


def web(port: Port = None, host: Host = None) -> None:
    """Run one web process against a database that is already migrated.

    Example: OPENIOM_DATABASE_URL=postgresql://... iom web --port 8000
    """
    settings = read_settings(port=port, host=host)
    end_with_supervisor()
    bound = inherited_socket()
    if bound is None:
        bound = bind_port(settings.host, settings.port, insist=True)
        errors.print(f"listening on {url_of(bound)}", highlight=False)
    if not settings.public_url:
        settings = settings.model_copy(update={"public_url": url_of(bound)})
    end_on_signals()  # uvicorn raises its signal again at its end: by default that would end us before PostgreSQL
    with running_database(settings) as database_url:
        run_web(build(settings, database_url), bound)


def worker() -> None:
    """Run one worker: waves and scheduled jobs. Start as many as you like, on any machine.

    Example: OPENIOM_DATABASE_URL=postgresql://... iom worker
    """
    settings = read_settings()
    end_with_supervisor()
    with running_database(settings) as database_url:
        run_worker(build(settings, database_url))


def migrate(home: Home = None) -> None:
    """Bring the database to the newest schema; harmless to repeat.

    Example: OPENIOM_DATABASE_URL=postgresql://... iom migrate
    """
    settings: Settings = read_settings(home=home)
    with errors.status("Migrating"), running_database(settings) as database_url:
        bring_up_to_date(database_url)
    console.print("The database stands at the newest schema.")

"""What every command needs: settings, consoles, and the application over its database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from openiom.app.application import Application, build
from openiom.app.parent_watch import end_with_parent
from openiom.app.processes import PARENT_WATCH, running_database
from openiom.kernel import NotFound
from openiom.platform.logs import configure_logs
from openiom.platform.settings import Settings

console = Console()
errors = Console(stderr=True)

Home = Annotated[Path | None, typer.Option(help="Folder of the installation's data (OPENIOM_HOME)")]


def read_settings(**changes: object) -> Settings:
    """Return the settings of the environment, overridden by options that were given.

    Logging is configured accordingly.
    """
    given = {name: value for name, value in changes.items() if value is not None}
    settings = Settings(**given)  # type: ignore[arg-type]
    configure_logs(fmt=settings.log_format, level=settings.log_level)
    return settings


def end_with_supervisor() -> None:
    """End this process with the supervisor that started it, if there is one."""
    if os.environ.get(PARENT_WATCH):
        end_with_parent()


@contextmanager
def open_application(home: Path | None = None) -> Iterator[Application]:
    """Yield the application over the database of this installation.

    Raise `NotFound` when there is no installation yet.
    """
    settings = read_settings(home=home)
    if not settings.database_url and not (settings.home / "pg").exists():
        raise NotFound(
            f"no installation in {settings.home.resolve()}",
            remedy="run iom serve or iom demo first, or set OPENIOM_HOME or OPENIOM_DATABASE_URL",
        )

    with running_database(settings) as url:
        application = build(settings, url)
        try:
            yield application
        finally:
            application.close()

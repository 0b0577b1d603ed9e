"""What every command needs: settings, consoles, and the product over its database."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from openiom.app.application import Application, build
from openiom.app.parent_watch import end_with_parent
from openiom.app.processes import PARENT_WATCH, running_database
from openiom.kernel import NotFound
from openiom.platform.logs import configure_logs
from openiom.platform.settings import Settings

console = Console()
errors = Console(stderr=True)


def read_settings(**changes: object) -> Settings:
    """Settings from the environment, with what the command line says on top; logs follow them."""
    given = {name: value for name, value in changes.items() if value is not None}
    settings = Settings(**given)  # type: ignore[arg-type]
    configure_logs(fmt=settings.log_format, level=settings.log_level)
    return settings


def end_with_supervisor() -> None:
    """A process that a supervisor started ends when the supervisor is gone."""
    if os.environ.get(PARENT_WATCH):
        end_with_parent()


@contextmanager
def open_application(home: Path | None = None) -> Iterator[Application]:
    """The product over the database of this installation. Raises NotFound when there is none yet."""
    settings = read_settings(home=home)
    if not settings.database_url and not (settings.home / "pg").exists():
        raise NotFound(
            f"no installation in {settings.home.resolve()}",
            remedy="run iom demo or iom serve first, or point OPENIOM_HOME or OPENIOM_DATABASE_URL at one",
        )
    with running_database(settings) as url:
        application = build(settings, url)
        try:
            yield application
        finally:
            application.close()

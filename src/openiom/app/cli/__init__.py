"""`iom`: run it, look into it, configure it. One file a noun."""

import sys
from typing import NoReturn

import psycopg
import typer
from pydantic import ValidationError
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from openiom.kernel import IomError

from . import access, check, config, dev, order, provider, run
from .context import errors

app = typer.Typer(
    name="iom",
    help="OpenIOM, an open Intelligent Order Management system.\n\nStart with: iom demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
run.register(app)
check.register(app)
dev.register(app)
app.add_typer(config.app, name="config")
app.add_typer(provider.app, name="provider")
app.add_typer(order.app, name="order")
app.add_typer(access.tokens, name="token")
app.add_typer(access.clients, name="client")
app.add_typer(access.users, name="user")


NOT_THERE = "42P01"  # undefined_table
NO_SCHEMA = "3F000"


def main() -> None:
    """Run a command; every failure is one line that says what to do, and exit code 2."""
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        misused(error)
    except typer.Abort:
        sys.exit(130)
    except IomError as error:
        fail(str(error))
    except ValidationError as error:
        first = error.errors()[0]
        name = "OPENIOM_" + "_".join(map(str, first["loc"])).upper()
        what = first["msg"].removeprefix("Value error, ")
        fail(f"the setting {name} is not valid: {what}. See docs/settings.md")
    except (DBAPIError, psycopg.Error) as error:
        refused_by_the_database(error.orig if isinstance(error, DBAPIError) else error)
    except OSError as error:
        fail(
            f"{error.strerror or error}: {error.filename or ''}. Mend this and run the command again"
        )
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(code if isinstance(code, int) else 0)


def misused(error: typer.TyperException) -> NoReturn:
    """A command that does not exist, or was given what it cannot take; a group named alone has shown its help."""
    what = " ".join(error.format_message().split()).rstrip(".")
    if not what:
        sys.exit(2)
    context = getattr(error, "ctx", None)
    fail(f"{what}. See {context.command_path if context else 'iom'} --help")


def refused_by_the_database(error: BaseException | None) -> NoReturn:
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    state = error.sqlstate if isinstance(error, psycopg.Error) else None
    if state is None:
        fail(
            f"the database cannot be reached: {reason}. See whether PostgreSQL runs where OPENIOM_DATABASE_URL points"
        )
    if state in (NOT_THERE, NO_SCHEMA):
        fail(f"the database is not migrated: {reason}. Run iom migrate")
    fail(
        f"the database does not answer as it should: {reason}. Look into its log, and run the command again"
    )


def fail(message: str) -> NoReturn:
    errors.print(f"[red]error:[/red] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(2)

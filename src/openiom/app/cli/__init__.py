"""`iom`, the command line: one module per noun."""

import sys
from typing import NoReturn

import psycopg
import typer
from pydantic import ValidationError
from rich.markup import escape
from sqlalchemy.exc import DBAPIError

from openiom.kernel import IomError

from . import access, check, config, dev, extensions, order, provider, run
from .context import errors

UNDEFINED_TABLE = "42P01"
UNDEFINED_SCHEMA = "3F000"
EXIT_FAILED = 2
EXIT_INTERRUPTED = 130

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
extensions.register(app)


def main() -> None:
    """Run a command; a failure is one line that says what to do, with exit code 2."""
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:
        fail_usage(error)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)
    except IomError as error:
        fail(str(error))
    except ValidationError as error:
        fail_setting(error)
    except (DBAPIError, psycopg.Error) as error:
        fail_database(error)
    except OSError as error:
        fail_system(error)

    sys.exit(code if isinstance(code, int) else 0)


def fail(message: str) -> NoReturn:
    """Print an error and exit."""
    errors.print(f"[red]error:[/red] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(EXIT_FAILED)


def fail_usage(error: typer.TyperException) -> NoReturn:
    """Report an unknown command or option; a group without a command has already shown its help."""
    what = " ".join(error.format_message().split()).rstrip(".")
    if not what:
        sys.exit(EXIT_FAILED)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "iom"
    fail(f"{what}. See {command} --help")


def fail_setting(error: ValidationError) -> NoReturn:
    """Report the first setting that is not valid."""
    first = error.errors()[0]
    name = "OPENIOM_" + "_".join(map(str, first["loc"])).upper()
    what = first["msg"].removeprefix("Value error, ")
    fail(f"the setting {name} is not valid: {what}. See docs/settings.md")


def fail_system(error: OSError) -> NoReturn:
    """Report an error of the operating system."""
    what = error.strerror or str(error)
    fail(f"{what}: {error.filename or ''}. Fix this and rerun the command")


def fail_database(error: DBAPIError | psycopg.Error) -> NoReturn:
    """Report an error of the database, with what to do about it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    lines = str(cause).strip().splitlines()
    reason = lines[0] if lines else type(cause).__name__
    state = cause.sqlstate if isinstance(cause, psycopg.Error) else None
    if state is None:
        fail(
            f"the database cannot be reached: {reason}."
            " Check whether PostgreSQL runs where OPENIOM_DATABASE_URL points"
        )

    if state in (UNDEFINED_TABLE, UNDEFINED_SCHEMA):
        fail(f"the database is not migrated: {reason}. Run iom migrate")

    fail(f"the database reported an error: {reason}. Check its log, and rerun the command")

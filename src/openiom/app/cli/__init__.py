"""`iom`: run it, look into it, configure it. One file a noun."""

import sys

import psycopg
import typer
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError

from openiom.kernel import IomError

from . import access, checking, configuring, developing, ordering, providing, running
from .opening import errors

app = typer.Typer(
    name="iom",
    help="OpenIOM, an open Intelligent Order Management system.\n\nStart with: iom demo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
running.register(app)
checking.register(app)
developing.register(app)
app.add_typer(configuring.app, name="config")
app.add_typer(providing.app, name="provider")
app.add_typer(ordering.app, name="order")
app.add_typer(access.tokens, name="token")
app.add_typer(access.clients, name="client")
app.add_typer(access.users, name="user")


def main() -> None:
    """Run a command; every failure is one line that says what to do, and exit code 2."""
    try:
        app()
    except IomError as error:
        fail(str(error))
    except ValidationError as error:
        first = error.errors()[0]
        name = "OPENIOM_" + "_".join(map(str, first["loc"])).upper()
        fail(f"the setting {name} is not valid: {first['msg']}. See docs/settings.md")
    except (DBAPIError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        reason = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
        fail(f"the database does not answer as it should: {reason}. See whether it runs and is migrated: iom migrate")
    except OSError as error:
        fail(f"{error.strerror or error}: {error.filename or ''}. Mend this and run the command again")
    except KeyboardInterrupt:
        sys.exit(130)


def fail(message: str) -> None:
    errors.print(f"[red]error:[/red] {message}", highlight=False, soft_wrap=True)
    sys.exit(2)

"""`iom token`, `iom client` and `iom user`: credentials of programs and people."""

import os
import secrets
import sys
from datetime import timedelta
from typing import Annotated

import typer
from rich.table import Table

from openiom.administration import (
    api_tokens,
    issue_token,
    revoke_token,
    upsert_client,
    upsert_users,
)
from openiom.platform.clock import utc_now

from .context import Home, console, errors, open_application

PASSWORD_VARIABLE = "OPENIOM_PASSWORD"
GENERATED_PASSWORD_BYTES = 12

tokens = typer.Typer(help="API tokens of programs.", no_args_is_help=True)
clients = typer.Typer(help="Client programs of the OAuth 2.0 token flow.", no_args_is_help=True)
users = typer.Typer(help="Users who sign in.", no_args_is_help=True)
Roles = Annotated[list[str], typer.Option(help="Role; may be repeated")]


@tokens.command("create")
def create_token(
    name: Annotated[
        str, typer.Argument(help="Purpose of the token; replaces an older one of this name")
    ],
    role: Roles = ["integrator"],  # noqa: B006 (typer copies it)
    days: Annotated[int, typer.Option(min=1, max=730, help="Days after which it expires")] = 90,
    home: Home = None,
) -> None:
    """Issue an API token; it is shown once.

    Example: iom token create warehouse-sync --role integrator --days 365
    """
    with open_application(home) as application, application.database.unit_of_work() as session:
        token = issue_token(
            session,
            name=name,
            roles=role,
            now=utc_now(),
            actor="iom token",
            lifetime=timedelta(days=days),
        )

    console.out(token, highlight=False)


@tokens.command("list")
def list_tokens(home: Home = None) -> None:
    """List the API tokens with their expiry and their last use.

    Example: iom token list
    """
    table = Table("Token", "Roles", "Issued by", "Expires", "Last used")
    with open_application(home) as application, application.database.reading() as session:
        for token in api_tokens(session):
            used = f"{token.last_used_at:%Y-%m-%d %H:%M}" if token.last_used_at else "never"
            expires = f"{token.expires_at:%Y-%m-%d %H:%M}"
            table.add_row(token.name, ", ".join(token.roles), token.created_by, expires, used)

    console.print(table)


@tokens.command("revoke")
def end_token(
    name: Annotated[str, typer.Argument(help="Name of the token")], home: Home = None
) -> None:
    """Revoke an API token; it is refused from then on.

    Example: iom token revoke warehouse-sync
    """
    with open_application(home) as application, application.database.unit_of_work() as session:
        revoke_token(session, name)

    errors.print(f"revoked {name}", highlight=False)


@clients.command("create")
def create_client(
    name: Annotated[
        str, typer.Argument(help="Name; a client that has it keeps its id and gets a new secret")
    ],
    role: Roles = ["integrator"],  # noqa: B006 (typer copies it)
    home: Home = None,
) -> None:
    """Create a client program for the two-step token flow; its secret is shown once.

    Example: iom client create pos-bridge --role integrator
    """
    with open_application(home) as application, application.database.unit_of_work() as session:
        client_id, secret = upsert_client(
            session, name=name, roles=role, now=utc_now(), actor="iom client"
        )

    console.out(f"client_id={client_id}\nclient_secret={secret}", highlight=False)


@users.command("create")
def create_user(
    email: Annotated[str, typer.Argument(help="E-mail address with which the user signs in")],
    name: Annotated[str, typer.Option(help="Display name; the address when left out")] = "",
    role: Roles = ["viewer"],  # noqa: B006 (typer copies it)
    home: Home = None,
) -> None:
    """Create a user, or replace the password and roles of one.

    OPENIOM_PASSWORD sets the password; otherwise one is generated and shown once.

    Example: iom user create ana@example.com --role administrator
    """
    given = os.environ.get(PASSWORD_VARIABLE, "")
    password = given or secrets.token_urlsafe(GENERATED_PASSWORD_BYTES)

    with open_application(home) as application, application.database.unit_of_work() as session:
        upsert_users(session, [(email, name or email, password, role)])

    if not given:
        errors.print("password, shown this once:", highlight=False)
        console.out(password, highlight=False)

    sys.stdout.flush()

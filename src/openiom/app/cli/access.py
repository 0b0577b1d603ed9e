"""`iom token`, `iom client` and `iom user`: who may come in."""

import os
import secrets
import sys
from typing import Annotated

import typer

from openiom.administration import issue_token, upsert_client, upsert_users
from openiom.platform.clock import utc_now

from .context import console, errors, open_application
from .run import Home

tokens = typer.Typer(help="API tokens for programs.", no_args_is_help=True)
clients = typer.Typer(help="Client programs of the OAuth 2.0 token flow.", no_args_is_help=True)
users = typer.Typer(help="People who sign in.", no_args_is_help=True)
Roles = Annotated[list[str], typer.Option(help="Role; may be repeated")]


@tokens.command("create")
def create_token(
    name: Annotated[
        str, typer.Argument(help="What the token is for; an older one of this name ends")
    ],
    role: Roles = ["integrator"],  # noqa: B006 (typer copies it)
    home: Home = None,
) -> None:
    """Issue an API token; it is shown once.

    Example: iom token create warehouse-sync --role integrator
    """
    with open_application(home) as application, application.database.unit_of_work() as session:
        token = issue_token(session, name=name, roles=role, now=utc_now(), actor="iom token")
    console.out(token, highlight=False)


@clients.command("create")
def create_client(
    name: Annotated[
        str, typer.Argument(help="The program; one of this name keeps its id and gets a new secret")
    ],
    role: Roles = ["integrator"],  # noqa: B006 (typer copies it)
    home: Home = None,
) -> None:
    """Make a client program for the two-step token flow; its secret is shown once.

    Example: iom client create pos-bridge --role integrator
    """
    with open_application(home) as application, application.database.unit_of_work() as session:
        client_id, secret = upsert_client(
            session, name=name, roles=role, now=utc_now(), actor="iom client"
        )
    console.out(f"client_id={client_id}\nclient_secret={secret}", highlight=False)


@users.command("create")
def create_user(
    email: Annotated[str, typer.Argument(help="The sign-in")],
    name: Annotated[str, typer.Option(help="How the person is called")] = "",
    role: Roles = ["viewer"],  # noqa: B006 (typer copies it)
    home: Home = None,
) -> None:
    """Create a user, or give one a new password and roles. OPENIOM_PASSWORD sets the password; otherwise one is made.

    Example: iom user create ana@example.com --role administrator
    """
    password = os.environ.get("OPENIOM_PASSWORD") or secrets.token_urlsafe(12)
    with open_application(home) as application, application.database.unit_of_work() as session:
        upsert_users(session, [(email, name or email, password, role)])
    if "OPENIOM_PASSWORD" not in os.environ:
        errors.print("password, shown this once:", highlight=False)
        console.out(password, highlight=False)
    sys.stdout.flush()

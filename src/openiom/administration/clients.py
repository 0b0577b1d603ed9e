"""Client programs; they exchange an id and a secret for access tokens of one hour."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Unauthenticated

from .credentials import (
    check_lockout,
    hash_secret,
    record_failure,
    reset_failures,
    verify_secret,
)
from .models import Client
from .roles import check_roles, permissions_of

log = structlog.get_logger("sign_in")


def upsert_client(
    session: Session, *, name: str, roles: Sequence[str], now: datetime, actor: str
) -> tuple[str, str]:
    """Create a client, or replace the secret and roles of the one that has this name.

    Return the client id and the secret, of which only a hash is stored. Raise `Invalid` for an
    unknown role.
    """
    check_roles(session, roles)
    query = select(Client).where(Client.name == name).with_for_update()
    client = session.scalars(query).one_or_none()
    if client is None:
        client = Client(id=str(uuid4()), name=name)
        session.add(client)

    secret = secrets.token_urlsafe(32)
    client.roles = list(roles)
    client.secret_hash = hash_secret(secret)
    client.created_at = now
    client.created_by = actor
    session.flush()
    return client.id, secret


def clients(session: Session) -> list[Client]:
    """Return all clients by name."""
    return list(session.scalars(select(Client).order_by(Client.name)))


def remove_client(session: Session, client_id: str) -> None:
    """Delete a client; its access tokens are refused from then on. Raise `NotFound`."""
    deleted = session.execute(delete(Client).where(Client.id == client_id).returning(Client.id))
    if not deleted.all():
        raise NotFound(
            f"no client {client_id}", where="client_id", remedy="look it up in the list of clients"
        )


def check_secret(
    session: Session, *, client_id: str, secret: str, address: str, now: datetime
) -> None:
    """Raise `Unauthenticated` unless the secret is the client's, `TooManyAttempts` when locked.

    `address` is the caller's. Failures are counted in this session, so it must be committed in
    either case.
    """
    failed_before = check_lockout(session, client_id=client_id, address=address, now=now)
    client = session.get(Client, client_id)
    if verify_secret(secret, client.secret_hash if client else None):
        if failed_before:
            reset_failures(session, client_id=client_id, address=address)

        return

    log.info("client_authentication_failed", client_id=client_id[:100], address=address)
    record_failure(session, client_id=client_id, address=address, now=now)
    raise Unauthenticated(
        "incorrect client id or secret",
        where="client_secret",
        remedy="create a new secret with iom client create",
    )


def check_token_is_current(session: Session, *, client_id: str, issued_at: int) -> None:
    """Raise `Unauthenticated` for a token of a client that was deleted or has a newer secret."""
    query = select(Client.created_at).where(Client.id == client_id)
    created_at = session.scalars(query).one_or_none()
    if created_at is None or issued_at < int(created_at.timestamp()):
        raise Unauthenticated(
            "the client of this token was deleted or has a new secret",
            where="Authorization",
            remedy="request a new token",
        )


def client_permissions(session: Session, client_id: str) -> tuple[str, frozenset[str]]:
    """Return the name and permissions of a client. Raise `Unauthenticated` when it was deleted."""
    client = session.get(Client, client_id)
    if client is None:
        raise Unauthenticated(
            "this client has been deleted", where="client_assertion", remedy="ask an administrator"
        )
    return client.name, permissions_of(session, client.roles)

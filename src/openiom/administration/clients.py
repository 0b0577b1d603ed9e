"""Client programs: an id and a secret, of which only a hash is kept, that buy tokens of an hour."""

import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from openiom.kernel import NotFound, Unauthenticated

from .credentials import check_lockout, hash_secret, record_failure, reset_failures, verify_secret
from .models import Client
from .roles import check_roles, permissions_of


def upsert_client(
    session: Session, *, name: str, roles: Sequence[str], now: datetime, actor: str
) -> tuple[str, str]:
    """(client id, secret) of a client program; one of this name keeps its id and gets a new secret, shown here once."""
    check_roles(session, roles)
    row = session.scalars(select(Client).where(Client.name == name).with_for_update()).one_or_none()
    if row is None:
        row = Client(id=str(uuid4()), name=name)
        session.add(row)
    secret = secrets.token_urlsafe(32)
    row.roles, row.secret_hash = list(roles), hash_secret(secret)
    row.created_at, row.created_by = now, actor
    session.flush()
    return row.id, secret


def clients(session: Session) -> list[Client]:
    return list(session.scalars(select(Client).order_by(Client.name)))


def remove_client(session: Session, client_id: str) -> None:
    """No more tokens for this client; those it holds end within the hour. Raises NotFound."""
    if not session.execute(delete(Client).where(Client.id == client_id).returning(Client.id)).all():
        raise NotFound(
            f"no client {client_id}", where="client_id", remedy="look it up in the list of clients"
        )


def check_secret(
    session: Session, *, client_id: str, secret: str, address: str, now: datetime
) -> None:
    """Raises Unauthenticated unless id and secret belong together, TooManyAttempts after many that did not.

    `address` is where the caller is. Failures are counted, so the caller commits either way.
    """
    failed_before = check_lockout(session, client_id=client_id, address=address, now=now)
    row = session.get(Client, client_id)
    if verify_secret(secret, row.secret_hash if row else None):
        if failed_before:
            reset_failures(session, client_id=client_id, address=address)
    else:
        record_failure(session, client_id=client_id, address=address, now=now)
        raise Unauthenticated(
            "client id and secret do not belong together",
            where="client_secret",
            remedy="make a new secret: iom client",
        )


def client_permissions(session: Session, client_id: str) -> tuple[str, frozenset[str]]:
    """(name, permissions) of a client. Raises Unauthenticated when it has been removed."""
    row = session.get(Client, client_id)
    if row is None:
        raise Unauthenticated(
            "this client has been removed", where="client_assertion", remedy="ask an administrator"
        )
    return row.name, permissions_of(session, row.roles)

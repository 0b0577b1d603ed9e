"""Signing in and out, users and API tokens."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Unauthenticated, new_id
from openiom.platform.http import Principal

from .credentials import LOCK, MANY_FAILURES, delete_old_failures, hash_secret, verify_secret
from .models import ApiToken, BrowserSession, User
from .roles import check_roles, permissions_of

TOKEN_PREFIX = "iom_"
SHORTEST_PASSWORD = 8


def token_hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def upsert_users(session: Session, users: Sequence[tuple[str, str, str, Sequence[str]]]) -> None:
    """Create users or renew their name, password and roles: (email, name, password, roles). Raises Invalid."""
    for email, name, password, roles in users:
        if len(password) < SHORTEST_PASSWORD:
            raise Invalid(
                "the password is too short", where="password", remedy="use at least 8 characters"
            )
        if not all(email.partition("@")):
            raise Invalid(
                f"{email} is no e-mail address",
                where="email",
                remedy="give one such as ana@example.com",
            )
        check_roles(session, roles)
        row = session.scalars(
            select(User).where(func.lower(User.email) == email.lower())
        ).one_or_none()
        if row is None:
            row = User(id=new_id(), email=email)
            session.add(row)
        row.name, row.roles, row.password_hash = name, list(roles), hash_secret(password)
    session.flush()


def sign_in(
    session: Session, *, email: str, password: str, now: datetime, hours: int
) -> tuple[str, Principal] | None:
    """A new session token and who it is for; None when e-mail and password do not belong together.

    Several failures in a row lock the account for a minute; that is counted, so the caller commits either way.
    """
    user = session.scalars(
        select(User).where(func.lower(User.email) == email.lower(), User.active).with_for_update()
    ).one_or_none()
    locked = user is not None and user.locked_until is not None and user.locked_until > now
    good = verify_secret(password, user.password_hash if user else None)
    if user is None:
        return None
    if not good or locked:
        user.failures += 1
        if user.failures % MANY_FAILURES == 0:
            user.locked_until = now + LOCK
        session.flush()
        return None
    user.failures, user.locked_until = 0, None
    token = secrets.token_urlsafe(32)
    expires = now + timedelta(hours=hours)
    session.add(BrowserSession(token_hash=token_hash(token), user_id=user.id, expires_at=expires))
    session.flush()
    return token, Principal(user.email, permissions_of(session, user.roles))


def sign_out(session: Session, token: str) -> None:
    session.execute(delete(BrowserSession).where(BrowserSession.token_hash == token_hash(token)))


def delete_expired(session: Session, now: datetime) -> None:
    """Sign-ins that have ended, and wrong secrets nobody has sent again for an hour."""
    session.execute(delete(BrowserSession).where(BrowserSession.expires_at < now))
    delete_old_failures(session, now)


def principal_of_token(session: Session, token: str, now: datetime) -> Principal:
    """Whose token this is. Raises Unauthenticated."""
    digest = token_hash(token)
    if token.startswith(TOKEN_PREFIX):
        row = session.get(ApiToken, digest)
        if row:
            return Principal(f"token {row.name}", permissions_of(session, row.roles))
    else:
        query = select(User).join(BrowserSession, BrowserSession.user_id == User.id)
        query = query.where(
            BrowserSession.token_hash == digest, BrowserSession.expires_at > now, User.active
        )
        user = session.scalars(query).one_or_none()
        if user:
            return Principal(user.email, permissions_of(session, user.roles))
    raise Unauthenticated("this sign-in is not known or has ended", remedy="sign in again")


def profile(session: Session, principal: Principal) -> tuple[UUID | None, str]:
    """(user id, display name) of whoever asks; tokens have no user."""
    user = session.scalars(select(User).where(User.email == principal.name)).one_or_none()
    return (user.id, user.name) if user else (None, principal.name)


def issue_token(
    session: Session, *, name: str, roles: Sequence[str], now: datetime, actor: str
) -> str:
    """A new API token under `name`, replacing an older one. It is shown once, here. Raises Invalid."""
    check_roles(session, roles)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.execute(delete(ApiToken).where(ApiToken.name == name))
    values = {
        "token_hash": token_hash(token),
        "name": name,
        "roles": list(roles),
        "created_at": now,
    }
    session.execute(insert(ApiToken).values(**values, created_by=actor))
    return token

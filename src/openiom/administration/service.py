"""Users, their sessions, and API tokens."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, NotFound, Unauthenticated, new_id
from openiom.platform.http import Principal

from .credentials import delete_old_failures, hash_secret, needs_new_hash, verify_secret
from .models import ApiToken, BrowserSession, User
from .roles import check_roles, permissions_of

TOKEN_PREFIX = "iom_"
SHORTEST_PASSWORD = 8
TOKEN_LIFETIME = timedelta(days=90)
EXPIRED_TOKENS_KEPT = timedelta(days=30)
"""So that the list still shows why a program is refused."""
USE_RECORDED_AFTER = timedelta(minutes=10)
"""How exact the last use of a token is: recording every use would write with every request."""


def token_hash(token: str) -> bytes:
    """Return the hash under which a token is stored."""
    return sha256(token.encode()).digest()


def upsert_users(session: Session, users: Sequence[tuple[str, str, str, Sequence[str]]]) -> None:
    """Create users, or replace name, password and roles of those that have the e-mail address.

    A replaced password ends the sessions of its user.

    A user is (e-mail address, name, password, roles). Raise `Invalid` for a short password, a
    malformed address or an unknown role.
    """
    for email, name, password, roles in users:
        check_password(password)
        check_email(email)
        check_roles(session, roles)
        user = session.scalars(_user_query(email)).one_or_none()
        if user is None:
            user = User(id=new_id(), email=email)
            session.add(user)

        user.name = name
        user.roles = list(roles)
        user.password_hash = hash_secret(password)
        session.execute(delete(BrowserSession).where(BrowserSession.user_id == user.id))

    session.flush()


def sign_in(
    session: Session, *, email: str, password: str, now: datetime, hours: int
) -> tuple[str, Principal] | None:
    """Return a new session token and its principal, None when e-mail or password is incorrect.

    Raise `TooManyAttempts` while too many passwords are being checked.
    """
    user = session.scalars(_user_query(email).where(User.active)).one_or_none()
    verified = verify_secret(password, user.password_hash if user else None)
    if user is None or not verified:
        return None

    if needs_new_hash(user.password_hash):
        user.password_hash = hash_secret(password)

    token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(hours=hours)
    session.add(
        BrowserSession(token_hash=token_hash(token), user_id=user.id, expires_at=expires_at)
    )
    session.flush()
    return token, Principal(user.email, permissions_of(session, user.roles))


def sign_out(session: Session, token: str) -> None:
    """End a session."""
    session.execute(delete(BrowserSession).where(BrowserSession.token_hash == token_hash(token)))


def delete_expired(session: Session, now: datetime) -> None:
    """Delete sessions and tokens that have expired, and old failed authentications."""
    session.execute(delete(BrowserSession).where(BrowserSession.expires_at < now))
    session.execute(delete(ApiToken).where(ApiToken.expires_at < now - EXPIRED_TOKENS_KEPT))
    delete_old_failures(session, now)


def principal_of_token(session: Session, token: str, now: datetime) -> Principal:
    """Return the principal of a session token or an API token. Raise `Unauthenticated`."""
    if token.startswith(TOKEN_PREFIX):
        api_token = session.get(ApiToken, token_hash(token))
        if api_token and api_token.expires_at <= now:
            raise Unauthenticated(
                f"the token {api_token.name} has expired", remedy="issue a new one"
            )
        if api_token:
            return Principal(f"token {api_token.name}", permissions_of(session, api_token.roles))
    else:
        query = (
            select(User)
            .join(BrowserSession, BrowserSession.user_id == User.id)
            .where(
                BrowserSession.token_hash == token_hash(token),
                BrowserSession.expires_at > now,
                User.active,
            )
        )
        user = session.scalars(query).one_or_none()
        if user:
            return Principal(user.email, permissions_of(session, user.roles))

    raise Unauthenticated("this session is unknown or has expired", remedy="sign in again")


def display_name(session: Session, principal: Principal) -> str:
    """Return the name of a principal's user; programs have no user, and show their own name."""
    user = session.scalars(select(User).where(User.email == principal.name)).one_or_none()
    return user.name if user else principal.name


def api_token_of(session: Session, token: str) -> ApiToken | None:
    """Return the stored API token; None for a session token and for an unknown one.

    While the object is referenced, its session answers `principal_of_token` without a query.
    """
    return session.get(ApiToken, token_hash(token)) if token.startswith(TOKEN_PREFIX) else None


def is_use_to_be_recorded(api_token: ApiToken | None, now: datetime) -> bool:
    """Return whether there is an API token whose last recorded use is a while ago."""
    if api_token is None:
        return False
    return api_token.last_used_at is None or api_token.last_used_at < now - USE_RECORDED_AFTER


def record_use(session: Session, token: str, now: datetime) -> None:
    """Record that an API token is used now."""
    session.execute(
        update(ApiToken).where(ApiToken.token_hash == token_hash(token)).values(last_used_at=now)
    )


def api_tokens(session: Session) -> list[ApiToken]:
    """Return all API tokens by name, expired ones included."""
    return list(session.scalars(select(ApiToken).order_by(ApiToken.name)))


def revoke_token(session: Session, name: str) -> None:
    """Delete an API token, which is refused from then on. Raise `NotFound`."""
    deleted = session.execute(
        delete(ApiToken).where(ApiToken.name == name).returning(ApiToken.name)
    )
    if not deleted.all():
        raise NotFound(
            f"no API token {name}", where="name", remedy="look it up in the list of tokens"
        )


def issue_token(
    session: Session,
    *,
    name: str,
    roles: Sequence[str],
    now: datetime,
    actor: str,
    lifetime: timedelta = TOKEN_LIFETIME,
) -> str:
    """Return a new API token; it replaces an older one of the same name.

    Only its hash is stored. Raise `Invalid` for an unknown role.
    """
    check_roles(session, roles)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.execute(delete(ApiToken).where(ApiToken.name == name))
    session.add(
        ApiToken(
            token_hash=token_hash(token),
            name=name,
            roles=list(roles),
            created_at=now,
            created_by=actor,
            expires_at=now + lifetime,
        )
    )
    session.flush()
    return token


def check_password(password: str) -> None:
    """Raise `Invalid` for a password that is too short."""
    if len(password) < SHORTEST_PASSWORD:
        raise Invalid(
            "the password is too short",
            where="password",
            remedy=f"use at least {SHORTEST_PASSWORD} characters",
        )


def check_email(email: str) -> None:
    """Raise `Invalid` for a text that is not an e-mail address."""
    name, at, domain = email.partition("@")
    if not (name and at and domain):
        raise Invalid(
            f"{email} is not an e-mail address",
            where="email",
            remedy="give an address such as ana@example.com",
        )


def _user_query(email: str) -> Select[User]:
    return select(User).where(func.lower(User.email) == email.lower())

"""Users as an administrator manages them: no principal grants or takes over more than it has."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import any_, delete, func, literal, select
from sqlalchemy.orm import Session

from openiom.kernel import Forbidden, Invalid, NotFound, Refused, new_id
from openiom.platform.http import Principal

from .credentials import hash_secret
from .models import BrowserSession, User
from .roles import ADMINISTRATOR, permissions_of, require_roles
from .service import check_email, check_password

MAX_USERS = 1_000


def list_users(session: Session) -> list[User]:
    """Return users by e-mail address, at most `MAX_USERS`."""
    return list(session.scalars(select(User).order_by(func.lower(User.email)).limit(MAX_USERS)))


def create_user(
    session: Session,
    principal: Principal,
    *,
    email: str,
    name: str,
    password: str,
    roles: Sequence[str],
) -> User:
    """Create a user. Raise `Invalid`, or `Forbidden` for roles that grant too much."""
    check_email(email)
    check_password(password)
    require_roles(session, principal, roles)
    if session.scalars(select(User.id).where(func.lower(User.email) == email.lower())).first():
        raise Invalid(
            f"there is a user {email} already",
            where="email",
            remedy="edit that user, or use another address",
        )

    user = User(
        id=new_id(),
        email=email,
        name=name,
        password_hash=hash_secret(password),
        roles=list(roles),
        active=True,
    )
    session.add(user)
    session.flush()
    return user


def change_user(
    session: Session,
    principal: Principal,
    id: UUID,
    *,
    name: str | None = None,
    roles: Sequence[str] | None = None,
    active: bool | None = None,
) -> User:
    """Change what is given of a user; deactivating ends its sessions.

    Raise `NotFound`, `Invalid`, `Forbidden` for roles or a user with more permissions than the
    principal, and `Refused` when it would leave no active administrator.
    """
    _lock_administrators(session)
    user = _lock(session, principal, id)
    if active is False and user.email == principal.name:
        raise Refused(
            "you cannot deactivate yourself",
            where="active",
            remedy="ask another administrator to do it",
        )

    if roles is not None:
        require_roles(session, principal, roles)
        user.roles = list(roles)

    user.name = user.name if name is None else name
    user.active = user.active if active is None else active
    session.flush()
    _require_administrator(session, where="roles" if roles is not None else "active")
    if active is False:
        _end_sessions(session, user)

    return user


def set_password(session: Session, principal: Principal, id: UUID, password: str) -> None:
    """Replace a user's password and end its sessions.

    Raise `NotFound`, `Invalid`, and `Forbidden` for a user with more permissions.
    """
    check_password(password)
    user = _lock(session, principal, id)
    user.password_hash = hash_secret(password)
    session.flush()
    _end_sessions(session, user)


def _lock(session: Session, principal: Principal, id: UUID) -> User:
    """Return a user that the principal may change: one who has no more permissions."""
    user = session.get(User, id, with_for_update=True)
    if user is None:
        raise NotFound("there is no such user", remedy="see the list of users")

    lacking = permissions_of(session, user.roles) - principal.permissions
    if lacking and not principal.may("*"):
        raise Forbidden(
            f"{user.email} has permissions that you do not have: {', '.join(sorted(lacking))}",
            where="roles",
            remedy="ask an administrator who has them",
        )
    return user


_ADMINISTRATORS = select(User.id).where(User.active, literal(ADMINISTRATOR) == any_(User.roles))


def _lock_administrators(session: Session) -> None:
    """Lock the administrators, so that of two changes one sees what the other left."""
    session.scalars(_ADMINISTRATORS.order_by(User.id).with_for_update()).all()


def _require_administrator(session: Session, *, where: str) -> None:
    """Raise `Refused` when no active user is an administrator any more."""
    if session.scalars(_ADMINISTRATORS.limit(1)).first() is None:
        raise Refused(
            "this is the last active administrator",
            where=where,
            remedy="make another user an administrator first",
        )


def _end_sessions(session: Session, user: User) -> None:
    session.execute(delete(BrowserSession).where(BrowserSession.user_id == user.id))

"""Routes for users and for the roles that they can have."""

from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from openiom.platform.configuration import current_documents
from openiom.platform.http import CurrentPrincipal, ReadSession, Router, WriteSession

from . import users
from .models import User
from .roles import ALL_PERMISSIONS, BUILT_IN, PERMISSIONS, ROLE_KIND

router = Router(prefix="/api/v1", tags=["administration"])


class UserView(BaseModel):
    """A user, without the password."""

    id: UUID
    email: str
    name: str
    roles: list[str]
    active: bool


class Users(BaseModel):
    """Users by e-mail address."""

    items: list[UserView]


class NewUser(BaseModel):
    model_config = ConfigDict(extra="forbid")

    email: str = Field(min_length=3, max_length=320)
    name: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=1024)
    roles: list[str] = Field(max_length=100)


class UserChange(BaseModel):
    """What to change of a user; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=200)
    roles: list[str] | None = Field(None, max_length=100)
    active: bool | None = None


class NewPassword(BaseModel):
    model_config = ConfigDict(extra="forbid")

    password: str = Field(min_length=1, max_length=1024)


class RoleView(BaseModel):
    """A role. `grantable`: the current user has every permission of it, and can assign it."""

    name: str
    title: str
    permissions: list[str]
    built_in: bool
    grantable: bool


class Roles(BaseModel):
    """The roles, built-in ones first, and every permission that a role can have."""

    items: list[RoleView]
    permissions: list[str]


@router.get("/users")
def list_users(principal: CurrentPrincipal, session: ReadSession) -> Users:
    """Return all users, inactive ones included."""
    principal.require("administration.read")
    return Users(items=[_view(user) for user in users.list_users(session)])


@router.post("/users", status_code=201)
def create_user(body: NewUser, principal: CurrentPrincipal, session: WriteSession) -> UserView:
    """Create a user, who can sign in at once; roles grant no more than the caller has."""
    principal.require("administration.write")
    user = users.create_user(
        session,
        principal,
        email=body.email.strip(),
        name=body.name,
        password=body.password,
        roles=body.roles,
    )
    return _view(user)


@router.patch("/users/{id}")
def change_user(
    id: UUID, body: UserChange, principal: CurrentPrincipal, session: WriteSession
) -> UserView:
    """Change the name or the roles of a user, deactivate or reactivate it."""
    principal.require("administration.write")
    user = users.change_user(
        session, principal, id, name=body.name, roles=body.roles, active=body.active
    )
    return _view(user)


@router.post("/users/{id}/password", status_code=204)
def set_password(
    id: UUID, body: NewPassword, principal: CurrentPrincipal, session: WriteSession
) -> None:
    """Replace the password of a user and end its sessions."""
    principal.require("administration.write")
    users.set_password(session, principal, id, body.password)


@router.get("/roles")
def list_roles(principal: CurrentPrincipal, session: ReadSession) -> Roles:
    """Return the roles with their permissions, and whether the current user can assign them."""
    principal.require("administration.read")
    roles: list[tuple[str, str, list[str], bool]] = []
    for name, permissions in BUILT_IN.items():
        roles.append((name, name.replace("_", " ").capitalize(), sorted(permissions), True))

    for document in current_documents(session, ROLE_KIND):
        body = document.body
        roles.append((document.name, body["title"], sorted(body["permissions"]), False))

    views: list[RoleView] = []
    for name, title, names, built_in in roles:
        grantable = principal.may(ALL_PERMISSIONS) or principal.permissions.issuperset(names)
        views.append(
            RoleView(
                name=name,
                title=title,
                permissions=names,
                built_in=built_in,
                grantable=grantable,
            )
        )

    return Roles(items=views, permissions=[ALL_PERMISSIONS, *sorted(PERMISSIONS)])


def _view(user: User) -> UserView:
    return UserView(
        id=user.id, email=user.email, name=user.name, roles=user.roles, active=user.active
    )

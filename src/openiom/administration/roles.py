"""Roles: documents that name permissions, beside the built-in ones."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Forbidden, Invalid, Problem
from openiom.platform.configuration import DocumentKind, current_documents
from openiom.platform.http import Principal

ADMINISTRATOR = "administrator"
ALL_PERMISSIONS = "*"
ROLE_KIND = "role"
AREAS = (
    "administration",
    "configuration",
    "fulfillment",
    "inventory",
    "master_data",
    "orchestration",
    "orders",
    "payments",
    "policies",
    "providers",
    "returns",
    "sourcing",
)
PERMISSIONS = frozenset(f"{area}.{verb}" for area in AREAS for verb in ("read", "write"))
"""Every permission that a role can grant, beside `*`, which grants all of them."""

_READ = (
    "orders.read",
    "fulfillment.read",
    "payments.read",
    "returns.read",
    "inventory.read",
    "sourcing.read",
    "orchestration.read",
    "providers.read",
    "master_data.read",
    "policies.read",
)

BUILT_IN: dict[str, tuple[str, ...]] = {
    ADMINISTRATOR: (ALL_PERMISSIONS,),
    "order_manager": (
        *_READ,
        "orders.write",
        "payments.write",
        "returns.write",
        "orchestration.write",
    ),
    "integrator": (
        *_READ,
        "inventory.write",
        "orchestration.write",
        "providers.write",
        "master_data.write",
        "configuration.read",
        "configuration.write",
    ),
    "viewer": _READ,
}


class RoleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    permissions: list[str] = Field(description="Such as orders.read; * is everything")


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    problems = []
    for index, permission in enumerate(body["permissions"]):
        if permission not in PERMISSIONS and permission != ALL_PERMISSIONS:
            what = f"{permission!r} is not a permission"
            remedy = f"use * or one of {', '.join(sorted(PERMISSIONS))}"
            problems.append(Problem(f"permissions[{index}]", what, remedy))

    if name in BUILT_IN:
        what = f"{name} is a built-in role"
        problems.append(Problem("name", what, "choose another name"))
    return problems


KINDS = (DocumentKind(ROLE_KIND, RoleBody, 5, check=_check),)


def require_grantable(principal: Principal, permissions: Iterable[str]) -> None:
    """Raise `Forbidden` unless a principal has every permission that it is about to grant."""
    lacking = sorted(set(permissions) - principal.permissions)
    if lacking and not principal.may(ALL_PERMISSIONS):
        raise Forbidden(
            f"{principal.name} may not grant {', '.join(lacking)}",
            where="roles",
            remedy="grant only permissions that you have, or ask an administrator",
        )


def require_roles(session: Session, principal: Principal, roles: Sequence[str]) -> None:
    """Raise `Invalid` for an unknown role, and `Forbidden` for one that grants more.

    See `require_grantable`.
    """
    check_roles(session, roles)
    require_grantable(principal, permissions_of(session, roles))


def require_documents(
    principal: Principal, kinds: Collection[str], bodies: Iterable[Mapping[str, Any]]
) -> None:
    """Raise `Forbidden` unless a principal may change documents of these kinds.

    `bodies` are those of the roles among them, which may grant no more than the principal has.
    """
    if ROLE_KIND not in kinds:
        return

    principal.require("administration.write")
    for body in bodies:
        permissions = body.get("permissions")
        if isinstance(permissions, list):
            require_grantable(principal, map(str, permissions))


def check_roles(session: Session, roles: Sequence[str]) -> None:
    """Raise `Invalid` for a role that is neither built in nor a document."""
    known = set(BUILT_IN)
    for document in current_documents(session, ROLE_KIND):
        known.add(document.name)

    unknown = sorted(set(roles) - known)
    if unknown:
        raise Invalid(
            f"no role {', '.join(unknown)}",
            where="roles",
            remedy=f"use one of {', '.join(sorted(known))}",
        )


def permissions_of(session: Session, roles: Sequence[str]) -> frozenset[str]:
    """Return all permissions that these roles grant; an unknown role grants nothing."""
    granted: set[str] = set()
    custom: list[str] = []
    for role in roles:
        if role in BUILT_IN:
            granted.update(BUILT_IN[role])
        else:
            custom.append(role)

    if custom:
        for document in current_documents(session, ROLE_KIND, names=custom):
            granted.update(document.body["permissions"])

    return frozenset(granted)

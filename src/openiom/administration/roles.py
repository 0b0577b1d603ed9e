"""Roles: documents that name permissions, beside the built-in ones."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Invalid
from openiom.platform.configuration import DocumentKind, current_documents

ADMINISTRATOR = "administrator"
ALL_PERMISSIONS = "*"

_READ = (
    "orders.read",
    "fulfillment.read",
    "inventory.read",
    "sourcing.read",
    "orchestration.read",
    "providers.read",
    "master_data.read",
    "policies.read",
)

BUILT_IN: dict[str, tuple[str, ...]] = {
    ADMINISTRATOR: (ALL_PERMISSIONS,),
    "order_manager": (*_READ, "orders.write", "orchestration.write"),
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


KINDS = (DocumentKind("role", RoleBody, 5),)


def check_roles(session: Session, roles: Sequence[str]) -> None:
    """Raise `Invalid` for a role that is neither built in nor a document."""
    known = set(BUILT_IN)
    for document in current_documents(session, "role"):
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
        for document in current_documents(session, "role", names=custom):
            granted.update(document.body["permissions"])

    return frozenset(granted)

"""Roles are documents: a name and the permissions it grants."""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Invalid
from openiom.platform.configuration import DocumentKind, current_documents

ADMINISTRATOR = "administrator"

BUILT_IN: dict[str, tuple[str, ...]] = {
    ADMINISTRATOR: ("*",),
    "order_manager": (
        "orders.read",
        "orders.write",
        "fulfillment.read",
        "inventory.read",
        "sourcing.read",
        "orchestration.read",
        "orchestration.write",
        "providers.read",
        "master_data.read",
        "policies.read",
    ),
    "integrator": (
        "orders.read",
        "fulfillment.read",
        "inventory.read",
        "inventory.write",
        "sourcing.read",
        "orchestration.read",
        "orchestration.write",
        "providers.read",
        "providers.write",
        "master_data.read",
        "master_data.write",
        "policies.read",
        "configuration.read",
        "configuration.write",
    ),
    "viewer": (
        "orders.read",
        "fulfillment.read",
        "inventory.read",
        "sourcing.read",
        "orchestration.read",
        "providers.read",
        "master_data.read",
        "policies.read",
    ),
}


class RoleBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=1)
    permissions: list[str] = Field(description="Such as orders.read; * is everything")


KINDS = (DocumentKind("role", RoleBody, 5),)


def check_roles(session: Session, roles: Sequence[str]) -> None:
    """Raises Invalid for a role that is neither built in nor a document: it would grant nothing."""
    own = {document.name for document in current_documents(session, "role")}
    unknown = sorted(set(roles) - BUILT_IN.keys() - own)
    if unknown:
        known = ", ".join(sorted(BUILT_IN.keys() | own))
        raise Invalid(f"no role {', '.join(unknown)}", where="roles", remedy=f"use one of {known}")


def permissions_of(session: Session, roles: Sequence[str]) -> frozenset[str]:
    """What these roles grant together; a role nobody knows grants nothing."""
    granted = {permission for role in roles for permission in BUILT_IN.get(role, ())}
    own = [role for role in roles if role not in BUILT_IN]
    if own:
        for document in current_documents(session, "role", names=own):
            granted.update(document.body["permissions"])
    return frozenset(granted)

"""The kinds of constraints over HTTP, from which the form of a constraint is generated."""

from typing import Any

from pydantic import BaseModel, Field

from openiom.platform.http import CurrentPrincipal, Router

from .registry import constraint_kinds

router = Router(prefix="/api/v1/sourcing", tags=["fulfillment optimization"])


class ConstraintKindRow(BaseModel):
    """A kind of constraint."""

    kind: str = Field(description="The `type` of its documents")
    title: str
    description: str
    property_schema: dict[str, Any] = Field(
        description="JSON schema of the properties a planner fills in; a property with"
        " `references` names documents of that kind"
    )


@router.get("/constraint-kinds")
def list_constraint_kinds(principal: CurrentPrincipal) -> list[ConstraintKindRow]:
    """Return all kinds of constraints by title."""
    principal.require("sourcing.read")
    return [ConstraintKindRow(**kind._asdict()) for kind in constraint_kinds()]

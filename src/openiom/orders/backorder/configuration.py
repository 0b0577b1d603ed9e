"""What this environment does with orders it cannot serve today: the document of kind `order_preferences`."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import fetch
from openiom.platform.configuration import DocumentKind

KIND, NAME = "order_preferences", "default"


class OrderPreferencesBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    backorder: bool = Field(
        False, description="Lines without stock wait for it; otherwise a person decides"
    )
    backorder_sla_days: int | None = Field(
        None,
        ge=1,
        le=365,
        description="Days a line waits for stock before it is canceled; empty is for ever",
    )
    hold_minutes: int = Field(
        60,
        ge=1,
        le=10_080,
        description="How long stock is held for a line that goes on, until it is sourced",
    )
    preorder: bool = Field(True, description="Lines of preorder products wait for the launch date")


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    return (
        []
        if name == NAME
        else [Problem("name", "there is only one set of preferences", f"name it {NAME}")]
    )


ORDER_PREFERENCES = DocumentKind(KIND, OrderPreferencesBody, 32, check=_check)


def order_preferences(session: Session) -> OrderPreferencesBody:
    """The preferences in use; no document is the defaults."""
    rows = fetch(
        session,
        "SELECT body FROM platform.configuration_document WHERE kind = %s AND name = %s AND current AND NOT deleted",
        (KIND, NAME),
    )
    return OrderPreferencesBody.model_validate(rows[0][0] if rows else {})

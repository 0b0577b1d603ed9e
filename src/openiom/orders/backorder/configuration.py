"""The document of kind `order_preferences`: how orders without stock are handled."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.configuration import DocumentKind, current_documents

KIND, NAME = "order_preferences", "default"


class OrderPreferencesBody(BaseModel):
    """Preferences of this environment; the defaults apply without a document."""

    model_config = ConfigDict(extra="forbid")

    backorder: bool = Field(
        False, description="Lines without stock wait for it; otherwise a person decides"
    )
    backorder_sla_days: int | None = Field(
        None,
        ge=1,
        le=365,
        description="Days a line waits for stock before it is canceled; empty for no limit",
    )
    hold_minutes: int = Field(
        60,
        ge=1,
        le=10_080,
        description="Minutes that stock stays reserved for a released line until it is sourced",
    )
    preorder: bool = Field(True, description="Lines of preorder products wait for the launch date")


def _check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
    if name == NAME:
        return []
    return [Problem("name", "there is only one document of order preferences", f"name it {NAME}")]


ORDER_PREFERENCES = DocumentKind(KIND, OrderPreferencesBody, 32, check=_check)


def order_preferences(session: Session) -> OrderPreferencesBody:
    """Return the preferences in use."""
    documents = current_documents(session, KIND, names=[NAME])
    return OrderPreferencesBody.model_validate(documents[0].body if documents else {})

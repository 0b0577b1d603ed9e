"""Documents that fulfillment orders still need: sources and states."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import fetch
from openiom.platform.configuration import DeletionGuard, UseQuery, current_bodies

_STATES = "fulfillment_order"


def _uses_any_state(session: Session, body: Mapping[str, Any] | None) -> bool:
    """Return whether a fulfillment order is in a state that the document, if any, defines."""
    if body is None:
        return False
    states = [state["name"] for state in body.get("states", ())]
    query = "SELECT 1 FROM fulfillment.fulfillment_order WHERE state = ANY(%s) LIMIT 1"
    return bool(fetch(session, query, (states,)))


def _states_in_use(session: Session, names: Sequence[str]) -> list[Problem]:
    """Return the state document of fulfillment orders when one of them is in a state it defines."""
    body = current_bodies(session, ["states"])["states"].get(_STATES)
    if _STATES not in names or not _uses_any_state(session, body):
        return []

    what = "defines the state of at least one fulfillment order"
    return [Problem(f"states {_STATES}", what, "move them to another state first")]


DELETION_GUARDS: tuple[tuple[str, DeletionGuard], ...] = (
    (
        "source",
        UseQuery(
            "source",
            "has fulfillment orders that are not done",
            "let them end, cancel them, or make the source inactive",
            "SELECT d.name FROM unnest(%s::text[]) AS d(name) WHERE EXISTS"
            " (SELECT 1 FROM fulfillment.fulfillment_order f WHERE f.source = d.name"
            " AND f.state NOT IN ('shipped', 'delivered', 'declined', 'canceled', 'closed'))",
        ),
    ),
    ("states", _states_in_use),
)

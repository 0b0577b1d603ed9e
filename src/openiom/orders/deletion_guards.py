"""Documents that orders still need, such as products, units, currencies and strategies."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import fetch
from openiom.platform.configuration import DeletionGuard, UseQuery, current_bodies

_OPEN_LINE = "l.state NOT IN ('completed', 'canceled') AND l.shipped + l.canceled < l.quantity"
_STATE_COLUMNS = {
    "order": "SELECT state FROM orders.order_state",
    "order_line": "SELECT state FROM orders.order_line",
}


def _uses_any_state(session: Session, name: str, body: Mapping[str, Any]) -> bool:
    """Return whether an order or an order line is in a state that the document defines."""
    states = [state["name"] for state in body.get("states", ())]
    query = f"SELECT 1 FROM ({_STATE_COLUMNS[name]}) used WHERE state = ANY(%s) LIMIT 1"
    return bool(fetch(session, query, (states,)))


def _states_in_use(session: Session, names: Sequence[str]) -> list[Problem]:
    """Return the state documents that define the state of an order or an order line."""
    bodies = current_bodies(session, ["states"])["states"]
    problems: list[Problem] = []
    for name in names:
        if name not in _STATE_COLUMNS or name not in bodies:
            continue

        if _uses_any_state(session, name, bodies[name]):
            what = f"defines the state of at least one {name.replace('_', ' ')}"
            problems.append(Problem(f"states {name}", what, "move them to another state first"))

    return problems


def _used_by_orders(kind: str) -> UseQuery:
    """Return the guard of a kind that orders name in a column of the same name."""
    title = kind.replace("_", " ")
    return UseQuery(
        kind,
        f"is the {title} of orders that are not done",
        "let those orders end, or cancel them",
        "SELECT d.name FROM unnest(%s::text[]) AS d(name) WHERE EXISTS"
        " (SELECT 1 FROM orders.order_state s JOIN orders.order o ON o.id = s.order_id"
        f" WHERE o.{kind} = d.name"
        " AND s.state NOT IN ('completed', 'canceled'))",
    )


DELETION_GUARDS: tuple[tuple[str, DeletionGuard], ...] = (
    (
        "source",
        UseQuery(
            "source",
            "is the source of order lines that are not done",
            "source those orders again, or make the source inactive",
            "SELECT d.name FROM unnest(%s::text[]) AS d(name) WHERE EXISTS"
            f" (SELECT 1 FROM orders.order_line l WHERE l.source = d.name AND {_OPEN_LINE})",
        ),
    ),
    (
        "product",
        UseQuery(
            "product",
            "is on order lines that are not done",
            "let those orders end, or cancel the lines",
            "SELECT d.name FROM unnest(%s::text[]) AS d(name) WHERE EXISTS"
            f" (SELECT 1 FROM orders.order_line l WHERE l.product = d.name AND {_OPEN_LINE})",
        ),
    ),
    (
        "strategy",
        UseQuery(
            "strategy",
            "is named by orders that are not sourced yet",
            "let them be sourced with it, or give them another strategy",
            "SELECT d.name FROM unnest(%s::text[]) AS d(name) WHERE EXISTS"
            " (SELECT 1 FROM orders.order o JOIN orders.order_state s ON s.order_id = o.id"
            " WHERE o.strategy = d.name"
            " AND s.state IN ('new', 'on_hold', 'in_progress'))",
        ),
    ),
    ("currency", _used_by_orders("currency")),
    ("account", _used_by_orders("account")),
    ("price_list", _used_by_orders("price_list")),
    (
        "unit",
        UseQuery(
            "unit",
            "is the unit of order lines that are not done",
            "let those orders end, or cancel the lines",
            "SELECT d.name FROM unnest(%s::text[]) AS d(name) WHERE EXISTS"
            f" (SELECT 1 FROM orders.order_line l WHERE l.unit = d.name AND {_OPEN_LINE})",
        ),
    ),
    ("states", _states_in_use),
)

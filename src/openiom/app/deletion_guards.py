"""Why a document must stay although no other document names it: stock, orders, people. Asked before it is removed."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy.orm import Session

from openiom.kernel import Problem
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration

# Kind, what is in the way, what to do about it, and the names concerned among those asked about.
LOOKS = (
    (
        "source",
        "has stock, or stock promised to orders",
        "move or write off what stands there, or make the source inactive",
        "SELECT DISTINCT source FROM inventory_visibility.stock WHERE organization = '' AND source = ANY(%s)"
        " AND (on_hand <> 0 OR reserved <> 0)",
    ),
    (
        "source",
        "has fulfillment orders that are not done",
        "let them end, cancel them, or make the source inactive",
        "SELECT n FROM unnest(%s::text[]) n WHERE EXISTS (SELECT 1 FROM fulfillment.fulfillment_order f"
        " WHERE f.source = n AND f.state NOT IN ('shipped', 'delivered', 'declined', 'canceled', 'closed'))",
    ),
    (
        "source",
        "is the source of order lines that are not done",
        "source those orders again, or make the source inactive",
        "SELECT n FROM unnest(%s::text[]) n WHERE EXISTS (SELECT 1 FROM orders.order_line l WHERE l.source = n"
        " AND l.state NOT IN ('completed', 'canceled') AND l.shipped + l.canceled < l.quantity)",
    ),
    (
        "source",
        "expects a purchase or transfer order",
        "receive it or close it short",
        "SELECT DISTINCT source FROM inventory_visibility.supply_line WHERE source = ANY(%s)"
        " AND quantity - received - closed > 0",
    ),
    (
        "product",
        "has stock, or stock promised to orders",
        "write it off first",
        "SELECT DISTINCT product FROM inventory_visibility.stock WHERE organization = '' AND product = ANY(%s)"
        " AND (on_hand <> 0 OR reserved <> 0)",
    ),
    (
        "product",
        "is on order lines that are not done",
        "let those orders end, or cancel the lines",
        "SELECT n FROM unnest(%s::text[]) n WHERE EXISTS (SELECT 1 FROM orders.order_line l WHERE l.product = n"
        " AND l.state NOT IN ('completed', 'canceled') AND l.shipped + l.canceled < l.quantity)",
    ),
    (
        "role",
        "is held by users, programs or tokens",
        "give them another role first",
        "SELECT DISTINCT held.role FROM (SELECT unnest(roles) AS role FROM administration.user UNION ALL"
        " SELECT unnest(roles) FROM administration.api_token UNION ALL"
        " SELECT unnest(roles) FROM administration.client) held WHERE held.role = ANY(%s)",
    ),
    (
        "strategy",
        "is named by orders that are not sourced yet",
        "let them go on with it, or give them another strategy",
        "SELECT n FROM unnest(%s::text[]) n WHERE EXISTS (SELECT 1 FROM orders.order o JOIN orders.order_state s"
        " ON s.order_id = o.id WHERE o.strategy = n AND s.state IN ('new', 'on_hold', 'in_progress'))",
    ),
    (
        "states",
        "gives orders, order lines or fulfillment orders the state they are in",
        "move them on first",
        "SELECT d.name FROM platform.configuration_document d, jsonb_path_query(d.body, '$.states[*].name') v"
        " WHERE d.kind = 'states' AND d.current AND NOT d.deleted AND d.name = ANY(%s) AND CASE d.name"
        " WHEN 'order' THEN EXISTS (SELECT 1 FROM orders.order_state WHERE state = v #>> '{}')"
        " WHEN 'order_line' THEN EXISTS (SELECT 1 FROM orders.order_line WHERE state = v #>> '{}')"
        " ELSE EXISTS (SELECT 1 FROM fulfillment.fulfillment_order WHERE state = v #>> '{}') END",
    ),
)


def guard_documents(configuration: Configuration) -> None:
    """Have every look of this module taken before documents are removed."""
    for kind, what, remedy, query in LOOKS:
        configuration.add_deletion_guard(kind, partial(_look, kind, what, remedy, query))


def _look(
    kind: str, what: str, remedy: str, query: str, session: Session, names: Sequence[str]
) -> list[Problem]:
    return [
        Problem(f"{kind} {name}", what, remedy) for (name,) in fetch(session, query, (list(names),))
    ]

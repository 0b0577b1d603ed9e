"""Fulfillment orders and the updates of fulfillers, as tests make them."""

from pathlib import Path
from typing import Any
from uuid import UUID

from tests.orders.builders import NOW, line, placed, sourced

from openiom.fulfillment import (
    ENTITIES,
    create_fulfillment_orders,
    raise_fulfillment_order_events,
    receive_updates,
)
from openiom.inventory_visibility import StockReservationRequest, reserve
from openiom.orders import assign_sources, open_lines
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.provider_contract import EventRequest, InboundDocument, IntakeResult, Outcome

INVARIANTS = sorted((Path(__file__).parents[2] / "invariants").glob("*.sql"))
FACTS = {e.name: e.facts for e in ENTITIES}


def create(database: Database, *orders: UUID) -> list[Outcome]:
    with database.unit_of_work() as session:
        return list(create_fulfillment_orders(session, orders, NOW, "flow"))


def fulfillment_orders(database: Database, order: UUID) -> list[dict[str, Any]]:
    """The order's fulfillment orders as flows see them, oldest first."""
    with database.reading() as session:
        query = "SELECT id FROM fulfillment.fulfillment_order WHERE order_id = %s ORDER BY id"
        ids = [row[0] for row in fetch(session, query, (order,))]
        found = FACTS["fulfillment_order"](session, ids)
    return [found[i] for i in ids]


def send(database: Database, *ids: str, event: str = "fulfillment_order.sent") -> list[Outcome]:
    with database.unit_of_work() as session:
        raises = [EventRequest(UUID(i), event, {"external_id": f"3PL-{i[-4:]}"}) for i in ids]
        return list(raise_fulfillment_order_events(session, raises, NOW, "flow"))


def update(found: dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
    return {"number": found["number"], "kind": kind, "at": "2026-11-21T08:00:00Z", **more}


def parcel(
    found: dict[str, Any], external_id: str, *quantities: int, kind: str = "shipped"
) -> dict[str, Any]:
    """Units of the fulfillment order's lines in their order; 0 leaves a line out."""
    items = [
        {"line": x["reference"], "quantity": q}
        for x, q in zip(found["lines"], quantities, strict=False)
        if q
    ]
    shipment = {"external_id": external_id, "shipped_at": "2026-11-21T07:00:00Z", "items": items}
    return update(
        found, kind, shipment=shipment | {"carrier": "UPS", "tracking_number": f"1Z{external_id}"}
    )


def report(database: Database, *documents: dict[str, Any]) -> list[IntakeResult]:
    with database.unit_of_work() as session:
        return list(
            receive_updates(
                session, [InboundDocument(i, "3pl", d) for i, d in enumerate(documents)], NOW, "3pl"
            )
        )


def broken_invariants(database: Database) -> list[str]:
    with database.reading() as session:
        return [path.name for path in INVARIANTS if fetch(session, path.read_text())]


def ready(database: Database, *lines: dict[str, Any], external_id: str = "1001") -> UUID:
    """An order of these lines, sourced and reserved at SEA."""
    order = placed(database, *(lines or (line(quantity=5),)), external_id=external_id)
    sourced(database, [order])
    return order


def sourced_from(database: Database, order: UUID, source: str) -> None:
    with database.unit_of_work() as session:
        lines = open_lines(session, [order])
        assert all(
            reserve(
                session,
                [StockReservationRequest(x.line_id, x.product, source, x.quantity) for x in lines],
                NOW,
                "flow",
            )
        )
        assign_sources(session, {x.line_id: (source, "second try") for x in lines}, NOW, "flow")

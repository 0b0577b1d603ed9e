"""Orders, master data and stock as tests make them, and what they read back."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    StockChange,
    StockReservationRequest,
    change_on_hand,
    reserve,
)
from openiom.inventory_visibility import available as free_units
from openiom.master_data import KINDS
from openiom.orders import (
    assign_sources,
    open_lines,
    order_facts,
    raise_order_events,
    receive_orders,
)
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.platform.events import timeline
from openiom.provider_contract import EventRequest, InboundDocument, IntakeResult

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SHIP_TO = {
    "name": "Richard Miles",
    "line1": "1 Main St",
    "city": "Redmond",
    "state": "WA",
    "postal_code": "98052",
    "country": "US",
}


def master_data(database: Database, *products: str) -> None:
    """Dollars, pieces, the account TestBCAccount, and these products."""
    configuration = Configuration()
    configuration.register(*KINDS)
    documents: list[dict[str, Any]] = [
        {"kind": "unit", "name": "ea", "body": {"title": "Each"}},
        {"kind": "currency", "name": "USD", "body": {"title": "US dollar"}},
        {"kind": "account", "name": "TestBCAccount", "body": {"title": "Test"}},
        {
            "kind": "price_list",
            "name": "MasterPriceList",
            "body": {"title": "Master", "currency": "USD"},
        },
    ]
    documents += [
        {"kind": "product", "name": p, "body": {"name": p}}
        for p in products or ("Accu Scale", "Lamp")
    ]

    with database.unit_of_work() as session:
        configuration.apply(session, documents, at=NOW, actor="test")


def line(product: str = "Accu Scale", quantity: Any = 1, **more: Any) -> dict[str, Any]:
    return {
        "external_id": more.pop("external_id", product),
        "product": product,
        "unit": "ea",
        "quantity": quantity,
    } | {
        "unit_price": "10.00",
        **more,
    }


def document(external_id: str = "1001", *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An order over its lines' amount, or one Accu Scale."""
    chosen = list(lines) or [line()]
    total = sum(
        (Decimal(x["unit_price"]) * Decimal(str(x["quantity"])) for x in chosen), Decimal(0)
    )
    return {
        "external_id": external_id,
        "number": external_id,
        "placed_at": "2026-11-20T11:00:00Z",
        "currency": "USD",
        "customer": {"name": "Richard Miles", "email": "Richard@Example.com"},
        "ship_to": SHIP_TO,
        "total_amount": str(total),
        "lines": chosen,
    } | more


def receive(
    database: Database, *documents: dict[str, Any], instance: str = "fabrikam-store"
) -> list[IntakeResult]:
    with database.unit_of_work() as session:
        arrived = [InboundDocument(i, instance, d) for i, d in enumerate(documents)]
        return list(receive_orders(session, arrived, NOW, "intake"))


def placed(
    database: Database, *lines: dict[str, Any], external_id: str = "1001", **more: Any
) -> UUID:
    """A new order's id."""
    taken = receive(database, document(external_id, *lines, **more))[0]
    assert taken.ok, taken
    return UUID(taken.entity_id)


def happen(session: Session, order: UUID, *events: str) -> None:
    for event in events:
        outcome = raise_order_events(session, [EventRequest(order, event)], NOW, "flow")[0]
        assert outcome.ok, outcome.reason


def stock(database: Database, **quantities: int) -> None:
    """On hand by `PRODUCT__SOURCE=quantity`, blanks as underscores."""
    changes = []
    for key, quantity in quantities.items():
        product, source = key.split("__")
        changes.append(StockChange(product.replace("_", " "), source, Decimal(quantity)))

    with database.unit_of_work() as session:
        answers = change_on_hand(
            session, changes, mode="set", cause="count", document="t", now=NOW, actor="test"
        )
        assert not any(answers), answers


def sourced(
    database: Database, orders: Sequence[UUID], source: str = "SEA", *, only: Sequence[str] = ()
) -> None:
    """Validated, reserved at `source` and found."""
    with database.unit_of_work() as session:
        for order in orders:
            happen(
                session,
                order,
                "order.header_validation.succeeded",
                "order.lines_validation.succeeded",
            )

        lines = [x for x in open_lines(session, orders) if not only or x.product in only]
        asks = [StockReservationRequest(x.line_id, x.product, source, x.quantity) for x in lines]
        assert all(reserve(session, asks, NOW, "flow"))
        assign_sources(session, {x.line_id: (source, "nearest") for x in lines}, NOW, "flow")

        for order in orders:
            happen(session, order, "fulfillment.optimization.succeeded")


def facts(database: Database, order: UUID) -> dict[str, Any]:
    with database.reading() as session:
        return order_facts(session, [order])[order]


def state_of(database: Database, order: UUID) -> tuple[str, str]:
    found = facts(database, order)
    return found["state"], found["state_reason"]


def event_names(database: Database, order: UUID) -> list[str]:
    """The order's event names, oldest first."""
    with database.reading() as session:
        return [e.name for e in reversed(timeline(session, [order]))]


def available(database: Database, product: str, source: str) -> int:
    """Units free to promise."""
    with database.reading() as session:
        return free_units(session, [product]).get((product, source), 0)

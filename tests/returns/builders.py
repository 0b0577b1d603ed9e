"""Delivered orders and their returns, as tests make them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from tests.fulfillment.builders import (
    broken_invariants,
    create,
    fulfillment_orders,
    parcel,
    ready,
    report,
)
from tests.orders.builders import facts, line, master_data, stock

from openiom.fulfillment_optimization import KINDS as SOURCING_KINDS
from openiom.logistics import KINDS as LOGISTICS_KINDS
from openiom.platform.bulk import fetch
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database
from openiom.provider_contract import Outcome
from openiom.returns import KINDS, create_returns, inspect_returns, receive_returns
from openiom.returns.queries import get_returns
from openiom.returns.schemas import (
    InspectedUnits,
    NewReturn,
    ReceivedUnits,
    ReturnDetail,
    ReturnResult,
)

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
__all__ = ["broken_invariants", "facts", "line"]


def shop(database: Database, policy: dict[str, Any] | None = None) -> None:
    """Master data, 100 of each product at SEA, and the return policy."""
    master_data(database)
    configuration = Configuration()
    configuration.register(*LOGISTICS_KINDS, *SOURCING_KINDS, *KINDS)
    documents: list[dict[str, Any]] = [
        {
            "kind": "source",
            "name": "SEA",
            "body": {
                "title": "Seattle",
                "address": {
                    "line1": "1 Pike St",
                    "city": "Seattle",
                    "state": "WA",
                    "postal_code": "98101",
                    "country": "US",
                },
            },
        }
    ]
    if policy is not None:
        documents.append({"kind": "return_policy", "name": "default", "body": policy})
    with database.unit_of_work() as session:
        configuration.apply(session, documents, at=NOW, actor="test")
    stock(database, Accu_Scale__SEA=100, Lamp__SEA=100)


def delivered(
    database: Database, *lines: dict[str, Any], external_id: str = "1001", kind: str = "delivered"
) -> UUID:
    """An order of these lines, all of which arrived on 21 November."""
    chosen = lines or (line(quantity=5),)
    order = ready(database, *chosen, external_id=external_id)
    create(database, order)
    (found,) = fulfillment_orders(database, order)
    quantities = [one["quantity"] for one in found["lines"]]
    results = report(database, parcel(found, f"P-{external_id}", *quantities, kind=kind))
    assert results[0].ok, results[0]
    return order


def line_ids(database: Database, order: UUID) -> list[str]:
    return [one["id"] for one in facts(database, order)["lines"]]


def new_return(
    order: UUID, *lines: tuple[str, Any], reason: str = "no_longer_needed", **more: Any
) -> NewReturn:
    """A return of (order line, quantity)."""
    items = [{"order_line_id": i, "quantity": quantity, "reason": reason} for i, quantity in lines]
    return NewReturn.model_validate({"order_id": order, "lines": items, **more})


def request(database: Database, *requests: NewReturn, now: datetime = NOW) -> list[ReturnResult]:
    with database.unit_of_work() as session:
        return create_returns(session, requests, now, "ann")


def returned(database: Database, one: NewReturn, now: datetime = NOW) -> ReturnDetail:
    """A new return order."""
    (result,) = request(database, one, now=now)
    assert result.ok, result
    assert result.id is not None
    return detail(database, result.id)


def detail(database: Database, return_id: UUID) -> ReturnDetail:
    with database.reading() as session:
        (found,) = get_returns(session, [return_id])
    return found


def receive(database: Database, *items: tuple[UUID, Any], **more: Any) -> list[Outcome]:
    """Receive (line, quantity) at SEA."""
    units = [ReceivedUnits(id=i, quantity=Decimal(str(q)), **more) for i, q in items]
    with database.unit_of_work() as session:
        return receive_returns(session, units, NOW, "ann", place="SEA")


def inspect(
    database: Database, *items: tuple[UUID, Any], disposition: str = "restock"
) -> list[Outcome]:
    """Inspect (line, quantity), all in good condition."""
    units = [
        InspectedUnits.model_validate(
            {"id": i, "quantity": q, "condition": "new", "disposition": disposition}
        )
        for i, q in items
    ]
    with database.unit_of_work() as session:
        return inspect_returns(session, units, NOW, "ann")


def measure(database: Database, product: str, name: str) -> Decimal:
    """The balance of a measure of the company at SEA."""
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT coalesce(sum(b.quantity), 0) FROM inventory_visibility.measure_balance b"
            " JOIN inventory_visibility.stock s ON s.id = b.stock_id"
            " WHERE s.product = %s AND s.source = 'SEA' AND b.measure = %s",
            (product, name),
        )
    return Decimal(rows[0][0])


def refunds(database: Database, order: UUID) -> list[str]:
    """The amounts of the refunds of an order, oldest first."""
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT a.amount FROM returns.return_amount a"
            " JOIN returns.return_order r ON r.id = a.return_order_id"
            " WHERE r.order_id = %s AND a.kind = 'refund' ORDER BY a.id",
            (order,),
        )
    return [f"{row[0]:.2f}" for row in rows]

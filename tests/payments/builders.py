"""Orders with payments, as tests make them, and what they read back."""

from typing import Any
from uuid import UUID

from tests.fulfillment.builders import create, fulfillment_orders, parcel, report, send
from tests.orders.builders import NOW, document, line, master_data, sourced, stock

from openiom.app.application import RECEIVE_ORDERS
from openiom.fulfillment import UnsentFulfillment
from openiom.orders.changes.patches import read_operations
from openiom.orders.service.apply_changes import ChangeRequest, apply_changes
from openiom.payments import PaymentBalance, PaymentChargeWorker, payment_balances
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.events import timeline
from openiom.provider_contract import InboundDocument, IntakeResult

CARD = {
    "method": "card",
    "title": "Visa •••• 4242",
    "provider": "pay",
    "reference": "AUTH-1",
    "amount": "50.00",
}


def receive(database: Database, *documents: dict[str, Any]) -> list[IntakeResult]:
    with database.unit_of_work() as session:
        inbound = [InboundDocument(i, "fabrikam-store", d) for i, d in enumerate(documents)]
        return list(RECEIVE_ORDERS(session, inbound, NOW, "intake"))


def paid_order(
    database: Database,
    payments: list[dict[str, Any]],
    *lines: dict[str, Any],
    external_id: str = "1001",
    in_fulfillment: bool = True,
    **more: Any,
) -> UUID:
    """Return a new order of these lines, or of five scales at $10, sourced from SEA."""
    chosen = lines or (line(quantity=5),)
    result = receive(database, document(external_id, *chosen, payments=payments, **more))[0]
    assert result.ok, result
    order = UUID(result.entity_id)
    if in_fulfillment and any(one.get("delivery") != "digital" for one in chosen):
        sourced(database, [order])
        create(database, order)
        for one in fulfillment_orders(database, order):
            send(database, one["id"])
    return order


def shop(database: Database) -> None:
    """Create master data and stock."""
    master_data(database)
    stock(database, Accu_Scale__SEA=1000, Lamp__SEA=1000)


def ship(database: Database, order: UUID, parcel_id: str, *quantities: int) -> None:
    """Ship units of the order's lines, in their order."""
    [found] = fulfillment_orders(database, order)
    result = report(database, parcel(found, parcel_id, *quantities))[0]
    assert result.ok, result


def give(database: Database, order: UUID, amount: str) -> None:
    """Give back an amount of an order, as a person does."""
    [goodwill] = read_operations([{"kind": "goodwill", "amount": amount, "reason": "Scratched"}])
    with database.unit_of_work() as session:
        request = ChangeRequest(order, [goodwill])
        [outcome] = apply_changes(session, [request], NOW, "ada", UnsentFulfillment())
        assert outcome.refusal is None, outcome.refusal


def charge(database: Database) -> None:
    """Process the events that wait for payments."""
    worker = PaymentChargeWorker()
    while worker.run_once(database, limit=500, now=NOW).rows:
        pass


def balance(database: Database, order: UUID) -> PaymentBalance:
    with database.reading() as session:
        return payment_balances(session, [order])[order]


def facts(database: Database, order: UUID, *kinds: str) -> list[tuple[str, int, str]]:
    """Return the kind, amount and state of the order's facts, oldest first."""
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT kind, amount, state FROM payments.payment_fact WHERE order_id = %s"
            " AND (%s::text[] = '{}' OR kind = ANY(%s)) ORDER BY id",
            (order, list(kinds), list(kinds)),
        )
    return [(kind, amount, state) for kind, amount, state in rows]


def payment_events(database: Database, order: UUID) -> list[str]:
    """Return the names of the order's payment events, oldest first."""
    with database.reading() as session:
        names = [event.name for event in reversed(timeline(session, [order]))]
    return [name for name in names if name.startswith("payment.")]

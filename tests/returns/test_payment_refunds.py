"""Refunds of returns go through the payments of their orders, and come back with their outcome."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from tests.fulfillment.builders import broken_invariants
from tests.orders.builders import NOW, line
from tests.payments.builders import CARD, balance, give, paid_order, ship
from tests.payments.provider import call, collect, operations, running_provider
from tests.returns.builders import detail, inspect, line_ids, new_return, receive, returned, shop

from openiom.app.application import Application
from openiom.platform.database import Database
from openiom.platform.events import timeline
from openiom.returns import ReturnRefundWorker
from openiom.returns.schemas import ReturnDetail
from openiom_simulators import RunningServer

LATER = NOW + timedelta(days=7)
DEMO_CARD = {**CARD, "reference": "checkout-5000-USD-1001", "amount": "50"}


@pytest.fixture
def provider(application: Application) -> Iterator[RunningServer]:
    """Yield a payment provider that is installed as `pay`, in a shop with stock."""
    shop(application.database)
    record(application.database)  # The consumer reads the events after its first run.
    with running_provider(application) as server:
        yield server


def record(database: Database) -> None:
    """Process the payment events that wait for returns."""
    worker = ReturnRefundWorker()
    while worker.run_once(database, limit=500, now=NOW).rows:
        pass


def returned_units(database: Database, order: UUID, quantity: int) -> ReturnDetail:
    """Return and inspect units of the only line of an order."""
    sold, *_ = line_ids(database, order)
    one = returned(database, new_return(order, (sold, quantity)))
    [returning] = one.lines
    assert receive(database, (returning.id, quantity))[0].ok
    assert inspect(database, (returning.id, quantity))[0].ok
    return detail(database, one.id)


def refund_events(database: Database, order: UUID) -> list[str]:
    with database.reading() as session:
        names = [event.name for event in reversed(timeline(session, [order]))]
    return [name for name in names if name.startswith("return_order.refund")]


def test_a_return_is_refunded_to_the_card_and_says_so(
    application: Application, provider: RunningServer
) -> None:
    database = application.database
    order = paid_order(database, [DEMO_CARD])
    ship(database, order, "P1", 5)
    collect(application)

    one = returned_units(database, order, 2)
    assert (one.refund_amount, one.refund_state) == ("20.00", "requested")
    call(application, now=LATER)
    record(database)
    record(database)

    found = detail(database, one.id)
    assert (found.refund_state, found.amounts[0].reference != "") == ("completed", True)
    assert operations(provider) == [("capture", 5000), ("refund", 2000)]
    assert balance(database, order).refundable == 3000
    assert refund_events(database, order) == [
        "return_order.refund_due",
        "return_order.refund_requested",
        "return_order.refunded",
    ]
    assert broken_invariants(database) == []


def test_the_refund_of_an_order_without_payments_remains_due(
    application: Application, provider: RunningServer
) -> None:
    database = application.database
    order = paid_order(database, [])
    ship(database, order, "P1", 5)

    one = returned_units(database, order, 2)
    record(database)
    assert (one.refund_amount, one.refund_state) == ("20.00", "due")
    assert refund_events(database, order) == ["return_order.refund_due"]


def test_money_that_was_captured_elsewhere_is_recorded_at_once(
    application: Application, provider: RunningServer
) -> None:
    database = application.database
    paid = {"method": "bank_transfer", "reference": "T-1", "amount": "50", "captured": "50"}
    order = paid_order(database, [paid])
    ship(database, order, "P1", 5)
    collect(application)

    one = returned_units(database, order, 5)
    record(database)
    assert (one.refund_amount, one.refund_state) == ("50.00", "completed")
    assert refund_events(database, order).count("return_order.refunded") == 1
    assert balance(database, order).refundable == 0


def test_what_goodwill_has_paid_back_is_not_refunded_once_more(
    application: Application, provider: RunningServer
) -> None:
    database = application.database
    order = paid_order(database, [DEMO_CARD])
    ship(database, order, "P1", 5)
    collect(application)
    give(database, order, "5.00")
    collect(application, now=LATER)

    first = returned_units(database, order, 3)
    rest = returned_units(database, order, 2)
    call(application, now=LATER)
    record(database)
    assert [first.refund_amount, rest.refund_amount] == ["30.00", "15.00"]
    assert "5.00 that was given back as goodwill" in rest.amounts[0].reason
    assert detail(database, rest.id).refund_state == "completed"
    assert balance(database, order).refundable == 0
    assert broken_invariants(database) == []


def test_a_line_is_refunded_for_what_was_captured_when_the_other_is_canceled(
    application: Application, provider: RunningServer
) -> None:
    """A discount of the order and different taxes of its lines are shared in one way only."""
    database = application.database
    lines = (
        line("Accu Scale", 3, unit_price="33.33", tax="19.99"),
        line("Lamp", 1, unit_price="100.00", external_id="2"),
    )
    total, card = "199.98", {**DEMO_CARD, "reference": "checkout-19998-USD-1001"}
    order = paid_order(
        database,
        [{**card, "amount": total}],
        *lines,
        total_amount=total,
        discount_amount="20.00",
        tax_amount="19.99",
    )
    ship(database, order, "P1", 2, 0)
    collect(application)
    captured = balance(database, order).captured

    one = returned_units(database, order, 2)
    call(application, now=LATER)
    record(database)
    assert detail(database, one.id).refund_state == "completed"
    assert balance(database, order).refundable == 0
    assert operations(provider) == [("capture", captured), ("refund", captured)]

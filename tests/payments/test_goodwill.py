"""Goodwill of an order is refunded, as far as it was captured, and once."""

from tests.fulfillment.builders import broken_invariants
from tests.payments.builders import CARD, balance, facts, give, paid_order, ship
from tests.payments.provider import collect, operations

from openiom.app.application import Application
from openiom_simulators import RunningServer

DEMO_CARD = {**CARD, "reference": "checkout-5000-USD-1001", "amount": "50"}


def test_goodwill_after_shipping_is_refunded_once(
    application: Application, provider: RunningServer
) -> None:
    order = paid_order(application.database, [DEMO_CARD])
    ship(application.database, order, "P1", 5)
    collect(application)

    give(application.database, order, "5.00")
    collect(application)
    collect(application)
    give(application.database, order, "2.50")
    collect(application)

    assert operations(provider) == [("capture", 5000), ("refund", 500), ("refund", 250)]
    assert balance(application.database, order).refundable == 4250
    assert broken_invariants(application.database) == []


def test_goodwill_before_shipping_is_refunded_after_the_capture(
    application: Application, provider: RunningServer
) -> None:
    order = paid_order(application.database, [DEMO_CARD])
    give(application.database, order, "5.00")
    collect(application)
    assert facts(application.database, order, "refund") == []

    ship(application.database, order, "P1", 5)
    collect(application)
    collect(application)
    assert operations(provider) == [("capture", 5000), ("refund", 500)]
    assert broken_invariants(application.database) == []

"""What is charged when units ship, which methods pay it, and what is released."""

import pytest
from tests.fulfillment.builders import broken_invariants
from tests.orders.builders import NOW, document, line
from tests.payments.builders import (
    CARD,
    balance,
    charge,
    facts,
    paid_order,
    payment_events,
    receive,
    ship,
    shop,
)

from openiom.orders import cancel_orders
from openiom.platform.database import Database


@pytest.fixture(autouse=True)
def _shop(database: Database) -> None:
    shop(database)


def test_payments_of_a_document_are_recorded_with_the_order(database: Database) -> None:
    gift = {"method": "gift_card", "reference": "G-1", "amount": "10", "captured": "10"}
    order = paid_order(database, [gift, {**CARD, "amount": "40"}])

    found = balance(database, order)
    assert (found.total, found.authorized, found.captured) == (5000, 5000, 1000)
    assert (found.charged, found.to_capture, found.refundable) == (0, 4000, 1000)
    assert facts(database, order) == [
        ("authorization", 1000, "succeeded"),
        ("capture", 1000, "succeeded"),
        ("authorization", 4000, "succeeded"),
    ]
    assert payment_events(database, order) == ["payment.recorded"]


def test_an_order_without_payments_is_not_touched(database: Database) -> None:
    order = paid_order(database, [])
    ship(database, order, "P1", 5)
    charge(database)
    assert facts(database, order) == []


def test_each_parcel_captures_what_it_contains(database: Database) -> None:
    order = paid_order(database, [{**CARD, "amount": "59.99"}], shipping_amount="9.99",
                       total_amount="59.99")  # fmt: skip
    ship(database, order, "P1", 2)
    charge(database)
    assert facts(database, order, "capture") == [("capture", 2999, "requested")]

    ship(database, order, "P2", 3)
    charge(database)
    assert facts(database, order, "capture") == [
        ("capture", 2999, "requested"),
        ("capture", 3000, "requested"),
    ]
    assert broken_invariants(database) == []


def test_events_delivered_again_capture_nothing_more(database: Database) -> None:
    order = paid_order(database, [CARD])
    ship(database, order, "P1", 2)
    charge(database)
    ship(database, order, "P1", 2)
    charge(database)
    assert facts(database, order, "capture") == [("capture", 2000, "requested")]


def test_gift_card_and_store_credit_pay_before_the_card(database: Database) -> None:
    gift = {"method": "gift_card", "reference": "G-1", "amount": "10", "captured": "10"}
    credit = {"method": "store_credit", "amount": "5", "captured": "5"}
    order = paid_order(database, [{**CARD, "amount": "35"}, credit, gift])
    ship(database, order, "P1", 1)
    charge(database)
    assert facts(database, order, "capture")[2:] == []

    ship(database, order, "P2", 4)
    charge(database)
    assert facts(database, order, "capture")[2:] == [("capture", 3500, "requested")]
    assert balance(database, order).uncovered == 0


def test_what_no_method_pays_is_uncovered(database: Database) -> None:
    order = paid_order(database, [{**CARD, "amount": "30"}])
    ship(database, order, "P1", 5)
    charge(database)
    found = balance(database, order)
    assert (found.charged, found.uncovered) == (5000, 2000)
    assert "payment.uncovered" in payment_events(database, order)


def test_a_further_authorization_pays_what_was_uncovered(database: Database) -> None:
    order = paid_order(database, [{**CARD, "amount": "30"}])
    ship(database, order, "P1", 5)
    charge(database)
    more = {**CARD, "reference": "AUTH-2", "amount": "20"}
    receive(database, document("1001", line(quantity=5), payments=[{**CARD, "amount": "30"}, more]))
    charge(database)
    assert balance(database, order).uncovered == 0
    assert facts(database, order, "capture") == [
        ("capture", 3000, "requested"),
        ("capture", 2000, "requested"),
    ]


def test_a_canceled_order_releases_its_authorization(database: Database) -> None:
    order = paid_order(database, [CARD], in_fulfillment=False)
    with database.unit_of_work() as session:
        outcomes = cancel_orders(session, [order], NOW, "Ada")
    assert outcomes[0].ok, outcomes
    charge(database)
    assert facts(database, order, "void") == [("void", 5000, "requested")]
    assert balance(database, order).kept == 0


def test_a_source_that_reduces_a_payment_releases_the_difference(database: Database) -> None:
    order = paid_order(database, [CARD])
    for _ in range(2):
        receive(database, document("1001", line(quantity=5), payments=[{**CARD, "amount": "45"}]))
    assert facts(database, order) == [
        ("authorization", 5000, "succeeded"),
        ("void", 500, "succeeded"),
    ]
    assert broken_invariants(database) == []


def test_digital_lines_are_captured_when_they_are_delivered(database: Database) -> None:
    order = paid_order(
        database, [CARD], line(quantity=5, delivery="digital"), external_id="digital"
    )
    charge(database)
    assert facts(database, order, "capture") == [("capture", 5000, "requested")]


def test_an_order_that_its_source_had_canceled_has_no_payments(database: Database) -> None:
    receive(database, document("1001", payments=[CARD], disposition="cancel"))
    with database.reading() as session:
        assert (
            session.connection()
            .exec_driver_sql("SELECT count(*) FROM payments.payment_fact")
            .scalar()
            == 0
        )


def test_repeated_payments_of_a_document_are_refused(database: Database) -> None:
    [result] = receive(database, document("1001", payments=[CARD, CARD]))
    assert not result.ok
    assert "same method and reference" in result.error

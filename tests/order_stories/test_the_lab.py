"""The four golden runs of the quick-start lab: same data, same outcomes."""

import json

import pytest

from openiom.app.invariants import check_invariants


@pytest.fixture
def ran(fabrikam):
    """All four orders handed in together, and everything at rest."""
    fabrikam.lab_order("IOMLabOrder001", country="US", quantity=110)
    fabrikam.lab_order("IOMLabOrder002", country="US", quantity=10)
    fabrikam.lab_order("IOMLabOrder003", country="US", quantity=1)
    fabrikam.lab_order("IOMLabOrder004", country="CA", quantity=10)
    fabrikam.settle()
    return fabrikam


def test_run_1_a_large_order_goes_to_seattle_by_two_mails(ran):
    order = ran.order("IOMLabOrder001")

    assert (order["state"], order["state_reason"]) == (
        "fulfillment_in_process",
        "Sent To Fulfillment",
    )
    assert (order["account"], order["price_list"]) == (
        "DefaultAccount-IOMLabOrderIntakeProvider",
        "MasterPriceList",
    )
    assert [(x["product"], x["unit"], x["quantity"], x["source"]) for x in order["lines"]] == [
        ("Barista Home", "ea", 110, "SEA")
    ]
    header, line = ran.lab.app.state.mailbox.mails
    assert header["to"] == line["to"] == "seattle@fabrikam.example"
    assert json.loads(header["text"])["order_number"] == "IOMLabOrder001"
    assert json.loads(line["text"])["quantity"] == 110


def test_run_2_a_small_order_goes_to_chicago_by_two_posts(ran):
    order = ran.order("IOMLabOrder002")

    assert (order["state"], order["state_reason"]) == (
        "fulfillment_in_process",
        "Sent To Fulfillment",
    )
    assert [x["source"] for x in order["lines"]] == ["CHI"]
    header, lines = ran.lab.app.state.posts
    assert (header["path"], lines["path"]) == (
        "/CreateFulfillmentOrder",
        "/CreateFulfillmentOrderLines",
    )
    assert json.loads(header["body"])["order_number"] == "IOMLabOrder002"
    assert [x["quantity"] for x in json.loads(lines["body"])["lines"]] == [10]


def test_run_3_a_line_of_one_unit_fails_with_its_header(ran):
    order = ran.order("IOMLabOrder003")
    line = order["lines"][0]

    assert (order["state"], order["state_reason"]) == ("on_hold", "Order Validation Failed")
    assert (line["state"], line["state_reason"]) == ("on_hold", "Order Line Validation Failed")
    assert ran.events("IOMLabOrder003") == [
        "order.created",
        "order.header_validation.succeeded",
        "order_line.validation.failed",
        "order.lines_validation.failed",
    ]


def test_run_4_an_order_to_canada_fails_before_its_lines_are_looked_at(ran):
    order = ran.order("IOMLabOrder004")

    assert (order["state"], order["state_reason"]) == ("on_hold", "Order Validation Failed")
    assert [x["state"] for x in order["lines"]] == ["new"]
    assert ran.events("IOMLabOrder004") == ["order.created", "order.header_validation.failed"]


def test_the_two_refused_orders_stand_where_a_person_sees_them_and_reserve_nothing(ran):
    failed = ran.fetch(
        "SELECT step, error->>'what' FROM orchestration.token WHERE state = 'failed' ORDER BY 2"
    )

    assert failed == [
        ("lines", "Lab: five or more units a line: fewer than 5 units: 1"),
        ("header", "Lab: ship-to country is US: no shipping to CA"),
    ]
    assert ran.fetch(
        "SELECT source, reserved::int FROM inventory_visibility.stock WHERE reserved > 0 ORDER BY 1"
    ) == [
        ("CHI", 10),
        ("SEA", 110),
    ]
    assert [c.name for c in check_invariants(ran.application.database) if c.violations] == []


def test_an_order_handed_in_again_is_one_order_and_one_mail(ran):
    with pytest.raises(AssertionError):
        ran.lab_order("IOMLabOrder001", country="US", quantity=110)  # its message is recognized
    ran.settle()

    assert ran.fetch("SELECT count(*) FROM orders.order WHERE number = 'IOMLabOrder001'") == [(1,)]
    assert len(ran.lab.app.state.mailbox.mails) == 2

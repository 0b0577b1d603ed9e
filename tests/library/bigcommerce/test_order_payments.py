"""What the store says of payments: credit, captured and authorized money."""

from typing import Any

import pytest

from openiom.library.bigcommerce.order_payments import PaymentReading

AUTHORIZED = {
    "total_inc_tax": "50.00",
    "payment_method": "Credit Card",
    "payment_status": "authorized",
    "payment_provider_id": "pi_1",
}


def payments(row: dict[str, Any], instance: str = "pay") -> list[dict[str, str]]:
    return PaymentReading(instance).payments(row)


def test_an_authorized_card_is_captured_by_the_instance() -> None:
    assert payments(AUTHORIZED) == [
        {
            "method": "card",
            "title": "Credit Card",
            "amount": "50.00",
            "provider": "pay",
            "reference": "pi_1",
        }
    ]


def test_without_an_instance_the_store_captures() -> None:
    assert payments(AUTHORIZED, "") == [
        {"method": "card", "title": "Credit Card", "amount": "50.00"}
    ]


def test_what_the_store_has_captured_is_prepaid() -> None:
    row = {**AUTHORIZED, "payment_status": "captured", "payment_method": "PayPal Commerce"}
    [payment] = payments(row)
    assert (payment["method"], payment["captured"]) == ("paypal", "50.00")


def test_credit_and_certificates_pay_a_part_of_the_total() -> None:
    row = {
        **AUTHORIZED,
        "subtotal_inc_tax": "45.00",
        "shipping_cost_inc_tax": "5.00",
        "store_credit_amount": "10.00",
        "gift_certificate_amount": "5.00",
    }
    assert [(one["method"], one["amount"]) for one in payments(row)] == [
        ("store_credit", "10.00"),
        ("gift_card", "5.00"),
        ("card", "35.00"),
    ]


def test_a_total_may_leave_out_what_credit_has_paid() -> None:
    row = {
        **AUTHORIZED,
        "total_inc_tax": "35.00",
        "subtotal_inc_tax": "50.00",
        "store_credit_amount": "15.00",
    }
    assert [one["amount"] for one in payments(row)] == ["15.00", "35.00"]


@pytest.mark.parametrize("status", ["declined", "refunded", "void"])
def test_a_payment_that_pays_nothing_is_left_out(status: str) -> None:
    assert payments({**AUTHORIZED, "payment_status": status}) == []


@pytest.mark.parametrize(
    ("title", "kind"),
    [("Bank Deposit", "bank_transfer"), ("Purchase Order", "invoice"), ("Manual", "other")],
)
def test_kinds_of_payment_methods(title: str, kind: str) -> None:
    assert payments({**AUTHORIZED, "payment_method": title})[0]["method"] == kind

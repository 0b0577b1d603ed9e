"""The text that a parked message is found by."""

import orjson
import pytest

from openiom.providers.search_text import MAX_LENGTH, search_text

ORDER = {
    "id": 103,
    "products": [{"name": "Hall mirror", "sku": "HALL-MIRROR", "quantity": 1}] * 300,
    "order_number": 103,
    "billing_address": {"first_name": "Rosa", "last_name": "Lindt", "email": "Rosa@Example.com"},
    "status": "Awaiting Fulfillment",
    "is_named": True,
}


@pytest.mark.parametrize(
    "words", ["103", "rosa lindt", "rosa@example.com", "hall-mirror", "hall mirror"]
)
def test_an_order_is_found_by_number_customer_email_and_product(words: str) -> None:
    assert words in search_text("103", orjson.dumps(ORDER).decode())


def test_values_of_other_names_are_not_searched() -> None:
    assert search_text("k", orjson.dumps(ORDER).decode()) == (
        "k 103 rosa lindt rosa@example.com hall mirror hall-mirror"
    )


def test_the_text_is_bounded_and_the_customer_comes_before_the_lines() -> None:
    lines = [{"name": f"Product {number}"} for number in range(2_000)]
    text = search_text("7", orjson.dumps({"lines": lines, "customer": {"name": "Ana"}}).decode())
    assert len(text) == MAX_LENGTH
    assert text.startswith("7 ana product 0 product 1 ")


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ("<Order No='9'/>", "k <order no='9'/>"),
        ("[]", "k"),
        ('{"name": ""}', "k"),
        ('{"name": "A\\u0000B"}', "k a b"),
        ('{"name": null, "phone": 5035550144}', "k 5035550144"),
    ],
)
def test_other_payloads(payload: str, text: str) -> None:
    assert search_text("k", payload) == text

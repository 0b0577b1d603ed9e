"""What a parked order costs, as its message says."""

from decimal import Decimal
from typing import Any

import pytest

from openiom.providers.message_total import message_total


@pytest.mark.parametrize(
    ("document", "total"),
    [
        ({"total_amount": "39.99", "currency": "USD"}, (Decimal("39.99"), "USD")),
        ({"total_amount": 12, "currency": "BRL"}, (Decimal(12), "BRL")),
        ({"total_amount": "-5", "currency": "EUR"}, (Decimal(-5), "EUR")),
        ({"total_amount": "39.99"}, None),
        ({"total_amount": "39.99", "currency": "dollars"}, None),
        ({"total_amount": "a lot", "currency": "USD"}, None),
        ({"total_amount": "NaN", "currency": "USD"}, None),
        ({"total_amount": "1e14", "currency": "USD"}, None),
        ({}, None),
    ],
)
def test_the_total_is_what_can_be_read_and_stored(document: dict[str, Any], total: Any) -> None:
    assert message_total(document) == total

"""What mappings release, read from documents that no package has checked yet."""

from decimal import Decimal

import pytest

from openiom.providers.message_total import amount_of


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("19.90", Decimal("19.90")),
        (20, Decimal(20)),
        (0.5, Decimal("0.5")),
        (None, None),
        ("", None),
        ("twenty", None),
        ("NaN", None),
        ("Infinity", None),
        ([1], None),
    ],
)
def test_what_is_no_amount_is_left_out(value: object, amount: Decimal | None) -> None:
    assert amount_of(value) == amount

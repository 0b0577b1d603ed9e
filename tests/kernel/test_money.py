"""Money rounds to the minor unit of its currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import minor_units, round_money
from openiom.kernel.money import MINOR_UNITS

AMOUNTS = st.decimals(min_value=-(10**12), max_value=10**12, allow_nan=False, places=6)
CURRENCIES = st.sampled_from(sorted(MINOR_UNITS))


@pytest.mark.parametrize(
    ("currency", "digits"),
    [
        ("USD", 2),
        ("EUR", 2),
        ("HUF", 2),
        ("JPY", 0),
        ("KRW", 0),
        ("CLP", 0),
        ("XOF", 0),
        ("BHD", 3),
        ("KWD", 3),
        ("TND", 3),
        ("CLF", 4),
    ],
)
def test_the_minor_unit_is_that_of_iso_4217(currency: str, digits: int) -> None:
    assert minor_units(currency) == digits


@pytest.mark.parametrize("currency", ["", "XYZ", "usd", "XAU"])
def test_a_code_without_a_minor_unit_has_two_digits(currency: str) -> None:
    assert currency not in MINOR_UNITS
    assert minor_units(currency) == 2


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("2.345", "USD", "2.34"),
        ("2.355", "USD", "2.36"),
        ("2.3451", "USD", "2.35"),
        ("-2.345", "USD", "-2.34"),
        ("2.5", "JPY", "2"),
        ("3.5", "JPY", "4"),
        ("1.0005", "BHD", "1.000"),
        ("1", "EUR", "1.00"),
    ],
)
def test_money_rounds_half_to_even(amount: str, currency: str, rounded: str) -> None:
    assert str(round_money(Decimal(amount), currency)) == rounded


@given(amount=AMOUNTS, currency=CURRENCIES)
def test_rounding_moves_an_amount_by_at_most_half_a_minor_unit(
    amount: Decimal, currency: str
) -> None:
    rounded = round_money(amount, currency)

    assert rounded.as_tuple().exponent == -minor_units(currency)
    assert abs(rounded - amount) <= Decimal(1).scaleb(-minor_units(currency)) / 2


@given(amount=AMOUNTS, currency=CURRENCIES)
def test_a_rounded_amount_stays_as_it_is(amount: Decimal, currency: str) -> None:
    rounded = round_money(amount, currency)

    assert round_money(rounded, currency) == rounded

"""Money rounds to the minor unit of its currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import (
    amount_text,
    minor_units,
    round_amount,
    round_cost,
    round_money,
    share_cost,
    share_money,
)
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


@pytest.mark.parametrize(
    ("amount", "currency", "rounded", "text"),
    [
        (1.105, "KWD", 1.105, "1.105"),
        (1.1, "KWD", 1.1, "1.100"),
        (1.1051, "KWD", 1.105, "1.105"),
        (1.105, "USD", 1.1, "1.10"),
        (1.115, "USD", 1.12, "1.12"),
        (2.675, "USD", 2.68, "2.68"),
        (0.1 + 0.2, "USD", 0.3, "0.30"),
        (1050.4, "JPY", 1050.0, "1050"),
        (1050.5, "JPY", 1050.0, "1050"),
        (12.34565, "CLF", 12.3456, "12.3456"),
        (-3.005, "", -3.0, "-3.00"),
        (4.5, "", 4.5, "4.50"),
    ],
)
def test_calculated_amounts_have_the_digits_of_their_currency(
    amount: float, currency: str, rounded: float, text: str
) -> None:
    assert round_amount(amount, currency) == rounded
    assert amount_text(amount, currency) == text
    assert amount_text(Decimal(repr(amount)), currency) == text


def test_a_cost_has_four_decimals_in_every_currency() -> None:
    assert round_cost(1.23456) == 1.2346
    assert round_cost(2) == 2.0


@pytest.mark.parametrize(
    ("amount", "weights", "currency", "shares"),
    [
        ("1.00", [1, 1, 1], "USD", ["0.34", "0.33", "0.33"]),
        ("2.00", [1, 1, 1], "USD", ["0.66", "0.67", "0.67"]),
        ("2.000", [1, 1, 1], "KWD", ["0.666", "0.667", "0.667"]),
        ("100", [1, 1, 1], "JPY", ["34", "33", "33"]),
        ("0.06", [1] * 10, "USD", ["0.01"] * 6 + ["0.00"] * 4),
        ("-0.06", [1] * 10, "USD", ["-0.01"] * 6 + ["0.00"] * 4),
        ("0", [3, 1], "USD", ["0.00", "0.00"]),
        ("10.0050", [1, 3], "USD", ["2.5050", "7.50"]),
        ("5.00", [2], "USD", ["5.00"]),
    ],
)
def test_money_is_shared_in_minor_units(
    amount: str, weights: list[int], currency: str, shares: list[str]
) -> None:
    found = share_money(Decimal(amount), weights, currency)
    assert found == [Decimal(share) for share in shares]


def test_money_is_not_shared_by_nothing() -> None:
    with pytest.raises(ValueError, match="weights above zero"):
        share_money(Decimal(1), [0, 0], "USD")


@given(
    amount=st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, places=4),
    weights=st.lists(st.integers(min_value=1, max_value=10**6), min_size=1, max_size=12),
    currency=CURRENCIES,
)
def test_shares_add_up_exactly_and_none_has_the_opposite_sign(
    amount: Decimal, weights: list[int], currency: str
) -> None:
    shares = share_money(amount, weights, currency)
    assert sum(shares) == amount
    assert all(share * amount >= 0 for share in shares)
    for share in shares[1:]:
        assert share == round_money(share, currency)


@pytest.mark.parametrize(
    ("cost", "parts", "shares"),
    [
        (1.0, 3, [0.3334, 0.3333, 0.3333]),
        (0.0002, 3, [0.0001, 0.0001, 0.0]),
        (-1.0, 3, [-0.3334, -0.3333, -0.3333]),
        (2.5, 1, [2.5]),
    ],
)
def test_shares_of_a_cost_add_up(cost: float, parts: int, shares: list[float]) -> None:
    assert share_cost(cost, parts) == shares

"""Quantities as integer steps."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import MAX_DECIMALS, Invalid, from_steps, split_steps, to_steps

DECIMALS = st.integers(min_value=0, max_value=MAX_DECIMALS)
STEPS = st.integers(min_value=-(10**18), max_value=10**18)
WEIGHTS = st.lists(
    st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=4), min_size=1, max_size=12
)


@pytest.mark.parametrize(
    ("quantity", "decimals", "steps"),
    [
        ("0", 0, 0),
        ("7", 0, 7),
        ("7.000", 0, 7),
        ("1.25", 2, 125),
        ("1.25", 4, 12_500),
        ("-0.5", 1, -5),
        ("1E+3", 0, 1000),
        ("0.0001", 4, 1),
    ],
)
def test_a_quantity_is_counted_in_steps_of_its_unit(
    quantity: str, decimals: int, steps: int
) -> None:
    assert to_steps(Decimal(quantity), decimals) == steps


@pytest.mark.parametrize(
    ("quantity", "decimals", "allowed"),
    [
        ("0.5", 0, "whole numbers only"),
        ("0.25", 1, "1 decimal"),
        ("1.001", 2, "2 decimals"),
        ("-1.00001", 4, "4 decimals"),
    ],
)
def test_a_quantity_finer_than_its_unit_is_refused_with_what_the_unit_allows(
    quantity: str, decimals: int, allowed: str
) -> None:
    with pytest.raises(Invalid) as refused:
        to_steps(Decimal(quantity), decimals)

    assert refused.value.what == (f"the quantity {quantity} is too fine: its unit allows {allowed}")
    assert refused.value.remedy == "round the quantity, or allow more decimals for the unit"


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_a_quantity_that_is_not_finite_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match=f"the quantity {text} is not a number"):
        to_steps(Decimal(text), 2)


def test_steps_are_written_with_all_decimals_of_the_unit() -> None:
    assert str(from_steps(125, 2)) == "1.25"
    assert str(from_steps(100, 2)) == "1.00"
    assert str(from_steps(-5, 1)) == "-0.5"
    assert str(from_steps(0, 0)) == "0"
    assert str(from_steps(1, 4)) == "0.0001"


@pytest.mark.parametrize("decimals", [-1, MAX_DECIMALS + 1])
def test_a_unit_has_at_most_four_decimals(decimals: int) -> None:
    with pytest.raises(ValueError, match=f"0 to 4 decimals, not {decimals}"):
        to_steps(Decimal(1), decimals)
    with pytest.raises(ValueError, match=f"0 to 4 decimals, not {decimals}"):
        from_steps(1, decimals)


@given(steps=STEPS, decimals=DECIMALS)
def test_steps_survive_the_way_to_a_quantity_and_back(steps: int, decimals: int) -> None:
    assert to_steps(from_steps(steps, decimals), decimals) == steps


@given(steps=STEPS, decimals=DECIMALS)
def test_a_quantity_of_steps_equals_their_exact_fraction(steps: int, decimals: int) -> None:
    assert Fraction(from_steps(steps, decimals)) == Fraction(steps, 10**decimals)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [1, 1], [5, 5]),
        (10, [1, 1, 1], [4, 3, 3]),
        (11, [1, 1, 1], [4, 4, 3]),
        (100, [1, 2, 4], [14, 29, 57]),
        (1, [1, 3], [0, 1]),
        (1, [2, 2, 2], [1, 0, 0]),
        (0, [1, 2], [0, 0]),
        (-10, [1, 1, 1], [-4, -3, -3]),
        (5, [0, 0], [3, 2]),
        (5, [0, 1], [0, 5]),
        (7, [3], [7]),
    ],
)
def test_steps_are_shared_by_the_largest_remainder(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert split_steps(total, weights) == shares


def test_decimal_weights_are_exact() -> None:
    assert split_steps(100, [Decimal("0.1"), Decimal("0.2"), Decimal("0.7")]) == [10, 20, 70]


@given(total=STEPS, weights=WEIGHTS)
def test_shares_add_up_and_are_less_than_a_step_from_their_proportion(
    total: int, weights: list[Decimal]
) -> None:
    shares = split_steps(total, weights)

    assert sum(shares) == total
    weight_sum = sum(Fraction(weight) for weight in weights)

    for share, weight in zip(shares, weights, strict=True):
        proportion = Fraction(weight) / weight_sum if weight_sum else Fraction(1, len(weights))
        assert abs(share - total * proportion) < 1


@given(total=STEPS, weights=WEIGHTS)
def test_the_opposite_amount_is_shared_into_opposite_shares(
    total: int, weights: list[Decimal]
) -> None:
    opposite = [-share for share in split_steps(total, weights)]

    assert split_steps(-total, weights) == opposite


def test_weights_are_required_and_not_negative() -> None:
    with pytest.raises(ValueError, match="at least one weight"):
        split_steps(1, [])
    with pytest.raises(ValueError, match="negative weights"):
        split_steps(1, [2, -1])

"""Quantities compared with plain references: text arithmetic, and the largest-remainder method."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openiom.kernel import MAX_DECIMALS, Invalid, from_steps, split_steps, to_steps
from openiom.kernel.quantity import _exact_weights, _proportions

DECIMALS = st.integers(min_value=0, max_value=MAX_DECIMALS)
STEPS = st.integers(min_value=-(10**15), max_value=10**15)
TOTALS = st.integers(min_value=0, max_value=10**9)
SMALL_WEIGHTS = st.lists(st.integers(min_value=0, max_value=9), min_size=1, max_size=8)


def written(steps: int, decimals: int) -> str:
    """Return steps as text, by moving the point in their digits."""
    sign = "-" if steps < 0 else ""
    digits = str(abs(steps)).rjust(decimals + 1, "0")
    if decimals == 0:
        return f"{sign}{digits}"
    return f"{sign}{digits[:-decimals]}.{digits[-decimals:]}"


def shared_one_by_one(total: int, weights: list[int]) -> list[int]:
    """Return the shares of the largest-remainder method, giving the rest away step by step."""
    if sum(weights) == 0:
        weights = [1] * len(weights)

    shares = [total * weight // sum(weights) for weight in weights]
    remainders = [total * weight % sum(weights) for weight in weights]

    while sum(shares) < total:
        place = remainders.index(max(remainders))
        shares[place] += 1
        remainders[place] = -1

    return shares


@given(steps=STEPS, decimals=DECIMALS)
def test_steps_are_written_by_moving_the_point(steps: int, decimals: int) -> None:
    assert f"{from_steps(steps, decimals):f}" == written(steps, decimals)


@given(steps=STEPS, decimals=DECIMALS)
def test_a_quantity_with_a_digit_too_many_is_refused(steps: int, decimals: int) -> None:
    finer = Decimal(written(steps * 10 + 1, decimals + 1))

    with pytest.raises(Invalid, match="is too fine"):
        to_steps(finer, decimals)


@given(steps=STEPS, decimals=DECIMALS, zeros=st.integers(min_value=1, max_value=6))
def test_zeros_at_the_end_change_nothing(steps: int, decimals: int, zeros: int) -> None:
    longer = Decimal(written(steps * 10**zeros, decimals + zeros))

    assert to_steps(longer, decimals) == steps


@given(total=TOTALS, weights=SMALL_WEIGHTS)
def test_shares_are_those_of_the_largest_remainder_method(total: int, weights: list[int]) -> None:
    assert split_steps(total, weights) == shared_one_by_one(total, weights)


@given(total=TOTALS, weights=SMALL_WEIGHTS, factor=st.integers(min_value=1, max_value=1000))
def test_only_the_proportion_of_weights_counts(total: int, weights: list[int], factor: int) -> None:
    larger = [weight * factor for weight in weights]
    smaller = [Fraction(weight, factor) for weight in weights]

    assert split_steps(total, larger) == split_steps(total, weights)
    assert split_steps(total, smaller) == split_steps(total, weights)


@given(total=TOTALS, weights=SMALL_WEIGHTS)
def test_a_larger_weight_never_gets_a_smaller_share(total: int, weights: list[int]) -> None:
    shares = split_steps(total, weights)

    for place, weight in enumerate(weights):
        for other, other_weight in enumerate(weights):
            if weight > other_weight:
                assert shares[place] >= shares[other]


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (2, [1, 1, 1], [1, 1, 0]),
        (4, [1, 1, 1], [2, 1, 1]),
        (3, [1, 2, 1], [1, 1, 1]),
        (10, [7, 2, 1], [7, 2, 1]),
        (1, [1, 1], [1, 0]),
        (-1, [1, 1], [-1, 0]),
        (1, [0, 0, 0], [1, 0, 0]),
        (9, [0, 3, 0], [0, 9, 0]),
        (5, [Fraction(1, 3), Fraction(2, 3)], [2, 3]),
    ],
)
def test_the_steps_left_over_go_to_the_largest_remainders(total, weights, shares) -> None:
    assert split_steps(total, weights) == shares


def test_proportions_are_fractions_of_the_sum() -> None:
    assert _proportions([1, 2, 5]) == [Fraction(1, 8), Fraction(1, 4), Fraction(5, 8)]
    assert _proportions([0, 0]) == [Fraction(1, 2), Fraction(1, 2)]
    assert _proportions([Decimal("0.5"), 0]) == [Fraction(1), Fraction(0)]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([], "split_steps needs at least one weight"),
        ([-1], "split_steps does not accept negative weights"),
        ([5, Decimal("-0.0001")], "split_steps does not accept negative weights"),
    ],
)
def test_weights_that_cannot_be_shared_by(weights: list[Decimal | int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _exact_weights(weights)


def test_a_weight_of_zero_is_accepted() -> None:
    assert _exact_weights([0, Decimal("0.25")]) == [Fraction(0), Fraction(1, 4)]


@pytest.mark.parametrize("decimals", [0, MAX_DECIMALS])
def test_the_fewest_and_the_most_decimals_are_accepted(decimals: int) -> None:
    assert to_steps(Decimal(3), decimals) == 3 * 10**decimals
    assert from_steps(3 * 10**decimals, decimals) == 3


def test_a_unit_has_up_to_four_decimals() -> None:
    assert MAX_DECIMALS == 4

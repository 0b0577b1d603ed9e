"""The view of a requester on many stock keys equals the decision for each of them."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from openiom.inventory_visibility.availability.atp import (
    HUNDRED_PERCENT,
    TICKS,
    RequesterView,
    atp,
    lowest_from,
    project,
    ticks,
    units,
)

TODAY = date(2026, 11, 20)


def view(own: int = 0, kept_back: int = 0, buffer: int = 0, percent: int = 0) -> RequesterView:
    one = [np.array([value], dtype=np.int64) for value in (own, kept_back, buffer, percent)]
    return RequesterView(*one)


def available(found: RequesterView, *common: int) -> list[int]:
    return [int(value) for value in found.available(np.array([common], dtype=np.int64))[0]]


def test_quantities_are_exact_in_ticks() -> None:
    assert ticks(Decimal("1.2345")) == 12_345
    assert units(12_345) == Decimal("1.2345")
    assert units(np.int64(-5)) == Decimal("-0.0005")
    assert TICKS == 10_000


def test_common_units_and_own_allocations_are_available() -> None:
    assert available(view(), 100, 0, -5) == [100, 0, -5]
    assert available(view(own=7), 100, 0, -5) == [107, 7, 2]


def test_a_buffer_is_kept_from_common_units_only() -> None:
    assert available(view(buffer=30), 100, 30, 10, -5) == [70, 0, 0, -5]
    assert available(view(own=7, buffer=30), 100, 10) == [77, 7]


def test_a_percentage_counts_on_hand_and_is_rounded_up() -> None:
    ten_percent = HUNDRED_PERCENT // 10
    assert available(view(percent=ten_percent), 100) == [90]
    assert available(view(kept_back=100, percent=ten_percent), 100) == [80]
    assert available(view(percent=ten_percent), 101) == [90]
    assert available(view(buffer=30, percent=ten_percent), 100, 1_000) == [70, 900]


def test_percentages_of_large_quantities_stay_within_64_bits() -> None:
    large = 10**17
    assert available(view(percent=HUNDRED_PERCENT // 2), large) == [large // 2]
    assert available(view(percent=HUNDRED_PERCENT), large) == [0]


def test_less_common_stock_never_makes_more_available() -> None:
    found = view(own=50, kept_back=200, buffer=30, percent=12_345)
    offers = available(found, *range(-300, 900, 7))
    assert offers == sorted(offers)


def test_each_key_has_its_own_limits() -> None:
    found = RequesterView(
        own=np.array([0, 5]),
        kept_back=np.array([0, 0]),
        buffer=np.array([10, 0]),
        percent=np.array([0, 0]),
    )
    assert found.available(np.array([[20, 5], [20, 5]])).tolist() == [[10, 0], [25, 10]]


def test_the_lowest_projection_looks_ahead_only() -> None:
    assert lowest_from(np.array([[5, 2, 9, 4, 7]])).tolist() == [[2, 2, 4, 4, 7]]


def test_a_projection_adds_dated_changes_from_day_to_day() -> None:
    found = project(np.array([10]), np.array([[0, 5, 0]]), np.array([[3, 0, 4]]))
    assert found.projected.tolist() == [[7, 12, 8]]
    assert found.atp.tolist() == [[7, 8, 8]]


@pytest.mark.parametrize(("offset", "counts"), [(-1, False), (0, True), (2, True), (3, False)])
def test_changes_outside_the_window_are_ignored(offset: int, counts: bool) -> None:
    timeline = atp(Decimal(10), {TODAY + timedelta(days=offset): Decimal(-1)}, today=TODAY, days=3)
    assert [day.day for day in timeline] == [TODAY + timedelta(days=n) for n in range(3)]
    assert timeline[-1].projected == (9 if counts else 10)
    assert sum(day.demand for day in timeline) == int(counts)
    assert all(day.supply == 0 for day in timeline)


def test_several_changes_of_one_day_add_up() -> None:
    changes = [(TODAY, Decimal(2)), (TODAY, Decimal(3)), (TODAY, Decimal(-1))]
    (day,) = atp(Decimal(0), changes, today=TODAY, days=1)
    assert (day.supply, day.demand, day.projected, day.atp) == (5, 1, 4, 4)

"""How far an order is from what refused it: minutes past the cut-off, kilometers, lateness."""

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fulfillment_optimization.builders import NOON, order, place, setting

from openiom.fulfillment_optimization.what_if import (
    _first_wanted_day,
    _lateness_weight,
    _maximum_km,
    _minutes,
    _minutes_past_cutoff,
    _reliefs,
    _Reserved,
    _same_day,
    _saved_lateness,
    _units_by_source,
)
from openiom.logistics import CalendarBody, SourceTiming, accepts_order

WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]
DAY = [{"opens": "08:00", "closes": "17:00"}]
OFFICE = {"title": "Office", "hours": dict.fromkeys(WEEK, DAY)}
CALENDAR = CalendarBody.model_validate(OFFICE).calendar()
FOURTEEN = SourceTiming(CALENDAR, cutoff=time(14))


def friday(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "minutes"),
    [
        (friday(13, 59), 0),
        (friday(14), 1),
        (friday(14, 0, 1), 1),
        (friday(14, 0, 59), 1),
        (friday(14, 1), 2),
        (friday(14, 30), 31),
        (friday(16, 59), 180),
        (friday(19), 301),
        (friday(7, 59), 0),
        (friday(12) + timedelta(days=1), 0),
    ],
)
def test_minutes_by_which_an_order_missed_the_cut_off_of_its_day(
    now: datetime, minutes: int
) -> None:
    assert _minutes_past_cutoff(FOURTEEN, now) == minutes


def test_without_a_cut_off_no_order_is_late() -> None:
    assert _minutes_past_cutoff(SourceTiming(CALENDAR), friday(16)) == 0


@given(st.integers(0, 24 * 60 * 60 - 1))
def test_an_order_so_many_minutes_earlier_is_accepted_and_no_earlier_than_needed(
    second: int,
) -> None:
    now = friday(0) + timedelta(seconds=second)
    minutes = _minutes_past_cutoff(FOURTEEN, now)
    if accepts_order(CALENDAR, FOURTEEN.cutoff, now):
        assert minutes == 0
    elif minutes:
        earlier = now - timedelta(minutes=minutes)
        assert accepts_order(CALENDAR, FOURTEEN.cutoff, earlier)
        assert not accepts_order(CALENDAR, FOURTEEN.cutoff, earlier + timedelta(minutes=1))
    else:
        assert now < friday(8), "before the opening no earlier order helps"


def test_minutes_until_a_closed_source_opens_and_past_the_cut_off_of_each_source() -> None:
    near = place("NEAR", 1.0, calendar="office", cutoff="11:00")
    late = place("LATE", 2.0, calendar="evening")
    never = place("NEVER", 3.0, calendar="never")
    evening = {"title": "E", "hours": {"friday": [{"opens": "18:30", "closes": "20:00"}]}}
    closed = {"title": "N", "hours": {"friday": []}}
    config = setting(
        [near, late, never],
        calendars={"office": OFFICE, "evening": evening, "never": closed},
    )
    past, until_open = _minutes(config, NOON)
    by_name = dict(zip(config.names, zip(past, until_open, strict=True), strict=True))
    assert by_name == {"NEAR": (61, 0), "LATE": (0, 390), "NEVER": (0, 0)}


def test_the_smallest_hard_limit_on_the_distance_counts() -> None:
    sources = [place("NEAR", 1.0), place("FAR", 20.0)]
    assert _maximum_km(setting(sources), NOON).tolist() == [np.inf, np.inf]
    limited = setting(sources, maximum_distance_km=800.0)
    assert _maximum_km(limited, NOON).tolist() == [800.0, 800.0]


def test_kilometers_beyond_the_limit_are_rounded_up_to_ten_meters() -> None:
    config = setting([place("NEAR", 1.0), place("FAR", 10.0)], maximum_distance_km=800.0)
    beyond, *_ = _reliefs(config, order("A", LAMP=1), NOON)
    assert beyond.kind == "km"
    by_name = dict(zip(config.names, beyond.amount.tolist(), strict=True))
    assert by_name["NEAR"] == 0
    assert by_name["FAR"] == pytest.approx(311.95, abs=0.011)


def test_lateness_is_saved_only_where_it_costs_and_a_day_is_requested() -> None:
    source = place("A", 1.0, calendar="office", cutoff="11:00", processing_days=0)
    config = setting([source], calendars={"office": OFFICE}, weights={"lateness_per_day": 5.0})
    km, minutes = np.array([111.0]), np.array([61.0])
    wanted = order("A", LAMP=1, wanted=date(2026, 11, 21))
    saved = _saved_lateness(config, km, wanted, minutes, NOON)
    assert saved.tolist() == [5.0], "shipped on Friday it arrives on Monday, not on Tuesday"
    undated = order("A", LAMP=1)
    assert _saved_lateness(config, km, undated, minutes, NOON).tolist() == [0.0]
    in_time = _saved_lateness(config, km, wanted, np.array([0.0]), NOON)
    assert in_time.tolist() == [0.0], "there is no cut-off to move"
    free = setting([source], calendars={"office": OFFICE}, weights={"lateness_per_day": 0.0})
    assert _saved_lateness(free, km, wanted, minutes, NOON).tolist() == [0.0]


def test_lateness_has_a_price_where_costs_are_minimized() -> None:
    priced = setting([place("A", 1.0)], weights={"lateness_per_day": 3.0})
    assert _lateness_weight(priced) == 3.0
    nearest = setting([place("A", 1.0)], weights={"lateness_per_day": 3.0}, objective="distance")
    assert _lateness_weight(nearest) == 0.0


def test_the_first_requested_day_of_an_order_counts() -> None:
    early, late = date(2026, 11, 23), date(2026, 11, 24)
    lines = [
        *order("A", LAMP=1),
        *order("B", LAMP=1, wanted=late),
        *order("C", LAMP=1, wanted=early),
    ]
    assert _first_wanted_day(lines) == early
    assert _first_wanted_day(lines[:2]) == late
    assert _first_wanted_day(lines[:1]) is None


def test_reserved_units_add_up_by_product_and_source() -> None:
    rows = [
        _Reserved("LAMP", "SEA", 2, NOON),
        _Reserved("LAMP", "SEA", 3, NOON),
        _Reserved("LAMP", "CHI", 1, NOON),
        _Reserved("DESK", "SEA", 4, NOON),
    ]
    assert _units_by_source(rows) == {
        ("LAMP", "SEA"): 5,
        ("LAMP", "CHI"): 1,
        ("DESK", "SEA"): 4,
    }


@pytest.mark.parametrize(
    ("zone", "same"), [("UTC", False), ("America/Los_Angeles", True), ("Asia/Tokyo", True)]
)
def test_the_day_is_that_of_the_source(zone: str, same: bool) -> None:
    evening = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    assert _same_day(evening, evening + timedelta(hours=1), zone) is same

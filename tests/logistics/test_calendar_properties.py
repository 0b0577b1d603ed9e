"""Working calendars against a model that counts single minutes."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openiom.logistics import (
    CalendarBody,
    WorkingCalendar,
    accepts_order,
    is_open,
    next_open,
    ready_at,
)

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ZONES = ("UTC", "America/New_York", "Asia/Kolkata")
START = datetime(2026, 11, 16, tzinfo=UTC)
"""A Monday in a week without a change of clocks."""

MINUTE = timedelta(minutes=1)


def wall(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def calendars(draw: st.DrawFn) -> WorkingCalendar:
    """Up to two spans a day in quarters of an hour; at least one day has hours."""
    hours: dict[str, list[dict[str, str]]] = {}
    open_days = draw(st.sets(st.sampled_from(WEEK), min_size=1, max_size=7))

    for day in sorted(open_days):
        quarters = sorted(draw(st.sets(st.integers(0, 96), min_size=2, max_size=4)))
        spans = []
        for opens, closes in zip(quarters[::2], quarters[1::2], strict=False):
            spans.append({"opens": wall(opens * 15), "closes": wall(closes * 15)})

        hours[day] = spans

    body: dict[str, Any] = {"title": "c", "hours": hours}
    body["time_zone"] = draw(st.sampled_from(ZONES))
    return CalendarBody.model_validate(body).calendar()


instants = st.integers(0, 7 * 24 * 60 - 1).map(lambda minutes: START + minutes * MINUTE)


def open_by_hand(calendar: WorkingCalendar, at: datetime) -> bool:
    local = at.astimezone(calendar.zone)
    minutes = local.hour * 60 + local.minute
    return any(opens <= minutes < closes for opens, closes in calendar.weekly[local.weekday()])


@given(calendars(), instants)
def test_a_place_is_open_from_each_opening_to_just_before_the_closing(
    calendar: WorkingCalendar, at: datetime
) -> None:
    assert is_open(calendar, at) is open_by_hand(calendar, at)


@given(calendars(), instants, st.integers(0, 23))
def test_an_order_is_accepted_while_open_and_before_the_cut_off(
    calendar: WorkingCalendar, at: datetime, hour: int
) -> None:
    is_early = at.astimezone(calendar.zone).hour < hour
    accepted = open_by_hand(calendar, at) and is_early
    assert accepts_order(calendar, time(hour), at) is accepted
    assert accepts_order(calendar, None, at) is open_by_hand(calendar, at)


@settings(max_examples=40)
@given(calendars(), instants)
def test_the_next_opening_is_the_first_open_minute(calendar: WorkingCalendar, at: datetime) -> None:
    found = next_open(calendar, at)
    assert found is not None
    assert open_by_hand(calendar, found)
    minutes = int((found - at) / MINUTE)
    assert not any(open_by_hand(calendar, at + n * MINUTE) for n in range(minutes))


@settings(max_examples=40)
@given(calendars(), instants, st.integers(1, 6 * 60))
def test_processing_hours_count_open_minutes_only(
    calendar: WorkingCalendar, at: datetime, worked: int
) -> None:
    found = ready_at(calendar, cutoff=None, hours=worked / 60, days=9, at=at)
    assert found is not None
    minutes = round((found - at) / MINUTE)
    counted = sum(open_by_hand(calendar, at + n * MINUTE) for n in range(minutes))
    assert counted == worked
    assert open_by_hand(calendar, found - MINUTE), "it is ready at the end of an open minute"


@settings(max_examples=40)
@given(calendars(), instants, st.integers(1, 9))
def test_processing_days_end_within_the_hours_of_that_working_day(
    calendar: WorkingCalendar, at: datetime, days: int
) -> None:
    start = next_open(calendar, at)
    assert start is not None
    found = ready_at(calendar, cutoff=None, hours=None, days=days, at=at)
    assert found is not None
    begins = start.astimezone(calendar.zone)
    ends = found.astimezone(calendar.zone)
    # A span that closes at midnight ends on the next local day.
    last = (ends - MINUTE).date() if not open_by_hand(calendar, found) else ends.date()

    passed = 0
    day = begins.date()
    while day < last:
        day += timedelta(days=1)
        passed += bool(calendar.weekly[day.weekday()])

    assert passed == days
    if open_by_hand(calendar, found) and found - MINUTE > start:
        is_same_time = (ends.hour, ends.minute) == (begins.hour, begins.minute)
        assert is_same_time or not open_by_hand(calendar, found - MINUTE)


@pytest.mark.parametrize("days", [0, 1, 3])
def test_a_place_that_never_opens_is_never_ready(days: int) -> None:
    closed = WorkingCalendar(zone=ZoneInfo("UTC"), weekly=((),) * 7)
    assert next_open(closed, START) is None
    assert ready_at(closed, cutoff=None, hours=None, days=days, at=START) is None
    assert ready_at(closed, cutoff=time(9), hours=2, days=days, at=START) is None


def test_more_working_days_than_the_horizon_are_never_over() -> None:
    always = WorkingCalendar()
    assert ready_at(always, cutoff=None, hours=None, days=400, at=START) is not None
    assert ready_at(always, cutoff=None, hours=None, days=401, at=START) is None

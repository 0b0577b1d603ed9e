"""The next pickup of a carrier, to the minute: zones, clock changes, closures and recurrences."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from openiom.logistics import (
    ALWAYS_OPEN,
    CalendarBody,
    PickupSchedule,
    PickupScheduleBody,
    WorkingCalendar,
    next_pickup,
)

WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def instant(text: str, zone: str = "America/New_York") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def calendar(**more: object) -> WorkingCalendar:
    body = {"title": "c", "time_zone": "America/New_York", **more}
    return CalendarBody.model_validate(body).calendar()


def daily(*times: str, zone: str = "", rule: str = "") -> PickupSchedule:
    pickups = [{"weekdays": WEEK, "at": at} for at in times]
    body = {"title": "p", "carrier": "ups", "time_zone": zone, "pickups": pickups, "rule": rule}
    return PickupScheduleBody.model_validate(body).schedule()


@pytest.mark.parametrize(
    ("ready", "expected"),
    [
        ("2026-11-20T07:00", "2026-11-20T08:00"),
        ("2026-11-20T08:00", "2026-11-20T08:00"),
        ("2026-11-20T08:01", "2026-11-20T12:30"),
        ("2026-11-20T12:30", "2026-11-20T12:30"),
        ("2026-11-20T12:31", "2026-11-20T17:00"),
        ("2026-11-20T17:00", "2026-11-20T17:00"),
        ("2026-11-20T17:01", "2026-11-23T08:00"),
        ("2026-11-21T12:00", "2026-11-23T08:00"),
    ],
)
def test_the_next_pickup_is_the_first_one_from_ready_on_within_working_hours(
    ready: str, expected: str
) -> None:
    schedule = daily("07:59", "08:00", "12:30", "17:00", "17:01")
    assert next_pickup(schedule, calendar(), instant(ready)) == instant(expected)


def test_a_schedule_in_another_zone_keeps_that_zones_clock() -> None:
    west = daily("09:00", zone="America/Los_Angeles")
    assert west.zone == ZoneInfo("America/Los_Angeles")
    assert next_pickup(west, calendar(), instant("2026-11-20T08:00")) == instant("2026-11-20T12:00")
    assert next_pickup(daily("09:00"), calendar(), instant("2026-11-20T08:00")) == instant(
        "2026-11-20T09:00"
    )


def test_the_day_of_a_schedule_begins_by_its_own_clock() -> None:
    """Friday 22:00 in Los Angeles is Saturday in UTC and still a Friday pickup."""
    body = {
        "title": "p",
        "carrier": "ups",
        "time_zone": "America/Los_Angeles",
        "pickups": [{"weekdays": ["friday"], "at": "22:00"}],
    }
    schedule = PickupScheduleBody.model_validate(body).schedule()
    ready = instant("2026-11-20T20:00", "America/Los_Angeles")
    assert next_pickup(schedule, ALWAYS_OPEN, ready) == instant(
        "2026-11-20T22:00", "America/Los_Angeles"
    )


@pytest.mark.parametrize(
    ("ready", "expected"),
    [
        ("2026-03-05T22:00", "2026-03-06T21:00"),
        ("2026-03-06T21:01", "2026-03-09T20:00"),
        ("2026-10-29T21:00", "2026-10-30T20:00"),
        ("2026-10-30T21:00", "2026-11-02T21:00"),
    ],
)
def test_pickups_follow_the_clock_through_both_changes(ready: str, expected: str) -> None:
    schedule = daily("16:00")
    found = next_pickup(schedule, calendar(), datetime.fromisoformat(ready).replace(tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_place_that_closes_at_midnight_is_attended_until_then() -> None:
    open_late = calendar(hours={"friday": [{"opens": "20:00", "closes": "24:00"}]})
    midnight = daily("00:00")
    assert next_pickup(midnight, open_late, instant("2026-11-20T21:00")) == instant(
        "2026-11-21T00:00"
    )
    closed_before = calendar(hours={"friday": [{"opens": "20:00", "closes": "23:00"}]})
    assert next_pickup(midnight, closed_before, instant("2026-11-20T21:00")) == instant(
        "2026-11-27T20:00"
    )


def test_a_weekday_without_pickups_is_skipped() -> None:
    body = {
        "title": "p",
        "carrier": "ups",
        "pickups": [
            {"weekdays": ["thursday", "tuesday"], "at": "16:00"},
            {"weekdays": ["tuesday"], "at": "09:30"},
        ],
    }
    schedule = PickupScheduleBody.model_validate(body).schedule()
    assert schedule.weekly == ((), (570, 960), (), (960,), (), (), ())
    assert next_pickup(schedule, calendar(), instant("2026-11-19T16:01")) == instant(
        "2026-11-24T09:30"
    )


@pytest.mark.parametrize(("reopens", "expected"), [(59, "pickup"), (60, "opening")])
def test_the_search_for_a_pickup_ends_after_two_months(reopens: int, expected: str) -> None:
    """Closed from Monday 2026-01-05 on; the pickup is on the day the place opens again."""
    first = date(2026, 1, 5)
    last = first + timedelta(days=reopens - 1)
    closed = calendar(
        hours={day: [{"opens": "08:00", "closes": "17:00"}] for day in WEEK},
        closures=[{"from": str(first), "to": str(last)}],
    )
    found = next_pickup(daily("10:00"), closed, instant("2026-01-05T07:00"))
    hour = "10:00" if expected == "pickup" else "08:00"
    assert found == instant(f"{last + timedelta(days=1)}T{hour}")


def test_a_schedule_without_a_pickup_yields_the_opening_of_the_next_working_day() -> None:
    none = PickupSchedule("ups")
    assert next_pickup(none, calendar(), instant("2026-11-20T07:00")) == instant("2026-11-23T08:00")
    closed = calendar(closures=[{"from": "2026-01-01", "to": "2028-12-31"}])
    assert next_pickup(none, closed, instant("2026-11-20T07:00")) is None


@pytest.mark.parametrize(
    ("rule", "ready", "expected"),
    [
        ("FREQ=DAILY;BYHOUR=9,15", "2026-11-20T09:01", "2026-11-20T15:00"),
        ("FREQ=DAILY;BYHOUR=9", "2026-11-20T09:01", "2026-11-23T09:00"),
        ("FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=11", "2026-11-20T12:00", "2026-11-27T11:00"),
        ("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=4;BYHOUR=16", "2026-12-20T12:00", "2027-01-04T16:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=10", "2024-01-01T09:00", "2024-01-01T10:00"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO;BYHOUR=10", "2024-01-01T10:01", "2024-01-15T10:00"),
    ],
)
def test_recurrences_are_wall_times_of_the_source(rule: str, ready: str, expected: str) -> None:
    assert next_pickup(
        daily(rule=f"{rule};BYMINUTE=0;BYSECOND=0"), calendar(), instant(ready)
    ) == instant(expected)


def test_a_recurrence_adds_to_the_weekly_pickups() -> None:
    both = daily("16:00", rule="FREQ=WEEKLY;BYDAY=FR;BYHOUR=12;BYMINUTE=0;BYSECOND=0")
    assert next_pickup(both, calendar(), instant("2026-11-19T11:00")) == instant("2026-11-19T16:00")
    assert next_pickup(both, calendar(), instant("2026-11-20T11:00")) == instant("2026-11-20T12:00")
    assert next_pickup(both, calendar(), instant("2026-11-20T12:01")) == instant("2026-11-20T16:00")

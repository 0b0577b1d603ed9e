"""Opening hours by the local clock: zones, clock changes, holidays, closures and cut-offs."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from openiom.logistics import (
    ALWAYS_OPEN,
    CalendarBody,
    WorkingCalendar,
    accepts_order,
    is_open,
    next_open,
    ready_at,
)

WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]


def calendar(zone: str = "America/New_York", **more: object) -> WorkingCalendar:
    return CalendarBody.model_validate({"title": "c", "time_zone": zone, **more}).calendar()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: str = "America/New_York") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "opened"),
    [
        ("2026-11-20T07:59", False),
        ("2026-11-20T08:00", True),
        ("2026-11-20T16:59", True),
        ("2026-11-20T17:00", False),
        ("2026-11-21T10:00", False),
    ],
)
def test_a_place_is_open_from_its_opening_to_just_before_its_closing_by_its_own_clock(
    at: str, opened: bool
) -> None:
    assert is_open(calendar(), local(at)) is opened


def test_the_same_instant_is_morning_in_one_zone_and_night_in_another() -> None:
    at = utc("2026-11-20T14:00")
    assert [
        is_open(calendar(z), at) for z in ("America/New_York", "America/Los_Angeles", "Asia/Tokyo")
    ] == [
        True,
        False,
        False,
    ]


def test_opening_hours_follow_the_clock_through_both_changes_of_the_year() -> None:
    assert next_open(calendar(), utc("2026-03-06T00:00")) == utc("2026-03-06T13:00")
    assert next_open(calendar(), utc("2026-03-09T00:00")) == utc("2026-03-09T12:00")
    assert next_open(calendar(), utc("2026-10-30T00:00")) == utc("2026-10-30T12:00")
    assert next_open(calendar(), utc("2026-11-02T00:00")) == utc("2026-11-02T13:00")


def test_the_repeated_hour_is_worked_twice_and_the_skipped_hour_not_at_all() -> None:
    night = calendar(hours={"sunday": [{"opens": "01:00", "closes": "02:00"}]})
    opens = utc("2026-11-01T05:00")
    assert ready_at(night, cutoff=None, hours=2, days=0, at=opens) == opens + timedelta(hours=2)
    gap = calendar(hours={"sunday": [{"opens": "02:00", "closes": "04:00"}]})
    assert [
        is_open(gap, utc(t)) for t in ("2026-03-08T06:59", "2026-03-08T07:00", "2026-03-08T08:00")
    ] == [
        False,
        True,
        False,
    ]


def test_a_holiday_closes_a_place_and_an_opening_of_that_day_overrides_it() -> None:
    with_holidays = calendar(holidays=[{"country": "US"}])
    noon = local("2026-11-26T12:00")
    assert (is_open(calendar(), noon), is_open(with_holidays, noon)) == (True, False)
    assert next_open(with_holidays, noon) == local("2026-11-27T08:00")
    half = calendar(
        holidays=[{"country": "US"}],
        openings=[{"date": "2026-11-26", "hours": [{"opens": "10:00", "closes": "13:00"}]}],
    )
    assert is_open(half, noon)


def test_a_holiday_of_a_subdivision_closes_only_there() -> None:
    cesar_chavez = local("2026-03-31T12:00", "America/Los_Angeles")
    california = calendar("America/Los_Angeles", holidays=[{"country": "US", "subdivision": "CA"}])
    washington = calendar("America/Los_Angeles", holidays=[{"country": "US", "subdivision": "WA"}])
    assert (is_open(california, cesar_chavez), is_open(washington, cesar_chavez)) == (False, True)


def test_an_observed_holiday_closes_the_weekday_it_is_moved_to() -> None:
    assert not is_open(calendar(holidays=[{"country": "US"}]), local("2026-07-03T12:00"))


def test_a_closed_week_over_the_end_of_the_year_opens_on_the_first_working_day_after_it() -> None:
    closed = calendar(
        holidays=[{"country": "US"}], closures=[{"from": "2026-12-24", "to": "2026-12-31"}]
    )
    assert next_open(closed, local("2026-12-23T17:00")) == local("2027-01-04T08:00")
    assert ready_at(closed, cutoff=None, hours=None, days=1, at=local("2026-12-23T15:30")) == local(
        "2027-01-04T15:30"
    )


def test_a_place_closed_for_longer_than_a_year_never_opens() -> None:
    closed = calendar(closures=[{"from": "2026-01-01", "to": "2030-12-31"}])
    assert next_open(closed, utc("2026-11-20T12:00")) is None
    assert ready_at(closed, cutoff=None, hours=1, days=0, at=utc("2026-11-20T12:00")) is None


@pytest.mark.parametrize(
    ("at", "accepted"),
    [("2026-11-20T07:30", False), ("2026-11-20T13:59", True), ("2026-11-20T14:00", False)],
)
def test_an_order_is_accepted_while_open_and_before_the_cut_off(at: str, accepted: bool) -> None:
    assert accepts_order(calendar(), time(14), local(at)) is accepted


def test_processing_hours_run_only_while_the_place_is_open() -> None:
    ready = ready_at(calendar(), cutoff=time(14), hours=4, days=9, at=local("2026-11-20T13:30"))
    assert ready == local("2026-11-23T08:30")


def test_an_order_after_the_cut_off_begins_on_the_next_working_day_at_its_opening() -> None:
    friday = local("2026-11-20T14:00")
    assert ready_at(calendar(), cutoff=time(14), hours=4, days=0, at=friday) == local(
        "2026-11-23T12:00"
    )
    assert ready_at(calendar(), cutoff=time(14), hours=None, days=0, at=friday) == local(
        "2026-11-23T08:00"
    )
    assert ready_at(calendar(), cutoff=time(14), hours=None, days=1, at=friday) == local(
        "2026-11-24T08:00"
    )


def test_whole_working_days_keep_the_time_of_day_within_the_hours_of_the_day_they_end_on() -> None:
    shorter = calendar(
        hours={
            **{d: [{"opens": "08:00", "closes": "17:00"}] for d in WEEK[:4]},
            "friday": [{"opens": "09:00", "closes": "12:00"}],
        }
    )
    assert ready_at(
        shorter, cutoff=None, hours=None, days=1, at=local("2026-11-19T16:00")
    ) == local("2026-11-20T12:00")
    assert ready_at(
        shorter, cutoff=None, hours=None, days=1, at=local("2026-11-19T08:10")
    ) == local("2026-11-20T09:00")
    assert ready_at(
        shorter, cutoff=None, hours=None, days=2, at=local("2026-11-19T16:00")
    ) == local("2026-11-23T16:00")


def test_a_break_at_noon_is_not_worked() -> None:
    split = calendar(
        hours={
            d: [{"opens": "13:00", "closes": "17:00"}, {"opens": "08:00", "closes": "12:00"}]
            for d in WEEK
        }
    )
    assert ready_at(split, cutoff=None, hours=2, days=0, at=local("2026-11-20T11:00")) == local(
        "2026-11-20T14:00"
    )
    assert not is_open(split, local("2026-11-20T12:30"))


def test_a_place_open_around_the_clock_works_through_midnight() -> None:
    assert ready_at(ALWAYS_OPEN, cutoff=None, hours=30, days=0, at=utc("2026-12-31T20:00")) == utc(
        "2027-01-02T02:00"
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"time_zone": "Mars/Olympus"}, "is not a time zone"),
        ({"hours": {"monday": [{"opens": "17:00", "closes": "08:00"}]}}, "closes before it opens"),
        (
            {
                "hours": {
                    "monday": [
                        {"opens": "08:00", "closes": "12:00"},
                        {"opens": "11:00", "closes": "13:00"},
                    ]
                }
            },
            "overlap",
        ),
        ({"holidays": [{"country": "US", "subdivision": "XX"}]}, "has no subdivision XX"),
        ({"closures": [{"from": "2026-12-31", "to": "2026-12-24"}]}, "ends before it begins"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused_with_the_reason(
    body: dict[str, object], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        CalendarBody.model_validate({"title": "c", **body})


def test_a_calendar_without_hours_works_monday_to_friday_from_eight_to_five() -> None:
    plain = calendar("UTC")
    assert plain.hours(date(2026, 11, 20)) == ((480, 1020),)
    assert plain.hours(date(2026, 11, 21)) == ()


@pytest.mark.parametrize(
    ("at", "ready"),
    [
        ("2026-11-18T07:00", "2026-11-18T08:00"),
        ("2026-11-18T13:59", "2026-11-18T13:59"),
        ("2026-11-18T14:00", "2026-11-19T08:00"),
        ("2026-11-18T18:00", "2026-11-19T08:00"),
        ("2026-11-20T14:00", "2026-11-23T08:00"),
    ],
)
def test_work_begins_at_once_at_the_opening_or_after_the_cut_off_on_the_next_working_day(
    at: str, ready: str
) -> None:
    found = ready_at(calendar(), cutoff=time(14), hours=0, days=0, at=local(at))
    assert found == local(ready)

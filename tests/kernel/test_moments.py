"""Moments and days from outside are within the years that the whole product represents."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from openiom.kernel import AwareMoment, Day, Moment, checked_day, checked_moment

EARLY = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    "moment",
    [
        EARLY,
        datetime.max.replace(tzinfo=UTC),
        datetime(1899, 12, 31, 23, tzinfo=UTC),
        datetime(9001, 1, 1, tzinfo=UTC),
    ],
)
def test_moments_that_a_database_cannot_give_back_are_refused(moment: datetime) -> None:
    with pytest.raises(ValueError, match="is outside the years 1900 to 9000"):
        checked_moment(moment)


def test_moments_at_both_ends_are_accepted_and_have_a_zone() -> None:
    first = datetime(1900, 1, 1, tzinfo=UTC)
    assert checked_moment(first) == first
    last = datetime(9000, 12, 31, 23, tzinfo=UTC)
    assert checked_moment(last.replace(tzinfo=None)) == last


@pytest.mark.parametrize("day", [date.min, date.max, date(1899, 12, 31)])
def test_days_outside_these_years_are_refused(day: date) -> None:
    with pytest.raises(ValueError, match="is outside the years 1900 to 9000"):
        checked_day(day)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Moment, "0001-01-01T00:00:00+01:00"),
        (Moment, "9999-12-31T23:59:59Z"),
        (AwareMoment, "0001-01-01T00:00:00+01:00"),
        (AwareMoment, "2026-01-01T00:00:00"),
        (Day, "0001-01-01"),
        (Day, "9999-12-31"),
    ],
)
def test_the_types_refuse_text_of_such_moments(kind: type, text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(text)


def test_the_types_read_text() -> None:
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert TypeAdapter(Moment).validate_python("2026-01-31T12:00:00") == noon
    assert TypeAdapter(AwareMoment).validate_python("2026-01-31T13:00:00+01:00") == noon
    assert TypeAdapter(Day).validate_python("2026-01-31") == date(2026, 1, 31)

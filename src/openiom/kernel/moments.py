"""Moments and days that come from outside.

Everything that reads a moment or a day from a document or a request uses `Moment` or `Day`. The
database, the time zones of its sessions and date arithmetic represent all of their values.
"""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime

FIRST_YEAR = 1900
LAST_YEAR = 9000


def checked_moment(moment: datetime) -> datetime:
    """Return a moment with a time zone, UTC where it has none.

    Raise `ValueError` outside the years 1900 to 9000.
    """
    _check_year(moment.year)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def checked_day(day: date) -> date:
    """Return a day. Raise `ValueError` outside the years 1900 to 9000."""
    _check_year(day.year)
    return day


def _check_year(year: int) -> None:
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise ValueError(f"is outside the years {FIRST_YEAR} to {LAST_YEAR}")


Moment = Annotated[datetime, AfterValidator(checked_moment)]
"""A moment from outside; UTC where it states no time zone."""

AwareMoment = Annotated[AwareDatetime, AfterValidator(checked_moment)]
"""A moment from outside that must state its time zone."""

Day = Annotated[date, AfterValidator(checked_day)]
"""A calendar day from outside."""

"""
Working calendars: when a place is open, and when work that begins there is finished. Pure.

Hours are wall-clock times in the calendar's time zone. When clocks go back, an opening time means
the first and a closing time the second of the two instants, so that the repeated hour is worked
twice. When clocks go forward, a wall time that does not exist is read with the offset before the
change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

import holidays

DAY_MINUTES = 24 * 60
HORIZON_DAYS = 400
"""Length of the search for an open day: a place closed for longer than a year never opens."""

Spans = tuple[tuple[int, int], ...]
"""Minutes after midnight (opens, closes), ascending, not overlapping."""

ALL_DAY: Spans = ((0, DAY_MINUTES),)


@dataclass(frozen=True, slots=True)
class HolidayRule:
    """The public holidays of a country (ISO 3166-1 alpha-2) and, if given, of one subdivision."""

    country: str
    subdivision: str = ""


@dataclass(frozen=True)
class WorkingCalendar:
    """The opening hours of a place.

    `weekly` has one entry per weekday, Monday first. `openings` replaces the hours of single days,
    also on holidays and during closures. The days of a closure are inclusive.
    """

    zone: ZoneInfo = ZoneInfo("UTC")
    weekly: tuple[Spans, ...] = (ALL_DAY,) * 7
    holidays: tuple[HolidayRule, ...] = ()
    closures: tuple[tuple[date, date], ...] = ()
    openings: Mapping[date, Spans] = field(default_factory=dict)

    def hours(self, day: date) -> Spans:
        """Return the open minutes of a local day; empty when closed."""
        if day in self.openings:
            return self.openings[day]
        spans = self.weekly[day.weekday()]
        # The holidays are read only for days that would otherwise be open.
        if spans and self.closed(day):
            return ()
        return spans

    def closed(self, day: date) -> bool:
        """Return whether a holiday or a closure falls on the day."""
        for first, last in self.closures:
            if first <= day <= last:
                return True
        return any(day in holidays_of(rule, day.year) for rule in self.holidays)

    def local(self, at: datetime) -> datetime:
        """Return the instant as wall-clock time of the calendar's zone."""
        return at.astimezone(self.zone)

    def days(self, first: date) -> Iterator[date]:
        """Yield the working days from `first` on, within the horizon."""
        for ahead in range(HORIZON_DAYS):
            day = first + timedelta(days=ahead)
            if self.hours(day):
                yield day

    def spans(self, first: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield the open spans from a local day on as UTC instants, ascending."""
        for day in self.days(first):
            for start, end in self.spans_of(day):
                if start < end:
                    yield start, end

    def spans_of(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return the open spans of one local day as UTC instants."""
        spans = []
        for opens, closes in self.hours(day):
            spans.append((self.instant(day, opens), self.instant(day, closes, late=True)))
        return spans

    def instant(self, day: date, minutes: int, *, late: bool = False) -> datetime:
        """Return the UTC instant of a wall time.

        `minutes` are counted from midnight; a whole day of them is the midnight that follows.
        `late` selects the second of a wall time that is repeated when clocks go back.
        """
        if minutes == DAY_MINUTES:
            midnight = datetime.combine(day + timedelta(days=1), time(), self.zone)
            return midnight.astimezone(UTC)

        wall = datetime.combine(day, time(minutes // 60, minutes % 60), self.zone)
        if late:
            wall = self._second(wall)

        return wall.astimezone(UTC)

    def _second(self, wall: datetime) -> datetime:
        """Return the second of a repeated wall time, and any other wall time as it is."""
        second = wall.replace(fold=1)
        restored = second.astimezone(UTC).astimezone(self.zone).replace(fold=0)
        # A wall time inside the gap does not survive the round trip; it keeps the offset before
        # the change.
        return second if restored == wall else wall


ALWAYS_OPEN = WorkingCalendar()


@lru_cache(maxsize=4096)
def holidays_of(rule: HolidayRule, year: int) -> frozenset[date]:
    """Return the public holidays of one year, observed days included."""
    subdivision = rule.subdivision or None
    return frozenset(holidays.country_holidays(rule.country, subdiv=subdivision, years=year))


def is_open(calendar: WorkingCalendar, at: datetime) -> bool:
    """Return whether the place is open at this instant; a closing time counts as closed."""
    day = calendar.local(at).date()
    return any(start <= at < end for start, end in calendar.spans_of(day))


def accepts_order(calendar: WorkingCalendar, cutoff: time | None, at: datetime) -> bool:
    """Return whether work on an order of this instant starts now: open, and before the cut-off."""
    return _before_cutoff(calendar, cutoff, at) and is_open(calendar, at)


def _before_cutoff(calendar: WorkingCalendar, cutoff: time | None, at: datetime) -> bool:
    """Return whether the instant is earlier in its local day than the cut-off, if there is one."""
    return cutoff is None or calendar.local(at).time() < cutoff


def next_open(calendar: WorkingCalendar, at: datetime) -> datetime | None:
    """Return the first open instant from `at` on; None when there is none within the horizon."""
    for start, end in calendar.spans(calendar.local(at).date()):
        if at < end:
            return max(at, start)
    return None


def work_starts(calendar: WorkingCalendar, cutoff: time | None, at: datetime) -> datetime | None:
    """Return when work on an order of `at` begins: at once when open, else at the next opening.

    An order after the cut-off waits for a later day. Returns None when the place does not open
    within the horizon.
    """
    if _before_cutoff(calendar, cutoff, at):
        return next_open(calendar, at)

    tomorrow = calendar.local(at).date() + timedelta(days=1)
    for start, _ in calendar.spans(tomorrow):
        return start

    return None


def ready_at(
    calendar: WorkingCalendar,
    *,
    cutoff: time | None,
    hours: float | None,
    days: int,
    at: datetime,
) -> datetime | None:
    """Return when an order of `at` is packed; None when the place does not open in time.

    Processing takes `hours` of working time or, when `hours` is None, ends `days` working days
    later at the same time of day (within the hours of that day).
    """
    start = work_starts(calendar, cutoff, at)
    if start is None:
        return None
    if hours is None:
        return after_days(calendar, start, days)

    return after_hours(calendar, start, hours)


def after_hours(calendar: WorkingCalendar, start: datetime, hours: float) -> datetime | None:
    """Return the instant when `hours` of working time have passed since `start`.

    Work that ends exactly at a closing time is finished then, and not at the next opening. Returns
    None when the horizon ends before the work does.
    """
    left = timedelta(hours=hours)
    first_day = calendar.local(start).date()
    for opens, closes in calendar.spans(first_day):
        begin = max(opens, start)
        if begin >= closes:
            continue

        available = closes - begin
        if left <= available:
            return begin + left

        left -= available

    return None


def after_days(calendar: WorkingCalendar, start: datetime, days: int) -> datetime | None:
    """Return the same time of day `days` working days later, moved into the hours of that day.

    The day of `start` is not counted; no days at all leave `start` as it is. Returns None when the
    horizon has fewer working days.
    """
    if days == 0:
        return start

    local = calendar.local(start)
    tomorrow = local.date() + timedelta(days=1)
    day = next(islice(calendar.days(tomorrow), days - 1, None), None)
    if day is None:
        return None

    return _within_hours(calendar, day, local.hour * 60 + local.minute)


def _within_hours(calendar: WorkingCalendar, day: date, minutes: int) -> datetime:
    """Return a wall time of a working day, moved into the hours of the day.

    A time outside the hours moves to the next opening, or back to the last closing.
    """
    wanted = calendar.instant(day, minutes)
    last_closing = wanted

    for opens, closes in calendar.spans_of(day):
        if wanted < closes:
            return max(wanted, opens)

        last_closing = closes

    return last_closing

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
        if not spans or self.closed(day):
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
        """Return the UTC instant of a wall time; `late` selects the second of a repeated one."""
        if minutes == DAY_MINUTES:
            day, minutes, late = day + timedelta(days=1), 0, False
        wall = datetime.combine(day, time(minutes // 60, minutes % 60), self.zone)
        if late:
            second = wall.replace(fold=1)
            # A wall time inside the gap does not survive the round trip; it keeps the offset
            # before the change.
            if second.astimezone(UTC).astimezone(self.zone).replace(fold=0) == wall:
                wall = second
        return wall.astimezone(UTC)


ALWAYS_OPEN = WorkingCalendar()


@lru_cache(maxsize=4096)
def holidays_of(rule: HolidayRule, year: int) -> frozenset[date]:
    """Return the public holidays of one year, observed days included."""
    return frozenset(
        holidays.country_holidays(rule.country, subdiv=rule.subdivision or None, years=year)
    )


def is_open(calendar: WorkingCalendar, at: datetime) -> bool:
    """Return whether the place is open at this instant; a closing time counts as closed."""
    day = calendar.local(at).date()
    return any(start <= at < end for start, end in calendar.spans_of(day))


def accepts_order(calendar: WorkingCalendar, cutoff: time | None, at: datetime) -> bool:
    """Return whether work on an order of this instant starts now: open, and before the cut-off."""
    before_cutoff = cutoff is None or calendar.local(at).time() < cutoff
    return before_cutoff and is_open(calendar, at)


def next_open(calendar: WorkingCalendar, at: datetime) -> datetime | None:
    """Return the first open instant from `at` on; None when there is none within the horizon."""
    for start, end in calendar.spans(calendar.local(at).date()):
        if at < end:
            return max(at, start)
    return None


def work_starts(calendar: WorkingCalendar, cutoff: time | None, at: datetime) -> datetime | None:
    """Return when work on an order of `at` begins: at once when open, else at the next opening.

    An order after the cut-off waits for a later day.
    """
    local = calendar.local(at)
    if cutoff is None or local.time() < cutoff:
        return next_open(calendar, at)
    tomorrow = local.date() + timedelta(days=1)
    return next(calendar.spans(tomorrow), (None, None))[0]


def ready_at(
    calendar: WorkingCalendar, *, cutoff: time | None, hours: float | None, days: int, at: datetime
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
    """Return the instant when `hours` of working time have passed since `start`."""
    left = timedelta(hours=hours)
    for opens, closes in calendar.spans(calendar.local(start).date()):
        begin = max(opens, start)
        if begin >= closes:
            continue
        if begin + left <= closes:
            return begin + left
        left -= closes - begin
    return None


def after_days(calendar: WorkingCalendar, start: datetime, days: int) -> datetime | None:
    """Return the same time of day `days` working days later, moved into the hours of that day."""
    if days == 0:
        return start
    local = calendar.local(start)
    working_days = calendar.days(local.date() + timedelta(days=1))
    for passed, day in enumerate(working_days, start=1):
        if passed == days:
            return _within_hours(calendar, day, local.hour * 60 + local.minute)
    return None


def _within_hours(calendar: WorkingCalendar, day: date, minutes: int) -> datetime:
    """
    Return a wall time of a working day, moved to the next opening or back to the last closing.
    """
    wanted = calendar.instant(day, minutes)
    spans = calendar.spans_of(day)
    for opens, closes in spans:
        if wanted < closes:
            return max(wanted, opens)
    return spans[-1][1]

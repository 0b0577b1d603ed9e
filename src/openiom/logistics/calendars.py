"""
Working calendars: when a place is open, and when work begun there is done. Pure.

Hours are wall-clock times of the calendar's zone. Where clocks are put back, an opening takes the first of the two
instants a wall time names and a closing the second, so that the doubled hour is worked twice; where they are put
forward, a wall time that does not exist is read with the offset before the change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

DAY_MINUTES = 24 * 60
HORIZON_DAYS = 400
"""How far a search for an open day goes: a place closed for longer than a year never opens."""

Spans = tuple[tuple[int, int], ...]
"""Minutes after midnight (opens, closes), ascending, not overlapping."""

ALL_DAY: Spans = ((0, DAY_MINUTES),)


@dataclass(frozen=True, slots=True)
class HolidayRule:
    """Public holidays of a country (ISO 3166-1 alpha-2) and, where given, one of its subdivisions."""

    country: str
    subdivision: str = ""


@dataclass(frozen=True)
class WorkingCalendar:
    """`weekly` holds Monday to Sunday; `openings` replace the hours of single days, holidays and closures included."""

    zone: ZoneInfo = ZoneInfo("UTC")
    weekly: tuple[Spans, ...] = (ALL_DAY,) * 7
    holidays: tuple[HolidayRule, ...] = ()
    closures: tuple[tuple[date, date], ...] = ()
    openings: Mapping[date, Spans] = field(default_factory=dict)

    def hours(self, day: date) -> Spans:
        """Open minutes of a local day; empty when closed."""
        if day in self.openings:
            return self.openings[day]
        spans = self.weekly[day.weekday()]
        if not spans or self.closed(day):
            return ()
        return spans

    def closed(self, day: date) -> bool:
        """Whether a holiday or a closure falls on the day."""
        if any(first <= day <= last for first, last in self.closures):
            return True
        return any(day in holidays_of(rule, day.year) for rule in self.holidays)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)

    def days(self, first: date) -> Iterator[date]:
        """Working days from `first` on, within the horizon."""
        for ahead in range(HORIZON_DAYS):
            day = first + timedelta(days=ahead)
            if self.hours(day):
                yield day

    def spans(self, first: date) -> Iterator[tuple[datetime, datetime]]:
        """Open spans as instants, from a local day on, ascending."""
        for day in self.days(first):
            for opens, closes in self.hours(day):
                start, end = self.instant(day, opens), self.instant(day, closes, late=True)
                if start < end:
                    yield start, end

    def instant(self, day: date, minutes: int, *, late: bool = False) -> datetime:
        """The UTC instant of a wall time; `late` takes the second of two."""
        if minutes == DAY_MINUTES:
            day, minutes, late = day + timedelta(days=1), 0, False
        wall = datetime.combine(day, time(minutes // 60, minutes % 60), self.zone).replace(
            fold=int(late)
        )
        if late and wall.astimezone(UTC).astimezone(self.zone).replace(fold=0) != wall.replace(
            fold=0
        ):
            wall = wall.replace(
                fold=0
            )  # the time does not exist that day: the offset before the change
        return wall.astimezone(UTC)


ALWAYS_OPEN = WorkingCalendar()


@lru_cache(maxsize=4096)
def holidays_of(rule: HolidayRule, year: int) -> frozenset[date]:
    """Public holidays of one year, observed days included."""
    return frozenset(
        holidays.country_holidays(rule.country, subdiv=rule.subdivision or None, years=year)
    )


def is_open(calendar: WorkingCalendar, at: datetime) -> bool:
    """Whether somebody works at this instant; a closing time is closed."""
    day = calendar.local(at).date()
    return any(start <= at < end for start, end in _spans_of(calendar, day))


def accepts_order(calendar: WorkingCalendar, cutoff: time | None, at: datetime) -> bool:
    """Whether an order that arrives now is worked on today: open at this instant, and before the local cut-off."""
    return is_open(calendar, at) and (cutoff is None or calendar.local(at).time() < cutoff)


def next_open(calendar: WorkingCalendar, at: datetime) -> datetime | None:
    """The first open instant from `at` on; None when the place does not open within the horizon."""
    for start, end in calendar.spans(calendar.local(at).date()):
        if at < end:
            return max(at, start)
    return None


def work_starts(calendar: WorkingCalendar, cutoff: time | None, at: datetime) -> datetime | None:
    """When work on an order of `at` begins: at the next open instant before the cut-off, else on a later day."""
    local = calendar.local(at)
    if cutoff is None or local.time() < cutoff:
        return next_open(calendar, at)
    tomorrow = local.date() + timedelta(days=1)
    return next(calendar.spans(tomorrow), (None, None))[0]


def ready_at(
    calendar: WorkingCalendar, *, cutoff: time | None, hours: float | None, days: int, at: datetime
) -> datetime | None:
    """
    When an order of `at` is packed: after `hours` of working time, or, where None, `days` working days later at the
    same time of day (within that day's hours). None when the place does not open within the horizon.
    """
    start = work_starts(calendar, cutoff, at)
    if start is None:
        return None
    return (
        after_days(calendar, start, days) if hours is None else after_hours(calendar, start, hours)
    )


def after_hours(calendar: WorkingCalendar, start: datetime, hours: float) -> datetime | None:
    """The instant when so much working time has passed since `start`."""
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
    """The same time of day so many working days later, moved into that day's hours."""
    local = calendar.local(start)
    if days == 0:
        return start
    for passed, day in enumerate(calendar.days(local.date() + timedelta(days=1)), start=1):
        if passed == days:
            wanted = calendar.instant(day, local.hour * 60 + local.minute)
            spans = _spans_of(calendar, day)
            return next(
                (max(wanted, opens) for opens, closes in spans if wanted < closes), spans[-1][1]
            )
    return None


def _spans_of(calendar: WorkingCalendar, day: date) -> list[tuple[datetime, datetime]]:
    return [
        (calendar.instant(day, a), calendar.instant(day, b, late=True))
        for a, b in calendar.hours(day)
    ]

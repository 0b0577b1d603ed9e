"""Pickup schedules: when a carrier collects parcels at a source. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from .calendars import WorkingCalendar, next_open

SEARCH_DAYS = 60
FREQUENCIES = ("FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY")
RULE_START = datetime(2024, 1, 1)  # noqa: DTZ001 -- wall time: the zone is the schedule's
"""Start of recurrences that name none: a Monday."""


@dataclass(frozen=True)
class PickupSchedule:
    """The pickups of a carrier.

    `weekly` contains minutes after midnight for each weekday, Monday first. `rule` is an RFC 5545
    recurrence that adds pickups. Without a zone, times are those of the source.
    """

    carrier: str
    weekly: tuple[tuple[int, ...], ...] = ((),) * 7
    rule: str = ""
    zone: ZoneInfo | None = None


def next_pickup(
    schedule: PickupSchedule, calendar: WorkingCalendar, ready: datetime
) -> datetime | None:
    """Return the first pickup from `ready` on within the source's working hours.

    Unlike for orders, the closing time itself still counts. A schedule without a pickup in two
    months yields the opening of the next working day; None when there is none within the
    calendar's horizon.
    """
    for slot in _upcoming_slots(schedule, schedule.zone or calendar.zone, ready):
        if _attended(calendar, slot):
            return slot

    tomorrow = calendar.local(ready).date() + timedelta(days=1)
    return next_open(calendar, calendar.instant(tomorrow, 0))


def _attended(calendar: WorkingCalendar, slot: datetime) -> bool:
    """Return whether the place is open at the instant, its closing time included."""
    day = calendar.local(slot).date()
    # A span that closes at midnight ends on the next local day.
    spans = [*calendar.spans_of(day - timedelta(days=1)), *calendar.spans_of(day)]
    return any(start <= slot <= end for start, end in spans)


def _upcoming_slots(
    schedule: PickupSchedule, zone: ZoneInfo, ready: datetime
) -> Iterator[datetime]:
    """Yield the pickups from `ready` on in the days that are searched, ascending."""
    first = ready.astimezone(zone).date()
    for ahead in range(SEARCH_DAYS):
        for slot in _slots(schedule, zone, first + timedelta(days=ahead)):
            if slot >= ready:
                yield slot


def _slots(schedule: PickupSchedule, zone: ZoneInfo, day: date) -> list[datetime]:
    """Return the pickups of one local day as UTC instants, ascending.

    Two wall times that are the same instant are one pickup.
    """
    slots: set[datetime] = set()
    for wall in _wall_times(schedule, day):
        slots.add(datetime.combine(day, wall, zone).astimezone(UTC))
    return sorted(slots)


def _wall_times(schedule: PickupSchedule, day: date) -> Iterator[time]:
    """Yield the pickups of the week, then those of the recurrence."""
    for minutes in schedule.weekly[day.weekday()]:
        yield time(minutes // 60, minutes % 60)
    if schedule.rule:
        yield from _rule_times(schedule.rule, day)


def rule_problem(rule: str) -> str:
    """Return why a recurrence cannot be used; empty when it can.

    A recurrence needs a frequency of at least a day and the hour of the pickup. Everything else is
    checked by computing its occurrences on one day.
    """
    upper = rule.upper()
    if not _has_frequency(upper):
        return "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY"
    if "BYHOUR" not in upper:
        return "BYHOUR must give the hour of the pickup"

    try:
        _rule_times(rule, RULE_START.date())
    except (ValueError, TypeError) as error:
        return str(error)

    return ""


def _has_frequency(upper_rule: str) -> bool:
    return any(frequency in upper_rule for frequency in FREQUENCIES)


@lru_cache(maxsize=8192)
def _rule_times(rule: str, day: date) -> tuple[time, ...]:
    """Return the wall times of a recurrence on one day."""
    midnight = datetime.combine(day, time())  # noqa: DTZ901 -- wall time: the zone is the schedule's
    last_second = midnight + timedelta(days=1) - timedelta(seconds=1)
    occurrences = rrulestr(rule, dtstart=RULE_START).between(midnight, last_second, inc=True)
    return tuple(occurrence.time() for occurrence in occurrences)

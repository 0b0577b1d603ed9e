"""When a carrier calls at a source. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

from .calendars import WorkingCalendar, next_open

SEARCH_DAYS = 60


@dataclass(frozen=True)
class PickupSchedule:
    """`weekly` holds minutes after midnight, Monday to Sunday; `rule` is an RFC 5545 recurrence that adds to them."""

    carrier: str
    weekly: tuple[tuple[int, ...], ...] = ((),) * 7
    rule: str = ""
    zone: ZoneInfo | None = None  # None: the zone of the source


def next_pickup(
    schedule: PickupSchedule, calendar: WorkingCalendar, ready: datetime
) -> datetime | None:
    """
    The first pickup from `ready` on that falls in the source's working hours, its closing time included. A schedule
    without one in two months gives the opening of the next working day; None when that never comes.
    """
    zone = schedule.zone or calendar.zone
    first = ready.astimezone(zone).date()
    for ahead in range(SEARCH_DAYS):
        day = first + timedelta(days=ahead)
        for slot in _slots(schedule, zone, day):
            if slot >= ready and _attended(calendar, slot):
                return slot
    tomorrow = calendar.local(ready).date() + timedelta(days=1)
    return next_open(calendar, calendar.instant(tomorrow, 0))


def _attended(calendar: WorkingCalendar, slot: datetime) -> bool:
    """Whether somebody is there: unlike `is_open`, the closing time counts."""
    day = calendar.local(slot).date()
    return any(
        calendar.instant(on, opens) <= slot <= calendar.instant(on, closes, late=True)
        for on in (day - timedelta(days=1), day)
        for opens, closes in calendar.hours(on)
    )


def _slots(schedule: PickupSchedule, zone: ZoneInfo, day: date) -> list[datetime]:
    """Instants of one local day, ascending."""
    walls = [time(minutes // 60, minutes % 60) for minutes in schedule.weekly[day.weekday()]]
    if schedule.rule:
        walls += _by_rule(schedule.rule, day)
    return sorted({datetime.combine(day, wall, zone).astimezone(UTC) for wall in walls})


def rule_problem(rule: str) -> str:
    """Why a recurrence cannot be used; empty when it can."""
    upper = rule.upper()
    if not any(
        f"FREQ={frequency}" in upper for frequency in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
    ):
        return "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY"
    if "BYHOUR" not in upper:
        return "BYHOUR must say when the carrier calls"
    try:
        _by_rule(rule, date(2024, 1, 1))
    except (ValueError, TypeError) as error:
        return str(error)
    return ""


@lru_cache(maxsize=8192)
def _by_rule(rule: str, day: date) -> tuple[time, ...]:
    """Wall times of one day; a rule without a start began on the first Monday of 2024."""
    midnight = datetime.combine(day, time())  # noqa: DTZ901 -- wall time: the zone is the schedule's
    occurrences = rrulestr(rule, dtstart=datetime(2024, 1, 1)).between(  # noqa: DTZ001 -- the same
        midnight, midnight + timedelta(days=1) - timedelta(seconds=1), inc=True
    )
    return tuple(moment.time() for moment in occurrences)

"""
When things happen: working calendars, cut-offs, processing, carrier pickups and transit.

Owns    calendar, carrier, pickup schedule (documents), and the promise made of them.
Holds   an instant is UTC, a day is local to its place; nothing here reads a clock.
"""

from .calendars import (
    ALWAYS_OPEN,
    HolidayRule,
    WorkingCalendar,
    accepts_order,
    is_open,
    next_open,
    ready_at,
)
from .carriers import (
    STANDARD_SERVICE,
    Band,
    CarrierService,
    Deliveries,
    deliveries,
    on_time_chance,
    transit_of,
)
from .configuration import KINDS, CalendarBody, CarrierBody, PickupScheduleBody
from .pickups import PickupSchedule, next_pickup
from .promises import Handover, Promise, SourceTiming, handover, lateness_days, promise
from .timetable import TIMETABLE_KINDS, Timetable, documents_token, timetable

__all__ = [
    "ALWAYS_OPEN",
    "STANDARD_SERVICE",
    "TIMETABLE_KINDS",
    "KINDS",
    "Band",
    "CalendarBody",
    "CarrierBody",
    "CarrierService",
    "Deliveries",
    "Handover",
    "HolidayRule",
    "PickupSchedule",
    "PickupScheduleBody",
    "Promise",
    "SourceTiming",
    "Timetable",
    "WorkingCalendar",
    "accepts_order",
    "deliveries",
    "documents_token",
    "handover",
    "is_open",
    "lateness_days",
    "next_open",
    "next_pickup",
    "on_time_chance",
    "promise",
    "ready_at",
    "timetable",
    "transit_of",
]

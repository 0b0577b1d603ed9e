"""
Logistics: working calendars, cut-offs, processing times, carrier pickups and transit.

Owns        the documents calendar, carrier and pickup schedule, and the delivery promise.
Guarantees  instants are UTC, days are local to their place, and no function reads a clock.
Events      none.
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
    arrival,
    deliveries,
    delivery_days,
    on_time_chance,
    transit_of,
)
from .configuration import KINDS, CalendarBody, CarrierBody, PickupScheduleBody
from .handover_dates import planned_ship_dates
from .pickups import PickupSchedule, next_pickup
from .promises import (
    NEVER_DAYS,
    Handover,
    Promise,
    SourceTiming,
    handover,
    lateness_days,
    promise,
    ship_dates,
)
from .timetable import TIMETABLE_KINDS, Timetable, read_timetable

__all__ = [
    "ALWAYS_OPEN",
    "KINDS",
    "NEVER_DAYS",
    "STANDARD_SERVICE",
    "TIMETABLE_KINDS",
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
    "arrival",
    "deliveries",
    "delivery_days",
    "handover",
    "is_open",
    "lateness_days",
    "next_open",
    "next_pickup",
    "on_time_chance",
    "planned_ship_dates",
    "promise",
    "read_timetable",
    "ready_at",
    "ship_dates",
    "transit_of",
]

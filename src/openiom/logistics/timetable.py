"""The timing of every source and the services of every carrier, parsed from documents. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from .calendars import WorkingCalendar
from .carriers import STANDARD_SERVICE, CarrierService
from .configuration import CalendarBody, CarrierBody, PickupScheduleBody, minutes_of
from .pickups import PickupSchedule
from .promises import SourceTiming

TIMETABLE_KINDS = ("calendar", "carrier", "pickup_schedule", "source")
"""Document kinds that `read_timetable` reads."""
DEFAULT_TIMING = SourceTiming()
_TIMING_FIELDS = (
    "calendar",
    "cutoff",
    "processing_hours",
    "processing_days",
    "pickup_schedule",
    "time_zone",
)


@dataclass(frozen=True)
class Timetable:
    """All timings and services in use.

    `sources` is by source name and `carriers` by carrier name, services in the order of their
    document. `live_rates` maps carriers to the provider instance that returns their rates.
    """

    sources: Mapping[str, SourceTiming] = field(default_factory=dict)
    carriers: Mapping[str, tuple[CarrierService, ...]] = field(default_factory=dict)
    live_rates: Mapping[str, str] = field(default_factory=dict)

    def source_timings(self, names: Sequence[str]) -> list[SourceTiming]:
        """Return the timings of these sources, in order.

        A source that is not configured is always open and takes a day to process an order.
        """
        timings: list[SourceTiming] = []
        for name in names:
            timings.append(self.sources.get(name, DEFAULT_TIMING))
        return timings

    def service(self, carrier: str = "", service: str = "") -> CarrierService:
        """Return the named service, or the carrier's first one when no service is named.

        Returns the standard service where that is not configured.
        """
        for found in self.carriers.get(carrier, ()):
            if not service or found.name == service:
                return found
        return STANDARD_SERVICE


def read_timetable(documents: Mapping[str, Mapping[str, dict[str, Any]]]) -> Timetable:
    """Return the timetable of documents given as kind -> name -> body.

    Sources with equal timing documents share one timing object.
    """
    calendars: dict[str, WorkingCalendar] = {}
    for name, body in documents.get("calendar", {}).items():
        calendars[name] = CalendarBody.model_validate(body).calendar()

    pickups: dict[str, PickupSchedule] = {}
    for name, body in documents.get("pickup_schedule", {}).items():
        pickups[name] = PickupScheduleBody.model_validate(body).schedule()

    carriers: dict[str, tuple[CarrierService, ...]] = {}
    live_rates: dict[str, str] = {}
    for name, body in documents.get("carrier", {}).items():
        carrier = CarrierBody.model_validate(body)
        carriers[name] = carrier.to_services(name)
        if carrier.live_rates:
            live_rates[name] = carrier.live_rates

    return Timetable(
        sources=_source_timings(documents.get("source", {}), calendars, pickups),
        carriers=carriers,
        live_rates=live_rates,
    )


def _source_timings(
    bodies: Mapping[str, dict[str, Any]],
    calendars: Mapping[str, WorkingCalendar],
    pickups: Mapping[str, PickupSchedule],
) -> dict[str, SourceTiming]:
    """Return the timings of source documents by name; equal documents share one timing."""
    shared: dict[tuple[object, ...], SourceTiming] = {}
    timings: dict[str, SourceTiming] = {}
    for name, body in bodies.items():
        key = tuple(map(body.get, _TIMING_FIELDS))
        if key not in shared:
            shared[key] = source_timing(body, calendars, pickups)

        timings[name] = shared[key]

    return timings


def source_timing(
    body: Mapping[str, Any],
    calendars: Mapping[str, WorkingCalendar],
    pickups: Mapping[str, PickupSchedule],
) -> SourceTiming:
    """Return the timing of a source document.

    A source without a calendar is always open in its time zone. `calendars` and `pickups` are by
    document name; a name that is not among them counts as none.
    """
    return SourceTiming(
        calendar=_source_calendar(body, calendars),
        cutoff=_wall_time(body.get("cutoff")),
        processing_hours=_hours(body.get("processing_hours")),
        processing_days=int(body.get("processing_days", 1)),
        pickup=pickups.get(body.get("pickup_schedule") or ""),
    )


def _source_calendar(
    body: Mapping[str, Any], calendars: Mapping[str, WorkingCalendar]
) -> WorkingCalendar:
    calendar = calendars.get(body.get("calendar") or "")
    if calendar is not None:
        return calendar
    return _always_open(ZoneInfo(body.get("time_zone") or "UTC"))


def _hours(given: float | None) -> float | None:
    return None if given is None else float(given)


@lru_cache(maxsize=700)
def _always_open(zone: ZoneInfo) -> WorkingCalendar:
    return replace(WorkingCalendar(), zone=zone)


def _wall_time(text: str | None) -> time | None:
    """Return a time of day; None where there is none, or the day has no end before midnight."""
    if not text or text == "24:00":
        return None
    minutes = minutes_of(text)
    return time(minutes // 60, minutes % 60)

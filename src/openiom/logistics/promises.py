"""From an order placed now to the day it arrives. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from .calendars import ALWAYS_OPEN, WorkingCalendar, ready_at
from .carriers import CarrierService, Deliveries, deliveries
from .pickups import PickupSchedule, next_pickup

NEVER = np.datetime64("NaT", "D")
NEVER_DAYS = 3650.0
"""Lateness counted for a source that never hands over: finite, because the engine adds it up."""


@dataclass(frozen=True)
class SourceTiming:
    """When a source works: `processing_hours` of working time, or whole working days where None."""

    calendar: WorkingCalendar = ALWAYS_OPEN
    cutoff: time | None = None
    processing_hours: float | None = None
    processing_days: int = 1
    pickup: PickupSchedule | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """`ship_date` is the local day of the pickup."""

    ready_at: datetime
    pickup_at: datetime
    ship_date: date


@dataclass(frozen=True, slots=True)
class Promise:
    """Days are local to the destination; `confidence` is the chance of arriving by `latest`."""

    ready_at: datetime
    pickup_at: datetime
    ship_date: date
    earliest: date
    delivery_date: date
    latest: date
    confidence: float
    zone: str
    carrier: str
    service: str


def handover(source: SourceTiming, now: datetime) -> Handover | None:
    """When an order of `now` is packed and picked up; None when the source does not open within a year.

    A source without a pickup schedule hands over as soon as goods are packed.
    """
    calendar = source.calendar
    ready = ready_at(
        calendar,
        cutoff=source.cutoff,
        hours=source.processing_hours,
        days=source.processing_days,
        at=now,
    )
    pickup = (
        ready
        if ready is None or source.pickup is None
        else next_pickup(source.pickup, calendar, ready)
    )
    if ready is None or pickup is None:
        return None
    return Handover(ready, pickup, calendar.local(pickup).date())


def promise(
    source: SourceTiming, *, km: float, now: datetime, service: CarrierService
) -> Promise | None:
    """What can be promised of goods ordered `now` and carried `km`; None when the source never opens."""
    given = handover(source, now)
    if given is None:
        return None
    found = deliveries(service, np.array([given.ship_date], dtype="datetime64[D]"), np.array([km]))
    return promise_at(given, found, 0, service)


def promise_at(given: Handover, found: Deliveries, at: int, service: CarrierService) -> Promise:
    """One element of `deliveries` as a promise."""
    return Promise(
        ready_at=given.ready_at,
        pickup_at=given.pickup_at,
        ship_date=given.ship_date,
        earliest=found.earliest[at].astype(object),
        delivery_date=found.expected[at].astype(object),
        latest=found.latest[at].astype(object),
        confidence=round(float(found.confidence[at]), 4),
        zone=service.bands[int(found.band[at])].zone,
        carrier=service.carrier,
        service=service.name,
    )


def ship_dates(sources: Sequence[SourceTiming], now: datetime) -> NDArray[np.datetime64]:
    """(N,) local day each source hands over an order of `now`; NaT when never. Equal timings are worked out once."""
    seen: dict[int, np.datetime64] = {}
    out = np.empty(len(sources), dtype="datetime64[D]")
    for n, source in enumerate(sources):
        if id(source) not in seen:
            given = handover(source, now)
            seen[id(source)] = NEVER if given is None else np.datetime64(given.ship_date, "D")
        out[n] = seen[id(source)]
    return out


def lateness_days(
    sources: Sequence[SourceTiming],
    km: NDArray[np.float64],
    wanted: Sequence[date | None],
    *,
    now: datetime,
    service: CarrierService,
) -> NDArray[np.float64]:
    """
    (orders, sources) days the expected delivery comes after the day each order wants it, 0 when in time or when it
    wants none. `km` is (orders, sources). A source that never hands over is `NEVER_DAYS` late.
    """
    late = np.zeros(km.shape)
    asked = np.array([day is not None for day in wanted], dtype=bool)
    if not asked.any() or not km.shape[1]:
        return late
    days = ship_dates(sources, now)
    never = np.isnat(days)
    safe = np.where(never, np.datetime64(now.date(), "D"), days)
    found = deliveries(service, safe[None, :], km[asked])
    by = np.array([day for day in wanted if day is not None], dtype="datetime64[D]")[:, None]
    late[asked] = np.maximum((found.expected - by).astype(np.int64), 0)
    late[np.ix_(asked, never)] = NEVER_DAYS
    return late

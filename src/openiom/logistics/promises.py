"""The delivery promise: from an order placed now to the day it arrives. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from .calendars import ALWAYS_OPEN, WorkingCalendar, ready_at
from .carriers import CarrierService, deliveries
from .pickups import PickupSchedule, next_pickup

NEVER = np.datetime64("NaT", "D")
NEVER_DAYS = 3650.0
"""Lateness of a source that never hands over: finite, because the engine adds it up."""


@dataclass(frozen=True)
class SourceTiming:
    """The working times of a source.

    Processing takes `processing_hours` of working time or, when that is None, `processing_days`
    working days.
    """

    calendar: WorkingCalendar = ALWAYS_OPEN
    cutoff: time | None = None
    processing_hours: float | None = None
    processing_days: int = 1
    pickup: PickupSchedule | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """When a source hands goods to the carrier; `ship_date` is the local day of the pickup."""

    ready_at: datetime
    pickup_at: datetime
    ship_date: date


@dataclass(frozen=True, slots=True)
class Promise:
    """When goods arrive.

    Delivery days are local to the destination; `confidence` is the probability of arriving by
    `latest`.
    """

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
    """Return when an order of `now` is packed and picked up; None when the source never opens.

    A source without a pickup schedule hands over as soon as the goods are packed.
    """
    calendar = source.calendar
    ready = ready_at(
        calendar,
        cutoff=source.cutoff,
        hours=source.processing_hours,
        days=source.processing_days,
        at=now,
    )
    if ready is None:
        return None

    pickup = _pickup(source, ready)
    if pickup is None:
        return None

    return Handover(ready, pickup, calendar.local(pickup).date())


def _pickup(source: SourceTiming, ready: datetime) -> datetime | None:
    if source.pickup is None:
        return ready
    return next_pickup(source.pickup, source.calendar, ready)


def promise(
    source: SourceTiming, *, km: float, now: datetime, service: CarrierService
) -> Promise | None:
    """Return the promise for goods ordered `now` and carried `km`; None when they never leave."""
    given = handover(source, now)
    if given is None:
        return None

    ship = np.array([given.ship_date], dtype="datetime64[D]")
    found = deliveries(service, ship, np.array([km]))
    return Promise(
        ready_at=given.ready_at,
        pickup_at=given.pickup_at,
        ship_date=given.ship_date,
        earliest=found.earliest[0].astype(object),
        delivery_date=found.expected[0].astype(object),
        latest=found.latest[0].astype(object),
        confidence=round(float(found.confidence[0]), 4),
        zone=service.bands[int(found.band[0])].zone,
        carrier=service.carrier,
        service=service.name,
    )


def ship_dates(sources: Sequence[SourceTiming], now: datetime) -> NDArray[np.datetime64]:
    """Return (N,) the local day each source hands over an order of `now`; NaT when never.

    Sources that share a timing object are computed once.
    """
    computed: dict[int, np.datetime64] = {}
    dates = np.empty(len(sources), dtype="datetime64[D]")

    for n, source in enumerate(sources):
        if id(source) not in computed:
            computed[id(source)] = _ship_date(source, now)

        dates[n] = computed[id(source)]

    return dates


def _ship_date(source: SourceTiming, now: datetime) -> np.datetime64:
    given = handover(source, now)
    return NEVER if given is None else np.datetime64(given.ship_date, "D")


def lateness_days(
    sources: Sequence[SourceTiming],
    km: NDArray[np.float64],
    wanted: Sequence[date | None],
    *,
    now: datetime,
    service: CarrierService,
) -> NDArray[np.float64]:
    """Return (orders, sources) the days by which the expected delivery misses the requested day.

    0 when it is in time or the order requests no day. `km` is (orders, sources). A source that
    never hands over is `NEVER_DAYS` late.
    """
    late = np.zeros(km.shape)
    requested = np.array(wanted, dtype="datetime64[D]")
    dated = ~np.isnat(requested)
    if not dated.any() or not km.shape[1]:
        return late

    ship = ship_dates(sources, now)
    never = np.isnat(ship)
    ship = np.where(never, np.datetime64(now.date(), "D"), ship)
    found = deliveries(service, ship[None, :], km[dated])
    days = (found.expected - requested[dated][:, None]).astype(np.int64)
    late[dated] = np.maximum(days, 0)
    late[np.ix_(dated, never)] = NEVER_DAYS
    return late

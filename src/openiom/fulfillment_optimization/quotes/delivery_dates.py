"""When a planned cart arrives, on which days it could, and where it can be picked up instead. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from openiom.fulfillment_optimization.snapshot import PlanningSource
from openiom.logistics import CarrierService, SourceTiming, deliveries, handover, next_open, promise
from openiom.logistics.carriers import delivers_on
from openiom.logistics.promises import Promise

from .schemas import CalendarDay, DeliveryWindow, PickupKind, PickupOption, QuotePromise

CALENDAR_DAYS = 30
MOST_PICKUPS = 20
"""Places offered of each kind, the nearest ones."""

CAPABILITY: Mapping[str, PickupKind] = {"pickup": "bopis", "curbside": "curbside"}


@dataclass(frozen=True)
class Shipping:
    """A planned source: how far it is, when it works and who carries from there."""

    source: str
    km: float
    timing: SourceTiming
    service: CarrierService


def promised(shipping: Sequence[Shipping], at: datetime) -> list[tuple[Shipping, Promise]]:
    """What each source can promise; one that never hands over is left out."""
    made = ((s, promise(s.timing, km=s.km, now=at, service=s.service)) for s in shipping)
    return [(s, found) for s, found in made if found is not None]


def shown(shipping: Shipping, made: Promise) -> QuotePromise:
    return QuotePromise(
        source=shipping.source,
        carrier=made.carrier,
        service=made.service,
        ready_at=made.ready_at,
        pickup_at=made.pickup_at,
        ship_date=made.ship_date,
        delivery=DeliveryWindow(
            earliest=made.earliest, expected=made.delivery_date, latest=made.latest
        ),
        confidence=made.confidence,
        distance_km=round(shipping.km, 1),
    )


def calendar(made: Sequence[tuple[Shipping, Promise]], at: datetime) -> list[CalendarDay]:
    """The coming days, and on which of them every parcel can be there: expected by then, and delivered that day."""
    first = at.date()
    days = [first + timedelta(days=ahead) for ahead in range(CALENDAR_DAYS)]
    if not made:
        return [CalendarDay(date=day, possible=False) for day in days]
    soonest = max(found.delivery_date for _, found in made)
    possible = np.array([day >= soonest for day in days])
    for service in {shipping.service for shipping, _ in made}:
        possible &= delivers_on(service, first, CALENDAR_DAYS)
    return [
        CalendarDay(date=day, possible=is_it)
        for day, is_it in zip(days, possible.tolist(), strict=True)
    ]


def pickup_options(
    sites: Sequence[PlanningSource],
    timings: Mapping[str, SourceTiming],
    km: NDArray[np.float64],
    *,
    holds: Mapping[str, bool],
    shipping: Sequence[Shipping],
    between_km: NDArray[np.float64],
    at: datetime,
) -> list[PickupOption]:
    """
    Where the whole cart can be picked up, by kind, then by distance.

    A source hands it out itself where it has every unit (`holds`); ship-to-store takes the planned parcels to a source
    that does not. `km` (N,) is how far the customer has to go, `between_km` (planned sources, N) how far parcels do.
    """
    found: list[PickupOption] = []
    near = np.argsort(km, kind="stable").tolist()
    for capability, kind in CAPABILITY.items():
        able = [
            n
            for n in near
            if capability in sites[n].body.capabilities and holds.get(sites[n].name, False)
        ]
        for n in able[:MOST_PICKUPS]:
            given = handover(_without_pickups(timings[sites[n].name]), at)
            if given is not None:
                found.append(_option(kind, sites[n], given.ready_at, float(km[n])))
    if not shipping:
        return found
    able = [
        n
        for n in near
        if "ship_to_store" in sites[n].body.capabilities and not holds.get(sites[n].name, False)
    ]
    able = able[:MOST_PICKUPS]
    days = [_days_of_arrival(parcel, between_km[i, able], at) for i, parcel in enumerate(shipping)]
    for k, n in enumerate(able):
        arrives = [None if mine is None else mine[k] for mine in days]
        ready = _arrived(timings[sites[n].name], shipping, arrives, sites[n].name, at)
        if ready is not None:
            found.append(_option("ship_to_store", sites[n], ready, float(km[n])))
    return found


def _days_of_arrival(parcel: Shipping, km: NDArray[np.float64], at: datetime) -> list[date] | None:
    """The day a planned parcel is expected at each of several places; None when it never leaves."""
    given = handover(parcel.timing, at)
    if given is None:
        return None
    days: list[date] = deliveries(
        parcel.service, np.array([given.ship_date], dtype="datetime64[D]"), km
    ).expected.tolist()
    return days


def _arrived(
    timing: SourceTiming,
    shipping: Sequence[Shipping],
    arrives: Sequence[date | None],
    name: str,
    at: datetime,
) -> datetime | None:
    """When the store is open after the last parcel came; parcels count as there when the store opens on their day."""
    last: datetime | None = None
    for parcel, day in zip(shipping, arrives, strict=True):
        if parcel.source == name:
            given = handover(_without_pickups(parcel.timing), at)
            ready = None if given is None else given.ready_at
        else:
            ready = None if day is None else timing.calendar.instant(day, 0)
        if ready is None:
            return None
        last = ready if last is None else max(last, ready)
    return None if last is None else next_open(timing.calendar, last)


def _without_pickups(timing: SourceTiming) -> SourceTiming:
    return SourceTiming(
        timing.calendar, timing.cutoff, timing.processing_hours, timing.processing_days
    )


def _option(kind: PickupKind, site: PlanningSource, ready: datetime, km: float) -> PickupOption:
    return PickupOption(
        kind=kind, source=site.name, title=site.body.title, ready_at=ready, distance_km=round(km, 1)
    )

"""Arrival of a planned cart, possible delivery days, and pickup options. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from openiom.fulfillment_optimization.snapshot import PlanningSource
from openiom.logistics import (
    CarrierService,
    Promise,
    SourceTiming,
    deliveries,
    delivery_days,
    handover,
    next_open,
    promise,
)

from .schemas import CalendarDay, DeliveryWindow, PickupKind, PickupOption, QuotePromise

CALENDAR_DAYS = 30
MOST_PICKUPS = 20
"""The most sources that are offered of each kind of pickup."""

KIND_OF_CAPABILITY: Mapping[str, PickupKind] = {"pickup": "bopis", "curbside": "curbside"}


@dataclass(frozen=True)
class Shipping:
    """A planned source: its distance, its working times and the service that carries from it."""

    source: str
    km: float
    timing: SourceTiming
    service: CarrierService


@dataclass(frozen=True)
class PickupSource:
    """A source where the cart could be picked up.

    `km` is how far it is for the customer, `in_stock` whether it has the whole cart, and
    `parcels_km` how far it is for each planned parcel.
    """

    site: PlanningSource
    timing: SourceTiming
    km: float
    in_stock: bool
    parcels_km: NDArray[np.float64]


def promises_of(shipping: Sequence[Shipping], at: datetime) -> list[tuple[Shipping, Promise]]:
    """Return the promise of each source; sources that never hand over are left out."""
    found: list[tuple[Shipping, Promise]] = []
    for parcel in shipping:
        made = promise(parcel.timing, km=parcel.km, now=at, service=parcel.service)
        if made is not None:
            found.append((parcel, made))
    return found


def promise_row(shipping: Shipping, made: Promise) -> QuotePromise:
    """Return a promise as the API shows it."""
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


def delivery_calendar(made: Sequence[tuple[Shipping, Promise]], at: datetime) -> list[CalendarDay]:
    """Return the coming days with whether every parcel can be delivered on them.

    A parcel can be delivered on days of its service, from its expected arrival on.
    """
    first = at.date()
    possible = np.full(CALENDAR_DAYS, bool(made))

    for shipping, found in made:
        possible &= delivery_days(shipping.service, first, CALENDAR_DAYS)
        possible[: max(0, (found.delivery_date - first).days)] = False

    calendar: list[CalendarDay] = []
    for ahead, is_possible in enumerate(possible.tolist()):
        calendar.append(CalendarDay(date=first + timedelta(days=ahead), possible=is_possible))

    return calendar


def pickup_options(
    sources: Sequence[PickupSource], shipping: Sequence[Shipping], at: datetime
) -> list[PickupOption]:
    """Return where the whole cart can be picked up, by kind, then by distance.

    A source with the whole cart in stock hands it out itself; ship-to-store sends the planned
    parcels to a source that has not.
    """
    near = sorted(sources, key=_distance)
    options: list[PickupOption] = []
    for capability, kind in KIND_OF_CAPABILITY.items():
        for source in _nearest(near, capability, in_stock=True):
            given = handover(_without_pickup_schedule(source.timing), at)
            if given is not None:
                options.append(_option(kind, source, given.ready_at))

    if not shipping:
        return options

    for source, ready in _ship_to_store(near, shipping, at):
        options.append(_option("ship_to_store", source, ready))

    return options


def _distance(source: PickupSource) -> float:
    return source.km


def _nearest(
    near: Sequence[PickupSource], capability: str, *, in_stock: bool
) -> list[PickupSource]:
    able: list[PickupSource] = []
    for source in near:
        if capability in source.site.body.capabilities and source.in_stock == in_stock:
            able.append(source)
    return able[:MOST_PICKUPS]


def _ship_to_store(
    near: Sequence[PickupSource], shipping: Sequence[Shipping], at: datetime
) -> Iterator[tuple[PickupSource, datetime]]:
    """Yield the stores that parcels can be sent to, with the instant when all have arrived."""
    stores = _nearest(near, "ship_to_store", in_stock=False)
    arrivals = _arrivals_by_store(stores, shipping, at)
    for store, days in zip(stores, arrivals, strict=True):
        ready = _all_arrived(store, shipping, days, at)
        if ready is not None:
            yield store, ready


def _arrivals_by_store(
    stores: Sequence[PickupSource], shipping: Sequence[Shipping], at: datetime
) -> list[tuple[date | None, ...]]:
    """Return for each store the arrival of every parcel; None for one that never leaves."""
    never: list[date | None] = [None] * len(stores)
    by_parcel: list[Sequence[date | None]] = []
    for i, parcel in enumerate(shipping):
        km = np.array([store.parcels_km[i] for store in stores])
        by_parcel.append(_arrival_days(parcel, km, at) or never)

    return list(zip(*by_parcel, strict=True))


def _arrival_days(parcel: Shipping, km: NDArray[np.float64], at: datetime) -> list[date] | None:
    """Return the expected arrival of a parcel at several stores; None when it never leaves."""
    given = handover(parcel.timing, at)
    if given is None:
        return None
    ship = np.array([given.ship_date], dtype="datetime64[D]")
    days: list[date] = deliveries(parcel.service, ship, km).expected.tolist()
    return days


def _all_arrived(
    store: PickupSource,
    shipping: Sequence[Shipping],
    days: Sequence[date | None],
    at: datetime,
) -> datetime | None:
    """Return when the store is open after the last parcel; None when one never arrives.

    A parcel counts as arrived when the store opens on its day; units of the store itself are ready
    when they are packed.
    """
    arrived: list[datetime] = []
    for parcel, day in zip(shipping, days, strict=True):
        ready = _arrived(store, parcel, day, at)
        if ready is None:
            return None

        arrived.append(ready)

    return next_open(store.timing.calendar, max(arrived))


def _arrived(
    store: PickupSource, parcel: Shipping, day: date | None, at: datetime
) -> datetime | None:
    """Return when a parcel is at the store; `day` is its arrival when another source sends it."""
    if parcel.source == store.site.name:
        given = handover(_without_pickup_schedule(parcel.timing), at)
        return given.ready_at if given else None
    if day is None:
        return None

    return store.timing.calendar.instant(day, 0)


def _without_pickup_schedule(timing: SourceTiming) -> SourceTiming:
    """Return the timing of goods that the customer picks up: no carrier collects them."""
    return replace(timing, pickup=None)


def _option(kind: PickupKind, source: PickupSource, ready: datetime) -> PickupOption:
    return PickupOption(
        kind=kind,
        source=source.site.name,
        title=source.site.body.title,
        ready_at=ready,
        distance_km=round(source.km, 1),
    )

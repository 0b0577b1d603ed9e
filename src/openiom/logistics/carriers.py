"""
How long a carrier takes, and how sure that is. Pure.

Confidence without a history: on every day of transit a parcel fails to move on with the chance `slip`, whatever
happened before, so the chance of arriving no more than k days late after n transit days is negative binomial,
(1 - slip)^n * sum over j = 0..k of C(n + j - 1, j) * slip^j. `latest` is `spread_days` after the expected day, and the
stated confidence is the chance of arriving by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from math import comb

import numpy as np
from numpy.typing import NDArray

from .calendars import HolidayRule, holidays_of

Dates = NDArray[np.datetime64]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
WORKDAYS = (True, True, True, True, True, False, False)


@dataclass(frozen=True, slots=True)
class Band:
    """Destinations up to so many kilometres away; None is any distance."""

    up_to_km: float | None
    zone: str
    days: int


@dataclass(frozen=True)
class CarrierService:
    """`bands` ascend and end with one of any distance; weekdays are Monday to Sunday."""

    carrier: str
    name: str
    title: str
    bands: tuple[Band, ...]
    moves: tuple[bool, ...] = WORKDAYS
    delivers: tuple[bool, ...] = WORKDAYS
    early_days: int = 0
    spread_days: int = 1
    slip: float = 0.05
    holidays: tuple[HolidayRule, ...] = ()
    rate_table: str = ""


STANDARD_SERVICE = CarrierService(
    carrier="",
    name="standard",
    title="Standard",
    bands=(
        Band(250.0, "1", 1),
        Band(1_000.0, "2", 2),
        Band(2_000.0, "3", 3),
        Band(3_500.0, "4", 4),
        Band(5_000.0, "5", 5),
        Band(None, "6", 8),
    ),
)
"""Used where no carrier is configured: ground service by working days."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Arrays of one shape: the days goods handed over on `ship` arrive, and the chance of arriving by `latest`."""

    band: Ints
    earliest: Dates
    expected: Dates
    latest: Dates
    confidence: Floats


def transit_of(service: CarrierService, km: Floats) -> tuple[Ints, Ints]:
    """(band index, transit days) of every distance; a distance on a boundary belongs to the nearer band."""
    edges = np.array([np.inf if band.up_to_km is None else band.up_to_km for band in service.bands])
    band = np.minimum(np.searchsorted(edges, km, side="left"), len(edges) - 1).astype(np.int64)
    return band, np.array([b.days for b in service.bands], dtype=np.int64)[band]


def deliveries(service: CarrierService, ship: Dates, km: Floats) -> Deliveries:
    """When goods shipped on `ship` (days, local to the source) arrive; `ship` and `km` spread to one shape."""
    km = np.asarray(km, dtype=np.float64)
    band, days = transit_of(service, km)
    ship = np.broadcast_to(ship.astype("datetime64[D]"), np.broadcast_shapes(ship.shape, km.shape))
    year = int(ship.min().astype(object).year) if ship.size else 1970
    moves, delivers = (
        _workdays(service.moves, service.holidays, year),
        _workdays(service.delivers, service.holidays, year),
    )

    def arrive(transit: Ints) -> Dates:
        moved = np.busday_offset(ship, transit, roll="forward", busdaycal=moves)
        return np.busday_offset(moved, 0, roll="forward", busdaycal=delivers)

    soonest = np.maximum(days - service.early_days, np.minimum(days, 1))
    chance = np.array(
        [on_time_chance(b.days, service.slip, service.spread_days) for b in service.bands]
    )[band]
    shape = ship.shape
    return Deliveries(
        band=np.broadcast_to(band, shape),
        earliest=arrive(soonest),
        expected=arrive(days),
        latest=arrive(days + service.spread_days),
        confidence=np.broadcast_to(chance, shape),
    )


def arrival(service: CarrierService, ship: date, days: int) -> date:
    """The day goods shipped on `ship` arrive after so many transit days."""
    day = np.array([ship], dtype="datetime64[D]")
    moves = _workdays(service.moves, service.holidays, ship.year)
    delivers = _workdays(service.delivers, service.holidays, ship.year)
    moved = np.busday_offset(day, days, roll="forward", busdaycal=moves)
    found: date = np.busday_offset(moved, 0, roll="forward", busdaycal=delivers)[0].astype(object)
    return found


def delivers_on(service: CarrierService, first: date, days: int) -> NDArray[np.bool_]:
    """(days,) whether the service brings anything on each day from the first on."""
    every = np.arange(days) + np.datetime64(first, "D")
    return np.asarray(
        np.is_busday(every, busdaycal=_workdays(service.delivers, service.holidays, first.year))
    )


def on_time_chance(days: int, slip: float, late_by: int) -> float:
    """The chance that `days` of transit take at most `late_by` days more."""
    if days == 0:
        return 1.0
    return float(
        (1 - slip) ** days * sum(comb(days + j - 1, j) * slip**j for j in range(late_by + 1))
    )


@lru_cache(maxsize=512)
def _workdays(
    weekdays: tuple[bool, ...], rules: tuple[HolidayRule, ...], year: int
) -> np.busdaycalendar:
    """Weekdays less holidays, from a year to the one after next."""
    closed: Sequence[date] = sorted(
        {day for rule in rules for ahead in range(3) for day in holidays_of(rule, year + ahead)}
    )
    return np.busdaycalendar(
        weekmask=list(weekdays), holidays=np.array(closed, dtype="datetime64[D]")
    )

"""
Transit times of carrier services and the confidence of an arrival date. Pure.

Confidence needs no history: on every day of transit a parcel fails to move with probability
`slip`, independently. The probability of arriving at most k days late after n transit days is then
negative binomial, (1 - slip)^n * sum over j = 0..k of C(n + j - 1, j) * slip^j. `latest` is
`spread_days` after the expected day, and the confidence of a promise is the probability of
arriving by then.
"""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import product
from math import comb

import numpy as np
from numpy.typing import NDArray

from .calendars import HolidayRule, holidays_of

Dates = NDArray[np.datetime64]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
WORKDAYS = (True, True, True, True, True, False, False)
HOLIDAY_YEARS = 3
"""Years of holidays that a work-day calendar contains, from the year of shipping on."""


@dataclass(frozen=True, slots=True)
class Band:
    """A distance band: destinations up to `up_to_km` kilometres away; None is any distance."""

    up_to_km: float | None
    zone: str
    days: int


@dataclass(frozen=True)
class CarrierService:
    """A carrier's service.

    `bands` ascend, and the last one has no limit. `moves` and `delivers` say for each weekday,
    Monday first, whether parcels are in transit and whether they are delivered.
    """

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

    def band_of(self, km: float) -> Band:
        """Return the band of a distance; a distance on a boundary belongs to the nearer band."""
        for band in self.bands[:-1]:
            if band.up_to_km is not None and km <= band.up_to_km:
                return band
        return self.bands[-1]


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
"""Ground service by working days, used where no carrier is configured."""


@dataclass(frozen=True, slots=True)
class Deliveries:
    """
    Arrays of one shape: arrival days of goods shipped, and the chance of arriving by `latest`.
    """

    band: Ints
    earliest: Dates
    expected: Dates
    latest: Dates
    confidence: Floats


def transit_of(service: CarrierService, km: Floats) -> tuple[Ints, Ints]:
    """Return (band index, transit days) of every distance.

    A distance on a boundary belongs to the nearer band.
    """
    limits = np.full(len(service.bands), np.inf)
    days = np.zeros(len(service.bands), dtype=np.int64)

    for index, band in enumerate(service.bands):
        days[index] = band.days
        if band.up_to_km is not None:
            limits[index] = band.up_to_km

    found = np.searchsorted(limits, km, side="left")
    indexes = np.minimum(found, len(limits) - 1).astype(np.int64)
    return indexes, days[indexes]


def deliveries(service: CarrierService, ship: Dates, km: Floats) -> Deliveries:
    """Return when goods shipped on the days `ship` (local to the source) arrive.

    `ship` and `km` are broadcast to one shape.
    """
    km = np.asarray(km, dtype=np.float64)
    band, days = transit_of(service, km)
    shape = np.broadcast_shapes(ship.shape, km.shape)
    ship = np.broadcast_to(ship.astype("datetime64[D]"), shape)
    year = _first_year(ship)

    chances: list[float] = []
    for b in service.bands:
        chances.append(on_time_chance(b.days, service.slip, service.spread_days))

    # A parcel that needs transit never arrives on the day it is shipped.
    shortest = np.maximum(days - service.early_days, np.minimum(days, 1))
    return Deliveries(
        band=np.broadcast_to(band, shape),
        earliest=_arrivals(service, ship, shortest, year),
        expected=_arrivals(service, ship, days, year),
        latest=_arrivals(service, ship, days + service.spread_days, year),
        confidence=np.broadcast_to(np.array(chances)[band], shape),
    )


def _first_year(days: Dates) -> int:
    """Return the year of the earliest day; 1970 when there is none."""
    return int(days.min().astype(object).year) if days.size else 1970


def arrival(service: CarrierService, ship: date, days: int) -> date:
    """Return the day goods shipped on `ship` arrive after so many transit days."""
    shipped = np.array([ship], dtype="datetime64[D]")
    found = _arrivals(service, shipped, np.array([days], dtype=np.int64), ship.year)
    day: date = found[0].astype(object)
    return day


def _arrivals(service: CarrierService, ship: Dates, transit: Ints, year: int) -> Dates:
    """Return the first delivery day after the transit days of each shipment."""
    moves = _workdays(service.moves, service.holidays, year)
    delivers = _workdays(service.delivers, service.holidays, year)
    moved = np.busday_offset(ship, transit, roll="forward", busdaycal=moves)
    return np.busday_offset(moved, 0, roll="forward", busdaycal=delivers)


def delivery_days(service: CarrierService, first: date, days: int) -> NDArray[np.bool_]:
    """Return (days,) whether the service delivers on each day from `first` on."""
    every = np.arange(days) + np.datetime64(first, "D")
    delivers = _workdays(service.delivers, service.holidays, first.year)
    return np.asarray(np.is_busday(every, busdaycal=delivers))


def on_time_chance(days: int, slip: float, late_by: int) -> float:
    """Return the probability that `days` of transit take at most `late_by` days more."""
    if days == 0:
        return 1.0
    delays = 0.0
    for j in range(late_by + 1):
        delays += comb(days + j - 1, j) * slip**j
    return float((1 - slip) ** days * delays)


@lru_cache(maxsize=512)
def _workdays(
    weekdays: tuple[bool, ...], rules: tuple[HolidayRule, ...], year: int
) -> np.busdaycalendar:
    """Return the weekdays without holidays from `year` on."""
    closed: set[date] = set()
    for rule, ahead in product(rules, range(HOLIDAY_YEARS)):
        closed |= holidays_of(rule, year + ahead)
    holidays = np.array(sorted(closed), dtype="datetime64[D]")
    return np.busdaycalendar(weekmask=list(weekdays), holidays=holidays)

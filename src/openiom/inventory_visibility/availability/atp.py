"""
Available to promise, settled on paper: many stock keys at once, day by day.

Projected(t) is what will stand there at the end of day t when every dated change up to it has happened. What can
be promised on day d without breaking a later promise is the lowest projection from d to the end of the window.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAXIMUM_DAYS = 180
TICKS = 10_000
"""Quantities have four decimals; as whole numbers of this part of a unit they add up exactly."""

HUNDRED_PERCENT = 100_000
"""In thousandths of a percent, as buffers are given."""

Schedule = Iterable[tuple[date, Decimal]]


@dataclass(frozen=True, slots=True)
class Projection:
    """Arrays of (keys, days), the first day being today; demand is positive. Exact while the values are integers."""

    supply: NDArray[Any]
    demand: NDArray[Any]
    projected: NDArray[Any]
    atp: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one key's timeline, in units."""

    day: date
    supply: Decimal
    demand: Decimal
    projected: Decimal
    atp: Decimal


@dataclass(frozen=True, slots=True)
class Kept:
    """
    What one requester sees of each key otherwise than nobody in particular: arrays of (keys,), quantities in ticks.

    own              allocated to the requester
    held             what of on hand is not common: reserved, safety stock, allocated to anybody
    buffer           kept back from the requester's channel, the larger of so much and
    percent          so many thousandths of a percent of on hand
    """

    own: NDArray[np.int64]
    held: NDArray[np.int64]
    buffer: NDArray[np.int64]
    percent: NDArray[np.int64]

    def offers(self, common: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of `common` (keys, days) the requester's part and its own, as `Shelf.offers` says; below zero where it is short.

        It never falls when `common` rises, so the lowest of a span is that of the lowest.
        """
        on_hand, percent = common + self.held[:, None], self.percent[:, None]
        parts = on_hand % HUNDRED_PERCENT * percent
        share = on_hand // HUNDRED_PERCENT * percent - (-parts // HUNDRED_PERCENT)
        left = np.maximum(0, common - np.maximum(self.buffer[:, None], share))
        found: NDArray[np.int64] = self.own[:, None] + np.where(common < 0, common, left)
        return found


def project(on_hand: NDArray[Any], supply: NDArray[Any], demand: NDArray[Any]) -> Projection:
    """`on_hand` (keys,), dated `supply` and `demand` (keys, days) as positive quantities of any numeric type."""
    projected = on_hand[:, None] + np.cumsum(supply - demand, axis=1)
    return Projection(supply, demand, projected, lowest_from(projected))


def lowest_from(projected: NDArray[Any]) -> NDArray[Any]:
    """The lowest projection from each day to the end of the window."""
    lowest: NDArray[Any] = np.minimum.accumulate(projected[:, ::-1], axis=1)[:, ::-1]
    return lowest


def atp(
    on_hand: Decimal, schedule_by_day: Mapping[date, Decimal] | Schedule, *, today: date, days: int
) -> list[Day]:
    """The timeline of one key: signed dated changes, positive ones supply. Those outside the window are left out."""
    pairs = schedule_by_day.items() if isinstance(schedule_by_day, Mapping) else schedule_by_day
    supply, demand = np.zeros((1, days), dtype=np.int64), np.zeros((1, days), dtype=np.int64)
    for day, quantity in pairs:
        place = (day - today).days
        if 0 <= place < days:
            (supply if quantity > 0 else demand)[0, place] += abs(ticks(quantity))
    found = project(np.array([ticks(on_hand)], dtype=np.int64), supply, demand)
    columns = [
        [units(v) for v in part[0]]
        for part in (found.supply, found.demand, found.projected, found.atp)
    ]
    return [
        Day(today + timedelta(days=i), *values)
        for i, values in enumerate(zip(*columns, strict=True))
    ]


def first_day(timeline: Iterable[Day], quantity: Decimal) -> date | None:
    """The first day on which `quantity` can be promised; None when the window never covers it."""
    return next((day.day for day in timeline if day.atp >= quantity), None)


def ticks(quantity: Decimal) -> int:
    return int(quantity * TICKS)


def units(value: Any) -> Decimal:
    return Decimal(int(value)) / TICKS

"""Projection of stock and availability to promise by day, for many stock keys at once. Pure.

The projection of day t is the stock at the end of that day when every dated change up to it has
happened. What can be promised on day d without breaking a later promise is the lowest projection
from d to the end of the window.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

TICKS = 10_000
"""Ticks per unit. Quantities have four decimals, so whole numbers of ticks add up exactly."""

HUNDRED_PERCENT = 100_000
"""In thousandths of a percent, the unit of buffers."""

Schedule = Iterable[tuple[date, Decimal]]


@dataclass(frozen=True, slots=True)
class Projection:
    """Arrays of shape (keys, days), the first day being today.

    Demand is positive. The values are exact as long as they are integers.
    """

    supply: NDArray[Any]
    demand: NDArray[Any]
    projected: NDArray[Any]
    atp: NDArray[Any]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the timeline of one key, in units."""

    day: date
    supply: Decimal
    demand: Decimal
    projected: Decimal
    atp: Decimal


@dataclass(frozen=True, slots=True)
class RequesterView:
    """What distinguishes a requester's view of stock keys: arrays of shape (keys,), in ticks.

    Attributes:
        own: Units allocated to the requester.
        kept_back: Units of on hand that are not common: reserved, safety stock and allocated.
        buffer: Units kept from the requester's channel, unless `percent` gives more.
        percent: Share of on hand kept from the channel, in thousandths of a percent.
    """

    own: NDArray[np.int64]
    kept_back: NDArray[np.int64]
    buffer: NDArray[np.int64]
    percent: NDArray[np.int64]

    def available(self, common: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return what the requester may have of `common` units (keys, days), with its own.

        This is `AllocatedStock.available_to` for arrays, except that a shortage stays negative. The
        result never falls when `common` rises, so the lowest of a span is that of its lowest day.
        """
        on_hand = common + self.kept_back[:, None]
        percent = self.percent[:, None]
        # on hand * percent, rounded up to whole ticks, without leaving 64 bits
        remainder = on_hand % HUNDRED_PERCENT * percent
        share = on_hand // HUNDRED_PERCENT * percent - (-remainder // HUNDRED_PERCENT)
        unbuffered = np.maximum(0, common - np.maximum(self.buffer[:, None], share))
        found: NDArray[np.int64] = self.own[:, None] + np.where(common < 0, common, unbuffered)
        return found


def project(on_hand: NDArray[Any], supply: NDArray[Any], demand: NDArray[Any]) -> Projection:
    """Return the projection of stock keys.

    Args:
        on_hand: Shape (keys,).
        supply: Dated supply, shape (keys, days), positive.
        demand: Dated demand, shape (keys, days), positive.
    """
    projected = on_hand[:, None] + np.cumsum(supply - demand, axis=1)
    return Projection(supply, demand, projected, lowest_from(projected))


def lowest_from(projected: NDArray[Any]) -> NDArray[Any]:
    """Return the lowest projection from each day to the end of the window."""
    lowest: NDArray[Any] = np.minimum.accumulate(projected[:, ::-1], axis=1)[:, ::-1]
    return lowest


def atp(
    on_hand: Decimal, schedule: Mapping[date, Decimal] | Schedule, *, today: date, days: int
) -> list[Day]:
    """Return the timeline of one key from signed dated changes; positive ones are supply.

    Changes outside the window are ignored.
    """
    changes = schedule.items() if isinstance(schedule, Mapping) else schedule
    supply = np.zeros((1, days), dtype=np.int64)
    demand = np.zeros((1, days), dtype=np.int64)

    for day, quantity in changes:
        offset = (day - today).days
        if 0 <= offset < days:
            side = supply if quantity > 0 else demand
            side[0, offset] += abs(ticks(quantity))

    found = project(np.array([ticks(on_hand)], dtype=np.int64), supply, demand)
    timeline = []
    for offset in range(days):
        timeline.append(
            Day(
                day=today + timedelta(days=offset),
                supply=units(found.supply[0, offset]),
                demand=units(found.demand[0, offset]),
                projected=units(found.projected[0, offset]),
                atp=units(found.atp[0, offset]),
            )
        )

    return timeline


def first_day(timeline: Iterable[Day], quantity: Decimal) -> date | None:
    """Return the first day on which `quantity` can be promised, or None."""
    for day in timeline:
        if day.atp >= quantity:
            return day.day
    return None


def ticks(quantity: Decimal) -> int:
    """Return a quantity in ticks."""
    return int(quantity * TICKS)


def units(value: Any) -> Decimal:
    """Return a number of ticks in units."""
    return Decimal(int(value)) / TICKS

"""Availability of the own stock by day, as each requester sees it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import InventoryConfiguration
from openiom.inventory_visibility.measures import ON_HAND, ZERO, Measure, ProductSource
from openiom.platform.bulk import fetch

from .allocation_limits import AllocationLimits, limits_of
from .atp import HUNDRED_PERCENT, Projection, RequesterView, lowest_from, project, ticks
from .decisions import Requester, rule_for
from .overdue_demand import overdue_demand
from .queries import own_stock


@dataclass(frozen=True, slots=True)
class StockPosition:
    """One of the own stock rows now."""

    stock_id: int
    on_hand: Decimal
    reserved: Decimal
    safety_stock: Decimal
    allocated: Decimal

    @property
    def free(self) -> Decimal:
        """What may be promised at once to a requester without a channel."""
        return self.on_hand - self.reserved - self.safety_stock - self.allocated


@dataclass(frozen=True)
class AvailabilityOutlook:
    """The projection of stock keys and what limits each requester.

    Rows of `projection` are `keys` in order, its columns the days from `today` on; values in ticks.
    """

    keys: Sequence[ProductSource]
    positions: Mapping[ProductSource, StockPosition]
    projection: Projection
    today: date
    limits: AllocationLimits
    _views: dict[Requester, Projection] = field(default_factory=dict)

    def view_of(self, requester: Requester) -> Projection:
        """Return the projection of what this requester may have, today and on later days."""
        if not requester.channel:
            return self.projection

        if requester not in self._views:
            projected = self._requester_view(requester).available(self.projection.projected)
            self._views[requester] = replace(
                self.projection, projected=projected, atp=lowest_from(projected)
            )

        return self._views[requester]

    def free(self, key: ProductSource, requester: Requester) -> Decimal:
        """Return the units of a key that may be promised to this requester at once."""
        position = self.positions[key]
        if not requester.channel or position.stock_id not in self.limits.stock:
            return position.free

        return self.limits.available_to(
            position.stock_id,
            requester,
            on_hand=position.on_hand,
            free=position.on_hand - position.reserved,
        )

    def _requester_view(self, requester: Requester) -> RequesterView:
        """Return the requester's limits at each key as arrays of ticks."""
        own, kept_back, buffer, percent = [], [], [], []
        for key in self.keys:
            position = self.positions[key]
            limited = self.limits.stock.get(position.stock_id)
            rule = rule_for(self.limits.rules, key, requester.channel)
            own.append(ticks(limited.allocated_to(requester)) if limited else 0)
            kept_back.append(ticks(position.on_hand - position.free))
            buffer.append(ticks(rule.units) if rule else 0)
            percent.append(int(rule.percent * HUNDRED_PERCENT / 100) if rule else 0)

        return RequesterView(
            own=np.array(own, dtype=np.int64),
            kept_back=np.array(kept_back, dtype=np.int64),
            buffer=np.array(buffer, dtype=np.int64),
            percent=np.array(percent, dtype=np.int64),
        )


def formula_of(configuration: InventoryConfiguration) -> Mapping[Measure, int]:
    """Return the signs of dated changes: of the first measure promised by date.

    Without one they are those of what may be reserved.
    """
    if configuration.atp_measures:
        return configuration.calculated[configuration.atp_measures[0]]
    return configuration.supply


def outlook(
    session: Session,
    products: Collection[str],
    *,
    configuration: InventoryConfiguration,
    today: date,
    source: str = "",
    channels: Collection[str] = (),
) -> AvailabilityOutlook:
    """Return the outlook of the own stock of these products, which are not kits.

    It serves requesters of `channels` and those without a channel. This runs four queries, and one
    more when there are channels.
    """
    rows = own_stock(session, products, source=source)
    limits = limits_of(session, rows, channels)

    positions = {}
    for row in rows:
        at_key = limits.stock.get(row.stock_id)
        allocated = at_key.allocated if at_key else ZERO
        positions[row.key] = StockPosition(
            row.stock_id, row.on_hand, row.reserved, row.safety_stock, allocated
        )

    keys = sorted(positions)
    number_of = {positions[key].stock_id: number for number, key in enumerate(keys)}
    formula = formula_of(configuration)
    supply, demand = scheduled_changes(
        session,
        number_of,
        lambda measure: formula.get(measure, 0),
        today=today,
        days=configuration.atp_days,
    )
    free = np.array([ticks(positions[key].free) for key in keys], dtype=np.int64)
    return AvailabilityOutlook(keys, positions, project(free, supply, demand), today, limits)


def scheduled_changes(
    session: Session,
    number_of: Mapping[int, int],
    sign_of: Callable[[Measure], int],
    *,
    today: date,
    days: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the scheduled supply and demand in ticks, each of shape (keys, days).

    Transfers that should have left before today are demand of today.

    Args:
        number_of: The row number of each stock id.
    """
    supply = np.zeros((len(number_of), days), dtype=np.int64)
    demand = np.zeros((len(number_of), days), dtype=np.int64)
    balances = fetch(
        session,
        "SELECT stock_id, day, data_source, measure, quantity"
        " FROM inventory_visibility.schedule_balance"
        " WHERE stock_id = ANY(%s) AND day >= %s AND day < %s AND quantity <> 0",
        (list(number_of), today, today + timedelta(days=days)),
    )

    for stock_id, day, data_source, measure, quantity in balances:
        signed = sign_of((data_source, measure)) * ticks(quantity)
        side = supply if signed > 0 else demand
        side[number_of[stock_id], (day - today).days] += abs(signed)

    for overdue in overdue_demand(session, number_of, today):
        demand[number_of[overdue.stock_id], 0] += sign_of(ON_HAND) * ticks(overdue.quantity)

    return supply, demand

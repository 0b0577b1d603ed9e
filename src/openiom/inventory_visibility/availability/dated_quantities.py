"""Scheduled changes and availability by day for groups of stock keys."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import InventoryConfiguration
from openiom.inventory_visibility.measures import ON_HAND, Measure
from openiom.platform.bulk import fetch

from .atp import project, ticks, units
from .overdue_demand import overdue_demand

Dated = dict[str, dict[str, dict[str, float]]]
"""Units by day, data source and measure."""


@dataclass(frozen=True, slots=True)
class DatedQuantities:
    """One group of stock keys by date.

    Attributes:
        quantities_by_date: Scheduled changes by day (`2022-02-02T00:00:00`), data source and
            measure; only days with changes.
        atp_quantities: Quantities by day (`2022-02-01T00:00:00Z`), data source and calculated
            measure; every day of the range.
    """

    quantities_by_date: Dated = field(default_factory=dict)
    atp_quantities: Dated = field(default_factory=dict)


class _Change(NamedTuple):
    """Where a scheduled change counts: number of the group, days from today, and measure."""

    group: int
    offset: int
    measure: Measure


def dated_quantities(
    session: Session,
    groups: Sequence[Sequence[int]],
    *,
    configuration: InventoryConfiguration,
    today: date,
    first: date | None = None,
    last: date | None = None,
) -> list[DatedQuantities]:
    """Return scheduled changes and availability by day for groups of stock ids, in three queries.

    The projection covers the whole window from `today` (UTC); `first` and `last` only limit the
    days that are returned.
    """
    days = configuration.atp_days
    group_of = {}
    for number, stock_ids in enumerate(groups):
        for stock_id in stock_ids:
            group_of[stock_id] = number

    view = _DatedView(
        results=[DatedQuantities() for _ in groups],
        changes=_scheduled(session, group_of, today, days),
        balances=_balances(session, group_of),
        today=today,
        days=days,
        shown=_shown_days(today, days, first, last),
    )
    view.show_changes()

    for calculated in configuration.atp_measures:
        view.show_calculated(calculated, configuration.calculated[calculated])

    return view.results


def _shown_days(today: date, days: int, first: date | None, last: date | None) -> range:
    """Return the days from today to show, within the window."""
    start = max(0, (first - today).days) if first else 0
    end = min(days, (last - today).days + 1) if last else days
    return range(start, end)


@dataclass(frozen=True, slots=True)
class _DatedView:
    """Scheduled changes and present balances of groups, in ticks, and what is shown of them."""

    results: list[DatedQuantities]
    changes: Mapping[_Change, int]
    balances: Mapping[int, Mapping[Measure, int]]
    today: date
    days: int
    shown: range

    def show_changes(self) -> None:
        """Add the scheduled changes of physical measures."""
        for change, quantity in sorted(self.changes.items()):
            self._show_change(change, change.measure, quantity)

    def show_calculated(self, calculated: Measure, formula: Mapping[Measure, int]) -> None:
        """Add the changes of a calculated measure and what of it can be promised on each day."""
        shape = len(self.results), self.days
        supply = np.zeros(shape, dtype=np.int64)
        demand = np.zeros(shape, dtype=np.int64)

        for change, quantity in self.changes.items():
            signed = formula.get(change.measure, 0) * quantity
            if signed:
                side = supply if signed > 0 else demand
                side[change.group, change.offset] += abs(signed)
                self._show_change(change, calculated, signed)

        projection = project(self._present(formula), supply, demand)
        for group, result in enumerate(self.results):
            for offset in self.shown:
                day = f"{self._day(offset)}T00:00:00Z"
                _add(result.atp_quantities, day, calculated, int(projection.atp[group, offset]))

    def _show_change(self, change: _Change, measure: Measure, quantity: int) -> None:
        if change.offset in self.shown:
            day = f"{self._day(change.offset)}T00:00:00"
            _add(self.results[change.group].quantities_by_date, day, measure, quantity)

    def _day(self, offset: int) -> date:
        return self.today + timedelta(days=offset)

    def _present(self, formula: Mapping[Measure, int]) -> NDArray[np.int64]:
        """Return the present quantity of a calculated measure by group."""
        present = np.zeros(len(self.results), dtype=np.int64)
        for group, balances in self.balances.items():
            for measure, sign in formula.items():
                present[group] += sign * balances.get(measure, 0)
        return present


def _add(dated: Dated, day: str, measure: Measure, quantity: int) -> None:
    data_source, name = measure
    by_measure = dated.setdefault(day, {}).setdefault(data_source, {})
    by_measure[name] = by_measure.get(name, 0.0) + float(units(quantity))


def _balances(session: Session, group_of: Mapping[int, int]) -> dict[int, dict[Measure, int]]:
    """Return the present balance of each physical measure by group, in ticks."""
    rows = fetch(
        session,
        "SELECT stock_id, data_source, measure, quantity FROM inventory_visibility.measure_balance"
        " WHERE stock_id = ANY(%s)",
        (list(group_of),),
    )
    sums: dict[int, dict[Measure, int]] = defaultdict(lambda: defaultdict(int))
    for stock_id, data_source, measure, quantity in rows:
        sums[group_of[stock_id]][data_source, measure] += ticks(quantity)

    return sums


def _scheduled(
    session: Session, group_of: Mapping[int, int], today: date, days: int
) -> dict[_Change, int]:
    """Return the scheduled changes of physical measures, in ticks.

    Transfers that should have left before today are demand of today.
    """
    rows = fetch(
        session,
        "SELECT stock_id, day, data_source, measure, quantity"
        " FROM inventory_visibility.schedule_balance"
        " WHERE stock_id = ANY(%s) AND day >= %s AND day < %s AND quantity <> 0",
        (list(group_of), today, today + timedelta(days=days)),
    )
    sums: dict[_Change, int] = defaultdict(int)
    for stock_id, day, data_source, measure, quantity in rows:
        change = _Change(group_of[stock_id], (day - today).days, (data_source, measure))
        sums[change] += ticks(quantity)

    for overdue in overdue_demand(session, group_of, today):
        sums[_Change(group_of[overdue.stock_id], 0, ON_HAND)] -= ticks(overdue.quantity)

    return sums

"""Key figures of runs, and their bounds over many runs. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import numpy as np

LOWER, UPPER = 0.05, 0.95
"""Bounds are these quantiles over the runs."""

KPIS = (
    "avg_fulfillment_distance_km",
    "orders",
    "orders_per_week",
    "order_lines",
    "revenue",
    "lost_revenue",
    "revenue_per_order",
    "revenue_per_fulfilled_order",
    "sources_per_day",
    "sources_used",
    "sources_per_order",
    "cost",
    "cost_per_fulfilled_order",
    "split_rate",
    "fill_rate",
    "orders_in_full",
    "orders_in_part",
    "orders_unfulfilled",
)
DAILY = (
    "orders",
    "order_lines",
    "revenue",
    "cost",
    "fill_rate",
    "avg_fulfillment_distance_km",
    "sources",
)


PER_FULFILLED = frozenset(
    (
        "avg_fulfillment_distance_km",
        "revenue_per_fulfilled_order",
        "sources_per_order",
        "cost_per_fulfilled_order",
        "split_rate",
    )
)
"""KPIs that a run has only if anything was served in it."""
PER_ORDER_OF_DAY = frozenset(("fill_rate", "avg_fulfillment_distance_km"))
"""Daily figures that a day has only if orders were placed on it."""


@dataclass(slots=True)
class Tally:
    """Sums over orders, of a day or a whole run.

    Distances are of parcels whose destination is known.
    """

    orders: int = 0
    lines: int = 0
    units: int = 0
    units_served: int = 0
    in_full: int = 0
    in_part: int = 0
    split: int = 0
    parcels: int = 0
    km: float = 0.0
    km_parcels: int = 0
    revenue: float = 0.0
    lost_revenue: float = 0.0
    cost: float = 0.0
    sources: set[str] = field(default_factory=set)

    @property
    def fulfilled(self) -> int:
        """Orders of which anything was served."""
        return self.in_full + self.in_part

    def add(self, other: "Tally") -> None:
        """Add the sums of other orders."""
        for column in fields(self):
            if column.name != "sources":
                total = getattr(self, column.name) + getattr(other, column.name)
                setattr(self, column.name, total)
        self.sources |= other.sources


@dataclass(slots=True)
class SourceTally:
    """Sums over what one source shipped in a run."""

    parcels: int = 0
    lines: int = 0
    units: int = 0
    km: float = 0.0
    km_parcels: int = 0
    days: int = 0

    def as_dict(self) -> dict[str, float]:
        """Return the figures of the source."""
        return {
            "parcels": self.parcels,
            "lines": self.lines,
            "units": self.units,
            "avg_distance_km": ratio(self.km, self.km_parcels),
            "days_used": self.days,
        }


@dataclass(frozen=True)
class RunFigures:
    """One run of one scenario: KPIs, a list for each daily figure, and the figures by source."""

    kpis: Mapping[str, float]
    daily: Mapping[str, Sequence[float]]
    by_source: Mapping[str, Mapping[str, float]]

    def as_dict(self) -> dict[str, Any]:
        """Return the figures as they are stored."""
        return asdict(self)


def ratio(amount: float, of: float) -> float:
    """Return the quotient; 0 of nothing."""
    return amount / of if of else 0.0


def kpis_of(days: Sequence[Tally]) -> dict[str, float]:
    """Return the KPIs of a run."""
    total = Tally()
    source_days = 0
    for day in days:
        total.add(day)
        source_days += len(day.sources)

    return {
        "avg_fulfillment_distance_km": ratio(total.km, total.km_parcels),
        "orders": total.orders,
        "orders_per_week": ratio(7.0 * total.orders, len(days)),
        "order_lines": total.lines,
        "revenue": total.revenue,
        "lost_revenue": total.lost_revenue,
        "revenue_per_order": ratio(total.revenue, total.orders),
        "revenue_per_fulfilled_order": ratio(total.revenue, total.fulfilled),
        "sources_per_day": ratio(source_days, len(days)),
        "sources_used": len(total.sources),
        "sources_per_order": ratio(total.parcels, total.fulfilled),
        "cost": total.cost,
        "cost_per_fulfilled_order": ratio(total.cost, total.fulfilled),
        "split_rate": ratio(total.split, total.fulfilled),
        "fill_rate": ratio(total.units_served, total.units),
        "orders_in_full": total.in_full,
        "orders_in_part": total.in_part,
        "orders_unfulfilled": total.orders - total.fulfilled,
    }


def daily_of(days: Sequence[Tally]) -> dict[str, list[float]]:
    """Return each daily figure of a run, one value a day."""
    figures: dict[str, list[float]] = {name: [] for name in DAILY}
    for day in days:
        figures["orders"].append(day.orders)
        figures["order_lines"].append(day.lines)
        figures["revenue"].append(day.revenue)
        figures["cost"].append(day.cost)
        figures["fill_rate"].append(ratio(day.units_served, day.units))
        figures["avg_fulfillment_distance_km"].append(ratio(day.km, day.km_parcels))
        figures["sources"].append(len(day.sources))

    return figures


def band(values: Sequence[float]) -> dict[str, float]:
    """Return the mean and the bounds over the runs; zeros without any run."""
    found = np.array(values or [0.0], dtype=np.float64)
    lower, upper = np.quantile(found, [LOWER, UPPER])
    return {"mean": _rounded(found.mean()), "lower": _rounded(lower), "upper": _rounded(upper)}


def bands_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return KPIs, days and sources of one scenario with their bounds.

    `runs` are as `RunFigures.as_dict` returned them. A run that drew no order says nothing about
    sourcing and is left out; of ratios, so is a run or a day of which nothing can be divided.
    """
    with_orders = [run for run in runs if run["kpis"]["orders"]]
    kpis = {name: _kpi_band(with_orders, name) for name in KPIS}
    daily: dict[str, dict[str, list[float]]] = {}
    for name in DAILY:
        daily[name] = _daily_band(with_orders or runs, name)

    by_source = _source_bands([run["by_source"] for run in with_orders])
    return {"kpis": kpis, "daily": daily, "by_source": by_source}


def _has_kpi(run: Mapping[str, Any], name: str) -> bool:
    """Return whether a run has a KPI: some are ratios to its orders, some to the fulfilled ones."""
    kpis = run["kpis"]
    if name in PER_FULFILLED:
        return bool(kpis["orders_in_full"] + kpis["orders_in_part"])
    return bool(kpis["orders"])


def differences(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return second less first with its bounds, run by run.

    Both met the same demand in each run, so that every difference is due to the changes. A
    difference is `certain` when its bounds are on one side of zero. A run counts when both have the
    KPI.
    """
    found: dict[str, Any] = {}
    for name in KPIS:
        gaps: list[float] = []
        for before, after in zip(first, second, strict=True):
            if _has_kpi(before, name) and _has_kpi(after, name):
                gaps.append(after["kpis"][name] - before["kpis"][name])

        gaps = gaps or [0.0]
        bounds = np.quantile(gaps, [LOWER, UPPER]) * np.sign(np.mean(gaps))
        found[name] = {**band(gaps), "certain": bool(bounds.min() > 0)}

    return found


def _kpi_band(runs: Sequence[Mapping[str, Any]], name: str) -> dict[str, float]:
    """Return a KPI with its bounds, over the runs that have it."""
    return band([run["kpis"][name] for run in runs if _has_kpi(run, name)])


def _daily_band(runs: Sequence[Mapping[str, Any]], name: str) -> dict[str, list[float]]:
    """Return a daily figure with its bounds, over the runs that have it on the day."""
    days: dict[str, list[float]] = {"mean": [], "lower": [], "upper": []}
    if name not in PER_ORDER_OF_DAY:
        table = np.array([run["daily"][name] for run in runs], dtype=np.float64)
        lower, upper = np.quantile(table, [LOWER, UPPER], axis=0)
        days["mean"] = list(map(_rounded, table.mean(axis=0)))
        days["lower"] = list(map(_rounded, lower))
        days["upper"] = list(map(_rounded, upper))
        return days

    for day in range(len(runs[0]["daily"][name])):
        values = [run["daily"][name][day] for run in runs if run["daily"]["orders"][day]]
        for bound, figure in band(values).items():
            days[bound].append(figure)

    return days


def _source_bands(
    runs: Sequence[Mapping[str, Mapping[str, float]]],
) -> dict[str, dict[str, dict[str, float]]]:
    """Return the figures of each source with their bounds; 0 in runs that did not use it.

    Its distance is that of the runs that used it.
    """
    names: set[str] = set()
    for run in runs:
        names.update(run)

    bands: dict[str, dict[str, dict[str, float]]] = {}
    for name in sorted(names):
        bands[name] = _bands_of_source([run.get(name, {}) for run in runs])

    return bands


def _bands_of_source(runs: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    bands: dict[str, dict[str, float]] = {}
    for figure in SourceTally().as_dict():
        bands[figure] = band([run.get(figure, 0.0) for run in runs])

    used = [run["avg_distance_km"] for run in runs if run.get("parcels")]
    bands["avg_distance_km"] = band(used)
    return bands


def _rounded(value: Any) -> float:
    """Return six decimals: enough for money and rates, without rounding noise."""
    return round(float(value), 6) + 0.0

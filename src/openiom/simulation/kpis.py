"""What a run came to, and what many runs say together. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Tally:
    """Sums over orders; a day's, or a whole run's. Distances are of parcels whose destination is known."""

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
        return self.in_full + self.in_part

    def add(self, other: "Tally") -> None:
        for name in (
            "orders",
            "lines",
            "units",
            "units_served",
            "in_full",
            "in_part",
            "split",
            "parcels",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("km", "km_parcels", "revenue", "lost_revenue", "cost"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.sources |= other.sources


@dataclass(slots=True)
class SourceTally:
    parcels: int = 0
    lines: int = 0
    units: int = 0
    km: float = 0.0
    km_parcels: int = 0
    days: int = 0

    def as_dict(self) -> dict[str, float]:
        return {
            "parcels": self.parcels,
            "lines": self.lines,
            "units": self.units,
            "avg_distance_km": ratio(self.km, self.km_parcels),
            "days_used": self.days,
        }


@dataclass(frozen=True)
class RunFigures:
    """One run of one scenario: KPIs, one list a daily figure, and what each source did."""

    kpis: Mapping[str, float]
    daily: Mapping[str, Sequence[float]]
    by_source: Mapping[str, Mapping[str, float]]

    def as_dict(self) -> dict[str, Any]:
        return {
            "kpis": dict(self.kpis),
            "daily": dict(self.daily),
            "by_source": dict(self.by_source),
        }


def ratio(amount: float, of: float) -> float:
    return amount / of if of else 0.0


def kpis_of(days: Sequence[Tally]) -> dict[str, float]:
    """The KPIs of a run from its days."""
    total = Tally()
    for day in days:
        total.add(day)
    return {
        "avg_fulfillment_distance_km": ratio(total.km, total.km_parcels),
        "orders": total.orders,
        "orders_per_week": ratio(7.0 * total.orders, len(days)),
        "order_lines": total.lines,
        "revenue": total.revenue,
        "lost_revenue": total.lost_revenue,
        "revenue_per_order": ratio(total.revenue, total.orders),
        "revenue_per_fulfilled_order": ratio(total.revenue, total.fulfilled),
        "sources_per_day": ratio(sum(len(day.sources) for day in days), len(days)),
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
    return {
        "orders": [day.orders for day in days],
        "order_lines": [day.lines for day in days],
        "revenue": [day.revenue for day in days],
        "cost": [day.cost for day in days],
        "fill_rate": [ratio(day.units_served, day.units) for day in days],
        "avg_fulfillment_distance_km": [ratio(day.km, day.km_parcels) for day in days],
        "sources": [len(day.sources) for day in days],
    }


def band(values: Sequence[float]) -> dict[str, float]:
    """Mean and bounds over the runs."""
    found = np.array(values, dtype=np.float64)
    lower, upper = np.quantile(found, [LOWER, UPPER])
    return {"mean": _tidy(found.mean()), "lower": _tidy(lower), "upper": _tidy(upper)}


def bands_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """KPIs, days and sources of one scenario with their bounds; `runs` as `RunFigures.as_dict` made them."""
    return {
        "kpis": {name: band([run["kpis"][name] for run in runs]) for name in KPIS},
        "daily": {name: _daily_bands([run["daily"][name] for run in runs]) for name in DAILY},
        "by_source": _source_bands([run["by_source"] for run in runs]),
    }


def differences(
    first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """
    Second less first, run by run: both met the same demand in each run, so what differs is what was changed.
    `certain` says that the bounds leave zero on one side.
    """
    found = {}
    for name in KPIS:
        gap = [b["kpis"][name] - a["kpis"][name] for a, b in zip(first, second, strict=True)]
        found[name] = band(gap) | {
            "certain": bool(min(np.quantile(gap, [LOWER, UPPER]) * np.sign(np.mean(gap))) > 0)
        }
    return found


def _daily_bands(runs: Sequence[Sequence[float]]) -> dict[str, list[float]]:
    table = np.array(runs, dtype=np.float64)
    lower, upper = np.quantile(table, [LOWER, UPPER], axis=0)
    rows = {"mean": table.mean(axis=0), "lower": lower, "upper": upper}
    return {name: [_tidy(value) for value in row] for name, row in rows.items()}


def _source_bands(
    runs: Sequence[Mapping[str, Mapping[str, float]]],
) -> dict[str, dict[str, dict[str, float]]]:
    names = sorted({name for run in runs for name in run})
    figures = tuple(SourceTally().as_dict())
    return {
        name: {
            figure: band([run.get(name, {}).get(figure, 0.0) for run in runs]) for figure in figures
        }
        for name in names
    }


def _tidy(value: Any) -> float:
    """Six decimals: enough for money and rates, and no noise of the last bits in what people read."""
    return round(float(value), 6) + 0.0

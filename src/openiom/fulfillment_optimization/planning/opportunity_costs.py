"""Opportunity costs learned from past demand. Pure.

The orders of each past day are planned as if they were placed now; the engine derives from them how
much each order would pay for a parcel of a source's day or a unit of its stock. A cost is kept for
every number of units left, so that prices follow stock and capacity without being learned again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from openiom.fulfillment_optimization.engine import UNLIMITED, BidPrices, SourcingProblem
from openiom.fulfillment_optimization.engine.opportunity_costs import learn_opportunity_costs
from openiom.fulfillment_optimization.order_port import OpenLine
from openiom.fulfillment_optimization.past_demand import PastOrder, as_open_lines
from openiom.fulfillment_optimization.problem_builder import (
    Key,
    PlanningContext,
    PricedProblem,
    build_problem,
    stock_columns,
)
from openiom.fulfillment_optimization.snapshot import StrategyConfig
from openiom.kernel import StockUnits, round_cost

NEGLIGIBLE = 1e-3
"""Money below which a cost counts as zero."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CostCurve:
    """The value of the next unit of a resource, by the number of units left.

    `step_costs[0]` is the value while at most `step` units are left, `step_costs[1]` while at most
    twice as many are, and so on; the last one is the value for any greater number.
    """

    step: int
    step_costs: tuple[float, ...]

    def at(self, units_left: int) -> float:
        """Return the value of the next unit; 0 when there is none."""
        if units_left <= 0 or not self.step_costs:
            return 0.0
        step = -(-units_left // self.step)
        return self.step_costs[min(step, len(self.step_costs)) - 1]


@dataclass(frozen=True, slots=True)
class OpportunityCosts:
    """Cost curves by (source, product); the product '' stands for a parcel of the source's day.

    Resources without a curve cost nothing.
    """

    curves: Mapping[tuple[str, str], CostCurve]

    def prices(self, priced: PricedProblem) -> BidPrices:
        """Return the prices for the stock and capacity that a problem has left."""
        problem = priced.problem
        found = BidPrices.zero(problem)
        node_of = {name: n for n, name in enumerate(priced.names)}
        columns = stock_columns(priced.products)
        parcels_left = problem.capacity - problem.used

        for (source, product), curve in self.curves.items():
            n = node_of.get(source)
            if n is None:
                continue

            if not product and problem.capacity[n] < UNLIMITED:
                found.node[n] = curve.at(int(parcels_left[n]))

            for s in columns.get(product, ()):
                if problem.stock[n, s] < UNLIMITED:
                    found.stock[n, s] = _unit_price(curve, priced, n, s)

        return found


def _unit_price(curve: CostCurve, priced: PricedProblem, node: int, column: int) -> float:
    """Return the price of one unit of the problem for the stock that is left."""
    size = float(priced.unit_size[column])
    units_left = ceil(priced.problem.stock[node, column] * size)
    return curve.at(units_left) * size


def opportunity_costs_from_demand(
    days: Sequence[Sequence[PastOrder]],
    setting: StrategyConfig,
    stock: Mapping[Key, StockUnits | int],
    given: PlanningContext,
) -> OpportunityCosts:
    """Return the costs learned from the orders of past days, each a sample of a day to come.

    `stock` is what may be promised, `given` what today's plans have used. Products without demand
    cost nothing.
    """
    samples = []
    for day in days:
        if day:
            samples.append(as_open_lines(day, given.now))

    if not samples or not setting.sources:
        return OpportunityCosts({})

    products = _products_of(samples)
    shelves = _stock_matrix(setting, products, stock, given.unlimited)

    def problem_of(lines: Sequence[OpenLine]) -> SourcingProblem:
        return _on_stock(build_problem(lines, setting, stock, given), products, shelves)

    # Samples are built one at a time: together they would need memory for every past day.
    learned = learn_opportunity_costs(
        problem_of(samples[0]), (problem_of(lines) for lines in samples)
    )
    curves: dict[tuple[str, str], CostCurve] = {}
    for n, site in enumerate(setting.sources):
        if site.daily_parcels is not None:
            left = _share_of_day_left(site.time_zone, given.now)
            costs = learned.nodes.step_values(n, left)
            curves[site.name, ""] = CostCurve(int(learned.nodes.block_size[n]), _trimmed(costs))

    names = list(products)
    for i, cell in enumerate(learned.cells.tolist()):
        n, s = divmod(cell, len(names))
        costs = learned.units.step_values(i, 1.0)
        curve = CostCurve(int(learned.units.block_size[i]), _trimmed(costs))
        curves[setting.names[n], names[s]] = curve

    return OpportunityCosts(_without_negligible(curves))


def _products_of(samples: Sequence[Sequence[OpenLine]]) -> dict[str, int]:
    """Return the column of each product with demand, in the order of first appearance."""
    columns: dict[str, int] = {}
    for lines in samples:
        for line in lines:
            columns.setdefault(line.product, len(columns))
    return columns


def _stock_matrix(
    setting: StrategyConfig,
    products: Mapping[str, int],
    stock: Mapping[Key, StockUnits | int],
    unlimited: frozenset[str],
) -> NDArray[np.int64]:
    """Return (sources, products) units that may be promised."""
    shelves = np.zeros((len(setting.names), len(products)), dtype=np.int64)
    for (product, source), units in stock.items():
        if product in products and source in setting.index:
            shelves[setting.index[source], products[product]] = max(0, int(units))

    for product in unlimited & products.keys():
        shelves[:, products[product]] = UNLIMITED

    return shelves


def _on_stock(
    priced: PricedProblem, products: Mapping[str, int], shelves: NDArray[np.int64]
) -> SourcingProblem:
    """Return the problem with the columns of all samples, so that samples share their resources."""
    sku = np.array([products[product] for product in priced.products], dtype=np.int64)
    return replace(priced.problem, line_sku=sku[priced.problem.line_sku], stock=shelves)


def _trimmed(costs: Sequence[float]) -> tuple[float, ...]:
    """Return the costs without negligible ones at the end, except one that covers the rest."""
    kept = [round_cost(max(0.0, cost)) for cost in costs]
    while len(kept) > 1 and kept[-1] <= NEGLIGIBLE and kept[-2] <= NEGLIGIBLE:
        kept.pop()
    return tuple(kept)


def _without_negligible(
    curves: Mapping[tuple[str, str], CostCurve],
) -> dict[tuple[str, str], CostCurve]:
    kept: dict[tuple[str, str], CostCurve] = {}
    for resource, curve in curves.items():
        if max(curve.step_costs, default=0.0) > NEGLIGIBLE:
            kept[resource] = curve
    return kept


def _share_of_day_left(time_zone: str, now: datetime) -> float:
    """Return the share of the local day that is still to come."""
    local = now.astimezone(ZoneInfo(time_zone))
    return 1.0 - timedelta(hours=local.hour, minutes=local.minute) / DAY

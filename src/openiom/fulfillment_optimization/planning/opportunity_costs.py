"""
What earlier demand says places and units are worth to the orders still to come. Pure.

The orders of each earlier day are planned as if they came now; the engine learns from them what each order would give
for a place of a source's day or a unit on its shelf. A worth is kept for every number of places left, so that prices
follow the shelves without being learned again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from openiom.fulfillment_optimization.engine import UNLIMITED, BidPrices, Problem
from openiom.fulfillment_optimization.engine import learn_opportunity_costs
from openiom.fulfillment_optimization.past_demand import PastOrder, as_open_lines
from openiom.fulfillment_optimization.problem_builder import (
    Key,
    PlanningContext,
    PricedProblem,
    build_problem,
    stock_columns,
)
from openiom.fulfillment_optimization.snapshot import StrategyConfig

NOTHING = 1e-3
"""Money below which nobody would wait for anything."""
DAY = timedelta(days=1)

Curve = tuple[int, tuple[float, ...]]
"""Places that count as one step, and what the last step is worth, the last but one, and so on."""


@dataclass(frozen=True, slots=True)
class Worths:
    """Curves by (source, product); '' stands for a parcel of the source's day. What is absent is worth nothing."""

    curves: Mapping[tuple[str, str], Curve]

    def prices(self, framed: PricedProblem) -> BidPrices:
        """For the stock and the days as this wave finds them."""
        p = framed.problem
        found = BidPrices.zero(p)
        node_of = {name: n for n, name in enumerate(framed.names)}
        columns = stock_columns(framed.products)
        room = p.capacity - p.used
        for (source, product), curve in self.curves.items():
            n = node_of.get(source)
            if n is None:
                continue
            if not product:
                found.node[n] = _at(curve, int(room[n])) if p.capacity[n] < UNLIMITED else 0.0
            for s in columns.get(product, ()):
                if p.stock[n, s] < UNLIMITED:
                    found.stock[n, s] = _at(curve, int(p.stock[n, s]))
        return found


def _at(curve: Curve, places: int) -> float:
    block, worths = curve
    if places <= 0 or not worths:
        return 0.0
    return worths[min(-(-places // block), len(worths)) - 1]


def learned(
    days: Sequence[Sequence[PastOrder]],
    setting: StrategyConfig,
    stock: Mapping[Key, int],
    given: PlanningContext,
) -> Worths:
    """
    From the orders of earlier days, each a day to come like any other; `stock` is what may be promised, `given` what
    today has taken. Products nobody asked for are worth nothing.
    """
    waves = [as_open_lines(day, given.now) for day in days if day]
    products = tuple(dict.fromkeys(line.product for wave in waves for line in wave))
    if not waves or not setting.sources:
        return Worths({})
    place = {product: s for s, product in enumerate(products)}
    shelves = np.zeros((len(setting.names), len(products)), dtype=np.int64)
    for (product, source), units in stock.items():
        if product in place and source in setting.index:
            shelves[setting.index[source], place[product]] = max(0, units)
    for product in given.unlimited & place.keys():
        shelves[:, place[product]] = UNLIMITED

    def problem_of(wave: int) -> Problem:
        framed = build_problem(waves[wave], setting, stock, given)
        sku = np.array([place[product] for product in framed.products], dtype=np.int64)
        return replace(framed.problem, line_sku=sku[framed.problem.line_sku], stock=shelves)

    known = learn_opportunity_costs(problem_of(0), (problem_of(wave) for wave in range(len(waves))))
    curves: dict[tuple[str, str], Curve] = {}
    for n, site in enumerate(setting.sources):
        if site.daily_parcels is not None:
            left = _of_day_left(site.time_zone, given.now)
            curves[site.name, ""] = int(known.nodes.block_size[n]), _rounded(known.nodes.step_values(n, left))
    for i, cell in enumerate(known.cells.tolist()):
        n, s = divmod(cell, len(products))
        curves[setting.names[n], products[s]] = (
            int(known.units.block_size[i]),
            _rounded(known.units.step_values(i, 1.0)),
        )
    return Worths(
        {key: curve for key, curve in curves.items() if max(curve[1], default=0.0) > NOTHING}
    )


def _rounded(worths: Sequence[float]) -> tuple[float, ...]:
    """Without the steps at the end that are worth nothing, but for one, which speaks for all that follow."""
    kept = [round(max(0.0, worth), 4) for worth in worths]
    while len(kept) > 1 and kept[-1] <= NOTHING and kept[-2] <= NOTHING:
        kept.pop()
    return tuple(kept)


def _of_day_left(time_zone: str, now: datetime) -> float:
    """Share of the source's own day that is still to come."""
    here = now.astimezone(ZoneInfo(time_zone))
    return 1.0 - timedelta(hours=here.hour, minutes=here.minute) / DAY

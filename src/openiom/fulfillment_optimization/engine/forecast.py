"""
Bid prices from expected demand: what a unit, or a place for a parcel, is worth to the orders that are still to come.

Orders of the same kind are one row of the linear program, which may serve the expected number of them by several
plans. Its duals at the mean demand are prices at a corner; the mean of the duals of sampled demands says better what
the last unit will be worth, because it is often the sample that decides whether there is a last unit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .bid_prices import BidPrices
from .columns import Columns, columns_of_plan, distinct, fits_alone, open_columns
from .lagrangian import Prices, Relaxation
from .master_problem import Master
from .problem import Floats, Ints, Problem

ROUNDS = 60
CLOSED = 1e-4
"""Relative distance of optimum and bound at which a sample's prices are taken."""


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    prices: BidPrices
    bound: float  # money no way of serving the mean demand goes below


def forecast(problem: Problem, *, expected: Floats, samples: int = 16, seed: int = 0) -> Forecast:
    """
    Prices for the orders to come: order b of the problem stands for `expected` (B,) of its kind, Poisson-distributed.
    Deterministic; `samples` demands are drawn beside the mean one, 0 takes the mean demand's prices.
    """
    kinds = _Kinds(problem)
    bound, prices = kinds.priced(expected)
    if not samples:
        return Forecast(kinds.wave.bid_prices(prices), bound)
    random = np.random.default_rng(seed)
    total = kinds.wave.no_prices()
    for _ in range(samples):
        total = total.plus(kinds.priced(random.poisson(expected).astype(np.float64))[1])
    return Forecast(kinds.wave.bid_prices(total.scaled(1 / samples)), bound)


class _Kinds:
    """The linear program over kinds of orders; its plans are kept from one demand to the next."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.wave = Relaxation(problem, every_cell=True)
        self.master = Master(self.wave)
        first = distinct([open_columns(problem), self._best(self.wave.no_prices())[1]])
        self.keys: Ints = first.keys()
        self.master.add(first)

    def priced(self, count: Floats) -> tuple[float, Prices]:
        """The bound of serving so many orders of each kind, and its prices."""
        self.master.expect(count)
        best, found = -np.inf, self.wave.no_prices()
        for _ in range(ROUNDS):
            value, prices, _ = self.master.solve()
            worth, columns = self._best(prices)
            bound = float(count @ worth) + self.wave.rebate - self.wave.worth(prices)
            if bound > best:
                best, found = bound, prices
            fresh = columns.take(np.flatnonzero(~np.isin(columns.keys(), self.keys)))
            if value - best <= CLOSED * abs(value) or not len(fresh):
                break
            self.keys = np.concatenate([self.keys, fresh.keys()])
            self.master.add(fresh)
        return best, found

    def _best(self, prices: Prices) -> tuple[Floats, Columns]:
        """(B,) money of every kind's cheapest plan when it pays for what it takes, and those plans."""
        p, priced = self.problem, self.wave.price(prices)
        worth = np.zeros(p.orders)
        for group, best in zip(self.wave.groups, priced.best, strict=True):
            np.add.at(worth, group.order, best.value)
        line = np.flatnonzero(priced.node >= 0)
        found = columns_of_plan(p, line, priced.node[line], p.quantity[line])
        return worth, fits_alone(p, distinct([found]))

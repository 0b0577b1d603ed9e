"""
Demand of a run: past days drawn again, with replacement. Pure.

Common random numbers: which past day stands for day d of run r, and every number drawn for its orders, come from
(seed, r, d) alone. Two scenarios, or two simulations of one seed and one basis, therefore meet the same customers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import floor
from typing import Any

import numpy as np

from openiom.fulfillment_optimization.past_demand import PastLine, PastOrder

from .request import Changes

MOST_LINES = 200_000


@dataclass(frozen=True)
class Pool:
    """The days that are drawn from; a day without orders is one of them."""

    days: tuple[tuple[PastOrder, ...], ...]

    @property
    def lines(self) -> int:
        return sum(len(order.lines) for day in self.days for order in day)

    @property
    def products(self) -> set[str]:
        return {line.product for day in self.days for order in day for line in order.lines}

    @property
    def currency(self) -> str:
        """The one most orders are in; revenue in others is left out."""
        seen = [order.currency for day in self.days for order in day]
        return max(sorted(set(seen)), key=seen.count, default="")


def pool_of(orders: Sequence[PastOrder], *, first: date, last: date) -> Pool:
    """Orders by the day (UTC) they were placed on."""
    days: list[list[PastOrder]] = [[] for _ in range((last - first).days + 1)]
    for order in orders:
        days[(order.placed_at.date() - first).days].append(order)
    return Pool(tuple(tuple(sorted(day, key=lambda o: o.placed_at)) for day in days))


def drawn(
    pool: Pool, *, days: int, multiplier: float, changes: Changes, seed: int, run: int
) -> Iterator[tuple[PastOrder, ...]]:
    """The orders of each simulated day of a run, as they arrive."""
    chosen = np.random.default_rng([seed, run]).integers(0, len(pool.days), size=days)
    shocked = frozenset(changes.demand_products)
    for day, past in enumerate(chosen):
        orders = pool.days[past]
        numbers = np.random.default_rng([seed, run, day]).random((len(orders), 2))
        found: list[PastOrder] = []
        for order, (copies, new) in zip(orders, numbers.tolist(), strict=True):
            hit = not shocked or any(line.product in shocked for line in order.lines)
            times = multiplier * (changes.demand_multiplier if hit else 1.0)
            found += [order] * floor(times + copies)
            found += _new_products(order, changes, multiplier, new)
        yield tuple(found)


def _new_products(
    order: PastOrder, changes: Changes, multiplier: float, number: float
) -> list[PastOrder]:
    """Orders of their own for products that do not exist yet, where this one holds what they sell like."""
    made: list[PastOrder] = []
    for new in changes.new_products:
        like = [line for line in order.lines if line.product == new.like]
        if like:
            mine = replace(order, lines=(replace(like[0], product=new.product),))
            made += [mine] * floor(multiplier * new.share + number)
    return made


def as_json(pool: Pool) -> list[list[list[Any]]]:
    """The pool as it is stored with a simulation."""
    return [
        [
            [
                o.placed_at.isoformat(),
                o.country,
                o.state,
                o.place,
                o.business,
                o.currency,
                o.wanted_days,
                [[x.product, x.quantity, x.revenue] for x in o.lines],
            ]
            for o in day
        ]
        for day in pool.days
    ]


def from_json(days: Sequence[Sequence[Sequence[Any]]]) -> Pool:
    return Pool(tuple(tuple(_order(row) for row in day) for day in days))


def _order(row: Sequence[Any]) -> PastOrder:
    at, country, state, place, business, currency, wanted, lines = row
    here = None if place is None else (float(place[0]), float(place[1]))
    kept = tuple(PastLine(product, quantity, revenue) for product, quantity, revenue in lines)
    return PastOrder(
        datetime.fromisoformat(at), country, state, here, business, currency, wanted, kept
    )


Stock = dict[str, dict[str, int]]
"""Product -> source -> units that may be promised."""


def starting_stock(stock: Mapping[str, Mapping[str, int]], changes: Changes) -> Stock:
    """What stands where on the first morning of a scenario."""
    found: Stock = {product: dict(units) for product, units in stock.items()}
    for source in changes.new_sources:
        for units in found.values():
            if source.stock_like in units:
                units[source.name] = units[source.stock_like]
        for product, count in source.stock.items():
            found.setdefault(product, {})[source.name] = count
    for new in changes.new_products:
        found.setdefault(new.product, {}).update(new.stock)
    return found

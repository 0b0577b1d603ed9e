"""Demand of a run: past days resampled with replacement. Pure.

Common random numbers: the past day used for day d of run r, and every number drawn for its orders,
depend on (seed, r, d) alone. Two scenarios, or two simulations of one seed and one basis, therefore
meet the same customers.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from math import floor
from typing import Any

import numpy as np

from openiom.fulfillment_optimization import PastLine, PastOrder, by_day

from .request import ScenarioChanges

MOST_LINES = 200_000


@dataclass(frozen=True)
class DemandPool:
    """The days that are drawn from; days without orders are among them."""

    days: tuple[tuple[PastOrder, ...], ...]

    def orders(self) -> Iterator[PastOrder]:
        """Yield the orders of all days."""
        for day in self.days:
            yield from day

    @property
    def lines(self) -> int:
        """The number of order lines."""
        return sum(len(order.lines) for order in self.orders())

    @property
    def products(self) -> set[str]:
        """The products that were ordered."""
        products: set[str] = set()
        for order in self.orders():
            products.update(line.product for line in order.lines)
        return products

    @property
    def currency(self) -> str:
        """The currency of most orders; revenue in others is not counted."""
        seen = [order.currency for order in self.orders()]
        return max(sorted(set(seen)), key=seen.count, default="")


def pool_of(orders: Sequence[PastOrder], *, first: date, last: date) -> DemandPool:
    """Return the orders by the day (UTC) they were placed on, in the order of their time."""
    days: list[tuple[PastOrder, ...]] = []
    for day in by_day(orders, first=first, last=last):
        days.append(tuple(sorted(day, key=_placed_at)))
    return DemandPool(tuple(days))


def _placed_at(order: PastOrder) -> datetime:
    return order.placed_at


def drawn(
    pool: DemandPool, *, days: int, multiplier: float, changes: ScenarioChanges, seed: int, run: int
) -> Iterator[tuple[PastOrder, ...]]:
    """Yield the orders of each simulated day of a run."""
    chosen = np.random.default_rng([seed, run]).integers(0, len(pool.days), size=days)
    shocked = frozenset(changes.demand_products)
    for day, past in enumerate(chosen):
        orders = pool.days[past]
        numbers = np.random.default_rng([seed, run, day]).random((len(orders), 2)).tolist()
        found: list[PastOrder] = []
        for order, (copies, extra) in zip(orders, numbers, strict=True):
            times = multiplier
            if not shocked or any(line.product in shocked for line in order.lines):
                times *= changes.demand_multiplier
            found += [order] * floor(times + copies)
            found += _orders_of_new_products(order, changes, multiplier, extra)
        yield tuple(found)


def _orders_of_new_products(
    order: PastOrder, changes: ScenarioChanges, multiplier: float, number: float
) -> list[PastOrder]:
    """Return separate orders of new products, where this order has the product they sell like."""
    made: list[PastOrder] = []
    for new in changes.new_products:
        like = next((line for line in order.lines if line.product == new.like), None)
        if like is not None:
            copy = replace(order, lines=(replace(like, product=new.product),))
            made += [copy] * floor(multiplier * new.share + number)
    return made


def as_json(pool: DemandPool) -> list[list[list[Any]]]:
    """Return the pool as it is stored with a simulation."""
    days: list[list[list[Any]]] = []
    for day in pool.days:
        days.append([_order_json(order) for order in day])
    return days


def _order_json(order: PastOrder) -> list[Any]:
    return [
        order.placed_at.isoformat(),
        order.country,
        order.state,
        order.place,
        order.business,
        order.currency,
        order.wanted_days,
        [[line.product, line.quantity, line.revenue] for line in order.lines],
    ]


def from_json(days: Sequence[Sequence[Sequence[Any]]]) -> DemandPool:
    """Return the pool that `as_json` stored."""
    parsed: list[tuple[PastOrder, ...]] = []
    for day in days:
        parsed.append(tuple(_order(row) for row in day))
    return DemandPool(tuple(parsed))


def _order(row: Sequence[Any]) -> PastOrder:
    placed_at, country, state, place, business, currency, wanted_days, lines = row
    return PastOrder(
        placed_at=datetime.fromisoformat(placed_at),
        country=country,
        state=state,
        place=None if place is None else (float(place[0]), float(place[1])),
        business=business,
        currency=currency,
        wanted_days=wanted_days,
        lines=tuple(PastLine(*line) for line in lines),
    )


Stock = dict[str, dict[str, int]]
"""Product -> source -> units that may be promised."""


def starting_stock(stock: Mapping[str, Mapping[str, int]], changes: ScenarioChanges) -> Stock:
    """Return the stock of a scenario on its first morning."""
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

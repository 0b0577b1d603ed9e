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

from .request import NewSource, ScenarioChanges

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
        lines = 0
        for order in self.orders():
            lines += len(order.lines)
        return lines

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
    """Yield the orders of each simulated day of a run.

    An order of a drawn day is repeated `multiplier` times on average: the whole part always, and
    once more with the probability of the fraction.
    """
    chosen = np.random.default_rng([seed, run]).integers(0, len(pool.days), size=days)
    shocked = frozenset(changes.demand_products)

    for day, past in enumerate(chosen):
        orders = pool.days[past]
        numbers = np.random.default_rng([seed, run, day]).random((len(orders), 2)).tolist()
        found: list[PastOrder] = []
        for order, (copies, extra) in zip(orders, numbers, strict=True):
            times = multiplier
            if _is_shocked(order, shocked):
                times *= changes.demand_multiplier

            found += [order] * floor(times + copies)
            found += _orders_of_new_products(order, changes, multiplier, extra)

        yield tuple(found)


def _is_shocked(order: PastOrder, products: frozenset[str]) -> bool:
    """Return whether the demand shock applies; without products it does to every order."""
    return not products or any(line.product in products for line in order.lines)


def _orders_of_new_products(
    order: PastOrder, changes: ScenarioChanges, multiplier: float, number: float
) -> list[PastOrder]:
    """Return separate orders of new products, where this order has the product they sell like."""
    made: list[PastOrder] = []
    for new in changes.new_products:
        like = _first_line_of(order, new.like)
        if like is not None:
            copy = replace(order, lines=(replace(like, product=new.product),))
            made += [copy] * floor(multiplier * new.share + number)

    return made


def _first_line_of(order: PastOrder, product: str) -> PastLine | None:
    for line in order.lines:
        if line.product == product:
            return line
    return None


def as_json(pool: DemandPool) -> list[list[list[Any]]]:
    """Return the pool as it is stored with a simulation."""
    days: list[list[list[Any]]] = []
    for day in pool.days:
        days.append(list(map(_order_json, day)))
    return days


def _order_json(order: PastOrder) -> list[Any]:
    lines: list[list[Any]] = []
    for line in order.lines:
        lines.append([line.product, line.quantity, line.revenue])

    return [
        order.placed_at.isoformat(),
        order.country,
        order.state,
        order.place,
        order.business,
        order.currency,
        order.wanted_days,
        lines,
    ]


def from_json(days: Sequence[Sequence[Sequence[Any]]]) -> DemandPool:
    """Return the pool that `as_json` stored."""
    parsed: list[tuple[PastOrder, ...]] = []
    for day in days:
        parsed.append(tuple(map(_order, day)))
    return DemandPool(tuple(parsed))


def _order(row: Sequence[Any]) -> PastOrder:
    placed_at, country, state, place, business, currency, wanted_days, lines = row
    if place is not None:
        place = float(place[0]), float(place[1])

    return PastOrder(
        placed_at=datetime.fromisoformat(placed_at),
        country=country,
        state=state,
        place=place,
        business=business,
        currency=currency,
        wanted_days=wanted_days,
        lines=tuple(PastLine(*line) for line in lines),
    )


Stock = dict[str, dict[str, int]]
"""Product -> source -> units that may be promised."""


def starting_stock(stock: Mapping[str, Mapping[str, int]], changes: ScenarioChanges) -> Stock:
    """Return the stock of a scenario on its first morning; `stock` is not changed."""
    found = copy_of(stock)
    for source in changes.new_sources:
        _stock_source(found, source)
    for new in changes.new_products:
        found.setdefault(new.product, {}).update(new.stock)
    return found


def copy_of(stock: Mapping[str, Mapping[str, int]]) -> Stock:
    """Return a copy whose units can be changed."""
    return {product: dict(units) for product, units in stock.items()}


def _stock_source(stock: Stock, source: NewSource) -> None:
    """Add the stock of a new source: that of the source it resembles, then its own figures."""
    for units in stock.values():
        if source.stock_like in units:
            units[source.name] = units[source.stock_like]
    for product, count in source.stock.items():
        stock.setdefault(product, {})[source.name] = count

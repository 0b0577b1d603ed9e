"""The lines to source as arrays, and the units in which a problem counts them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import gcd
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from openiom.kernel import StockUnits

from .order_port import OpenLine

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ProblemUnit:
    """The unit in which a problem counts one SKU: `steps` steps of a unit with `decimals`.

    `decimals` are the most of any line's stock unit, `steps` the greatest number that divides what
    one step of each line is in stock. Where all lines are ordered by the box of twelve, a problem
    counts boxes, and dividing a line never opens one. Where they differ, the problem counts what
    they have in common, and only lines whose own step is just that may be divided.
    """

    steps: int = 1
    decimals: int = 0

    @property
    def size(self) -> float:
        """Stock units in one unit of the problem."""
        return float(self.steps / 10**self.decimals)

    def of_stock(self, units: StockUnits | int) -> int:
        """Return how many of this unit are in a quantity of stock, rounded down."""
        return int(units * 10**self.decimals // self.steps)

    def with_line(self, line: OpenLine) -> ProblemUnit:
        """Return the unit that also counts this line."""
        if line.stock_decimals <= self.decimals:
            step = line.stock_per_step * 10 ** (self.decimals - line.stock_decimals)
            return ProblemUnit(gcd(self.steps, step), self.decimals)
        steps = self.steps * 10 ** (line.stock_decimals - self.decimals)
        return ProblemUnit(gcd(steps, line.stock_per_step), line.stock_decimals)

    def step_of(self, line: OpenLine) -> int:
        """Return one step of a line in this unit."""
        return self._of_line(line, line.stock_per_step)

    def quantity_of(self, line: OpenLine) -> int:
        """Return the quantity of a line in this unit."""
        return self._of_line(line, line.quantity)

    def _of_line(self, line: OpenLine, quantity: int) -> int:
        finer: int = 10 ** (self.decimals - line.stock_decimals)
        return quantity * finer // self.steps


WHOLE_UNITS = ProblemUnit()


@dataclass(frozen=True, eq=False)
class ProblemDemand:
    """The lines to source, as arrays. Lines of one order are adjacent, and those of one address.

    An order with several addresses is one order of the problem for each of them.
    """

    lines: Sequence[OpenLine]
    line_order: Ints  # (L,)
    line_sku: Ints  # (L,)
    quantity: Ints  # (L,) units of the problem, see `ProblemUnit`
    undivided: Sequence[int]  # lines that may not be divided, because a part could open a box
    products: tuple[str, ...]  # (S,) of each column of stock; variants have the same one
    units: tuple[ProblemUnit, ...]  # (S,)
    skus: Mapping[str, int]  # sku -> column of stock
    first_lines: tuple[OpenLine, ...]  # (B,)
    wanted: tuple[date | None, ...]  # (B,) the earliest requested delivery of a line

    @property
    def several_addresses(self) -> tuple[tuple[int, ...], ...]:
        """The orders of the problem that are one order with several addresses, for each such."""
        if not any(line.address for line in self.first_lines):
            return ()

        groups = self._by_order_id().values()
        return tuple(tuple(orders) for orders in groups if len(orders) > 1)

    def _by_order_id(self) -> dict[UUID, list[int]]:
        """Return the orders of the problem by the order they belong to."""
        found: dict[UUID, list[int]] = {}
        for i, line in enumerate(self.first_lines):
            found.setdefault(line.order_id, []).append(i)
        return found

    @property
    def countries(self) -> NDArray[np.str_]:
        """(B,) countries of the destinations."""
        return np.array([line.country for line in self.first_lines], dtype=np.str_)

    @property
    def unit_size(self) -> Floats:
        """(S,) stock units in one unit of the problem."""
        return np.array([unit.size for unit in self.units], dtype=np.float64)

    @property
    def stock_units(self) -> Floats:
        """(L,) quantities in stock units, for costs that count units."""
        quantities: Floats = self.quantity * self.unit_size[self.line_sku]
        return quantities


def problem_demand(lines: Sequence[OpenLine]) -> ProblemDemand:
    """Return the lines of a problem as arrays; lines of one order and address are adjacent."""
    order_index: dict[object, int] = {}
    first_lines: list[OpenLine] = []
    wanted: list[date | None] = []
    line_order: list[int] = []
    product_of_sku: dict[str, str] = {}
    for line in lines:
        key = (line.order_id, line.address) if line.address else line.order_id
        order = order_index.setdefault(key, len(order_index))
        if order == len(first_lines):
            first_lines.append(line)
            wanted.append(None)

        wanted[order] = _earlier(wanted[order], line.wanted)
        line_order.append(order)
        product_of_sku[line.sku] = line.product

    skus = {sku: column for column, sku in enumerate(product_of_sku)}
    units = _problem_units(lines)

    quantity: list[int] = []
    undivided: list[int] = []
    for i, line in enumerate(lines):
        unit = units.get(line.sku, WHOLE_UNITS)
        if unit is WHOLE_UNITS:
            quantity.append(line.quantity)
            continue

        quantity.append(unit.quantity_of(line))
        if unit.step_of(line) > 1:
            undivided.append(i)

    return ProblemDemand(
        lines=lines,
        line_order=np.array(line_order, dtype=np.int64),
        line_sku=np.array([skus[line.sku] for line in lines], dtype=np.int64),
        quantity=np.array(quantity, dtype=np.int64),
        undivided=undivided,
        products=tuple(product_of_sku.values()),
        units=tuple(units.get(sku, WHOLE_UNITS) for sku in skus),
        skus=skus,
        first_lines=tuple(first_lines),
        wanted=tuple(wanted),
    )


def _skus_in_other_units(lines: Sequence[OpenLine]) -> set[str]:
    found: set[str] = set()
    for line in lines:
        if line.stock_per_step != 1 or line.stock_decimals:
            found.add(line.sku)

    return found


def _problem_units(lines: Sequence[OpenLine]) -> dict[str, ProblemUnit]:
    """Return the units of SKUs that are not counted in whole stock units."""
    other = _skus_in_other_units(lines)
    units: dict[str, ProblemUnit] = {}
    if not other:
        return units

    for line in lines:
        if line.sku in other:
            first = ProblemUnit(line.stock_per_step, line.stock_decimals)
            units[line.sku] = units.get(line.sku, first).with_line(line)

    return units


def _earlier(one: date | None, other: date | None) -> date | None:
    if one is None or other is None:
        return one or other
    return min(one, other)

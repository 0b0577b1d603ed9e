"""The compact formulation: the whole problem as one mixed-integer program.

Variables: y (order, node) opens a parcel; w (line, node) uses a node for a line; x (line, node) is
the units of a divisible line, or w itself for an undivided one. It covers every constraint, divided
lines and any number of lines. It is too slow for a thousand orders; it is exact for one difficult
order and for small problems, and independent of the subset dynamic program, so that each can check
the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import product

import numpy as np

from .milp import INF, Model, Rows, solve_model
from .problem import Bools, Floats, Ints, SourcingProblem
from .shares import ShareRow, Shares

Term = tuple[int, float]
"""A column and its coefficient."""


@dataclass(slots=True)
class _Columns:
    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)

    def add(self, cost: float, upper: float, integer: bool = True) -> int:
        """Add a column 0 <= x <= upper and return its index."""
        self.cost.append(cost)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.cost) - 1


@dataclass(slots=True)
class _Formulation:
    problem: SourcingProblem
    reach: Bools  # (L, N)
    node_price: Floats | None  # (N,)
    stock_price: Floats | None  # (N, S)
    columns: _Columns = field(default_factory=_Columns)
    rows: Rows = field(default_factory=Rows)
    units: dict[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    """(line, node) -> column x and the units that 1 stands for."""
    uses: dict[tuple[int, int], int] = field(default_factory=dict)
    """(line, node) -> column w."""
    opens: dict[tuple[int, int], int] = field(default_factory=dict)
    """(order, node) -> column y."""

    def model(self) -> Model:
        columns, rows = self.columns, self.rows
        return Model(
            cost=np.array(columns.cost, dtype=np.float64),
            lower=np.zeros(len(columns.cost)),
            upper=np.array(columns.upper, dtype=np.float64),
            integer=np.array(columns.integer, dtype=bool),
            row_lower=np.array(rows.lower, dtype=np.float64),
            row_upper=np.array(rows.upper, dtype=np.float64),
            start=np.array(rows.start, dtype=np.int64),
            index=np.array(rows.index, dtype=np.int64),
            value=np.array(rows.value, dtype=np.float64),
        )

    def shares(self, x: Floats) -> Shares:
        """Return the shares of a solution."""
        rows: list[ShareRow] = []
        for (line, node), (column, units) in sorted(self.units.items()):
            quantity = round(x[column]) * units
            if quantity > 0:
                rows.append((line, node, quantity))
        return Shares.of(rows)


@dataclass(frozen=True, slots=True, eq=False)
class CompactResult:
    """The best plan found, its money with prices, and the proved lower bound."""

    shares: Shares
    cost: float
    bound: float
    optimal: bool


def solve_compact(
    problem: SourcingProblem,
    *,
    stock: Ints,
    reach: Bools,
    node_price: Floats | None = None,
    stock_price: Floats | None = None,
    time_limit: float = 60.0,
) -> CompactResult:
    """Return the least-cost plan of all orders together.

    `stock` (N, S) is what is left, `reach` (L, N) the nodes that may serve a line. Prices (N,) and
    (N, S) are added to costs where given; `node_price` replaces the pressure beyond the soft
    capacity.
    """
    formulation = _Formulation(problem, reach, node_price, stock_price)
    for order in range(problem.orders):
        _add_order(formulation, order)

    _add_stock(formulation, stock)
    _add_capacity(formulation)
    _add_line_limits(formulation)
    all_open = float(problem.open_cost.sum())
    model = formulation.model()
    if not len(model.cost):
        return CompactResult(Shares.none(), all_open, all_open, True)

    solution = solve_model(model, time_limit=time_limit)
    if solution.x is None:
        return CompactResult(Shares.none(), all_open, -np.inf, False)

    return CompactResult(
        shares=formulation.shares(solution.x),
        cost=all_open + solution.objective,
        bound=all_open + solution.bound,
        optimal=solution.optimal,
    )


def _add_order(f: _Formulation, order: int) -> None:
    """Add the columns and rows of one order."""
    p = f.problem
    lines = range(int(p.start[order]), int(p.start[order + 1]))
    nodes = np.flatnonzero(f.reach[lines.start : lines.stop].any(axis=0))
    if not len(nodes):
        return

    split_fee = float(p.split_fee[order])
    opened: dict[int, int] = {}
    for n in nodes.tolist():
        price = 0.0 if f.node_price is None else float(f.node_price[n])
        opened[n] = f.columns.add(float(p.parcel[order, n]) + split_fee + price, 1.0)
        f.opens[order, n] = opened[n]

    ships = f.columns.add(-split_fee, 1.0)
    served: list[list[Term]] = []
    uses: list[Term] = []
    for line in lines:
        terms, line_uses = _add_line(f, line, opened)
        served.append(terms)
        uses += line_uses

    # the split fee of one parcel is refunded only to an order that ships something
    f.rows.add([(ships, -1.0), *uses], 0.0, INF)
    _add_source_limits(f, order, opened)
    _add_partial_penalty(f, order, opened, served)


def _add_line(f: _Formulation, line: int, opened: dict[int, int]) -> tuple[list[Term], list[Term]]:
    """Add one line; return the terms of its served portion, and those of its sources."""
    p, columns, rows = f.problem, f.columns, f.rows
    quantity, sku = int(p.quantity[line]), int(p.line_sku[line])
    divisible = int(p.max_line_nodes[line]) > 1 and quantity > 1

    served: list[Term] = []
    uses: list[Term] = []
    for n, y in opened.items():
        if not f.reach[line, n]:
            continue

        price = 0.0 if f.stock_price is None else float(f.stock_price[n, sku]) * quantity
        gain = float(p.serve[line, n]) + price - float(p.open_cost[line])
        if divisible:
            x, w = columns.add(gain / quantity, float(quantity)), columns.add(0.0, 1.0)
            f.units[line, n] = (x, 1)
            rows.add([(x, 1.0), (w, -float(quantity))], -INF, 0.0)
            served.append((x, 1.0 / quantity))
        else:
            x = w = columns.add(gain, 1.0)
            f.units[line, n] = (x, quantity)
            served.append((x, 1.0))

        f.uses[line, n] = w
        uses.append((w, 1.0))
        rows.add([(w, 1.0), (y, -1.0)], -INF, 0.0)

    if served:
        rows.add([(x, 1.0) for x, _ in served], -INF, float(quantity) if divisible else 1.0)
        if divisible:
            _add_division_limits(f, line, uses)

    return served, uses


def _add_division_limits(f: _Formulation, line: int, uses: list[Term]) -> None:
    """Limit, and charge for, the sources of a divisible line."""
    p = f.problem
    f.rows.add(uses, -INF, float(min(len(uses), p.max_line_nodes[line])))
    if p.extra_line_node_penalty[line] > 0:
        beyond = f.columns.add(float(p.extra_line_node_penalty[line]), INF, False)
        preferred = float(min(len(uses), p.preferred_line_nodes[line]))
        f.rows.add([*uses, (beyond, -1.0)], -INF, preferred)


def _add_source_limits(f: _Formulation, order: int, opened: dict[int, int]) -> None:
    """Limit, and charge for, the sources of an order."""
    p = f.problem
    parcels: list[Term] = [(y, 1.0) for y in opened.values()]
    if p.max_nodes[order] < len(opened):
        f.rows.add(parcels, -INF, float(p.max_nodes[order]))
    if p.extra_node_penalty[order] > 0 and p.preferred_nodes[order] < len(opened):
        beyond = f.columns.add(float(p.extra_node_penalty[order]), INF, False)
        f.rows.add([*parcels, (beyond, -1.0)], -INF, float(p.preferred_nodes[order]))


def _add_partial_penalty(
    f: _Formulation, order: int, opened: dict[int, int], served: list[list[Term]]
) -> None:
    """Charge for an order that opens a parcel and does not serve a line whole, or forbid it."""
    penalty = float(f.problem.partial_penalty[order])
    if penalty <= 0:
        return

    forbidden = bool(np.isinf(penalty))
    partial = f.columns.add(0.0, 0.0) if forbidden else f.columns.add(penalty, 1.0)

    for y, terms in product(opened.values(), served):
        f.rows.add([(y, 1.0), (partial, -1.0), *_negated(terms)], -INF, 0.0)


def _negated(terms: list[Term]) -> list[Term]:
    return [(column, -value) for column, value in terms]


def _add_stock(f: _Formulation, stock: Ints) -> None:
    """Limit the units of every stock cell."""
    cells: dict[tuple[int, int], list[Term]] = {}
    for (line, n), (x, units) in f.units.items():
        cell = (n, int(f.problem.line_sku[line]))
        cells.setdefault(cell, []).append((x, float(units)))
    for (n, sku), terms in sorted(cells.items()):
        f.rows.add(terms, -INF, float(stock[n, sku]))


def _add_capacity(f: _Formulation) -> None:
    """Limit the parcels of every node; without node prices, charge for pressure."""
    p = f.problem
    for n, terms in sorted(_parcels_by_node(f).items()):
        f.rows.add(terms, -INF, float(max(0, p.capacity[n] - p.used[n])))
        if f.node_price is None and p.pressure[n] > 0:
            _charge_pressure(f, n, terms)


def _parcels_by_node(f: _Formulation) -> dict[int, list[Term]]:
    parcels: dict[int, list[Term]] = {}
    for (_, n), y in f.opens.items():
        parcels.setdefault(n, []).append((y, 1.0))

    return parcels


def _charge_pressure(f: _Formulation, n: int, parcels: list[Term]) -> None:
    """Charge for parcels of a node beyond its soft capacity."""
    p = f.problem
    beyond = f.columns.add(float(p.pressure[n]), INF, False)
    # parcels that were beyond the soft capacity before are not charged to this plan
    free_soft_capacity = float(max(0, p.soft_capacity[n] - p.used[n]))
    f.rows.add([*parcels, (beyond, -1.0)], -INF, free_soft_capacity)


def _add_line_limits(f: _Formulation) -> None:
    """Limit the counted order lines of every group of nodes."""
    for members, limit in zip(f.problem.limit_members, f.problem.line_limit, strict=True):
        terms: list[Term] = [(w, 1.0) for (_, n), w in f.uses.items() if members[n]]
        if terms:
            f.rows.add(terms, -INF, float(limit))

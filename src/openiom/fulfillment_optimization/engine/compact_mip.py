"""
The whole model as one mixed-integer program: every constraint, lines divided or not, any number of lines.

Too slow for a wave of a thousand orders; exact for one difficult order and for small waves, and
independent of the subset programme, so each checks the other.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .milp import INF, Model, Rows, solve_model
from .problem import Bools, Floats, Ints, Problem
from .shares import Shares


@dataclass(slots=True)
class _Columns:
    cost: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    integer: list[bool] = field(default_factory=list)

    def add(self, cost: float, upper: float, integer: bool = True) -> int:
        self.cost.append(cost)
        self.upper.append(upper)
        self.integer.append(integer)
        return len(self.cost) - 1


@dataclass(slots=True)
class _Build:
    problem: Problem
    columns: _Columns = field(default_factory=_Columns)
    rows: Rows = field(default_factory=Rows)
    take: dict[tuple[int, int], tuple[int, int]] = field(
        default_factory=dict
    )  # (line, node) -> column, units
    picks: dict[tuple[int, int], int] = field(
        default_factory=dict
    )  # (line, node) -> column that says "used"
    opens: dict[tuple[int, int], int] = field(default_factory=dict)  # (order, node) -> column


@dataclass(frozen=True, slots=True, eq=False)
class CompactAnswer:
    shares: Shares
    cost: float
    bound: float
    optimal: bool


def solve_compact(
    problem: Problem,
    *,
    stock: Ints,
    reach: Bools,
    node_price: Floats | None = None,
    stock_price: Floats | None = None,
    time_limit: float = 60.0,
) -> CompactAnswer:
    """
    The cheapest plan of all orders together, prices (N,) and (N, S) added to costs where given.

    `node_price` replaces the pressure beyond the soft capacity; leave it out to have pressure counted.
    """
    build = _Build(problem)
    for order in range(problem.orders):
        _order(build, order, reach, node_price, stock_price)
    _shared(build, stock, node_price is None)
    c, r = build.columns, build.rows
    model = Model(
        cost=np.array(c.cost, dtype=np.float64),
        lower=np.zeros(len(c.cost)),
        upper=np.array(c.upper, dtype=np.float64),
        integer=np.array(c.integer, dtype=bool),
        row_lower=np.array(r.lower, dtype=np.float64),
        row_upper=np.array(r.upper, dtype=np.float64),
        start=np.array(r.start, dtype=np.int64),
        index=np.array(r.index, dtype=np.int64),
        value=np.array(r.value, dtype=np.float64),
    )
    base = float(problem.open_cost.sum())
    if not len(model.cost):
        return CompactAnswer(Shares.none(), base, base, True)
    found = solve_model(model, time_limit=time_limit)
    if found.x is None:
        return CompactAnswer(Shares.none(), base, -np.inf, False)
    kept = [
        (line, n, round(found.x[col]) * units)
        for (line, n), (col, units) in sorted(build.take.items())
    ]
    kept = [share for share in kept if share[2] > 0]
    return CompactAnswer(Shares.of(kept), base + found.objective, base + found.bound, found.optimal)


def _order(
    build: _Build,
    order: int,
    reach: Bools,
    node_price: Floats | None,
    stock_price: Floats | None,
) -> None:
    p, c, r = build.problem, build.columns, build.rows
    lines = range(int(p.start[order]), int(p.start[order + 1]))
    nodes = (
        np.flatnonzero(reach[lines.start : lines.stop].any(axis=0))
        if len(lines)
        else np.zeros(0, np.int64)
    )
    if not len(nodes):
        return
    fee = float(p.split_fee[order])
    opened: dict[int, int] = {}
    for n in nodes.tolist():
        price = 0.0 if node_price is None else float(node_price[n])
        opened[n] = build.opens[order, n] = c.add(float(p.parcel[order, n]) + fee + price, 1.0)
    shipped = c.add(-fee, 1.0)
    served = [_line(build, line, opened, reach, stock_price) for line in lines]
    mine = [(w, 1.0) for (line, _), w in build.picks.items() if line in lines]
    r.add([(shipped, -1.0), *mine], 0.0, INF)  # no refund of the split fee for an empty parcel
    _order_limits(build, order, opened, served)


def _line(
    build: _Build,
    line: int,
    opened: dict[int, int],
    reach: Bools,
    stock_price: Floats | None,
) -> list[tuple[int, float]]:
    """Columns of one line; answers the terms that add up to the served share of it."""
    p, c, r = build.problem, build.columns, build.rows
    quantity, sku = int(p.quantity[line]), int(p.line_sku[line])
    divided = int(p.max_line_nodes[line]) > 1 and quantity > 1
    served: list[tuple[int, float]] = []
    picks: list[tuple[int, float]] = []
    for n, y in opened.items():
        if not reach[line, n]:
            continue
        price = 0.0 if stock_price is None else float(stock_price[n, sku]) * quantity
        gain = float(p.serve[line, n]) + price - float(p.open_cost[line])
        if divided:
            x, w = c.add(gain / quantity, float(quantity)), c.add(0.0, 1.0)
            build.take[line, n] = (x, 1)
            r.add([(x, 1.0), (w, -float(quantity))], -INF, 0.0)
            served.append((x, 1.0 / quantity))
        else:
            x = w = c.add(gain, 1.0)
            build.take[line, n] = (x, quantity)
            served.append((x, 1.0))
        build.picks[line, n] = w
        picks.append((w, 1.0))
        r.add([(w, 1.0), (y, -1.0)], -INF, 0.0)
    if not served:
        return served
    r.add([(x, 1.0) for x, _ in served], -INF, float(quantity) if divided else 1.0)
    if divided:
        r.add(picks, -INF, float(min(len(picks), p.max_line_nodes[line])))
        if p.extra_line_node_penalty[line] > 0:
            over = c.add(float(p.extra_line_node_penalty[line]), INF, False)
            r.add(
                [*picks, (over, -1.0)], -INF, float(min(len(picks), p.preferred_line_nodes[line]))
            )
    return served


def _order_limits(
    build: _Build, order: int, opened: dict[int, int], served: list[list[tuple[int, float]]]
) -> None:
    p, c, r = build.problem, build.columns, build.rows
    parcels = [(y, 1.0) for y in opened.values()]
    if p.max_nodes[order] < len(opened):
        r.add(parcels, -INF, float(p.max_nodes[order]))
    if p.extra_node_penalty[order] > 0 and p.preferred_nodes[order] < len(opened):
        over = c.add(float(p.extra_node_penalty[order]), INF, False)
        r.add([*parcels, (over, -1.0)], -INF, float(p.preferred_nodes[order]))
    if p.partial_penalty[order] > 0:
        forbidden = bool(np.isinf(p.partial_penalty[order]))
        partial = c.add(
            0.0 if forbidden else float(p.partial_penalty[order]), 0.0 if forbidden else 1.0
        )
        for y in opened.values():
            for terms in served:
                r.add([(y, 1.0), (partial, -1.0)] + [(x, -v) for x, v in terms], -INF, 0.0)


def _shared(build: _Build, stock: Ints, pressed: bool) -> None:
    """Stock, capacity and counted order lines, shared by all orders."""
    p, c, r = build.problem, build.columns, build.rows
    cells: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for (line, n), (x, units) in build.take.items():
        cells.setdefault((n, int(p.line_sku[line])), []).append((x, float(units)))
    for (n, sku), terms in sorted(cells.items()):
        r.add(terms, -INF, float(stock[n, sku]))
    parcels: dict[int, list[tuple[int, float]]] = {}
    for (_, n), y in build.opens.items():
        parcels.setdefault(n, []).append((y, 1.0))
    for n, terms in sorted(parcels.items()):
        r.add(terms, -INF, float(max(0, p.capacity[n] - p.used[n])))
        if pressed and p.pressure[n] > 0:
            over = c.add(float(p.pressure[n]), INF, False)
            # beyond the soft capacity only what this wave adds is this wave's pressure
            r.add([*terms, (over, -1.0)], -INF, float(max(0, p.soft_capacity[n] - p.used[n])))
    for members, limit in zip(p.limit_members, p.line_limit, strict=True):
        terms = [(w, 1.0) for (_, n), w in build.picks.items() if members[n]]
        if terms:
            r.add(terms, -INF, float(limit))

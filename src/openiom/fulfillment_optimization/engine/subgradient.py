"""Subgradient ascent on the Lagrangian dual (Polyak's step with momentum).

Prices of overused rows rise, those of idle rows fall; the prices with the best bound are kept. See
Held, Wolfe and Crowder (1974).
"""

from __future__ import annotations

import numpy as np

from .lagrangian import Prices, Relaxation, Usage
from .problem import Floats, Ints

MOMENTUM = 0.6
PATIENCE = 8
"""Steps without a better bound after which the steps become shorter and restart from the best."""
SHORTER = 0.7
CONVERGED = 1e-9
"""Money between the upper and the lower bound at which the ascent ends."""


def ascend(
    relaxation: Relaxation, *, upper: float, steps: int, start: Prices
) -> tuple[float, Prices]:
    """Return the best lower bound found and its prices.

    `upper` is the money of any feasible plan; it scales the steps.
    """
    p = relaxation.problem
    ends = np.cumsum([len(start.stock), p.nodes, len(start.lines)])
    limits = np.concatenate(
        [relaxation.stock, relaxation.free_soft_capacity, p.line_limit.astype(np.float64)]
    )
    point = np.concatenate([start.stock, start.node, start.lines])
    best_bound, best = -np.inf, point
    stale, scale = 0, 1.0
    direction: Floats = np.zeros(len(point))

    for _ in range(steps):
        priced = relaxation.price(_as_prices(point, ends))
        stale += 1
        if priced.bound > best_bound:
            best_bound, best, stale = priced.bound, point, 0

        if stale >= PATIENCE:
            scale, stale, point = scale * SHORTER, 0, best

        slope = _subgradient(relaxation, priced.usage, point, limits, ends)
        direction = MOMENTUM * direction + slope
        square_length = float(direction @ direction)
        if square_length < 1e-12 or upper - best_bound < CONVERGED:
            break

        step = scale * max(0.0, upper - priced.bound) / square_length
        point = np.maximum(0.0, point + step * direction)

    return best_bound, _as_prices(best, ends)


def _subgradient(
    relaxation: Relaxation, usage: Usage, point: Floats, limits: Floats, ends: Ints
) -> Floats:
    """Return usage beyond the limits, by row; zero where a price of zero cannot fall."""
    slope = np.concatenate([usage.stock, usage.node, usage.lines]) - limits
    # parcels beyond the soft capacity pay the pressure, so a price at the pressure is high enough
    nodes = slice(ends[0], ends[1])
    pressed = np.clip(slope[nodes], 0, relaxation.free_capacity - relaxation.free_soft_capacity)
    slope[nodes] -= np.where(point[nodes] >= relaxation.problem.pressure, pressed, 0.0)
    slope[(point <= 0) & (slope < 0)] = 0.0
    return slope


def _as_prices(values: Floats, ends: Ints) -> Prices:
    stock, node, lines = np.split(values, ends[:2])
    return Prices(stock, node, lines, np.zeros(0))

"""
Prices by subgradient ascent: raise what is asked for too much, lower what lies idle, keep the best
bound.
"""

from __future__ import annotations

import numpy as np

from .lagrangian import Prices, Relaxation
from .problem import Floats

MOMENTUM = 0.6
PATIENCE = 8


def ascend(wave: Relaxation, *, upper: float, steps: int, start: Prices) -> tuple[float, Prices]:
    """The best lower bound found and its prices; `upper` is the money of any feasible plan."""
    p = wave.problem
    parts = [len(start.stock), p.nodes, len(start.lines)]
    ends = np.cumsum(parts)
    room = np.concatenate([wave.stock, wave.calm, p.line_limit.astype(np.float64)])
    at = np.concatenate([start.stock, start.node, start.lines])
    best_bound, best, stale, boldness = -np.inf, at, 0, 1.0
    direction: Floats = np.zeros(len(at))
    for _ in range(steps):
        priced = wave.price(_prices(at, ends))
        if priced.bound > best_bound:
            best_bound, best, stale = priced.bound, at, 0
        else:
            stale += 1
        if stale >= PATIENCE:
            boldness, stale, at = boldness * 0.7, 0, best
        usage = priced.usage
        slope = np.concatenate([usage.stock, usage.node, usage.lines]) - room
        # beyond the calm room parcels pay the pressure, so no price above it speaks for them
        over = np.clip(slope[ends[0] : ends[1]], 0, wave.room - wave.calm)
        slope[ends[0] : ends[1]] -= np.where(at[ends[0] : ends[1]] >= p.pressure, over, 0.0)
        slope[(at <= 0) & (slope < 0)] = 0.0
        direction = MOMENTUM * direction + slope
        length = float(direction @ direction)
        if length < 1e-12 or upper - best_bound < 1e-9:
            break
        at = np.maximum(0.0, at + boldness * max(0.0, upper - priced.bound) / length * direction)
    return best_bound, _prices(best, ends)


def _prices(values: Floats, ends: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Prices:
    stock, node, lines = np.split(values, ends[:2])
    return Prices(stock, node, lines, np.zeros(0))

"""
Bid prices from the middle of what the duals may be.

A dual at a corner says what one more unit gains or what one less costs, rarely both, and leaves orders
tied between plans; walking a wave with it gives scarce units to the wrong orders. Averaging the duals of
slightly scarcer and slightly richer waves lands between the two, and the ties are gone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .bid_prices import BidPrices
from .columns import Columns, columns_of_plan, distinct, fits_alone
from .enumerate_plans import near_best
from .lagrangian import Prices, Relaxation
from .master_problem import Master
from .problem import Floats, Ints

NUDGE = 0.3
"""Units by which a row is at most made scarcer or richer."""
LARGE = 3000
PAIRS, FEW_PAIRS = 6, 2
"""Nudges, each tried both ways, up to and beyond LARGE orders."""
MARGIN, FEW_MARGIN = 0.15, 0.03
"""How much dearer than an order's best plan the plans to begin with may be, in mean money of an order; the same."""


def central_prices(
    wave: Relaxation, prices: Prices, master: Master, pool: Columns, left: Callable[[], float]
) -> BidPrices:
    """
    The mean of the prices of nudged waves; deterministic. `prices` are the best ones of the wave itself,
    `pool` the plans its `master` ended with; the master is of no other use afterwards. `left` answers the
    seconds there are: without time the prices are those of the wave itself.
    """
    p = wave.problem
    height = len(wave.cells) + p.nodes + len(p.line_limit)
    random = np.random.default_rng(0)
    pairs, margin = (PAIRS, MARGIN) if p.orders <= LARGE else (FEW_PAIRS, FEW_MARGIN)
    nudges = [random.uniform(-NUDGE, NUDGE, height) for _ in range(pairs)]
    mean = float(pool.cost.mean()) if len(pool) else 0.0
    near = fits_alone(p, near_best(wave, prices, margin=margin * abs(mean), most=50).columns)
    keys = pool.keys()
    near = near.take(np.flatnonzero(~np.isin(near.keys(), keys)))
    master.add(near)
    keys = np.concatenate([keys, near.keys()])
    total, count = wave.no_prices(), 0
    for i, nudge in enumerate(nudges):
        both = []
        for way in (nudge, -nudge):
            if left() <= 0:
                break
            solved, keys = _solved(wave, master, keys, way, rounds=2 if i == 0 else 1, left=left)
            both.append(solved)
        if len(both) < 2:
            break  # one way alone would lean to one side
        total, count = total.plus(both[0]).plus(both[1]), count + 2
    return wave.bid_prices(total.scaled(1 / count) if count else prices)


def _solved(
    wave: Relaxation,
    master: Master,
    keys: Ints,
    nudge: Floats,
    *,
    rounds: int,
    left: Callable[[], float],
) -> tuple[Prices, Ints]:
    """The nudged master solved, with plans it lacked priced in; `keys` are those of the plans it has."""
    p = wave.problem
    master.nudge(nudge)
    _, prices, _ = master.solve()
    for _ in range(rounds):
        if left() <= 0:
            break
        node = wave.price(prices).node
        line = np.flatnonzero(node >= 0)
        fresh = fits_alone(p, distinct([columns_of_plan(p, line, node[line], p.quantity[line])]))
        fresh = fresh.take(np.flatnonzero(~np.isin(fresh.keys(), keys)))
        if not len(fresh):
            break
        master.add(fresh)
        keys = np.concatenate([keys, fresh.keys()])
        _, prices, _ = master.solve()
    return prices, keys

"""Bid prices as averages of the duals of perturbed master problems.

A dual at a vertex is the gain of one more unit or the loss of one less, rarely both, and it leaves
orders tied between plans; solving in sequence with it gives scarce units to the wrong orders. The
mean of the duals of slightly scarcer and slightly richer problems lies between the two and breaks
the ties.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .bid_prices import BidPrices
from .columns import Columns, columns_of_nodes, distinct, fitting_alone
from .enumerate_plans import near_best
from .lagrangian import Prices, Relaxation
from .master_problem import Master
from .problem import Floats, Ints

PERTURBATION = 0.3
"""Units by which the limit of a row is changed at most."""
LARGE = 3000
"""Orders beyond which fewer perturbations and fewer plans have to do."""
PAIRS, PAIRS_OF_LARGE = 6, 2
"""Perturbations; each is applied with both signs."""
MARGIN, MARGIN_OF_LARGE = 0.15, 0.03
"""Margin of the plans added to the master before, in mean money of a plan."""
MOST_PLANS = 50
"""Most plans added for an order."""


def averaged_prices(
    relaxation: Relaxation,
    prices: Prices,
    master: Master,
    pool: Columns,
    seconds_left: Callable[[], float],
) -> BidPrices:
    """Return the mean prices of the perturbed problems; deterministic while time is left.

    `prices` are the best ones of the problem itself, used when no time is left. `pool` are the
    columns of its `master`, which is of no other use afterwards.
    """
    p = relaxation.problem
    large = p.orders > LARGE
    height = len(relaxation.cells) + p.nodes + len(p.line_limit)
    random = np.random.default_rng(0)
    keys = _add_near_best(relaxation, prices, master, pool, MARGIN_OF_LARGE if large else MARGIN)
    total, count = relaxation.zero_prices(), 0

    for i in range(PAIRS_OF_LARGE if large else PAIRS):
        perturbation = random.uniform(-PERTURBATION, PERTURBATION, height)
        rounds = 2 if i == 0 else 1

        pair: list[Prices] = []
        for change in (perturbation, -perturbation):
            if seconds_left() <= 0:
                break

            solved, keys = _solve_perturbed(
                relaxation, master, keys, change, rounds=rounds, seconds_left=seconds_left
            )
            pair.append(solved)

        if len(pair) < 2:
            break  # one sign alone would bias the mean

        total, count = total.plus(pair[0]).plus(pair[1]), count + 2

    return relaxation.bid_prices(total.scaled(1 / count) if count else prices)


def _add_near_best(
    relaxation: Relaxation, prices: Prices, master: Master, pool: Columns, margin: float
) -> Ints:
    """Add near-best plans to the master and return the keys of all its columns."""
    mean_cost = float(pool.cost.mean()) if len(pool) else 0.0
    near = near_best(relaxation, prices, margin=margin * abs(mean_cost), most=MOST_PLANS)
    keys = pool.keys()
    fresh = fitting_alone(relaxation.problem, near.columns).without(keys)
    master.add(fresh)
    return np.concatenate([keys, fresh.keys()])


def _solve_perturbed(
    relaxation: Relaxation,
    master: Master,
    keys: Ints,
    change: Floats,
    *,
    rounds: int,
    seconds_left: Callable[[], float],
) -> tuple[Prices, Ints]:
    """Solve the perturbed master by column generation; return prices and keys of its columns."""
    p = relaxation.problem
    master.perturb(change)

    _, prices, _ = master.solve()
    for _ in range(rounds):
        if seconds_left() <= 0:
            break

        priced = relaxation.price(prices)
        fresh = fitting_alone(p, distinct([columns_of_nodes(p, priced.node)])).without(keys)
        if not len(fresh):
            break

        master.add(fresh)
        keys = np.concatenate([keys, fresh.keys()])
        _, prices, _ = master.solve()

    return prices, keys

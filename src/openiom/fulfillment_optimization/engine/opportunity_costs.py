"""
Opportunity costs: what the next parcel place of a node, and the next unit of a product there, is worth to the orders
still to come, learned from earlier demand alone.

Each resource is a small problem of its own (Talluri and van Ryzin's decomposition). Orders of earlier waves say what
they would give for it; they come at random through the horizon, and whoever gives more than a place is worth to the
later ones gets it. Solved backwards in time that gives the worth of the last place, the last but one, and so on, at
every moment: prices that rise as shelves and days empty, and fall as the horizon ends. What one resource is worth
depends on the prices of the others, so the two are found in turns.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .bid_prices import BidPrices
from .groups import Group, gather, in_reach
from .marginal_values import MarginalValues, marginal_values
from .problem import UNLIMITED, Floats, Ints, Problem
from .sequential import SequentialSolver
from .shares import Shares

ROUNDS = 8
DAMPING = 0.4
MOMENTS = 20
"""Parts of the horizon for which worths are kept."""
PLACES, UNITS = 40, 12
"""Steps kept of a node's day and of a shelf; what has more counts several places as one step."""
MOST_STEPS = 400
MONEY = np.concatenate([np.arange(0, 20, 0.5), np.arange(20, 60, 2), np.arange(60, 400, 20.0)])
"""Gains are kept as the money they exceed each of these by."""
AT_ONCE = 100
"""Orders of a walk that see the same prices."""


@dataclass(frozen=True, slots=True, eq=False)
class OpportunityCostTable:
    """What the next place of each resource is worth, by time left and places left."""

    table: Floats  # (MOMENTS + 1, R, steps + 1) money; nothing is left of the horizon at 0, nothing of the places at 0
    block: Ints  # (R,) places that count as one step
    fee: Floats  # (R, steps + 1) money that taking it costs beside: the pressure of a node's day

    def at(self, left: float, places: Ints) -> Floats:
        """(R,) money with so much of the horizon left (0 to 1) and so many places."""
        moment = min(max(left, 0.0), 1.0) * MOMENTS
        low = min(int(moment), MOMENTS - 1)
        share, every = moment - low, np.arange(len(self.block))
        step = np.clip(-(-places // self.block), 0, self.table.shape[2] - 1)
        early, late = self.table[low + 1, every, step], self.table[low, every, step]
        worth: Floats = share * early + (1 - share) * late + self.fee[every, step]
        return worth

    def steps(self, resource: int, left: float) -> list[float]:
        """What the last step of places is worth, the last but one, and so on."""
        moment = min(max(left, 0.0), 1.0) * MOMENTS
        low = min(int(moment), MOMENTS - 1)
        share = moment - low
        row = (
            share * self.table[low + 1, resource]
            + (1 - share) * self.table[low, resource]
            + self.fee[resource]
        )
        found: list[float] = row[1:].tolist()
        return found


@dataclass(frozen=True, slots=True, eq=False)
class OpportunityCostModel:
    """Worths of all nodes, and of all shelves that hold something."""

    nodes: OpportunityCostTable
    cells: Ints  # (C,) node * S + sku
    units: OpportunityCostTable

    def prices(self, left: float, stock: Ints, room: Ints) -> BidPrices:
        """With so much of the horizon left, this stock (N, S) and so many parcel places (N,)."""
        found = BidPrices(np.zeros(stock.shape), self.nodes.at(left, room))
        self.put(found, left, stock.reshape(-1))
        return found

    def put(self, prices: BidPrices, left: float, stock: Ints) -> None:
        """The worths of all units into prices made before; stock is (N * S,)."""
        prices.stock.reshape(-1)[self.cells] = self.units.at(left, stock[self.cells])


def learn_opportunity_costs(
    problem: Problem, waves: Iterable[Problem], *, rounds: int = ROUNDS
) -> OpportunityCostModel:
    """
    Worths of the stock and the days of `problem` (its orders are not looked at) to orders like those of the earlier
    `waves`, each of which fills one horizon; waves name the same nodes and SKUs. Deterministic.
    """
    groups: list[Group] = []
    count = 0
    for wave in waves:
        count += 1
        here = replace(wave, stock=problem.stock, capacity=problem.capacity, used=problem.used)
        groups += gather(
            here, np.arange(here.orders), in_reach(here, here.stock, np.arange(here.lines))
        )
    state = _State(problem, max(1, count))
    found = state.worths(
        MarginalValues(*(np.zeros(0, dtype=np.int64), np.zeros(0)) * 2, np.zeros(0, dtype=np.int64))
    )
    stock_price, node_price = np.zeros(problem.stock.size), np.zeros(problem.nodes)
    for turn in range(rounds if groups else 0):
        found = state.worths(marginal_values(groups, stock_price, node_price))
        now = found.prices(1.0, problem.stock, state.room)
        share = 1.0 if turn == 0 else DAMPING
        stock_price = (1 - share) * stock_price + share * now.stock.reshape(-1)
        node_price = (1 - share) * node_price + share * now.node
    return found


class _State:
    """The places there are, in steps."""

    def __init__(self, problem: Problem, waves: int) -> None:
        p = problem
        self.waves = waves
        self.room = np.maximum(p.capacity - p.used, 0)
        calm = np.clip(p.soft_capacity - p.used, 0, self.room)
        flat = p.stock.reshape(-1)
        self.cells = np.flatnonzero((flat > 0) & (flat < UNLIMITED))
        self.place = np.full(flat.size, -1, dtype=np.int64)
        self.place[self.cells] = np.arange(len(self.cells))
        self.stock = flat[self.cells]
        self.node_block, self.cell_block = _blocks(self.room, PLACES), _blocks(self.stock, UNITS)
        pressed = -(-(self.room - calm) // self.node_block)
        steps = np.arange(PLACES + 1)[None, :]
        self.fee = np.where((steps <= pressed[:, None]) & (steps > 0), p.pressure[:, None], 0.0)

    def worths(self, asked: MarginalValues) -> OpportunityCostModel:
        n, c = len(self.room), len(self.cells)
        known = self.place[asked.cell] >= 0
        cell, units = self.place[asked.cell[known]], asked.units[known].astype(np.float64)
        nodes = _excess(asked.node, asked.node_gain, np.ones(len(asked.node)), n) / self.waves
        shelves = _excess(cell, asked.cell_gain[known], units, c) / self.waves
        node_rate = np.bincount(asked.node, minlength=n) / self.waves
        cell_rate = np.bincount(cell, weights=units, minlength=c) / self.waves
        none = np.zeros((c, UNITS + 1))
        return OpportunityCostModel(
            OpportunityCostTable(
                _backwards(nodes, node_rate, self.node_block, self.fee), self.node_block, self.fee
            ),
            self.cells,
            OpportunityCostTable(
                _backwards(shelves, cell_rate, self.cell_block, none), self.cell_block, none
            ),
        )


def _blocks(places: Ints, steps: int) -> Ints:
    blocks: Ints = np.maximum(1, -(-places // steps))
    return blocks


def _excess(resource: Ints, gain: Floats, weight: Floats, count: int) -> Floats:
    """(count, len(MONEY)) by how much all gains together exceed each sum of money."""
    found = np.empty((count, len(MONEY)))
    for i, money in enumerate(MONEY.tolist()):
        found[:, i] = np.bincount(
            resource, weights=weight * np.maximum(0.0, gain - money), minlength=count
        )
    return found


def _backwards(excess: Floats, rate: Floats, block: Ints, fee: Floats) -> Floats:
    """From the end of the horizon, when nothing is worth anything, to its beginning; see `Worth.table`."""
    steps = fee.shape[1] - 1
    busy = float((rate / block).max(initial=0.0))
    fine = int(np.clip(np.ceil(2 * busy / MOMENTS), 1, MOST_STEPS // MOMENTS))
    value = np.zeros((len(block), steps + 1))
    table = np.zeros((MOMENTS + 1, len(block), steps + 1))
    per_step = excess / (block * fine * MOMENTS)[:, None]
    for moment in range(MOMENTS):
        for _ in range(fine):
            worth = value[:, 1:] - value[:, :-1] + fee[:, 1:]
            value[:, 1:] += _at(per_step, worth)
        table[moment + 1, :, 1:] = value[:, 1:] - value[:, :-1]
    return table


def _at(excess: Floats, money: Floats) -> Floats:
    """(R, Q) the excess over `money` (R, Q), between the sums it is known for."""
    low = np.clip(np.searchsorted(MONEY, money, side="right") - 1, 0, len(MONEY) - 2)
    share = np.clip((money - MONEY[low]) / (MONEY[low + 1] - MONEY[low]), 0.0, 1.0)
    row = np.arange(len(excess))[:, None]
    found: Floats = excess[row, low] * (1 - share) + excess[row, low + 1] * share
    return found


def solve_with_opportunity_costs(problem: Problem, known: OpportunityCostModel) -> Shares:
    """The orders of a whole horizon one after the other, at worths looked up again every AT_ONCE orders."""
    return _Walk(problem, known).run(np.arange(problem.orders))


class _Walk(SequentialSolver):
    """A walk whose prices follow the clock and what is left."""

    chunk = AT_ONCE

    def __init__(self, problem: Problem, known: OpportunityCostModel) -> None:
        self.units = BidPrices.none(
            problem
        )  # written over and over: a table this size is slow to make
        super().__init__(problem, self.units)
        self.known = known

    def _chunk(self, orders: Ints) -> None:
        left = 1.0 - (float(orders[0]) + len(orders) / 2) / self.problem.orders
        self.known.put(self.units, left, self.stock)
        self._reprice(BidPrices(self.units.stock, self.known.nodes.at(left, self.left)))
        super()._chunk(orders)

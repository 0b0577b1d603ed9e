"""Opportunity costs: the value of the next parcel or unit of stock to later orders.

They are learned from past demand alone, resource by resource, as in the decomposition of network
revenue management (Talluri and van Ryzin, 2004, chapter 3). Orders of past instances state the
marginal value of a resource to them (see `marginal_values`). Requests arrive at random through the
horizon; each is accepted if it is worth more than the unit is to later ones. With V(t, q) the value
of q units with time t left, the dynamic program over time is

    dV(t, q) / dt = sum over requests of rate * max(0, gain - (V(t, q) - V(t, q - 1) + fee(q))),

and V(t, q) - V(t, q - 1) is the opportunity cost: it rises as stock and capacity run out and falls
as the horizon ends. The value of one resource depends on the prices of the others, so both are
found in damped rounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .bid_prices import BidPrices
from .groups import OrderGroup, gather, in_reach, lines_of
from .marginal_values import MarginalValues, marginal_values
from .problem import UNLIMITED, Floats, Ints, SourcingProblem
from .sequential import SequentialSolver
from .shares import Shares

ROUNDS = 8
DAMPING = 0.4
"""Weight of the newest prices in rounds after the first."""
MOMENTS = 20
"""Intervals of the horizon at whose ends costs are stored."""
NODE_STEPS, CELL_STEPS = 40, 12
"""Steps stored for a node's parcels and a cell's units; larger resources count several as one."""
MOST_SUBSTEPS = 400
"""Most time steps of the dynamic program in the whole horizon."""
MONEY = np.concatenate([np.arange(0, 20, 0.5), np.arange(20, 60, 2), np.arange(60, 400, 20.0)])
"""Thresholds at which the total excess of gains is tabulated; linear in between."""
REFRESH = 25
"""Orders solved at the same prices: half a percent of the cost less than with 100."""


@dataclass(frozen=True, slots=True, eq=False)
class OpportunityCostTable:
    """Costs of the next step of each of R resources, by time left and steps left."""

    table: Floats  # (MOMENTS + 1, R, steps + 1) money; 0 without time or steps left
    block_size: Ints  # (R,) parcels or units that count as one step
    fee: Floats  # (R, steps + 1) money of using the step besides: the pressure of a node

    def at(self, time_left: float, places: Ints, resources: Ints | None = None) -> Floats:
        """(r,) money of the next place when `time_left` (0 to 1) and `places` (r,) are left.

        They are those of `resources` (r,), or of all.
        """
        low, share = _interval(time_left)
        resource = np.arange(len(self.block_size)) if resources is None else resources
        step = np.clip(-(-places // self.block_size[resource]), 0, self.table.shape[2] - 1)
        earlier, later = self.table[low + 1, resource, step], self.table[low, resource, step]
        cost: Floats = share * earlier + (1 - share) * later + self.fee[resource, step]
        return cost

    def step_values(self, resource: int, time_left: float) -> list[float]:
        """Return the money of the last step of a resource, the last but one, and so on."""
        low, share = _interval(time_left)
        earlier, later = self.table[low + 1, resource], self.table[low, resource]
        costs = share * earlier + (1 - share) * later + self.fee[resource]
        values: list[float] = costs[1:].tolist()
        return values


def _interval(time_left: float) -> tuple[int, float]:
    """Return the interval of the horizon and the share of it that is left."""
    moment = min(max(time_left, 0.0), 1.0) * MOMENTS
    low = min(int(moment), MOMENTS - 1)
    return low, moment - low


@dataclass(frozen=True, slots=True, eq=False)
class OpportunityCostModel:
    """The opportunity costs of all nodes and of all stock cells that hold something."""

    nodes: OpportunityCostTable
    cells: Ints  # (C,) node * S + sku
    units: OpportunityCostTable

    def prices(self, time_left: float, stock: Ints, parcels: Ints) -> BidPrices:
        """Return bid prices for this stock (N, S) and so many parcels (N,) left."""
        prices = BidPrices(np.zeros(stock.shape), self.nodes.at(time_left, parcels))
        every = np.arange(len(self.cells))
        self.write_unit_prices(prices, time_left, stock.reshape(-1), every)
        return prices

    def write_unit_prices(
        self, prices: BidPrices, time_left: float, stock: Ints, units: Ints
    ) -> None:
        """Write the prices of some `units`, rows of `cells`, into prices; `stock` is (N * S,)."""
        cells = self.cells[units]
        prices.stock.reshape(-1)[cells] = self.units.at(time_left, stock[cells], units)


def learn_opportunity_costs(
    problem: SourcingProblem, past_instances: Iterable[SourcingProblem], *, rounds: int = ROUNDS
) -> OpportunityCostModel:
    """Return the opportunity costs of the stock and capacity of `problem`.

    Its orders are not considered. Each past instance has the orders of one horizon, with the nodes
    and SKUs of `problem`. Deterministic.
    """
    groups: list[OrderGroup] = []
    count = 0
    for past in past_instances:
        count += 1
        now = replace(past, stock=problem.stock, capacity=problem.capacity, used=problem.used)
        reach = in_reach(now, now.stock, np.arange(now.lines))
        groups += gather(now, np.arange(now.orders), reach)

    resources = _Resources(problem, max(1, count))
    model = resources.model(MarginalValues.none())
    stock_price, node_price = np.zeros(problem.stock.size), np.zeros(problem.nodes)

    for round_number in range(rounds if groups else 0):
        model = resources.model(marginal_values(groups, stock_price, node_price))
        now_prices = model.prices(1.0, problem.stock, resources.parcels)
        weight = 1.0 if round_number == 0 else DAMPING
        stock_price = (1 - weight) * stock_price + weight * now_prices.stock.reshape(-1)
        node_price = (1 - weight) * node_price + weight * now_prices.node

    return model


class _Resources:
    """The parcels and units of a problem, in steps, and the horizons their requests come from."""

    def __init__(self, problem: SourcingProblem, horizons: int) -> None:
        p = problem
        self.horizons = horizons
        self.parcels = np.maximum(p.capacity - p.used, 0)  # (N,) parcels
        stock = p.stock.reshape(-1)
        self.cells = np.flatnonzero((stock > 0) & (stock < UNLIMITED))  # (C,)
        self.index_of_cell = np.full(stock.size, -1, dtype=np.int64)
        self.index_of_cell[self.cells] = np.arange(len(self.cells))
        self.node_block = _block_sizes(self.parcels, NODE_STEPS)
        self.cell_block = _block_sizes(stock[self.cells], CELL_STEPS)
        self.fee = self._pressure(p)  # (N, NODE_STEPS + 1)

    def _pressure(self, p: SourcingProblem) -> Floats:
        """(N, NODE_STEPS + 1) pressure of each step of a node; the last steps are pressed."""
        free_soft_capacity = np.clip(p.soft_capacity - p.used, 0, self.parcels)
        pressed_steps = -(-(self.parcels - free_soft_capacity) // self.node_block)
        step = np.arange(NODE_STEPS + 1)[None, :]
        pressed = (step <= pressed_steps[:, None]) & (step > 0)
        return np.where(pressed, p.pressure[:, None], 0.0)

    def model(self, values: MarginalValues) -> OpportunityCostModel:
        """Return the opportunity costs when requests have these marginal values."""
        nodes, cells = len(self.parcels), len(self.cells)
        limited = self.index_of_cell[values.cell] >= 0
        cell = self.index_of_cell[values.cell[limited]]
        units = values.units[limited].astype(np.float64)
        one = np.ones(len(values.node))
        node_excess = _excess(values.node, values.node_gain, one, nodes) / self.horizons
        cell_excess = _excess(cell, values.cell_gain[limited], units, cells) / self.horizons
        node_rate = np.bincount(values.node, minlength=nodes) / self.horizons
        cell_rate = np.bincount(cell, weights=units, minlength=cells) / self.horizons
        no_fee = np.zeros((cells, CELL_STEPS + 1))
        node_table = _backward_induction(node_excess, node_rate, self.node_block, self.fee)
        cell_table = _backward_induction(cell_excess, cell_rate, self.cell_block, no_fee)
        return OpportunityCostModel(
            OpportunityCostTable(node_table, self.node_block, self.fee),
            self.cells,
            OpportunityCostTable(cell_table, self.cell_block, no_fee),
        )


def _block_sizes(places: Ints, steps: int) -> Ints:
    blocks: Ints = np.maximum(1, -(-places // steps))
    return blocks


def _excess(resource: Ints, gain: Floats, weight: Floats, count: int) -> Floats:
    """(count, len(MONEY)) weighted sum over requests of max(0, gain - threshold)."""
    excess = np.empty((count, len(MONEY)))
    for i, money in enumerate(MONEY.tolist()):
        beyond = weight * np.maximum(0.0, gain - money)
        excess[:, i] = np.bincount(resource, weights=beyond, minlength=count)
    return excess


def _backward_induction(excess: Floats, rate: Floats, block: Ints, fee: Floats) -> Floats:
    """Return `OpportunityCostTable.table`, from the end of the horizon to its beginning."""
    steps = fee.shape[1] - 1
    busiest = float((rate / block).max(initial=0.0))
    substeps = int(np.clip(np.ceil(2 * busiest / MOMENTS), 1, MOST_SUBSTEPS // MOMENTS))
    value = np.zeros((len(block), steps + 1))
    table = np.zeros((MOMENTS + 1, len(block), steps + 1))
    per_substep = excess / (block * substeps * MOMENTS)[:, None]

    for moment in range(MOMENTS):
        for _ in range(substeps):
            cost = value[:, 1:] - value[:, :-1] + fee[:, 1:]
            value[:, 1:] += _excess_over(per_substep, cost)

        table[moment + 1, :, 1:] = value[:, 1:] - value[:, :-1]

    return table


def _excess_over(excess: Floats, money: Floats) -> Floats:
    """(R, Q) the tabulated excess over `money` (R, Q), interpolated."""
    low = np.clip(np.searchsorted(MONEY, money, side="right") - 1, 0, len(MONEY) - 2)
    share = np.clip((money - MONEY[low]) / (MONEY[low + 1] - MONEY[low]), 0.0, 1.0)
    row = np.arange(len(excess))[:, None]
    over: Floats = excess[row, low] * (1 - share) + excess[row, low + 1] * share
    return over


def solve_with_opportunity_costs(problem: SourcingProblem, model: OpportunityCostModel) -> Shares:
    """Return the shares of the orders of a whole horizon, solved in sequence.

    Prices are looked up again every REFRESH orders, by the time and the stock left.
    """
    return _PricedSolver(problem, model).run(np.arange(problem.orders))


class _PricedSolver(SequentialSolver):
    """A sequential solver whose bid prices follow the time, the stock and the parcels left."""

    chunk = REFRESH

    def __init__(self, problem: SourcingProblem, model: OpportunityCostModel) -> None:
        self.unit_prices = BidPrices.zero(problem)  # overwritten: a large table is slow to allocate
        super().__init__(problem, self.unit_prices)
        self.model = model
        sku = model.cells % problem.skus
        self.units_by_sku = np.argsort(sku, kind="stable")
        self.first_unit = np.searchsorted(sku[self.units_by_sku], np.arange(problem.skus + 1))

    def _solve_chunk(self, orders: Ints) -> None:
        middle = float(orders[0]) + len(orders) / 2
        time_left = 1.0 - middle / self.problem.orders
        units = self._units_of(orders)
        self.model.write_unit_prices(self.unit_prices, time_left, self.stock, units)
        node_prices = self.model.nodes.at(time_left, self.left)
        self.set_bid_prices(BidPrices(self.unit_prices.stock, node_prices))
        super()._solve_chunk(orders)

    def _units_of(self, orders: Ints) -> Ints:
        """Return the rows of `model.cells` that these orders could use: all of their SKUs."""
        skus = np.unique(self.problem.line_sku[lines_of(self.problem, orders)])
        parts = [np.zeros(0, dtype=np.int64)]
        for sku in skus.tolist():
            parts.append(self.units_by_sku[self.first_unit[sku] : self.first_unit[sku + 1]])
        return np.concatenate(parts)

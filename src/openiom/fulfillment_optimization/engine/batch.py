"""
The batch method: all orders of a wave together.

1. The sequential plan is the first incumbent. Subgradient ascent finds prices, every order priced exactly.
2. Plans near the best ones become columns of the master linear program, which finds better prices; pricing adds the
plans it lacks and proves the bound; cover cuts lift it. This ends when the two meet. Rounding it gives a good plan at
once. 3. All plans close enough to the best ones go into an integer program, warm-started and solved in a killable
process. Plans left out would each cost the bound plus their margin, so the integer bound counts as well. 4. One pass
of remove and reinsert. The incumbent is always feasible and never worse than real time.

Stages end by counts and gaps, which makes the plan the same every time; the clock only cuts short what
takes too long.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from .averaged_duals import central_prices
from .bid_prices import BidPrices
from .columns import Columns, columns_of_plan, distinct, fits_alone, open_columns, together
from .compact_mip import solve_compact
from .costs import cost_of, violations
from .cover_cuts import separate
from .enumerate_plans import near_best
from .lagrangian import Prices, Relaxation
from .local_search import improved
from .master_problem import Master, as_model
from .problem import Floats, Ints, Problem
from .sequential import solve_remaining, solve_sequentially
from .shares import Shares
from .solver_process import Solver, SolverHere, SolverProcess, Task
from .subgradient import ascend

ASCENT_STEPS = 30
ROUNDS = 40
CLOSED = 2e-5
"""Relative distance of the master's optimum and the bound at which the linear program counts as solved."""
SMALL = 200
"""
Orders up to which programs are solved here: they end in milliseconds, a new process would not start in
that.
"""
MANY = 3000
"""Orders beyond which integer programs make do with fewer columns."""
FEW_MARGIN, MARGIN = 0.15, 0.25
"""How much dearer than an order's best plan a column may be, in mean money of an order."""
ENOUGH = 5e-4
"""Relative gap at which another integer program is not worth its time."""
TURNS = 8
"""Orders in which what the linear program divided is walked."""
LIFT = 1e-6
"""Relative gain of the bound below which cuts are not worth another round."""
MOST = 400
"""Plans of one order in an integer program."""
TINY = 400
"""(line, node) pairs in reach up to which the compact program settles what columns left open."""


@dataclass(slots=True, eq=False)
class _Batch:
    wave: Relaxation
    shares: Shares
    cost: float
    deadline: float
    reserve: float  # seconds kept for the integer program
    bound: float = -np.inf
    prices: Prices = field(init=False)
    priced: float = (
        -np.inf
    )  # the bound these prices prove; an integer program may lift `bound` beyond it
    pool: Columns = field(init=False)
    share: Floats = field(init=False)  # of every plan in the pool, as the linear program ended
    master: Master = field(init=False)

    def left(self) -> float:
        """Seconds."""
        return self.deadline - time.monotonic()

    def open_gap(self) -> bool:
        """Whether there is something left to gain and time to look for it."""
        return not self.proved() and self.left() > 0

    def proved(self) -> bool:
        """Whether bound and cost meet, as far as sums of money can tell."""
        return self.cost - self.bound <= max(1e-6, 1e-7 * abs(self.cost))

    def offer(self, shares: Shares) -> None:
        """Becomes the incumbent when it is feasible and cheaper."""
        cost = cost_of(self.wave.problem, shares).total
        if cost < self.cost - 1e-9 and not violations(self.wave.problem, shares):
            self.shares, self.cost = shares, cost


@dataclass(frozen=True, slots=True, eq=False)
class BatchAnswer:
    shares: Shares
    bound: float
    prices: BidPrices
    proved: bool


def solve_batch(
    problem: Problem, *, time_limit: float, bid_prices: BidPrices | None = None
) -> BatchAnswer:
    """
    The wave together; see the module. `bid_prices` of an earlier batch give the first incumbent a better
    start.
    """
    reserve = 0.4 * time_limit
    deadline = time.monotonic() + time_limit
    solver: Solver = SolverProcess() if problem.orders > SMALL else SolverHere()
    try:
        return _solve(problem, deadline, reserve, bid_prices, solver)
    finally:
        solver.close()


def _solve(
    problem: Problem, deadline: float, reserve: float, bid_prices: BidPrices | None, solver: Solver
) -> BatchAnswer:
    wave = Relaxation(problem)
    first = solve_sequentially(problem)
    batch = _Batch(wave, first, cost_of(problem, first).total, deadline, reserve)
    if bid_prices is not None:
        batch.offer(solve_sequentially(problem, bid_prices))
    _linear(batch)
    if problem.orders > SMALL and batch.open_gap():
        _rounded(batch)
    average = abs(batch.bound) / max(1, problem.orders)
    batch.priced = batch.bound
    margin = (MARGIN if problem.orders <= MANY else FEW_MARGIN) * average
    # the walk with bid prices is priced while the solver works
    posed = _dive(batch, solver, margin) if batch.open_gap() else None
    prices = central_prices(wave, batch.prices, batch.master, batch.pool, batch.left)
    batch.offer(solve_sequentially(problem, prices))
    if posed is not None:
        _accept(batch, solver, posed)
    enough = 0.0 if problem.orders <= SMALL else ENOUGH * abs(batch.bound)
    if batch.open_gap() and batch.cost - batch.bound > enough:
        _accept(batch, solver, _pose(batch, solver, margin))
    if batch.open_gap() and len(wave.reach_line) <= TINY:
        _compact(batch)
    if batch.open_gap():
        batch.offer(improved(problem, batch.shares))
    return BatchAnswer(batch.shares, min(batch.bound, batch.cost), prices, batch.proved())


def _linear(batch: _Batch) -> None:
    """Prices, bound and columns, until the master's optimum meets the bound and no cut is violated."""
    wave, p = batch.wave, batch.wave.problem
    batch.bound, batch.prices = ascend(
        wave, upper=batch.cost, steps=ASCENT_STEPS, start=wave.no_prices()
    )
    batch.master = master = Master(wave)
    near = near_best(wave, batch.prices, margin=0.1 * abs(batch.cost) / max(1, p.orders), most=50)
    batch.pool = distinct([fits_alone(p, near.columns), _as_columns(p, batch.shares)])
    master.add(batch.pool)
    last = -np.inf
    for _ in range(ROUNDS):
        value, prices, batch.share = master.solve()
        fresh = _price(batch, prices)
        distance = value - batch.bound
        met = distance <= CLOSED * abs(value) or not len(fresh)
        cuts = (
            separate(wave, batch.pool, batch.share)
            if met or distance <= 5 * CLOSED * abs(value)
            else None
        )
        done = met and (cuts is None or (p.orders > SMALL and value - last <= LIFT * abs(value)))
        if done or batch.left() <= batch.reserve:
            return
        last = value if met else last
        if len(fresh):
            master.add(fresh)
            batch.pool = together([batch.pool, fresh])
        if cuts is not None:
            before = len(wave.whole_room)
            wave.add_cuts(cuts)
            master.add_cuts(batch.pool, before)


def _rounded(batch: _Batch) -> None:
    """
    Plans the linear program did not divide stay; the other orders are walked at its prices, in several turns. In
    hundredths of a second this comes within half a per cent, and the integer program starts from there.
    """
    p = batch.wave.problem
    prices = batch.wave.bid_prices(batch.prices)
    kept = batch.pool.take(np.flatnonzero(batch.share > 1 - 1e-6))
    rest = np.setdiff1d(np.arange(p.orders), kept.order)
    random = np.random.default_rng(0)
    for turn in range(TURNS):
        rows = solve_remaining(
            p, prices, kept.shares(), rest if turn == 0 else random.permutation(rest)
        )
        batch.offer(rows)


def _price(batch: _Batch, prices: Prices) -> Columns:
    """
    All orders at the master's prices and half-way to the best ones so far; answers the plans the pool
    lacks.
    """
    wave, p = batch.wave, batch.wave.problem
    found, best = [], batch.prices
    for asked in (prices, prices.mixed(batch.prices, 0.5)):
        priced = wave.price(asked)
        if priced.bound > batch.bound:
            batch.bound, best = priced.bound, asked
        line = np.flatnonzero(priced.node >= 0)
        found.append(columns_of_plan(p, line, priced.node[line], p.quantity[line]))
    batch.prices = best
    fresh = distinct(found)
    fresh = fresh.take(np.flatnonzero(~np.isin(fresh.keys(), batch.pool.keys())))
    return fits_alone(p, fresh)


@dataclass(frozen=True, slots=True, eq=False)
class _Posed:
    columns: Columns
    margin: float  # what a plan left out costs at least, beyond its order's price


def _pose(batch: _Batch, solver: Solver, margin: float) -> _Posed:
    """Starts the search for the best combination of the plans within a margin of the best ones."""
    wave, p = batch.wave, batch.wave.problem
    margin = min(margin, batch.cost - batch.priced)
    near = near_best(wave, batch.prices, margin=margin, most=MOST)
    columns = distinct(
        [_as_columns(p, batch.shares), fits_alone(p, near.columns), _loose_columns(batch)]
    )
    # the incumbent's plans stand first
    _submit(batch, solver, columns, chosen=np.arange(p.orders), load=cost_of(p, batch.shares).load)
    return _Posed(columns, float(near.margin.min(initial=np.inf)))


def _dive(batch: _Batch, solver: Solver, margin: float) -> _Posed:
    """
    The same with every order fixed whose plan the linear program did not divide: small, quick and nearly
    as good.
    """
    wave, p = batch.wave, batch.wave.problem
    parse_id = np.flatnonzero(batch.share > 1 - 1e-6)
    divided = np.ones(p.orders, dtype=bool)
    divided[batch.pool.order[parse_id]] = False
    near = near_best(wave, batch.prices, margin=margin, most=MOST).columns
    near = near.take(np.flatnonzero(divided[near.order]))
    left_open = open_columns(p).take(np.flatnonzero(divided))
    # the incumbent's plans stand first; where it did not come from the linear program, they are more than one an order
    columns = distinct(
        [_as_columns(p, batch.shares), batch.pool.take(parse_id), left_open, fits_alone(p, near)]
    )
    _submit(batch, solver, columns, chosen=np.arange(p.orders), load=cost_of(p, batch.shares).load)
    return _Posed(columns, -np.inf)


def _submit(batch: _Batch, solver: Solver, columns: Columns, *, chosen: Ints, load: Ints) -> None:
    """Hands the integer program over, with the chosen columns as its feasible start."""
    wave, p = batch.wave, batch.wave.problem
    start = np.zeros(p.nodes + len(columns))
    start[p.nodes + chosen] = 1.0
    start[: p.nodes] = np.maximum(0.0, load - wave.calm)
    gap = 0.0 if p.orders <= SMALL else 5e-4
    solver.submit(Task(as_model(wave, columns), start, max(0.2, 0.9 * batch.left()), gap))


def _accept(batch: _Batch, solver: Solver, posed: _Posed) -> None:
    """The combination found and what it proves."""
    answer = solver.result()
    if answer is None:
        return
    if answer.x is not None:
        chosen = np.flatnonzero(answer.x[batch.wave.problem.nodes :] > 0.5)
        batch.offer(posed.columns.take(chosen).shares())
    if np.isfinite(answer.bound):
        batch.bound = max(batch.bound, min(answer.bound, batch.priced + posed.margin))


def _loose_columns(batch: _Batch) -> Columns:
    """What the pool holds for orders whose plans cannot all be listed."""
    return batch.pool.take(np.flatnonzero(batch.wave.loose[batch.pool.order]))


def _compact(batch: _Batch) -> None:
    """Everything at once; small waves only."""
    p = batch.wave.problem
    reach = np.zeros((p.lines, p.nodes), dtype=bool)
    reach[batch.wave.reach_line, batch.wave.reach_node] = True
    answer = solve_compact(p, stock=p.stock, reach=reach, time_limit=max(0.2, batch.left()))
    batch.offer(answer.shares)
    batch.bound = max(batch.bound, answer.bound)


def _as_columns(problem: Problem, shares: Shares) -> Columns:
    return columns_of_plan(problem, shares.line, shares.node, shares.quantity)

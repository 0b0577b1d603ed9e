"""The batch method: all orders together by Lagrangian relaxation and column generation.

1. The sequential plan is the first incumbent. Subgradient ascent finds prices; every order is
   priced exactly by the subset dynamic program.
2. Plans near the best ones become columns of the master linear program, which finds better prices.
   Pricing adds the columns it lacks and proves the bound; cover cuts lift it. This ends when
   optimum and bound meet. Rounding gives a good plan at once.
3. All plans close enough to the best ones go into an integer program, warm-started with the
   incumbent and solved in a process that can be killed. A plan left out would cost the bound plus
   its margin, so the bound of the integer program counts as well.
4. One pass of local search.

The incumbent is always feasible and never costs more than the sequential plan. Stages end by counts
and gaps, so the same problem gives the same plan; the clock only cuts short what takes too long.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from .averaged_duals import averaged_prices
from .bid_prices import BidPrices
from .columns import (
    Columns,
    columns_of_nodes,
    columns_of_plan,
    distinct,
    fitting_alone,
    joined,
    open_columns,
)
from .compact_mip import solve_compact
from .costs import cost_of, violations
from .cover_cuts import separate
from .enumerate_plans import near_best
from .lagrangian import Cuts, Prices, Relaxation
from .local_search import improve
from .master_problem import Master, as_model
from .problem import Floats, Ints, SourcingProblem
from .sequential import solve_remaining, solve_sequentially
from .shares import Shares
from .solver_process import InProcessSolver, Solver, SolverProcess, Task
from .subgradient import ascend

ASCENT_STEPS = 30
ROUNDS = 40
"""Most rounds of column and cut generation."""
CONVERGED = 2e-5
"""Relative distance of the master's optimum and the bound at which the linear program is solved."""
NEARLY_CONVERGED = 5 * CONVERGED
"""The distance from which cuts are looked for."""
LEAST_LIFT = 1e-6
"""Relative gain of the bound below which further cuts are not worth a round."""
FIRST_MARGIN, FIRST_PLANS = 0.1, 50
"""Margin, in mean money of an order, and number of an order's first columns."""

SMALL = 200
"""Orders up to which integer programs are solved in this process: they end in milliseconds."""
MANY = 3000
"""Orders beyond which integer programs have fewer columns."""
MARGIN, MARGIN_OF_MANY = 0.25, 0.15
"""Margin of the columns of an integer program, in mean money of an order."""
MOST_PLANS = 400
"""Most plans of one order in an integer program."""
SMALL_GAP = 5e-4
"""Relative gap at which an integer program of more than SMALL orders ends."""
MIP_SHARE = 0.4
"""Share of the time limit kept for integer programs."""
MIP_SECONDS = 0.2
"""Least seconds of an integer program."""

ROUNDING_SEQUENCES = 8
"""Random sequences in which orders divided by the linear program are solved."""
WHOLE = 1 - 1e-6
"""Value of a column from which the linear program counts as having chosen it."""
COMPACT_PAIRS = 400
"""(line, node) pairs in reach up to which the compact program closes what columns left open."""


@dataclass(slots=True, eq=False)
class _Batch:
    """The state of one solution: incumbent, bound, prices and columns."""

    relaxation: Relaxation
    shares: Shares  # the incumbent
    cost: float
    deadline: float  # on the monotonic clock
    reserve: float  # seconds kept for integer programs
    solver: Solver
    bound: float = -np.inf
    prices: Prices = field(init=False)  # with the best bound
    priced_bound: float = -np.inf  # bound proved by `prices`; an integer program may lift `bound`
    pool: Columns = field(init=False)  # columns of the master
    value: Floats = field(init=False)  # of every column in the last linear program
    master: Master = field(init=False)

    @property
    def problem(self) -> SourcingProblem:
        return self.relaxation.problem

    def seconds_left(self) -> float:
        return self.deadline - time.monotonic()

    def is_open(self) -> bool:
        """Return whether a better plan may exist and time is left to search for it."""
        return not self.is_proved() and self.seconds_left() > 0

    def is_proved(self) -> bool:
        """Return whether bound and cost are equal within the accuracy of their sums."""
        return self.cost - self.bound <= max(1e-6, 1e-7 * abs(self.cost))

    def offer(self, shares: Shares) -> None:
        """Make the plan the incumbent if it is feasible and cheaper."""
        cost = cost_of(self.problem, shares).total
        if cost < self.cost - 1e-9 and not violations(self.problem, shares):
            self.shares, self.cost = shares, cost

    def chosen(self) -> Columns:
        """Return the columns that the linear program chose undivided."""
        return self.pool.take(np.flatnonzero(self.value > WHOLE))


@dataclass(frozen=True, slots=True, eq=False)
class BatchSolution:
    """The plan of a batch with the bound it is proved against and the prices it leaves behind."""

    shares: Shares
    bound: float
    prices: BidPrices
    proved: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Submitted:
    """An integer program that a solver works on."""

    columns: Columns
    margin: float  # money beyond its order's least cost that any plan left out costs


def solve_batch(
    problem: SourcingProblem, *, time_limit: float, bid_prices: BidPrices | None = None
) -> BatchSolution:
    """Return the plan of all orders together; see the module.

    `bid_prices` of earlier demand may give the first incumbent a better start.
    """
    deadline = time.monotonic() + time_limit
    solver: Solver = SolverProcess() if problem.orders > SMALL else InProcessSolver()

    try:
        shares = solve_sequentially(problem)
        cost = cost_of(problem, shares).total
        relaxation = Relaxation(problem)
        batch = _Batch(relaxation, shares, cost, deadline, MIP_SHARE * time_limit, solver)
        if bid_prices is not None:
            batch.offer(solve_sequentially(problem, bid_prices))

        return _solve(batch)
    finally:
        solver.close()


def _solve(batch: _Batch) -> BatchSolution:
    p = batch.problem
    _solve_linear_program(batch)
    if p.orders > SMALL and batch.is_open():
        _round(batch)

    batch.priced_bound = batch.bound
    submitted = _submit_restricted(batch) if batch.is_open() else None
    # the prices are averaged while the solver process works
    prices = averaged_prices(
        batch.relaxation, batch.prices, batch.master, batch.pool, batch.seconds_left
    )
    batch.offer(solve_sequentially(p, prices))
    if submitted is not None:
        _accept(batch, submitted)

    _close_gap(batch)
    bound = min(batch.bound, batch.cost)
    return BatchSolution(batch.shares, bound, prices, batch.is_proved())


def _close_gap(batch: _Batch) -> None:
    """Improve plan and bound by the larger programs and local search, while a gap is left."""
    if _has_worthwhile_gap(batch):
        _accept(batch, _submit_near_best(batch))

    for close_gap in (_solve_compact, _search_locally):
        if batch.is_open():
            close_gap(batch)


def _has_worthwhile_gap(batch: _Batch) -> bool:
    """Return whether the gap is worth the time of an integer program."""
    gap = batch.cost - batch.bound
    if batch.problem.orders > SMALL and gap <= SMALL_GAP * abs(batch.bound):
        return False
    return batch.is_open()


def _solve_linear_program(batch: _Batch) -> None:
    """Generate columns and cuts until optimum and bound meet and no cut is violated."""
    relaxation, p = batch.relaxation, batch.problem
    batch.bound, batch.prices = ascend(
        relaxation, upper=batch.cost, steps=ASCENT_STEPS, start=relaxation.zero_prices()
    )
    batch.master = Master(relaxation)
    margin = FIRST_MARGIN * abs(batch.cost) / max(1, p.orders)
    near = near_best(relaxation, batch.prices, margin=margin, most=FIRST_PLANS)
    batch.pool = distinct([fitting_alone(p, near.columns), columns_of_plan(p, batch.shares)])
    batch.master.add(batch.pool)
    last_optimum = -np.inf

    for _ in range(ROUNDS):
        optimum, prices, batch.value = batch.master.solve()
        fresh = _price(batch, prices)
        distance = optimum - batch.bound
        converged = distance <= CONVERGED * abs(optimum) or not len(fresh)
        cuts: Cuts | None = None
        if converged or distance <= NEARLY_CONVERGED * abs(optimum):
            cuts = separate(relaxation, batch.pool, batch.value)

        if converged and not _worth_cutting(p, cuts, optimum - last_optimum, optimum):
            return
        if batch.seconds_left() <= batch.reserve:
            return

        if converged:
            last_optimum = optimum

        _extend_master(batch, fresh, cuts)


def _worth_cutting(p: SourcingProblem, cuts: Cuts | None, lift: float, optimum: float) -> bool:
    """Return whether there are cuts, and the last ones lifted the optimum of a large problem."""
    if cuts is None:
        return False
    return p.orders <= SMALL or lift > LEAST_LIFT * abs(optimum)


def _extend_master(batch: _Batch, fresh: Columns, cuts: Cuts | None) -> None:
    if len(fresh):
        batch.master.add(fresh)
        batch.pool = joined([batch.pool, fresh])
    if cuts is not None:
        before = len(batch.relaxation.cut_limit)
        batch.relaxation.add_cuts(cuts)
        batch.master.add_cuts(batch.pool, before)


def _price(batch: _Batch, prices: Prices) -> Columns:
    """Price all orders and return the plans the pool lacks.

    Prices are the master's, and those half-way to the best ones so far, which stabilizes column
    generation.
    """
    relaxation, p = batch.relaxation, batch.problem
    found: list[Columns] = []
    best = batch.prices

    for point in (prices, prices.mixed(batch.prices, 0.5)):
        priced = relaxation.price(point)
        if priced.bound > batch.bound:
            batch.bound, best = priced.bound, point

        found.append(columns_of_nodes(p, priced.node))

    batch.prices = best
    return fitting_alone(p, distinct(found).without(batch.pool.keys()))


def _round(batch: _Batch) -> None:
    """Round the linear program's solution.

    Chosen plans are fixed; the other orders are solved in several random sequences at its prices.
    """
    p = batch.problem
    prices = batch.relaxation.bid_prices(batch.prices)
    fixed = batch.chosen()
    fixed_shares = fixed.shares()
    rest = np.setdiff1d(np.arange(p.orders), fixed.order)
    random = np.random.default_rng(0)
    sequence = rest

    for _ in range(ROUNDING_SEQUENCES):
        batch.offer(solve_remaining(p, prices, fixed_shares, sequence))
        sequence = random.permutation(rest)


def _margin(batch: _Batch) -> float:
    """Return the margin of the columns of an integer program, in money."""
    orders = batch.problem.orders
    mean = abs(batch.priced_bound) / max(1, orders)
    return (MARGIN if orders <= MANY else MARGIN_OF_MANY) * mean


def _submit_near_best(batch: _Batch) -> _Submitted:
    """Start the integer program over all plans within the margin of the best ones."""
    p = batch.problem
    margin = min(_margin(batch), batch.cost - batch.priced_bound)
    near = near_best(batch.relaxation, batch.prices, margin=margin, most=MOST_PLANS)
    inexact = batch.pool.take(np.flatnonzero(batch.relaxation.inexact[batch.pool.order]))
    incumbent = columns_of_plan(p, batch.shares)
    columns = distinct([incumbent, fitting_alone(p, near.columns), inexact])
    _submit(batch, columns)
    return _Submitted(columns, float(near.margin.min(initial=np.inf)))


def _submit_restricted(batch: _Batch) -> _Submitted:
    """Start the integer program with the chosen plans fixed: small, quick and nearly as good."""
    p = batch.problem
    chosen = batch.chosen()
    divided = np.ones(p.orders, dtype=bool)
    divided[chosen.order] = False
    near = near_best(batch.relaxation, batch.prices, margin=_margin(batch), most=MOST_PLANS).columns
    near = near.take(np.flatnonzero(divided[near.order]))
    left_open = open_columns(p).take(np.flatnonzero(divided))
    # the incumbent's plans may differ from the chosen ones
    incumbent = columns_of_plan(p, batch.shares)
    columns = distinct([incumbent, chosen, left_open, fitting_alone(p, near)])
    _submit(batch, columns)
    return _Submitted(columns, -np.inf)


def _submit(batch: _Batch, columns: Columns) -> None:
    """Submit the integer program; the first B columns are the incumbent, its feasible start."""
    relaxation, p = batch.relaxation, batch.problem
    start = np.zeros(p.nodes + len(columns))
    start[p.nodes : p.nodes + p.orders] = 1.0
    load = cost_of(p, batch.shares).load
    start[: p.nodes] = np.maximum(0.0, load - relaxation.free_soft_capacity)
    gap = 0.0 if p.orders <= SMALL else SMALL_GAP
    seconds = max(MIP_SECONDS, 0.9 * batch.seconds_left())
    batch.solver.submit(Task(as_model(relaxation, columns), start, seconds, gap))


def _accept(batch: _Batch, submitted: _Submitted) -> None:
    """Wait for the integer program and accept its plan and its bound."""
    solution = batch.solver.result()
    if solution is None:
        return

    if solution.x is not None:
        chosen: Ints = np.flatnonzero(solution.x[batch.problem.nodes :] > 0.5)
        batch.offer(submitted.columns.take(chosen).shares())

    if np.isfinite(solution.bound):
        proved = min(solution.bound, batch.priced_bound + submitted.margin)
        batch.bound = max(batch.bound, proved)


def _search_locally(batch: _Batch) -> None:
    batch.offer(improve(batch.problem, batch.shares))


def _solve_compact(batch: _Batch) -> None:
    """Solve everything at once by the compact program; for tiny problems only."""
    if len(batch.relaxation.reach_line) > COMPACT_PAIRS:
        return

    p = batch.problem
    reach = np.zeros((p.lines, p.nodes), dtype=bool)
    reach[batch.relaxation.reach_line, batch.relaxation.reach_node] = True
    seconds = max(MIP_SECONDS, batch.seconds_left())
    result = solve_compact(p, stock=p.stock, reach=reach, time_limit=seconds)
    batch.offer(result.shares)
    batch.bound = max(batch.bound, result.bound)

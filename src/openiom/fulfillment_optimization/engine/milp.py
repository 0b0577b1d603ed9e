"""Mixed-integer programs as arrays, solved by HiGHS in this process."""

from __future__ import annotations

from dataclasses import dataclass, field

import highspy
import numpy as np

from .problem import Bools, Floats, Ints

INF = highspy.kHighsInf


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Minimize cost x subject to lower <= x <= upper and row_lower <= A x <= row_upper.

    The matrix A is stored by rows: `start`, `index`, `value`.
    """

    cost: Floats
    lower: Floats
    upper: Floats
    integer: Bools
    row_lower: Floats
    row_upper: Floats
    start: Ints
    index: Ints
    value: Floats


@dataclass(slots=True)
class Rows:
    """The rows of a model, added one by one."""

    index: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=lambda: [0])
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)

    def add(self, terms: list[tuple[int, float]], lower: float, upper: float) -> None:
        """Add a row lower <= sum of value * column <= upper from (column, value) terms."""
        for column, value in terms:
            self.index.append(column)
            self.value.append(value)
        self.start.append(len(self.index))
        self.lower.append(lower)
        self.upper.append(upper)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """The result of HiGHS; `x` is None when it found no feasible point in time."""

    x: Floats | None
    objective: float
    bound: float
    optimal: bool


def solve_model(
    model: Model, *, time_limit: float = 60.0, start: Floats | None = None, gap: float = 0.0
) -> Solution:
    """Solve a model; without a time limit reached, the same model gives the same solution.

    `start` is a feasible point to improve on, `gap` the relative gap at which the search ends.
    """
    highs = new_highs(time_limit=time_limit, gap=gap)
    highs.passModel(as_lp(model))
    if start is not None:
        solution = highspy.HighsSolution()
        solution.col_value = start
        highs.setSolution(solution)

    highs.run()
    info, status = highs.getInfo(), highs.getModelStatus()
    optimal = status == highspy.HighsModelStatus.kOptimal
    found = info.primal_solution_status == 2
    answer = highs.getSolution()
    integer = bool(model.integer.any())
    return Solution(
        x=np.array(answer.col_value) if found else None,
        objective=float(info.objective_function_value) if found else np.inf,
        bound=float(info.mip_dual_bound if integer else info.objective_function_value),
        optimal=optimal,
    )


def new_highs(*, time_limit: float, gap: float = 0.0) -> highspy.Highs:
    """Return a silent, single-threaded solver with a fixed seed."""
    highs: highspy.Highs = highspy.Highs()  # type: ignore[no-untyped-call]
    options = {
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "time_limit": float(time_limit),
        "mip_rel_gap": float(gap),
        "mip_abs_gap": 1e-7,
    }

    for name, value in options.items():
        highs.setOptionValue(name, value)

    return highs


def as_lp(model: Model) -> highspy.HighsLp:
    """Return the model in HiGHS' own representation."""
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = len(model.cost), len(model.row_lower)
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = model.cost, model.lower, model.upper
    lp.row_lower_, lp.row_upper_ = model.row_lower, model.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = model.start
    lp.a_matrix_.index_ = model.index
    lp.a_matrix_.value_ = model.value
    if model.integer.any():
        kinds = (highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger)
        lp.integrality_ = [kinds[int(i)] for i in model.integer]

    return lp

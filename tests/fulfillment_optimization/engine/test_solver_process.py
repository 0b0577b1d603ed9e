"""A solver that hangs or dies costs its time and nothing else."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from benchmarks.osb1_family import generate

from openiom.fulfillment_optimization.engine import batch as batch_method
from openiom.fulfillment_optimization.engine import solve, solver_process, violations
from openiom.fulfillment_optimization.engine.milp import INF, Model
from openiom.fulfillment_optimization.engine.solver_process import SolverProcess, Task


def knapsack(time_limit=5.0):
    """Values 3, 4, 5 and weights 2, 3, 4 up to 6: the first and the last are best."""
    model = Model(
        cost=np.array([-3.0, -4.0, -5.0]),
        lower=np.zeros(3),
        upper=np.ones(3),
        integer=np.ones(3, dtype=bool),
        row_lower=np.array([-INF]),
        row_upper=np.array([6.0]),
        start=np.array([0, 3]),
        index=np.array([0, 1, 2]),
        value=np.array([2.0, 3.0, 4.0]),
    )
    return Task(model, np.zeros(3), time_limit, 0.0)


def test_the_process_returns_the_solution():
    with SolverProcess() as solver:
        solver.submit(knapsack())
        found = solver.result()
        assert found.x.round().tolist() == [1.0, 0.0, 1.0]
        assert found.objective == pytest.approx(-8.0)


def test_a_hung_process_is_killed_and_the_next_task_gets_a_new_one():
    with SolverProcess() as solver:
        solver.submit(knapsack())
        solver.result()
        hung = solver.pid
        os.kill(hung, signal.SIGSTOP)
        before = time.monotonic()
        solver.submit(knapsack(time_limit=0.2))

        assert solver.result() is None
        assert time.monotonic() - before < 5.0
        assert not psutil.pid_exists(hung)
        solver.submit(knapsack())
        assert solver.result().objective == pytest.approx(-8.0)


def test_a_batch_whose_solver_dies_still_has_a_feasible_plan(monkeypatch):
    class Dying(SolverProcess):
        def submit(self, task):
            super().submit(task)
            os.kill(self.pid, signal.SIGKILL)

    monkeypatch.setattr(batch_method, "SolverProcess", Dying)
    p = generate(orders=300, nodes=50, seed=0).problem
    plan = solve(p, mode="batch")

    assert violations(p, plan.shares) == []
    assert plan.cost < solve(p).cost
    assert plan.lower_bound <= plan.cost
    assert plan.gap < 0.01  # by rounding alone


def test_the_process_loads_only_the_solver():
    packages = ("openiom", "fastapi", "sqlalchemy")
    asked = f"import sys; print(*(m for m in sys.modules if m.split('.')[0] in {packages}))"
    code = solver_process.child_code().replace("\nserve()\n", f"\n{asked}\n")
    assert asked in code
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "openiom.fulfillment_optimization.engine.milp" in loaded
    assert not [
        m
        for m in loaded
        if m.startswith(("fastapi", "sqlalchemy", "openiom.platform", "openiom.orders"))
    ]

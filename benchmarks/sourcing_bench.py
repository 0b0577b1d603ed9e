"""
Sources one OSB-1 instance with the product's own engine and prints what came of it.

    python benchmarks/sourcing_bench.py --orders 1000 --nodes 500 --seed 0 --rho 2 --mode batch --json

Targets: 100 x 50 proved in < 0.3 s; 1,000 orders within 0.10 % of the bound in < 2 s; 10,000 x 500 within
0.25 % in < 30 s; real time with bid prices within 3 % at <= 60 us an order. Real time is timed without the
batch that made its bid prices; `--no-bid-prices` walks without them. OUT gets the node of every line,
-1 for open. CPU seconds count all processes: on a busy machine they say more than the clock.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from pathlib import Path

import numpy as np

from openiom.fulfillment_optimization.engine import Plan, Problem, broken, solve
from openiom.fulfillment_optimization.engine.osb1_family import generate


def measure(problem: Problem, *, mode: str, time_limit: float, bid_prices: bool) -> tuple[Plan, float, float, float]:
    """The plan, its seconds, its CPU seconds and the lower bound it is judged by."""
    before, spent = time.perf_counter(), cpu_seconds()
    batch = solve(problem, mode="batch", time_limit=time_limit)
    seconds, cpu = time.perf_counter() - before, cpu_seconds() - spent
    bound = batch.cost if batch.lower_bound is None else batch.lower_bound
    if mode == "batch":
        return batch, seconds, cpu, bound
    before, spent = time.perf_counter(), cpu_seconds()
    plan = solve(problem, bid_prices=batch.prices if bid_prices else None)
    return plan, time.perf_counter() - before, cpu_seconds() - spent, bound


def cpu_seconds() -> float:
    """Of this process and of those it has ended."""
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def report(arguments: argparse.Namespace) -> dict[str, object]:
    """One run, ready to be printed."""
    problem = generate(orders=arguments.orders, nodes=arguments.nodes, seed=arguments.seed, rho=arguments.rho).problem
    plan, seconds, cpu, bound = measure(
        problem, mode=arguments.mode, time_limit=arguments.time_limit, bid_prices=arguments.bid_prices
    )
    if arguments.out:
        np.save(arguments.out, plan.node)
    return {
        "orders": arguments.orders,
        "nodes": arguments.nodes,
        "seed": arguments.seed,
        "rho": arguments.rho,
        "mode": arguments.mode,
        "cost": round(plan.cost, 4),
        "lower_bound": round(bound, 4),
        "gap": round(max(0.0, plan.cost / bound - 1), 8),
        "proved": plan.proved,
        "seconds": round(seconds, 4),
        "cpu_seconds": round(cpu, 4),
        "microseconds_per_order": round(seconds / max(1, arguments.orders) * 1e6, 1),
        "feasible": not broken(problem, plan.shares),
        "parcels": plan.costs.parcels,
        "open_lines": plan.costs.open_lines,
    }


def main(words: list[str] | None = None) -> int:
    """Reads the command line, prints one run; fails when the plan is not feasible."""
    parser = argparse.ArgumentParser(description="sources one OSB-1 instance")
    parser.add_argument("--orders", type=int, default=1000)
    parser.add_argument("--nodes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rho", type=float, default=2.0)
    parser.add_argument("--mode", choices=("batch", "realtime"), default="batch")
    parser.add_argument("--time-limit", type=float, default=30.0)
    parser.add_argument("--no-bid-prices", dest="bid_prices", action="store_false")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(words)
    found = report(arguments)
    text = json.dumps(found) if arguments.json else "\n".join(f"{k:24} {v}" for k, v in found.items())
    sys.stdout.write(text + "\n")
    return 0 if found["feasible"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""Source one benchmark instance with the product's engine and print cost, bound and time.

    iom bench sourcing --orders 1000 --nodes 500 --seed 0 --rho 2 --mode batch --json
    iom bench sourcing --family jasin-sinha --json

Targets (OSB-1): 100 x 50 proved in < 0.3 s; 1,000 orders within 0.10 % of the bound in < 2 s;
10,000 x 500 within 0.25 % in < 30 s; real time with bid prices within 3 % at <= 60 us an order.
`--out` gets the node of every line, -1 for open. The floors are the nearest source with the goods
(line by line) and every order exactly in sequence without prices, both in the same run.

Real time is judged by the bound of a batch that knew all orders. `--bid-prices batch`, the default,
gives it the duals of the batch of this very instance, as the anchors of the family were measured.
`learned` gives it what the product has: opportunity costs learned from `--past-instances` other
instances of the same demand on the same stock. `none` gives it no prices. Real time is timed
without what made its prices (`price_seconds`). CPU seconds count all processes: on a busy machine
they say more than the clock.
"""

from __future__ import annotations

import argparse
import resource
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.figures import print_figures
from benchmarks.jasin_sinha import report as jasin_sinha_report
from benchmarks.osb1_family import Instance, generate
from openiom.fulfillment_optimization.engine import (
    FeasiblePlan,
    Shares,
    SourcingProblem,
    cost_of,
    learn_opportunity_costs,
    solve,
    solve_with_opportunity_costs,
    violations,
)

PRICES = {
    "learned": "opportunity costs learned from other instances of the same demand and stock",
    "batch": "duals of the batch of this very instance, as the family's anchors were measured",
    "none": "none",
}


@dataclass(frozen=True)
class Measured:
    """One plan with its times and the bound it is judged by."""

    plan: FeasiblePlan
    seconds: float
    cpu: float
    bound: float
    price_seconds: float = 0.0


def measure(instance: Instance, arguments: argparse.Namespace) -> Measured:
    """Return the requested plan. Real time is timed alone; its lower bound is the batch's."""
    problem, limit = instance.problem, arguments.time_limit
    solve(
        generate(orders=20, nodes=10, seed=99).problem, mode="batch"
    )  # libraries load before the clock starts
    before, spent = time.perf_counter(), cpu_seconds()
    batch = solve(problem, mode="batch", time_limit=limit)
    seconds, cpu = time.perf_counter() - before, cpu_seconds() - spent
    bound = batch.cost if batch.lower_bound is None else batch.lower_bound
    if arguments.mode == "batch":
        return Measured(batch, seconds, cpu, bound)
    if arguments.bid_prices == "learned":
        return measure_learned(instance, arguments.past_instances, bound)

    prices = batch.prices if arguments.bid_prices == "batch" else None
    making = seconds if prices is not None else 0.0
    before, spent = time.perf_counter(), cpu_seconds()
    plan = solve(problem, bid_prices=prices)
    return Measured(plan, time.perf_counter() - before, cpu_seconds() - spent, bound, making)


def measure_learned(instance: Instance, count: int, bound: float) -> Measured:
    """Learn from so many past instances, then solve in sequence, timed alone."""
    problem = instance.problem
    before = time.perf_counter()
    model = learn_opportunity_costs(
        problem, (instance.past_instance(seed) for seed in range(count))
    )
    making = time.perf_counter() - before
    before, spent = time.perf_counter(), cpu_seconds()
    plan = FeasiblePlan(problem=problem, shares=solve_with_opportunity_costs(problem, model))
    return Measured(plan, time.perf_counter() - before, cpu_seconds() - spent, bound, making)


def nearest(instance: Instance) -> Shares:
    """Return the plan that serves every line from the nearest node that has all of it."""
    p = instance.problem
    stock, room = p.stock.copy(), p.capacity - p.used
    by_distance = np.argsort(instance.miles, axis=1, kind="stable")
    node = np.full(p.lines, -1, dtype=np.int64)

    for order in range(p.orders):
        opened: set[int] = set()
        ranked = by_distance[order]

        for line in range(int(p.start[order]), int(p.start[order + 1])):
            sku, quantity = p.line_sku[line], p.quantity[line]
            for n in ranked[stock[ranked, sku] >= quantity].tolist():
                if n in opened or room[n] > 0:
                    room[n] -= n not in opened
                    opened.add(n)
                    node[line] = n
                    stock[n, sku] -= quantity
                    break

    return Shares.undivided(node, p.quantity)


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and of its ended children."""
    own, ended = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime


def report(arguments: argparse.Namespace) -> dict[str, object]:
    """Return the figures of one run."""
    instance = generate(
        orders=arguments.orders, nodes=arguments.nodes, seed=arguments.seed, rho=arguments.rho
    )
    problem = instance.problem
    found = measure(instance, arguments)
    plan = found.plan
    if arguments.out:
        np.save(arguments.out, plan.node)

    floors = {
        "nearest": cost_of(problem, nearest(instance)).total,
        "exact_in_sequence": solve(problem).cost,
    }
    prices = "none" if arguments.mode == "batch" else arguments.bid_prices
    return {
        "family": "osb-1",
        "orders": arguments.orders,
        "nodes": arguments.nodes,
        "seed": arguments.seed,
        "rho": arguments.rho,
        "mode": arguments.mode,
        "bid_prices": PRICES[prices],
        "cost": round(plan.cost, 4),
        "lower_bound": round(found.bound, 4),
        "gap": round(max(0.0, plan.cost / found.bound - 1), 8),
        "proved": plan.proved,
        "seconds": round(found.seconds, 4),
        "price_seconds": round(found.price_seconds, 4),
        "cpu_seconds": round(found.cpu, 4),
        "cpu_microseconds_per_order": round(found.cpu / max(1, problem.orders) * 1e6, 1),
        "microseconds_per_order": round(found.seconds / max(1, problem.orders) * 1e6, 1),
        "feasible": feasible(problem, plan),
        "parcels": plan.costs.parcels,
        "open_lines": plan.costs.open_lines,
        "floor_cost": {name: round(cost, 4) for name, cost in floors.items()},
        "floor_gap": {name: round(cost / found.bound - 1, 6) for name, cost in floors.items()},
        "cost_over_floor": {name: round(plan.cost / cost, 6) for name, cost in floors.items()},
    }


def feasible(problem: SourcingProblem, plan: FeasiblePlan) -> bool:
    return not violations(problem, plan.shares)


def main(words: list[str] | None = None) -> int:
    """Run the command line; the exit code is 1 when the plan is not feasible."""
    parser = argparse.ArgumentParser(
        prog="iom bench sourcing", description="sources one benchmark instance"
    )
    parser.add_argument("--family", choices=("osb-1", "jasin-sinha"), default="osb-1")
    parser.add_argument(
        "--orders", type=int, help="1,000, or 10,000 arrivals of jasin-sinha, when left out"
    )
    parser.add_argument("--nodes", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rho", type=float, default=2.0)
    parser.add_argument("--mode", choices=("batch", "realtime"), default="batch")
    parser.add_argument("--time-limit", type=float, default=30.0, help="seconds of a batch")
    parser.add_argument(
        "--bid-prices", choices=tuple(PRICES), default="batch", help="real time only"
    )
    parser.add_argument("--past-instances", type=int, default=24)
    parser.add_argument(
        "--instances", type=int, default=4, help="jasin-sinha: networks, two runs each"
    )
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(words)
    if arguments.family == "jasin-sinha":
        found = jasin_sinha_report(
            arrivals=arguments.orders or 10_000, networks=arguments.instances
        )
    else:
        arguments.orders = arguments.orders or 1000
        found = report(arguments)

    print_figures(found, as_json=arguments.json)
    return 0 if found["feasible"] else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The sourcing engine: which node serves which line of a batch of orders at the least cost.

Owns the model (`SourcingProblem`), the solution methods and the result (`FeasiblePlan`). It is
pure: arrays in, arrays out.

Guarantees: no unit is served twice; hard limits always hold and soft ones cost; a stated lower
bound is proved; the same problem gives the same plan.

The model is a set-partitioning problem with side constraints: one plan (which lines from which
node) for every order, within stock, parcel and order-line capacities. `sequential` solves order by
order, each exactly; `batch` solves all orders together by Lagrangian relaxation and column
generation.
"""

from __future__ import annotations

from typing import Literal

from .batch import solve_batch
from .bid_prices import BidPrices
from .costs import Costs, cost_of, violations
from .counterfactual_cases import Change, Counterfactual
from .counterfactuals import Relief, counterfactuals, with_change
from .opportunity_costs import (
    OpportunityCostModel,
    OpportunityCostTable,
    learn_opportunity_costs,
    solve_with_opportunity_costs,
)
from .perturbations import order_alone
from .plan import FeasiblePlan, LineExplanation, OrderExplanation, SourceCandidate
from .problem import UNLIMITED, ProblemInvalid, Refusal, SourcingProblem, problem_from_arrays
from .sequential import solve_sequentially
from .shadow_prices import ResourcePrice, saving_of_one_more, shadow_prices
from .shares import Shares

__all__ = [
    "UNLIMITED",
    "BidPrices",
    "SourceCandidate",
    "Change",
    "Costs",
    "Counterfactual",
    "LineExplanation",
    "OpportunityCostModel",
    "OpportunityCostTable",
    "OrderExplanation",
    "FeasiblePlan",
    "SourcingProblem",
    "ProblemInvalid",
    "Refusal",
    "Relief",
    "ResourcePrice",
    "Shares",
    "cost_of",
    "counterfactuals",
    "learn_opportunity_costs",
    "order_alone",
    "problem_from_arrays",
    "saving_of_one_more",
    "shadow_prices",
    "solve",
    "solve_with_opportunity_costs",
    "violations",
    "with_change",
]


def solve(
    problem: SourcingProblem,
    *,
    mode: Literal["realtime", "batch"] = "realtime",
    time_limit: float = 30.0,
    bid_prices: BidPrices | None = None,
) -> FeasiblePlan:
    """Return a feasible plan of all orders.

    `realtime` solves each order exactly, in sequence; an order pays `bid_prices` for what it uses.
    `batch` solves all orders together within about `time_limit` seconds and proves a lower bound;
    its plan never costs more than that of `realtime`.
    """
    if mode == "realtime":
        shares = solve_sequentially(problem, bid_prices)
        return FeasiblePlan(problem=problem, shares=shares, prices=bid_prices)

    result = solve_batch(problem, time_limit=time_limit, bid_prices=bid_prices)
    return FeasiblePlan(
        problem=problem,
        shares=result.shares,
        lower_bound=result.bound,
        prices=result.prices,
        method="batch",
        proved=result.proved,
    )

"""
The sourcing engine: which node serves which line of a wave, at the least money, and how good that
provably is.

Owns    the model (`Problem`), the methods and the answer (`Plan`). Pure: arrays in, arrays out.
Holds   no unit is served twice, hard limits always hold, soft ones cost, the same problem gives the same
plan.
"""

from __future__ import annotations

from typing import Literal

from .batch import solve_batch
from .bid_prices import BidPrices
from .costs import Costs, cost_of, violations
from .counterfactuals import Change, Counterfactual, Relief, counterfactuals, with_change
from .forecast import Forecast, forecast
from .perturbations import order_alone
from .plan import Candidate, LineExplanation, OrderExplanation, Plan
from .problem import UNLIMITED, Problem, ProblemInvalid, Refusal, problem_from_arrays
from .sequential import solve_sequentially
from .shadow_prices import ShadowPrice, saving_of_one_more, shadow_prices
from .shares import Shares

__all__ = [
    "UNLIMITED",
    "BidPrices",
    "Candidate",
    "Change",
    "Costs",
    "Counterfactual",
    "Forecast",
    "LineExplanation",
    "OrderExplanation",
    "Plan",
    "Problem",
    "ProblemInvalid",
    "Refusal",
    "Relief",
    "ShadowPrice",
    "Shares",
    "violations",
    "problem_from_arrays",
    "cost_of",
    "counterfactuals",
    "forecast",
    "order_alone",
    "saving_of_one_more",
    "shadow_prices",
    "solve",
    "with_change",
]


def solve(
    problem: Problem,
    *,
    mode: Literal["realtime", "batch"] = "realtime",
    time_limit: float = 30.0,
    bid_prices: BidPrices | None = None,
) -> Plan:
    """
    A feasible plan of the wave.

    realtime: each order exactly, in the order it stands, with the bid prices of the last batch where given.
    batch: all orders together within about `time_limit` seconds, with a proved lower bound, never worse
    than realtime.
    """
    if mode == "realtime":
        return Plan(
            problem=problem, shares=solve_sequentially(problem, bid_prices), prices=bid_prices
        )
    answer = solve_batch(problem, time_limit=time_limit, bid_prices=bid_prices)
    return Plan(
        problem=problem,
        shares=answer.shares,
        lower_bound=answer.bound,
        prices=answer.prices,
        method="batch",
        proved=answer.proved,
    )

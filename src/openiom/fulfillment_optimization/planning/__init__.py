"""
Planning: strategies and their alternates, batch windows, daily capacity, prices and
re-optimization.

Owns        sourcing plan and decision, shadow price, opportunity cost, daily usage and its lines,
            re-optimization move.
Guarantees  a plan exceeds no hard limit, also not together with plans of concurrent transactions.
"""

from .capacity_usage import CONSUMER as CAPACITY_CONSUMER
from .capacity_usage import (
    CapacityUsageWorker,
    UsageLine,
    record_usage,
    release_stale_usage,
    usage_lines_of,
)
from .daily_capacity import (
    CapacityUsage,
    capacity_limited_sources,
    daily_usage,
    local_day,
    lock_daily_usage,
)
from .order_plans import FullDay, OrderPlan, PlanAttempt, unplanned_orders, usage_by_source
from .plan_records import store_attempts
from .planner import Planner, PlanningRound
from .price_learning_worker import PriceLearningWorker
from .reoptimizer import Reoptimizer
from .windows import window_end

__all__ = [
    "CAPACITY_CONSUMER",
    "CapacityUsage",
    "CapacityUsageWorker",
    "FullDay",
    "OrderPlan",
    "PlanAttempt",
    "Planner",
    "PlanningRound",
    "PriceLearningWorker",
    "Reoptimizer",
    "UsageLine",
    "capacity_limited_sources",
    "daily_usage",
    "local_day",
    "lock_daily_usage",
    "record_usage",
    "release_stale_usage",
    "store_attempts",
    "unplanned_orders",
    "usage_by_source",
    "usage_lines_of",
    "window_end",
]

"""
How orders become plans: strategies and their alternates, batch windows, the day of a source, and the backlog
planned anew.

Owns    sourcing plan, shadow price, source day and the places in it, source move.
Holds   a plan breaks no hard limit, also not together with other waves of the same instant.
"""

from .capacity_usage import CONSUMER as CAPACITY_CONSUMER
from .capacity_usage import CapacityUsageWorker, Place, give_back_stale, places_of, take_places
from .daily_capacity import CapacityUsage, capacity_limited_sources, lock_daily_usage
from .plan_records import nothing_decided, record
from .planner import Attempt, Planned, Planner, Round, taken_by
from .price_learning_worker import PriceLearningWorker
from .reoptimizer import Reoptimizer
from .windows import window_end

__all__ = [
    "CAPACITY_CONSUMER",
    "Attempt",
    "Planned",
    "Place",
    "CapacityUsageWorker",
    "Planner",
    "PriceLearningWorker",
    "Reoptimizer",
    "Round",
    "CapacityUsage",
    "capacity_limited_sources",
    "give_back_stale",
    "lock_daily_usage",
    "nothing_decided",
    "places_of",
    "record",
    "take_places",
    "taken_by",
    "window_end",
]

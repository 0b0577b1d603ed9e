"""
How orders become plans: strategies and their alternates, batch windows, the day of a source, and the backlog
planned anew.

Owns    sourcing plan, shadow price, source day, source move.
Holds   a plan breaks no hard limit, also not together with other waves of the same instant.
"""

from .day import Taken, add_to_days, counted, lock_days
from .pricing import PriceTurn
from .records import nothing_decided, record
from .reoptimizing import Reoptimizer
from .rounds import Attempt, Planned, Planner, Round, taken_by
from .windows import window_end

__all__ = [
    "Attempt",
    "Planned",
    "Planner",
    "PriceTurn",
    "Reoptimizer",
    "Round",
    "Taken",
    "add_to_days",
    "counted",
    "lock_days",
    "nothing_decided",
    "record",
    "taken_by",
    "window_end",
]

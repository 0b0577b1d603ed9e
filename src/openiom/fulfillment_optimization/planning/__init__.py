"""
How orders become plans: strategies and their alternates, batch windows, the day of a source, and the backlog
planned anew.

Owns    sourcing plan, shadow price, source day and the places in it, source move.
Holds   a plan breaks no hard limit, also not together with other waves of the same instant.
"""

from .day import Taken, counted, lock_days
from .places import CONSUMER as PLACES_CONSUMER
from .places import Place, PlacesTurn, give_back_stale, places_of, take_places
from .pricing import PriceTurn
from .records import nothing_decided, record
from .reoptimizing import Reoptimizer
from .rounds import Attempt, Planned, Planner, Round, taken_by
from .windows import window_end

__all__ = [
    "PLACES_CONSUMER",
    "Attempt",
    "Planned",
    "Place",
    "PlacesTurn",
    "Planner",
    "PriceTurn",
    "Reoptimizer",
    "Round",
    "Taken",
    "counted",
    "give_back_stale",
    "lock_days",
    "nothing_decided",
    "places_of",
    "record",
    "take_places",
    "taken_by",
    "window_end",
]

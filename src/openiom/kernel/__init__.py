"""Values and errors that every package uses. No I/O, no clock."""

from .errors import (
    Forbidden,
    Invalid,
    IomError,
    NotFound,
    Problem,
    ProviderDown,
    ProviderError,
    ProviderRejected,
    ProviderUnauthorized,
    Refused,
    TooLarge,
    TooManyAttempts,
    TransitionRefused,
    Unauthenticated,
    Unavailable,
)
from .events import Event
from .ids import new_id, new_ids, sorted_ids
from .moments import FIRST_YEAR, LAST_YEAR, AwareMoment, Day, Moment, checked_day, checked_moment
from .money import minor_units, round_money
from .quantity import (
    MAX_DECIMALS,
    StockUnits,
    from_steps,
    in_stock_units,
    split_steps,
    to_steps,
)

__all__ = [
    "FIRST_YEAR",
    "LAST_YEAR",
    "MAX_DECIMALS",
    "AwareMoment",
    "Day",
    "Event",
    "Forbidden",
    "Invalid",
    "IomError",
    "Moment",
    "NotFound",
    "Problem",
    "ProviderDown",
    "ProviderError",
    "ProviderRejected",
    "ProviderUnauthorized",
    "Refused",
    "StockUnits",
    "TooLarge",
    "TooManyAttempts",
    "TransitionRefused",
    "Unauthenticated",
    "Unavailable",
    "checked_day",
    "checked_moment",
    "from_steps",
    "in_stock_units",
    "minor_units",
    "new_id",
    "new_ids",
    "round_money",
    "sorted_ids",
    "split_steps",
    "to_steps",
]

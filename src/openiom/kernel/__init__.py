"""Words every room speaks. No I/O, no framework, no clock."""

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
)
from .events import Event
from .ids import new_id, new_ids
from .money import minor_units, round_money

__all__ = [
    "Event",
    "Forbidden",
    "Invalid",
    "IomError",
    "NotFound",
    "Problem",
    "ProviderDown",
    "ProviderError",
    "ProviderRejected",
    "ProviderUnauthorized",
    "Refused",
    "TooLarge",
    "TooManyAttempts",
    "TransitionRefused",
    "Unauthenticated",
    "minor_units",
    "new_id",
    "new_ids",
    "round_money",
]

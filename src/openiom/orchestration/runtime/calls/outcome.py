"""Decides what the result of a provider call means: done, failed, or to be retried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from openiom.kernel import ProviderDown, ProviderError
from openiom.provider_contract import CallResult

from .claim import ClaimedCall

LONGEST_DELAY_SECONDS = 900.0
MAX_DEFERRALS = 1000
"""Being asked to wait is no failure, but not without end."""
_MAX_DOUBLINGS = 30


@dataclass(frozen=True, slots=True)
class CallOutcome:
    """What a call came to: final, or to be retried at `due_at`."""

    call: ClaimedCall
    state: Literal["done", "failed", "ready"]
    result: CallResult
    due_at: datetime
    error: dict[str, Any] | None = None
    deferrals: int = 0

    @property
    def is_final(self) -> bool:
        """Whether the call is not retried."""
        return self.state != "ready"


def decide_outcomes(
    calls: Sequence[ClaimedCall], results: Sequence[CallResult], *, now: datetime, random: Random
) -> list[CallOutcome]:
    """Return one outcome per call, in order. A call without a result is retried."""
    by_key = {result.key: result for result in results}
    outcomes = []
    for call in calls:
        result = by_key.get(call.key)
        if result is None:
            missing = ProviderDown(
                "the provider returned no result for this call", remedy="it is retried"
            )
            result = CallResult(call.key, error=missing)
        outcomes.append(_decide(call, result, now, random))
    return outcomes


def _decide(call: ClaimedCall, result: CallResult, now: datetime, random: Random) -> CallOutcome:
    error = result.error
    if error is None:
        return CallOutcome(call, "done", result, now)
    deferrals = call.deferrals
    if _requested_delay(error) is not None:
        deferrals += 1
    problem = {
        "what": error.what,
        "where": error.where,
        "why": f"attempt {call.attempts - call.deferrals} of {call.max_attempts}",
        "remedy": error.remedy,
        "code": error.code,
    }
    if not _may_retry(call, error, deferrals):
        return CallOutcome(call, "failed", result, now, problem, deferrals)
    delay = timedelta(seconds=retry_delay_seconds(call, error, random))
    return CallOutcome(call, "ready", result, now + delay, problem, deferrals)


def _may_retry(call: ClaimedCall, error: ProviderError, deferrals: int) -> bool:
    if error.retry != "later" or deferrals >= MAX_DEFERRALS:
        return False
    return call.attempts - deferrals < call.max_attempts


def retry_delay_seconds(call: ClaimedCall, error: ProviderError, random: Random) -> float:
    """Return the pause before the next attempt.

    It doubles with every attempt, varies by a quarter, and is never shorter than the provider
    requested.
    """
    doublings = min(call.attempts - call.deferrals - 1, _MAX_DOUBLINGS)
    delay = min(LONGEST_DELAY_SECONDS, call.first_delay_seconds * 2.0**doublings)
    delay *= random.uniform(0.75, 1.25)
    return max(delay, _requested_delay(error) or 0.0)


def _requested_delay(error: ProviderError) -> float | None:
    if isinstance(error, ProviderDown):
        return error.retry_after
    return None

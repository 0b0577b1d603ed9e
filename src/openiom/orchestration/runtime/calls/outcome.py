"""Decides what the result of a provider call means: done, failed, or to be retried."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Literal

from openiom.kernel import ProviderDown, ProviderError
from openiom.platform.retry import OUTBOUND_RETRY, requested_pause
from openiom.provider_contract import CallResult

from .claim import ClaimedCall

MAX_DEFERRALS = 1000
"""Pauses that a provider may request before a call counts them as failures."""


@dataclass(slots=True)
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
    by_key = {call.key: _no_result(call) for call in calls}
    for result in results:
        by_key[result.key] = result
    return [_decide(call, by_key[call.key], now, random) for call in calls]


def _no_result(call: ClaimedCall) -> CallResult:
    missing = ProviderDown("the provider returned no result for this call", remedy="it is retried")
    return CallResult(call.key, error=missing)


def _decide(call: ClaimedCall, result: CallResult, now: datetime, random: Random) -> CallOutcome:
    error = result.error
    if error is None:
        return CallOutcome(call, "done", result, now)

    deferrals = call.deferrals
    if requested_pause(error) is not None:
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
    """Return the pause before the next attempt: that of the retry policy for outbound calls.

    It starts at the first delay of the step and is never shorter than the provider requested.
    """
    policy = replace(OUTBOUND_RETRY, first_seconds=call.first_delay_seconds)
    failures = call.attempts - call.deferrals
    return policy.delay(failures, retry_after=requested_pause(error), random=random)

"""What the result of a provider call means, and when a call is retried."""

from dataclasses import replace
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest
from tests.orchestration.entities import NOW
from tests.orchestration.fake_provider import FakeProvider

from openiom.kernel import ProviderDown, ProviderError, ProviderRejected, ProviderUnauthorized
from openiom.orchestration.runtime.calls.claim import CallGroup, ClaimedCall, claim_limit
from openiom.orchestration.runtime.calls.outcome import (
    MAX_DEFERRALS,
    decide_outcomes,
    retry_delay_seconds,
)
from openiom.orchestration.runtime.calls.worker import Claim, InFlight
from openiom.platform.leases import LEASE
from openiom.platform.retry import OUTBOUND_RETRY
from openiom.provider_contract import CallResult

CALL = ClaimedCall(
    id=1,
    key="run:send:item:1",
    entity="item",
    entity_id=UUID(int=1),
    flow="out",
    token_id=UUID(int=2),
    step="send",
    generation=1,
    payload={"id": "1"},
    attempts=1,
    max_attempts=3,
    first_delay_seconds=2.0,
    deferrals=0,
)
GROUP = CallGroup("east", "send")
[SEND, NOTIFY] = FakeProvider().provider().actions


class MiddleRandom(Random):
    """Varies nothing: always the middle of the range."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


class RecordingRandom(Random):
    """Keeps the range it was asked for."""

    def uniform(self, a: float, b: float) -> float:
        self.range = (a, b)
        return b


def decide(call: ClaimedCall, error: ProviderError | None):
    [outcome] = decide_outcomes(
        [call], [CallResult(call.key, {"ok": True}, "X-1", error)], now=NOW, random=MiddleRandom()
    )
    return outcome


def test_a_result_without_an_error_is_done():
    outcome = decide(CALL, None)
    assert (outcome.state, outcome.due_at, outcome.error) == ("done", NOW, None)
    assert outcome.is_final
    assert outcome.result.external_id == "X-1"


@pytest.mark.parametrize("error", [ProviderRejected("no street"), ProviderUnauthorized("no key")])
def test_a_rejection_is_final(error):
    outcome = decide(CALL, error)
    assert (outcome.state, outcome.due_at, outcome.deferrals) == ("failed", NOW, 0)
    assert outcome.is_final


def test_an_error_is_recorded_with_its_attempt():
    outcome = decide(
        replace(CALL, attempts=5, deferrals=3, max_attempts=4),
        ProviderRejected("no street", where="address", remedy="correct it"),
    )
    assert outcome.error == {
        "what": "no street",
        "where": "address",
        "why": "attempt 2 of 4",
        "remedy": "correct it",
        "code": ProviderRejected.code,
    }


@pytest.mark.parametrize(
    ("attempts", "deferrals", "state"),
    [(1, 0, "ready"), (2, 0, "ready"), (3, 0, "failed"), (4, 0, "failed"), (4, 2, "ready")],
)
def test_a_provider_that_is_down_is_retried_until_the_last_attempt(attempts, deferrals, state):
    call = replace(CALL, attempts=attempts, deferrals=deferrals)
    outcome = decide(call, ProviderDown("down"))
    assert outcome.state == state
    assert outcome.is_final == (state == "failed")
    assert outcome.deferrals == deferrals


def test_a_requested_pause_does_not_count_as_an_attempt():
    call = replace(CALL, attempts=3)
    outcome = decide(call, ProviderDown("busy", retry_after=60))
    assert (outcome.state, outcome.deferrals) == ("ready", 1)
    assert outcome.due_at == NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("deferrals", "state"), [(MAX_DEFERRALS - 2, "ready"), (MAX_DEFERRALS - 1, "failed")]
)
def test_a_provider_cannot_ask_for_pauses_without_end(deferrals, state):
    call = replace(CALL, attempts=deferrals + 1, deferrals=deferrals)
    assert decide(call, ProviderDown("busy", retry_after=1)).state == state


def test_a_call_without_a_result_is_retried():
    [outcome] = decide_outcomes([CALL], [], now=NOW, random=MiddleRandom())
    assert outcome.state == "ready"
    assert outcome.error is not None
    assert outcome.error["what"] == "the provider returned no result for this call"
    assert outcome.due_at == NOW + timedelta(seconds=2)


def test_results_are_matched_by_key_and_returned_in_the_order_of_the_calls():
    other = replace(CALL, id=2, key="other")
    results = [CallResult("other", error=ProviderRejected("no")), CallResult(CALL.key)]
    outcomes = decide_outcomes([CALL, other], results, now=NOW, random=MiddleRandom())
    assert [(outcome.call.id, outcome.state) for outcome in outcomes] == [
        (1, "done"),
        (2, "failed"),
    ]


@pytest.mark.parametrize(
    ("attempts", "deferrals", "seconds"),
    [
        (1, 0, 2.0),
        (2, 0, 4.0),
        (3, 0, 8.0),
        (3, 2, 2.0),
        (9, 0, 512.0),
        (10, 0, OUTBOUND_RETRY.max_seconds),
        (5000, 0, OUTBOUND_RETRY.max_seconds),
    ],
)
def test_the_pause_doubles_with_every_attempt_up_to_a_limit(attempts, deferrals, seconds):
    call = replace(CALL, attempts=attempts, deferrals=deferrals)
    assert retry_delay_seconds(call, ProviderDown("down"), MiddleRandom()) == seconds


def test_the_pause_varies_by_a_quarter():
    random = RecordingRandom()
    assert retry_delay_seconds(CALL, ProviderDown("down"), random) == 2.5
    assert random.range == (0.75, 1.25)


@pytest.mark.parametrize(("requested", "seconds"), [(0.5, 2.0), (2.0, 2.0), (30.0, 30.0)])
def test_the_pause_is_never_shorter_than_the_provider_requested(requested, seconds):
    error = ProviderDown("busy", retry_after=requested)
    assert retry_delay_seconds(CALL, error, MiddleRandom()) == seconds


@pytest.mark.parametrize(
    ("batch", "concurrency", "limit", "expected"),
    [
        (1, 8, 500, 32),
        (1, 8, 20, 20),
        (1, 8, 3, 8),
        (100, 4, 500, 500),
        (100, 4, 450, 400),
        (100, 4, 50, 400),
        (100, 4, 5000, 1600),
        (7, 1, 20, 14),
    ],
)
def test_a_claim_keeps_the_provider_busy_with_whole_bulk_calls(batch, concurrency, limit, expected):
    action = replace(SEND, batch=batch, concurrency=concurrency)
    assert claim_limit(action, limit) == expected


def test_a_claim_without_an_action_takes_the_limit():
    assert claim_limit(None, 123) == 123


@pytest.mark.parametrize(
    ("action", "calls", "seconds"),
    [
        (SEND, 1, 120 + 30),
        (SEND, 400, 120 + 30),
        (SEND, 401, 240 + 30),
        (NOTIFY, 8, 120 + 30),
        (NOTIFY, 9, 240 + 30),
        (SEND, 0, 120 + 30),
    ],
)
def test_calls_may_take_the_timeout_of_every_round(action, calls, seconds):
    claim = Claim(GROUP, [CALL] * calls, action, None)
    assert claim.longest == timedelta(seconds=seconds)


def test_calls_without_an_action_may_take_one_lease():
    assert Claim(GROUP, [CALL], None, ProviderDown("removed")).longest == LEASE


def test_one_group_is_called_by_one_worker_of_a_process():
    in_flight = InFlight()
    assert in_flight.acquire(GROUP)
    assert not in_flight.acquire(GROUP)
    assert in_flight.acquire(CallGroup("west", "send"))
    assert set(in_flight.groups()) == {GROUP, CallGroup("west", "send")}
    in_flight.release(GROUP)
    assert in_flight.acquire(GROUP)


def test_releasing_a_group_twice_is_harmless():
    in_flight = InFlight()
    in_flight.release(GROUP)
    assert in_flight.groups() == []

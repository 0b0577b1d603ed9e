"""Calls that are repeated keep their key; a red connection and a refused credential delay them."""

import threading
import time
from collections.abc import Sequence
from typing import Any

import pytest
from tests.providers.fake_provider import ProviderHarness, make_harness

from openiom.kernel import (
    Forbidden,
    NotFound,
    ProviderDown,
    ProviderRejected,
    ProviderUnauthorized,
)
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.provider_contract import Call, CallResult, OutboundRequest
from openiom.providers import build_payloads, call_provider


def call(harness: ProviderHarness, *calls: Call) -> list[CallResult]:
    return call_provider(harness.registry, harness.database, "shop", "send", calls)


def named(*keys: str) -> list[Call]:
    return [Call(key, {"number": key}) for key in keys]


def turn(harness: ProviderHarness, state: str, error: str = "") -> None:
    with harness.database.unit_of_work() as session:
        session.connection().exec_driver_sql(
            "UPDATE providers.provider_instance SET state = %s, error = %s", (state, error)
        )


def connection_state(harness: ProviderHarness) -> tuple[Any, ...]:
    [row] = harness.rows("SELECT state, error FROM providers.provider_instance")
    return row


def test_a_repeated_call_has_the_same_key_and_a_higher_attempt(harness):
    seen: list[tuple[str, int]] = []

    def answer(calls: Sequence[Call]) -> Sequence[CallResult]:
        for one in calls:
            seen.append((one.key, one.attempt))
        return [CallResult(one.key) for one in calls]

    harness.install()
    harness.system.answer = answer
    call(harness, Call("k1", {}))
    call(harness, Call("k1", {}, attempt=2))
    assert seen == [("k1", 1), ("k1", 2)]


def test_a_result_is_returned_as_the_provider_made_it(harness):
    harness.install()
    result = CallResult("1", response={"id": 7}, external_id="7")
    harness.system.answer = lambda calls: [result]
    [returned] = call(harness, *named("1"))
    assert returned is result


def test_a_result_of_a_call_that_was_not_made_is_ignored(harness):
    harness.install()
    harness.system.answer = lambda calls: [CallResult("ghost"), CallResult("1")]
    assert [result.key for result in call(harness, *named("1"))] == ["1"]


def test_without_calls_the_provider_is_not_called(harness):
    harness.install()
    assert call(harness) == []
    assert harness.system.batches == []


def test_a_red_connection_delays_every_call_by_half_a_minute(harness):
    harness.install()
    turn(harness, "red", "the token was revoked")
    results = call(harness, *named("1", "2"))
    assert [result.key for result in results] == ["1", "2"]

    for result in results:
        assert isinstance(result.error, ProviderDown)
        assert result.error.retry_after == 30.0
        assert str(result.error) == (
            "shop: the connection of shop is red: the token was revoked."
            " correct the connection; the call is made once it is green"
        )

    assert harness.system.batches == []


@pytest.mark.parametrize("state", ["green", "untested"])
def test_a_connection_that_is_not_red_is_called(harness, state):
    harness.install()
    turn(harness, state)
    assert [result.error for result in call(harness, *named("1"))] == [None]


def test_an_unknown_action_of_a_red_connection_is_not_found(harness):
    harness.install()
    turn(harness, "red", "down")
    with pytest.raises(NotFound, match="Fake has no action fly"):
        call_provider(harness.registry, harness.database, "shop", "fly", named("1"))


def test_an_instance_that_is_not_installed_is_not_found(harness):
    with pytest.raises(NotFound, match="no provider_instance named shop"):
        call(harness, *named("1"))


def test_one_refused_credential_of_many_calls_turns_the_connection_red(harness):
    refused = ProviderUnauthorized("the token expired", where="POST http://x", remedy="renew it")

    def answer(calls: Sequence[Call]) -> Sequence[CallResult]:
        results = []
        for one in calls:
            error = refused if one.key == "5" else None
            results.append(CallResult(one.key, error=error))
        return results

    harness.install()
    harness.system.answer = answer
    before = utc_now()
    results = call(harness, *named(*"1234567"))
    errors = [result.error for result in results if result.error]
    assert len(errors) == 1
    assert type(errors[0]) is ProviderDown
    assert (errors[0].what, errors[0].where) == ("the token expired", "POST http://x")
    assert (errors[0].remedy, errors[0].retry_after) == ("renew it", 30.0)
    assert connection_state(harness) == (
        "red",
        "POST http://x: the token expired. renew it",
    )
    [(probe_at,)] = harness.rows("SELECT next_probe_at FROM providers.provider_instance")
    assert before <= probe_at <= utc_now()


def test_a_long_reason_of_a_refused_credential_is_shortened(harness):
    harness.install()
    refused = ProviderUnauthorized("x" * 3_000)
    harness.system.answer = lambda calls: [CallResult("1", error=refused)]
    call(harness, *named("1"))
    assert len(connection_state(harness)[1]) == 2_000


@pytest.mark.parametrize("error", [ProviderRejected("no such SKU"), ProviderDown("no answer")])
def test_another_error_leaves_the_connection_as_it_is(harness, error):
    harness.install()
    turn(harness, "green")
    harness.system.answer = lambda calls: [CallResult("1", error=error)]
    [result] = call(harness, *named("1"))
    assert result.error is error
    assert connection_state(harness) == ("green", "")


def test_an_error_of_ours_keeps_its_place_and_remedy(harness):
    def answer(calls: Sequence[Call]) -> Sequence[CallResult]:
        raise Forbidden("not allowed", where="orders", remedy="request access")

    harness.install()
    harness.system.answer = answer
    [result] = call(harness, *named("1"))
    assert type(result.error) is ProviderRejected
    assert (result.error.what, result.error.where) == ("not allowed", "orders")
    assert result.error.remedy == "request access"


@pytest.mark.parametrize(("batch", "calls", "groups"), [(3, 3, 1), (3, 4, 2), (1, 3, 3), (5, 2, 1)])
def test_calls_are_divided_into_groups_of_at_most_the_batch(
    database: Database, batch: int, calls: int, groups: int
):
    harness = make_harness(database, batch=batch)
    harness.install()
    assert len(call(harness, *named(*map(str, range(calls))))) == calls
    assert len(harness.system.batches) == groups
    assert max(map(len, harness.system.batches)) <= batch
    harness.registry.close()


def test_no_more_groups_than_allowed_are_called_at_once(database: Database):
    harness = make_harness(database, batch=1, concurrency=2)
    harness.install()
    lock, running, most = threading.Lock(), 0, 0

    def answer(calls: Sequence[Call]) -> Sequence[CallResult]:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.03)
        with lock:
            running -= 1
        return [CallResult(one.key) for one in calls]

    harness.system.answer = answer
    assert len(call(harness, *named(*map(str, range(8))))) == 8
    assert most == 2
    harness.registry.close()


def test_requests_of_parallel_groups_are_logged_with_the_action(database: Database):
    harness = make_harness(database, batch=1)
    harness.install()

    def answer(calls: Sequence[Call]) -> Sequence[CallResult]:
        report = harness.system.connections[0].report
        report(OutboundRequest("POST", f"http://x/{calls[0].key}", 200, 1, utc_now()))
        return [CallResult(one.key) for one in calls]

    harness.system.answer = answer
    call(harness, *named("1", "2", "3"))
    rows = harness.rows("SELECT action, url FROM providers.outbound_request ORDER BY url")
    assert rows == [
        ("send", "http://x/1"),
        ("send", "http://x/2"),
        ("send", "http://x/3"),
    ]
    harness.registry.close()


def test_payloads_of_an_unknown_action_are_not_built(harness):
    harness.install()
    with harness.database.reading() as session, pytest.raises(NotFound, match="no action fly"):
        build_payloads(harness.registry, session, "shop", "fly", [{"number": "1"}])


def test_payloads_use_the_mapping_of_the_instance(harness):
    harness.install("shop")
    harness.install("outlet")
    harness.map("EXT", "Lamp")
    harness.map("EXT-OUTLET", "Lamp", scope="instance", scope_name="outlet")

    facts = [{"number": "FO-1", "product": "Lamp"}]
    built = []
    with harness.database.reading() as session:
        for instance in ("shop", "outlet"):
            built += build_payloads(harness.registry, session, instance, "send", facts)

    assert built == [{"number": "FO-1", "sku": "EXT"}, {"number": "FO-1", "sku": "EXT-OUTLET"}]

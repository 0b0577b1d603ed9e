"""Calls are made in groups and in parallel; each has its own result, and none is lost."""

import threading
import time
from collections.abc import Sequence

import pytest
from tests.providers.fake_provider import ProviderHarness, make_harness

from openiom.kernel import (
    Invalid,
    NotFound,
    Problem,
    ProviderDown,
    ProviderRejected,
    ProviderUnauthorized,
)
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.provider_contract import Call, CallResult, OutboundRequest
from openiom.providers import CallLog, build_payloads, call_provider


def calls(*keys: str) -> list[Call]:
    return [Call(key, {"number": key}) for key in keys]


def call(harness: ProviderHarness, *keys: str) -> list[CallResult]:
    return call_provider(harness.registry, harness.database, "shop", "send", calls(*keys))


def test_calls_are_made_in_groups_of_at_most_a_batch_and_results_are_in_order(harness):
    harness.install()
    harness.system.answer = lambda some: [
        CallResult(c.key, external_id=f"x{c.key}") for c in reversed(some)
    ]
    assert [r.external_id for r in call(harness, "1", "2", "3", "4", "5", "6", "7")] == [
        f"x{n}" for n in range(1, 8)
    ]
    assert sorted(harness.system.batches) == [["1", "2", "3"], ["4", "5", "6"], ["7"]]


def test_a_failed_call_leaves_the_other_results_of_its_group(harness):
    harness.install()
    refusal = ProviderRejected("no such SKU", where="lines[0].sku")
    harness.system.answer = lambda some: [
        CallResult(c.key, error=refusal if c.key == "2" else None) for c in some
    ]
    assert [r.error for r in call(harness, "1", "2", "3")] == [None, refusal, None]


def test_a_group_that_fails_affects_only_its_own_calls(harness):
    def answer(some: Sequence[Call]) -> Sequence[CallResult]:
        if some[0].key == "4":
            raise ProviderDown("no answer", retry_after=7)
        if some[0].key == "7":
            raise ZeroDivisionError("oops")
        return [CallResult(c.key) for c in some]

    harness.install()
    harness.system.answer = answer
    results = call(harness, *"1234567")
    errors = [(r.error.what, r.error.retry) if r.error else None for r in results]
    assert errors[:3] == [None] * 3
    assert errors[3:6] == [("no answer", "later")] * 3
    assert errors[6] == ("the provider's code failed: ZeroDivisionError: oops", "never")


def test_a_call_without_a_result_is_retried_later(harness):
    harness.install()
    harness.system.answer = lambda some: [CallResult(c.key) for c in some[1:]]
    first, second = call(harness, "1", "2")
    assert (first.error.what, first.error.retry, second.error) == (
        "the provider returned no result for this call",
        "later",
        None,
    )


def test_calls_without_a_bulk_endpoint_are_made_in_parallel(database: Database):
    harness = make_harness(database, batch=1, concurrency=8)
    harness.install()

    together = threading.Barrier(8, timeout=30)

    def waits(some: Sequence[Call]) -> Sequence[CallResult]:
        together.wait()
        return [CallResult(c.key) for c in some]

    harness.system.answer = waits
    results = call(harness, *map(str, range(16)))
    assert [result.error for result in results] == [None] * 16
    harness.registry.close()


def test_the_outcome_of_a_group_that_exceeds_its_time_is_unknown(database: Database):
    harness = make_harness(database, batch=1, concurrency=2, timeout_seconds=1)
    harness.install()

    def stuck(some: Sequence[Call]) -> Sequence[CallResult]:
        time.sleep(2 if some[0].key == "1" else 0)
        return [CallResult(c.key) for c in some]

    harness.system.answer = stuck
    first, second = call(harness, "1", "2")
    assert (str(first.error), second.error) == (
        "shop: no answer within 1 s; the outcome is unknown",
        None,
    )
    assert first.error.retry == "later"
    harness.registry.close()


def test_a_refused_credential_turns_the_connection_red_and_its_calls_are_retried_later(harness):
    def refused(some: Sequence[Call]) -> Sequence[CallResult]:
        raise ProviderUnauthorized("the token was revoked")

    harness.install()
    harness.system.answer = refused
    (first,) = call(harness, "1")
    assert (first.error.retry, first.error.retry_after) == ("later", 30.0)
    assert harness.rows("SELECT state, error FROM providers.provider_instance") == [
        ("red", "the token was revoked")
    ]
    (second,) = call(harness, "1")
    assert "is red: the token was revoked" in second.error.what
    assert second.error.retry == "later"
    assert harness.system.batches == [["1"]]


def test_payloads_are_built_for_all_entities_and_one_that_cannot_be_is_a_problem(harness):
    harness.install()
    harness.map("EXT-1", "Accu Scale")

    facts = [
        {"number": "FO-1", "product": "Accu Scale", "fallback": "Accu Scale"},
        {"number": "FO-2", "product": "Crate", "fallback": "Crate"},
        {"number": "FO-3", "product": "Crate"},
        {"product": "Accu Scale"},
    ]
    with harness.database.reading() as session:
        built = build_payloads(harness.registry, session, "shop", "send", facts)

    assert built[:2] == [{"number": "FO-1", "sku": "EXT-1"}, {"number": "FO-2", "sku": "Crate"}]
    assert built[2] == Problem(
        "sku", "our product Crate has no sku at this provider", "map it, and reprocess"
    )
    assert isinstance(built[3], Problem)
    assert (built[3].where, "required" in built[3].what) == ("number", True)


def test_a_call_log_that_cannot_be_written_affects_no_result(harness):
    harness.install()

    def reporting(some: Sequence[Call]) -> Sequence[CallResult]:
        harness.system.connections[0].report(
            OutboundRequest("POST", "http://x", 200, 1, utc_now(), error="\x00")
        )
        return [CallResult(c.key) for c in some]

    harness.system.answer = reporting
    assert [r.error for r in call(harness, "1")] == [None]


def test_an_error_of_ours_in_the_code_of_a_provider_rejects_its_calls(harness):
    def rejecting(some: Sequence[Call]) -> Sequence[CallResult]:
        raise Invalid("the address has no country", remedy="add it")

    harness.install()
    harness.system.answer = rejecting
    [result] = call(harness, "1")
    assert isinstance(result.error, ProviderRejected)
    assert str(result.error) == "shop: the address has no country. add it"
    assert harness.rows("SELECT state FROM providers.provider_instance") == [("untested",)]


def test_requests_are_logged_with_the_action_that_made_them(harness):
    def reporting(some: Sequence[Call]) -> Sequence[CallResult]:
        report = harness.system.connections[0].report
        report(OutboundRequest("POST", "http://x/" + "y" * 3_000, 502, 7, utc_now(), error="down"))
        return [CallResult(c.key) for c in some]

    harness.install()
    harness.system.answer = reporting
    call(harness, "1", "2", "3", "4")
    rows = harness.rows(
        "SELECT instance, action, method, length(url), status, milliseconds, attempt, error"
        " FROM providers.outbound_request"
    )
    assert rows == [("shop", "send", "POST", 2_000, 502, 7, 1, "down")] * 2


def test_the_call_log_keeps_the_newest_requests(harness):
    log = CallLog(capacity=2)
    for number in range(3):
        log.add("shop", OutboundRequest("GET", f"http://x/{number}", 200, 1, utc_now()))
    log.flush(harness.database)
    log.flush(harness.database)
    rows = harness.rows("SELECT url, action FROM providers.outbound_request ORDER BY id")
    assert rows == [("http://x/1", ""), ("http://x/2", "")]


def test_an_unknown_action_is_not_found(harness):
    harness.install()
    with pytest.raises(NotFound, match="Fake has no action fly"):
        call_provider(harness.registry, harness.database, "shop", "fly", calls("1"))
    assert harness.system.batches == []

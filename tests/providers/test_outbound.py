"""Calls go out in batches or side by side; one that fails is told for itself, and none is ever lost."""

import time
from collections.abc import Sequence

from tests.providers.fake_provider import House, make_house

from openiom.kernel import Problem, ProviderDown, ProviderRejected, ProviderUnauthorized
from openiom.platform.database import Database
from openiom.platform.events import utc_now
from openiom.provider_contract import Call, CallResult, OutboundRequest
from openiom.providers import build_payloads, call_provider


def calls(*keys: str) -> list[Call]:
    return [Call(key, {"number": key}) for key in keys]


def call(house: House, *keys: str) -> list[CallResult]:
    return call_provider(house.registry, house.database, "shop", "send", calls(*keys))


def test_a_wave_becomes_calls_of_at_most_a_batch_and_answers_come_in_order(house):
    house.install()
    house.outside.answer = lambda some: [
        CallResult(c.key, external_id=f"x{c.key}") for c in reversed(some)
    ]
    assert [r.external_id for r in call(house, "1", "2", "3", "4", "5", "6", "7")] == [
        f"x{n}" for n in range(1, 8)
    ]
    assert sorted(house.outside.batches) == [["1", "2", "3"], ["4", "5", "6"], ["7"]]


def test_a_call_that_fails_is_told_for_itself(house):
    house.install()
    refusal = ProviderRejected("no such SKU", where="lines[0].sku")
    house.outside.answer = lambda some: [
        CallResult(c.key, error=refusal if c.key == "2" else None) for c in some
    ]
    assert [r.error for r in call(house, "1", "2", "3")] == [None, refusal, None]


def test_a_batch_that_breaks_fails_its_own_calls_only(house):
    def answer(some: Sequence[Call]) -> Sequence[CallResult]:
        if some[0].key == "4":
            raise ProviderDown("no answer", retry_after=7)
        if some[0].key == "7":
            raise ZeroDivisionError("oops")
        return [CallResult(c.key) for c in some]

    house.install()
    house.outside.answer = answer
    told = [(r.error.what, r.error.retry) if r.error else None for r in call(house, *"1234567")]
    assert told[:3] == [None] * 3
    assert told[3:6] == [("no answer", "later")] * 3
    assert told[6] == ("the provider's code broke: ZeroDivisionError: oops", "never")


def test_a_call_the_provider_forgot_is_asked_again(house):
    house.install()
    house.outside.answer = lambda some: [CallResult(c.key) for c in some[1:]]
    first, second = call(house, "1", "2")
    assert (first.error.what, first.error.retry, second.error) == (
        "the provider did not answer this call",
        "later",
        None,
    )


def test_calls_without_a_bulk_endpoint_run_side_by_side(database: Database):
    house = make_house(database, batch=1, concurrency=8)
    house.install()

    def slow(some: Sequence[Call]) -> Sequence[CallResult]:
        time.sleep(0.1)
        return [CallResult(c.key) for c in some]

    house.outside.answer = slow
    started = time.monotonic()
    assert len(call(house, *map(str, range(16)))) == 16
    assert 0.2 <= time.monotonic() - started < 1.0
    house.registry.close()


def test_a_group_that_outlives_its_time_is_given_up_as_unknown(database: Database):
    house = make_house(database, batch=1, concurrency=2, timeout_seconds=1)
    house.install()

    def stuck(some: Sequence[Call]) -> Sequence[CallResult]:
        time.sleep(2 if some[0].key == "1" else 0)
        return [CallResult(c.key) for c in some]

    house.outside.answer = stuck
    first, second = call(house, "1", "2")
    assert (str(first.error), second.error) == (
        "shop: no answer within 1 s; the outcome is unknown",
        None,
    )
    assert first.error.retry == "later"
    house.registry.close()


def test_a_wrong_credential_turns_the_connection_red_and_its_calls_wait_instead_of_failing(house):
    def refused(some: Sequence[Call]) -> Sequence[CallResult]:
        raise ProviderUnauthorized("the token was revoked")

    house.install()
    house.outside.answer = refused
    (first,) = call(house, "1")
    assert (first.error.retry, first.error.retry_after) == ("later", 30.0)
    assert house.rows("SELECT state, error FROM providers.provider_instance") == [
        ("red", "the token was revoked")
    ]
    (second,) = call(house, "1")
    assert "is red: the token was revoked" in second.error.what
    assert second.error.retry == "later"
    assert house.outside.batches == [["1"]]


def test_payloads_are_built_for_a_whole_wave_and_one_that_cannot_be_is_a_problem(house):
    house.install()
    house.map("EXT-1", "Accu Scale")
    facts = [
        {"number": "FO-1", "product": "Accu Scale", "fallback": "Accu Scale"},
        {"number": "FO-2", "product": "Crate", "fallback": "Crate"},
        {"number": "FO-3", "product": "Crate"},
        {"product": "Accu Scale"},
    ]
    with house.database.reading() as session:
        built = build_payloads(house.registry, session, "shop", "send", facts)
    assert built[:2] == [{"number": "FO-1", "sku": "EXT-1"}, {"number": "FO-2", "sku": "Crate"}]
    assert built[2] == Problem(
        "sku", "our product Crate has no sku at this provider", "map it, and reprocess"
    )
    assert isinstance(built[3], Problem)
    assert (built[3].where, "required" in built[3].what) == ("number", True)


def test_a_call_log_that_cannot_be_written_loses_no_result(house):
    house.install()

    def reporting(some: Sequence[Call]) -> Sequence[CallResult]:
        house.outside.connections[0].report(
            OutboundRequest("POST", "http://x", 200, 1, utc_now(), error="\x00")
        )
        return [CallResult(c.key) for c in some]

    house.outside.answer = reporting
    assert [r.error for r in call(house, "1")] == [None]

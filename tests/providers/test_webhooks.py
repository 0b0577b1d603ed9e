"""Webhooks: verified, stored and then acknowledged; every refusal is logged without its body."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
import pytest
from tests.providers.fake_provider import FakeConnector, ProviderHarness

from openiom.kernel import Invalid, NotFound, Refused, TooLarge, Unauthenticated
from openiom.platform.clock import utc_now
from openiom.providers.refusals import LOGGED_PER_MINUTE
from openiom.providers.schemas import WebhookReceipt
from openiom.providers.webhooks import UnreadableBody, receive_webhook

KEY = {"x-key": "s3cret"}
LIMIT = 10_000


def deliver(
    harness: ProviderHarness,
    body: Any,
    headers: Mapping[str, str] = KEY,
    instance: str = "shop",
) -> WebhookReceipt:
    """Deliver a webhook call; a body that is not bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return receive_webhook(
        harness.registry,
        harness.database,
        instance,
        headers,
        content,
        now=utc_now(),
    )


def logged(harness: ProviderHarness) -> list[tuple[Any, ...]]:
    return harness.rows(
        "SELECT action, method, url, status, error FROM providers.outbound_request ORDER BY id"
    )


def stored(harness: ProviderHarness) -> list[tuple[Any, ...]]:
    return harness.rows("SELECT kind, key, state, deliveries FROM providers.message ORDER BY id")


@pytest.fixture
def shop(harness: ProviderHarness) -> ProviderHarness:
    harness.install()
    return harness


def test_a_call_is_stored_before_it_is_acknowledged(shop):
    receipt = deliver(shop, {"id": 7, "text": "hello"})
    assert receipt == WebhookReceipt(stored=1, duplicates=0, poll=False)
    assert stored(shop) == [("note", "7", "received", 1)]
    assert logged(shop) == []


def test_a_second_delivery_is_acknowledged_and_only_counted(shop):
    deliver(shop, {"id": 7})
    assert deliver(shop, {"id": 7}) == WebhookReceipt(stored=0, duplicates=1, poll=False)
    assert stored(shop) == [("note", "7", "received", 2)]


def test_a_delivery_after_processing_changes_nothing(shop):
    deliver(shop, {"id": 7, "text": "", "items": []})
    shop.process_inbox()
    assert deliver(shop, {"id": 7, "text": "", "items": []}).duplicates == 1
    assert shop.process_inbox() == 0
    assert stored(shop) == [("note", "7", "processed", 2)]


def test_a_call_that_was_stored_but_not_acknowledged_is_recognized_when_it_is_repeated(
    shop, monkeypatch
):
    def lose_response(**values: Any) -> None:
        raise ConnectionError("the sender went away")

    with monkeypatch.context() as patched:
        patched.setattr("openiom.providers.webhooks.WebhookReceipt", lose_response)
        with pytest.raises(ConnectionError):
            deliver(shop, {"id": 7})

    assert deliver(shop, {"id": 7}) == WebhookReceipt(stored=0, duplicates=1, poll=False)


def test_a_call_that_could_not_be_stored_is_stored_when_it_is_repeated(shop, monkeypatch):
    def crash(*arguments: Any, **values: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("openiom.providers.webhooks.store_messages", crash)
        with pytest.raises(KeyboardInterrupt):
            deliver(shop, {"id": 7})

    assert stored(shop) == []
    assert deliver(shop, {"id": 7}).stored == 1


def test_an_announcement_requests_a_poll_and_stores_nothing(shop):
    assert deliver(shop, {"ping": True}) == WebhookReceipt(stored=0, duplicates=0, poll=True)
    assert stored(shop) == []
    assert shop.rows("SELECT poll_requested FROM providers.provider_instance") == [(True,)]


def test_an_announcement_after_a_failed_poll_waits_for_its_pause(shop):
    with shop.database.unit_of_work() as session:
        statement = "UPDATE providers.provider_instance SET poll_failures = 1"
        session.connection().exec_driver_sql(statement)
    assert deliver(shop, {"ping": True}).poll
    assert shop.rows("SELECT poll_requested FROM providers.provider_instance") == [(False,)]


def test_an_unknown_instance_is_not_found_and_not_logged(shop):
    with pytest.raises(NotFound) as error:
        deliver(shop, {"id": 7}, instance="ghost")
    assert error.value.what == "no provider instance ghost"
    assert error.value.remedy == "correct the address of the webhook"
    assert logged(shop) == []


def test_an_inactive_instance_refuses_calls(harness):
    harness.install(active=False)
    with pytest.raises(Refused) as error:
        deliver(harness, {"id": 7})

    assert error.value.what == "shop is not active"
    assert error.value.remedy == "activate it, and send this again"
    assert stored(harness) == []
    assert logged(harness) == [
        (
            "webhook",
            "POST",
            "/hooks/shop",
            409,
            "shop is not active. activate it, and send this again",
        )
    ]


def test_an_unverified_call_is_logged_and_its_body_is_not_stored(shop):
    with pytest.raises(Unauthenticated):
        deliver(shop, {"id": 7}, headers={"x-key": "wrong"})
    assert stored(shop) == []
    [(purpose, _, _, status, error)] = logged(shop)
    assert (purpose, status) == ("webhook", 401)
    assert error == "the key in X-Key is wrong. send the key of this instance"


def test_an_unverified_call_that_is_not_json_is_unverified_first(shop):
    with pytest.raises(Unauthenticated):
        deliver(shop, b"{", headers={})
    assert stored(shop) == []


def test_a_body_at_the_limit_is_accepted_and_a_longer_one_is_refused(shop):
    body = orjson.dumps({"id": 7, "text": ""})
    at_limit = body.replace(b'""', b'"' + b"x" * (LIMIT - len(body)) + b'"')
    assert len(at_limit) == LIMIT
    assert deliver(shop, at_limit).stored == 1

    with pytest.raises(TooLarge) as error:
        deliver(shop, at_limit.replace(b"7", b"77"))

    assert error.value.what == "the message has 10001 bytes; the limit is 10000"
    assert error.value.where == "body"
    assert error.value.remedy == "send it in parts, or raise OPENIOM_MESSAGE_LIMIT_BYTES"
    assert [status for _, _, _, status, _ in logged(shop)] == [413]


def test_a_body_that_is_too_large_is_refused_before_it_is_verified(shop):
    with pytest.raises(TooLarge):
        deliver(shop, b"x" * (LIMIT + 1), headers={})


def test_an_unreadable_body_of_a_verified_sender_is_stored_parked_with_the_reason(shop):
    with pytest.raises(UnreadableBody) as error:
        deliver(shop, b"{")

    assert error.value.status == 422
    [(kind, state, payload, reason)] = shop.rows(
        "SELECT kind, state, payload, error FROM providers.message"
    )
    assert (kind, state, payload) == ("unreadable", "parked", "{")
    assert reason["what"].startswith("the body is not JSON")
    assert (reason["where"], reason["remedy"]) == ("body", "send JSON")
    assert [status for _, _, _, status, _ in logged(shop)] == [422]


def test_a_repeated_unreadable_body_is_counted_and_another_one_is_stored(shop):
    for body in (b"{", b"{", b"["):
        with pytest.raises(UnreadableBody):
            deliver(shop, body)
    assert [(state, count) for _, _, state, count in stored(shop)] == [
        ("parked", 2),
        ("parked", 1),
    ]


def test_a_discarded_unreadable_body_stays_discarded_when_it_arrives_again(shop):
    with pytest.raises(UnreadableBody):
        deliver(shop, b"{")
    with shop.database.unit_of_work() as session:
        statement = "UPDATE providers.message SET state = 'discarded'"
        session.connection().exec_driver_sql(statement)
    with pytest.raises(UnreadableBody):
        deliver(shop, b"{")
    assert [(state, count) for _, _, state, count in stored(shop)] == [("discarded", 2)]


def test_a_failure_of_the_providers_code_is_a_fault_of_the_body_and_stores_nothing(shop):
    with pytest.raises(Invalid) as error:
        deliver(shop, {"text": "without an id"})
    assert not isinstance(error.value, UnreadableBody)
    assert error.value.what == "the provider's code failed on it: KeyError: 'id'"
    assert error.value.where == "body"
    assert error.value.remedy == "send what the provider documents"
    assert stored(shop) == []
    assert [status for _, _, _, status, _ in logged(shop)] == [422]


def test_a_long_failure_of_the_providers_code_is_shortened(shop, monkeypatch):
    def fail(self: Any, headers: Any, body: bytes) -> None:
        raise RuntimeError("x" * 5_000)

    monkeypatch.setattr(FakeConnector, "receive", fail)
    with pytest.raises(Invalid) as error:
        deliver(shop, {"id": 7})
    assert len(error.value.what) == 1_000


def test_a_provider_without_webhooks_is_not_found(shop, monkeypatch):
    monkeypatch.delattr(FakeConnector, "receive")
    with pytest.raises(NotFound) as error:
        deliver(shop, {"id": 7})
    assert (error.value.what, error.value.where) == ("Fake receives no webhooks", "shop")


def test_a_missing_secret_refuses_the_call_and_is_logged(harness):
    harness.install(connection={"api_key": "env:FAKE_KEY_THAT_IS_NOT_SET"})
    with pytest.raises(Invalid, match="FAKE_KEY_THAT_IS_NOT_SET is not set"):
        deliver(harness, {"id": 7})
    assert stored(harness) == []


def test_a_stranger_cannot_fill_the_log_and_later_calls_say_how_many_were_left_out(shop):
    now = utc_now()

    def refuse(at):
        with pytest.raises(Unauthenticated):
            receive_webhook(shop.registry, shop.database, "shop", {}, b"{}", now=at)

    for _ in range(LOGGED_PER_MINUTE + 30):
        refuse(now)

    assert len(logged(shop)) == LOGGED_PER_MINUTE
    refuse(now + timedelta(minutes=1))
    assert len(logged(shop)) == LOGGED_PER_MINUTE + 1
    assert logged(shop)[-1][4].endswith("(30 more since the last one)")

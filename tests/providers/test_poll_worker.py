"""One process polls an instance at a time; only a probed connection is polled."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.providers.fake_provider import ProviderHarness

from openiom.kernel import NotFound, ProviderDown, ProviderUnauthorized, Refused
from openiom.platform.batches import drain
from openiom.platform.clock import utc_now
from openiom.provider_contract import MessagePage, OutboundRequest, ProbeResult, RawMessage
from openiom.providers import (
    PollWorker,
    ProbeWorker,
    StoreResult,
    poll,
    poll_worker,
    probe,
    request_poll,
)


def page(first: int, last: int) -> MessagePage:
    messages = [RawMessage("note", str(n), {"id": n, "text": ""}) for n in range(first, last + 1)]
    return MessagePage(messages, str(last))


def pages(checkpoint: str) -> Iterator[MessagePage]:
    start = int(checkpoint or 0) + 1
    for first in range(start, 10, 3):
        yield page(first, first + 2)


def status(harness: ProviderHarness, *columns: str) -> tuple[Any, ...]:
    return harness.rows(
        f"SELECT {', '.join(columns)} FROM providers.provider_instance WHERE name = 'shop'"
    )[0]


def checkpoint(harness: ProviderHarness) -> str:
    return harness.rows("SELECT value FROM providers.checkpoint")[0][0]


@pytest.fixture
def shop(harness: ProviderHarness) -> ProviderHarness:
    """A green instance polled every minute."""
    harness.install(poll_seconds=60)
    assert drain(harness.database, [ProbeWorker(harness.registry)]) == 1
    harness.system.pages = pages
    return harness


def test_a_connection_is_untested_until_an_authenticated_request_succeeds(harness):
    harness.install()
    assert status(harness, "state", "account") == ("untested", "")
    assert drain(harness.database, [PollWorker(harness.registry)]) == 0
    drain(harness.database, [ProbeWorker(harness.registry)])
    assert status(harness, "state", "account", "scopes") == ("green", "Fake Inc", ["read", "write"])
    assert drain(harness.database, [ProbeWorker(harness.registry)]) == 0
    assert (
        drain(
            harness.database, [ProbeWorker(harness.registry)], now=utc_now() + timedelta(minutes=16)
        )
        == 1
    )


def test_a_refused_credential_turns_it_red_with_the_reason_and_it_is_probed_again(harness):
    def refused() -> ProbeResult:
        raise ProviderUnauthorized(
            "the token was refused", where="connection.api_key", remedy="enter it again"
        )

    harness.system.probe = refused
    harness.install()
    drain(harness.database, [ProbeWorker(harness.registry)])
    assert status(harness, "state", "error") == (
        "red",
        "connection.api_key: the token was refused. enter it again",
    )
    harness.system.probe = lambda: ProbeResult("Fake Inc")
    assert (
        drain(
            harness.database, [ProbeWorker(harness.registry)], now=utc_now() + timedelta(seconds=31)
        )
        == 1
    )
    assert status(harness, "state", "error") == ("green", "")


def test_a_missing_scope_is_red_and_named(harness):
    harness.system.probe = lambda: ProbeResult("Fake Inc", ("read",), ("orders:write",))
    harness.install()
    probe(harness.registry, harness.database, "shop")
    assert status(harness, "state", "missing_scopes") == ("red", ["orders:write"])
    assert status(harness, "error")[0].startswith("the credential lacks: orders:write")


def test_a_missing_secret_is_red_and_named_and_never_shown(harness):
    harness.install(connection={"api_key": "env:FAKE_KEY_THAT_IS_NOT_SET"})
    probe(harness.registry, harness.database, "shop")
    assert status(harness, "state", "error") == (
        "red",
        "shop, connection.api_key: environment variable FAKE_KEY_THAT_IS_NOT_SET is not set."
        " set it and retry",
    )


def test_a_changed_connection_is_untested_again_and_the_old_connector_is_closed(shop):
    shop.install(poll_seconds=60, connection={"api_key": "another"})
    assert status(shop, "state") == ("untested",)
    probe(shop.registry, shop.database, "shop")
    assert shop.system.connections[-1].connection["api_key"] == "another"
    assert shop.system.connections[-1].callback_url == "http://127.0.0.1:8000/hooks/shop"
    assert shop.system.closed == 1


def test_an_instance_that_is_not_installed_cannot_be_probed(harness):
    with pytest.raises(NotFound, match="no provider instance ghost"):
        probe(harness.registry, harness.database, "ghost")


def test_a_due_instance_is_polled_completely_and_again_after_its_interval(shop):
    assert drain(shop.database, [PollWorker(shop.registry)]) == 1
    assert shop.states() == {"received": 9}
    assert checkpoint(shop) == "9"
    last, following = status(shop, "last_poll_at", "next_poll_at")
    assert (following - last, status(shop, "last_error")) == (timedelta(seconds=60), ("",))
    assert drain(shop.database, [PollWorker(shop.registry)]) == 0
    assert (
        drain(shop.database, [PollWorker(shop.registry)], now=utc_now() + timedelta(seconds=61))
        == 1
    )


def test_pages_before_an_outage_are_stored_and_the_next_poll_continues_after_them(shop):
    def breaking(at: str) -> Iterator[MessagePage]:
        yield page(1, 3)
        raise ProviderDown(
            "the response is incomplete", retry_after=120, where="http://shop/orders?page=2"
        )

    shop.system.pages = breaking
    assert poll(shop.registry, shop.database, "shop") == StoreResult(3, 0)
    last, following, failures = status(shop, "last_poll_at", "next_poll_at", "poll_failures")
    assert (checkpoint(shop), following - last, failures) == ("3", timedelta(seconds=120), 1)
    assert status(shop, "last_error", "state") == (
        "http://shop/orders?page=2: the response is incomplete",
        "green",
    )
    shop.system.pages = pages
    assert poll(shop.registry, shop.database, "shop") == StoreResult(6, 0)
    assert status(shop, "last_error", "poll_failures") == ("", 0)


def test_a_page_that_cannot_be_stored_does_not_move_the_checkpoint(shop):
    def unstorable(at: str) -> Iterator[MessagePage]:
        yield page(1, 3)
        yield MessagePage([RawMessage("note", "4", {}, "", 2**70)], "4")

    shop.system.pages = unstorable
    poll(shop.registry, shop.database, "shop")
    assert (checkpoint(shop), shop.states()) == ("3", {"received": 3})
    assert "out of range" in status(shop, "last_error")[0]


def test_pauses_double_up_to_15_minutes_while_polls_fail(shop):
    def down(at: str) -> Iterator[MessagePage]:
        raise ProviderDown("no answer")
        yield

    shop.system.pages = down
    pauses = []
    for _ in range(6):
        poll(shop.registry, shop.database, "shop")
        last, following = status(shop, "last_poll_at", "next_poll_at")
        pauses.append((following - last).total_seconds())

    assert pauses == [60, 120, 240, 480, 900, 900]


def test_a_refused_credential_turns_the_connection_red_and_polling_stops(shop):
    def refused(at: str) -> Iterator[MessagePage]:
        raise ProviderUnauthorized("the token was revoked")
        yield

    shop.system.pages = refused
    poll(shop.registry, shop.database, "shop")
    assert status(shop, "state", "error") == ("red", "the token was revoked")

    with (
        pytest.raises(Refused, match="its connection is red"),
        shop.database.unit_of_work() as session,
    ):
        request_poll(session, "shop")

    assert drain(shop.database, [PollWorker(shop.registry)], now=utc_now() + timedelta(days=1)) == 0


def test_a_failure_of_the_providers_code_is_recorded_and_stops_no_worker(shop):
    def broken(at: str) -> Iterator[MessagePage]:
        raise KeyError("id")
        yield

    shop.system.pages = broken
    assert drain(shop.database, [PollWorker(shop.registry)]) == 1
    assert status(shop, "last_error") == (
        "shop: the provider's code failed: KeyError: 'id'."
        " report this to the author of the provider",
    )


def test_an_instance_is_polled_by_one_process_also_when_a_poll_is_requested(shop):
    seen = []

    def meanwhile(at: str) -> Iterator[MessagePage]:
        with shop.database.unit_of_work() as session:
            request_poll(session, "shop")
        seen.append(PollWorker(shop.registry).run_once(shop.database, limit=1, now=utc_now()).rows)
        with pytest.raises(Refused, match="being polled already"):
            poll(shop.registry, shop.database, "shop")
        shop.system.pages = pages
        yield page(1, 3)

    shop.system.pages = meanwhile
    poll(shop.registry, shop.database, "shop")
    assert seen == [0]
    assert (
        drain(shop.database, [PollWorker(shop.registry)]) == 0
    )  # It was polled less than a second ago.
    assert (
        drain(shop.database, [PollWorker(shop.registry)], now=utc_now() + timedelta(seconds=1)) == 1
    )
    assert shop.states() == {"received": 9}


def test_a_poll_whose_lease_was_taken_over_stores_no_more_pages(shop):
    def slow(at: str) -> Iterator[MessagePage]:
        yield page(1, 3)
        later = utc_now() + timedelta(minutes=6)
        shop.system.pages = pages
        PollWorker(shop.registry).run_once(shop.database, limit=1, now=later)
        yield MessagePage([RawMessage("note", "99", {})], "99")

    shop.system.pages = slow
    with shop.database.unit_of_work() as session:
        request_poll(session, "shop")

    assert poll(shop.registry, shop.database, "shop") == StoreResult(3, 0)
    assert shop.rows("SELECT count(*) FROM providers.message WHERE key = '99'") == [(0,)]


def test_a_requested_poll_whose_worker_died_is_repeated_when_its_lease_expires(harness):
    harness.install(poll_seconds=None)
    assert drain(harness.database, [ProbeWorker(harness.registry)]) == 1

    def killed(at: str) -> Iterator[MessagePage]:
        yield page(1, 3)
        raise KeyboardInterrupt

    harness.system.pages = killed
    with harness.database.unit_of_work() as session:
        request_poll(session, "shop")

    with pytest.raises(KeyboardInterrupt):
        drain(harness.database, [PollWorker(harness.registry)])

    harness.system.pages = pages

    assert drain(harness.database, [PollWorker(harness.registry)]) == 0
    assert (
        drain(
            harness.database, [PollWorker(harness.registry)], now=utc_now() + timedelta(minutes=6)
        )
        == 1
    )
    assert harness.states() == {"received": 9}


def test_a_requested_poll_that_failed_is_repeated_also_without_an_interval(harness):
    harness.install(poll_seconds=None)
    assert drain(harness.database, [ProbeWorker(harness.registry)]) == 1

    def down(at: str) -> Iterator[MessagePage]:
        raise ProviderDown("answered 500")
        yield

    harness.system.pages = down
    with harness.database.unit_of_work() as session:
        request_poll(session, "shop")

    assert drain(harness.database, [PollWorker(harness.registry)]) == 1
    harness.system.pages = pages

    later = utc_now() + timedelta(seconds=20)
    assert drain(harness.database, [PollWorker(harness.registry)]) == 0
    assert drain(harness.database, [PollWorker(harness.registry)], now=later) == 1
    assert (
        drain(harness.database, [PollWorker(harness.registry)], now=later + timedelta(days=1)) == 0
    )
    assert harness.states() == {"received": 9}


def test_requests_of_a_poll_are_logged(shop):
    def reporting(at: str) -> Iterator[MessagePage]:
        shop.system.connections[0].report(
            OutboundRequest("GET", "http://shop/orders", 200, 12, utc_now())
        )
        yield page(1, 1)

    shop.system.pages = reporting
    poll(shop.registry, shop.database, "shop")
    assert shop.rows(
        "SELECT instance, action, method, url, status FROM providers.outbound_request"
    ) == [("shop", "poll", "GET", "http://shop/orders", 200)]


def test_a_poll_that_lasts_too_long_ends_with_its_page_and_continues_later(
    shop, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(poll_worker, "LONGEST_POLL_SECONDS", -1.0)
    polled: list[str] = []

    def pages(checkpoint):
        polled.append(checkpoint)
        for number in range(int(checkpoint or 0) + 1, 4):
            yield MessagePage([RawMessage("note", str(number), {"id": number})], str(number))

    shop.system.pages = pages
    for attempt in range(4):
        now = utc_now() + timedelta(seconds=2 * attempt)
        PollWorker(shop.registry).run_once(shop.database, limit=1, now=now)

    assert polled == ["", "1", "2", "3"]
    assert shop.states() == {"received": 3}

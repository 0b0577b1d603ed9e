"""Polling by one machine at a time, with checkpoint and page as one; probing before anything is believed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.providers.fake_provider import House

from openiom.kernel import NotFound, ProviderDown, ProviderUnauthorized, Refused
from openiom.platform.batches import drain
from openiom.platform.events import utc_now
from openiom.provider_contract import MessagePage, OutboundRequest, ProbeResult, RawMessage
from openiom.providers import PollWorker, ProbeWorker, StoreResult, poll, probe, request_poll


def page(first: int, last: int) -> MessagePage:
    messages = [RawMessage("note", str(n), {"id": n, "text": ""}) for n in range(first, last + 1)]
    return MessagePage(messages, str(last))


def pages(checkpoint: str) -> Iterator[MessagePage]:
    start = int(checkpoint or 0) + 1
    for first in range(start, 10, 3):
        yield page(first, first + 2)


def status(house: House, *columns: str) -> tuple[Any, ...]:
    return house.rows(
        f"SELECT {', '.join(columns)} FROM providers.provider_instance WHERE name = 'shop'"
    )[0]


def checkpoint(house: House) -> str:
    return house.rows("SELECT value FROM providers.checkpoint")[0][0]


@pytest.fixture
def shop(house: House) -> House:
    """A green instance polled every minute."""
    house.install(poll_seconds=60)
    assert drain(house.database, [ProbeWorker(house.registry)]) == 1
    house.outside.pages = pages
    return house


def test_a_connection_is_untested_until_a_real_request_made_it_green(house):
    house.install()
    assert status(house, "state", "account") == ("untested", "")
    assert drain(house.database, [PollWorker(house.registry)]) == 0
    drain(house.database, [ProbeWorker(house.registry)])
    assert status(house, "state", "account", "scopes") == ("green", "Tiny Inc", ["read", "write"])
    assert drain(house.database, [ProbeWorker(house.registry)]) == 0
    assert (
        drain(house.database, [ProbeWorker(house.registry)], now=utc_now() + timedelta(minutes=16))
        == 1
    )


def test_a_refused_credential_turns_it_red_with_the_reason_and_it_is_asked_again(house):
    def refused() -> ProbeResult:
        raise ProviderUnauthorized(
            "the token was refused", where="connection.api_key", remedy="enter it again"
        )

    house.outside.probe = refused
    house.install()
    drain(house.database, [ProbeWorker(house.registry)])
    assert status(house, "state", "error") == (
        "red",
        "connection.api_key: the token was refused. enter it again",
    )
    house.outside.probe = lambda: ProbeResult("Tiny Inc")
    assert (
        drain(house.database, [ProbeWorker(house.registry)], now=utc_now() + timedelta(seconds=31))
        == 1
    )
    assert status(house, "state", "error") == ("green", "")


def test_a_missing_scope_is_red_and_named(house):
    house.outside.probe = lambda: ProbeResult("Tiny Inc", ("read",), ("orders:write",))
    house.install()
    probe(house.registry, house.database, "shop")
    assert status(house, "state", "missing_scopes") == ("red", ["orders:write"])
    assert status(house, "error")[0].startswith("the credential lacks: orders:write")


def test_a_missing_secret_is_red_and_named_and_never_shown(house):
    house.install(connection={"api_key": "env:TINY_KEY_THAT_IS_NOT_SET"})
    probe(house.registry, house.database, "shop")
    assert status(house, "state", "error") == (
        "red",
        "shop, connection.api_key: environment variable TINY_KEY_THAT_IS_NOT_SET is not set. set it and retry",
    )


def test_a_changed_connection_is_untested_again_and_the_old_connector_is_closed(shop):
    shop.install(poll_seconds=60, connection={"api_key": "another"})
    assert status(shop, "state") == ("untested",)
    probe(shop.registry, shop.database, "shop")
    assert shop.outside.connections[-1].connection["api_key"] == "another"
    assert shop.outside.connections[-1].callback_url == "http://127.0.0.1:8000/hooks/shop"
    assert shop.outside.closed == 1


def test_probing_an_instance_nobody_installed_is_not_found(house):
    with pytest.raises(NotFound, match="no provider instance ghost"):
        probe(house.registry, house.database, "ghost")


def test_a_due_instance_is_polled_to_its_end_and_then_waits_for_its_interval(shop):
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


def test_pages_before_an_outage_stay_and_the_next_poll_goes_on_behind_them(shop):
    def breaking(at: str) -> Iterator[MessagePage]:
        yield page(1, 3)
        raise ProviderDown("half a page came", retry_after=120, where="http://shop/orders?page=2")

    shop.outside.pages = breaking
    assert poll(shop.registry, shop.database, "shop") == StoreResult(3, 0)
    last, following, failures = status(shop, "last_poll_at", "next_poll_at", "poll_failures")
    assert (checkpoint(shop), following - last, failures) == ("3", timedelta(seconds=120), 1)
    assert status(shop, "last_error", "state") == (
        "http://shop/orders?page=2: half a page came",
        "green",
    )
    shop.outside.pages = pages
    assert poll(shop.registry, shop.database, "shop") == StoreResult(6, 0)
    assert status(shop, "last_error", "poll_failures") == ("", 0)


def test_a_page_that_cannot_be_stored_does_not_move_the_checkpoint(shop):
    def unstorable(at: str) -> Iterator[MessagePage]:
        yield page(1, 3)
        yield MessagePage([RawMessage("note", "4", {}, "", 2**70)], "4")

    shop.outside.pages = unstorable
    poll(shop.registry, shop.database, "shop")
    assert (checkpoint(shop), shop.states()) == ("3", {"received": 3})
    assert "out of range" in status(shop, "last_error")[0]


def test_pauses_double_while_the_other_side_stays_down_up_to_a_quarter_of_an_hour(shop):
    def down(at: str) -> Iterator[MessagePage]:
        raise ProviderDown("no answer")
        yield

    shop.outside.pages = down
    pauses = []
    for _ in range(6):
        poll(shop.registry, shop.database, "shop")
        last, following = status(shop, "last_poll_at", "next_poll_at")
        pauses.append((following - last).total_seconds())
    assert pauses == [60, 120, 240, 480, 900, 900]


def test_a_refused_credential_while_polling_turns_the_connection_red_and_polling_stops(shop):
    def refused(at: str) -> Iterator[MessagePage]:
        raise ProviderUnauthorized("the token was revoked")
        yield

    shop.outside.pages = refused
    poll(shop.registry, shop.database, "shop")
    assert status(shop, "state", "error") == ("red", "the token was revoked")
    with (
        pytest.raises(Refused, match="its connection is red"),
        shop.database.unit_of_work() as session,
    ):
        request_poll(session, "shop")
    assert drain(shop.database, [PollWorker(shop.registry)], now=utc_now() + timedelta(days=1)) == 0


def test_a_provider_whose_code_breaks_is_told_on_its_instance_and_stops_no_worker(shop):
    def broken(at: str) -> Iterator[MessagePage]:
        raise KeyError("id")
        yield

    shop.outside.pages = broken
    assert drain(shop.database, [PollWorker(shop.registry)]) == 1
    assert status(shop, "last_error") == ("shop: the provider's code broke: KeyError: 'id'",)


def test_one_machine_polls_an_instance_also_when_asked_to_poll_at_once(shop):
    seen = []

    def meanwhile(at: str) -> Iterator[MessagePage]:
        with shop.database.unit_of_work() as session:
            request_poll(session, "shop")
        seen.append(PollWorker(shop.registry).run_once(shop.database, limit=1, now=utc_now()).rows)
        with pytest.raises(Refused, match="being polled already"):
            poll(shop.registry, shop.database, "shop")
        shop.outside.pages = pages
        yield page(1, 3)

    shop.outside.pages = meanwhile
    poll(shop.registry, shop.database, "shop")
    assert seen == [0]
    assert drain(shop.database, [PollWorker(shop.registry)]) == 0  # it has just been polled
    assert (
        drain(shop.database, [PollWorker(shop.registry)], now=utc_now() + timedelta(seconds=1)) == 1
    )
    assert shop.states() == {"received": 9}


def test_a_worker_that_outlived_its_lease_stores_nothing_more(shop):
    def slow(at: str) -> Iterator[MessagePage]:
        yield page(1, 3)
        later = utc_now() + timedelta(minutes=6)
        shop.outside.pages = pages
        PollWorker(shop.registry).run_once(shop.database, limit=1, now=later)
        yield MessagePage([RawMessage("note", "99", {})], "99")

    shop.outside.pages = slow
    with shop.database.unit_of_work() as session:
        request_poll(session, "shop")
    assert poll(shop.registry, shop.database, "shop") == StoreResult(3, 0)
    assert shop.rows("SELECT count(*) FROM providers.message WHERE key = '99'") == [(0,)]


def test_an_asked_poll_whose_worker_was_killed_is_made_again_when_its_lease_is_over(house):
    house.install(poll_seconds=None)
    assert drain(house.database, [ProbeWorker(house.registry)]) == 1

    def killed(at: str) -> Iterator[MessagePage]:
        yield page(1, 3)
        raise KeyboardInterrupt

    house.outside.pages = killed
    with house.database.unit_of_work() as session:
        request_poll(session, "shop")
    with pytest.raises(KeyboardInterrupt):
        drain(house.database, [PollWorker(house.registry)])
    house.outside.pages = pages

    assert drain(house.database, [PollWorker(house.registry)]) == 0
    assert (
        drain(house.database, [PollWorker(house.registry)], now=utc_now() + timedelta(minutes=6))
        == 1
    )
    assert house.states() == {"received": 9}


def test_an_asked_poll_that_failed_is_made_again_also_where_nothing_is_polled_by_the_clock(house):
    house.install(poll_seconds=None)
    assert drain(house.database, [ProbeWorker(house.registry)]) == 1

    def down(at: str) -> Iterator[MessagePage]:
        raise ProviderDown("answered 500")
        yield

    house.outside.pages = down
    with house.database.unit_of_work() as session:
        request_poll(session, "shop")
    assert drain(house.database, [PollWorker(house.registry)]) == 1
    house.outside.pages = pages

    later = utc_now() + timedelta(seconds=20)
    assert drain(house.database, [PollWorker(house.registry)]) == 0
    assert drain(house.database, [PollWorker(house.registry)], now=later) == 1
    assert drain(house.database, [PollWorker(house.registry)], now=later + timedelta(days=1)) == 0
    assert house.states() == {"received": 9}


def test_outside_calls_made_while_polling_are_logged(shop):
    def reporting(at: str) -> Iterator[MessagePage]:
        shop.outside.connections[0].report(
            OutboundRequest("GET", "http://shop/orders", 200, 12, utc_now())
        )
        yield page(1, 1)

    shop.outside.pages = reporting
    poll(shop.registry, shop.database, "shop")
    assert shop.rows(
        "SELECT instance, action, method, url, status FROM providers.outbound_request"
    ) == [("shop", "poll", "GET", "http://shop/orders", 200)]

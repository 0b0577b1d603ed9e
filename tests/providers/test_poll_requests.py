"""Requested polls, leases and second deliveries: what each refusal says, and what is stored."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.providers.fake_provider import ProviderHarness

from openiom.kernel import NotFound, ProviderDown, Refused
from openiom.platform.batches import BatchResult
from openiom.platform.clock import utc_now
from openiom.provider_contract import MessagePage, RawMessage
from openiom.providers import PollWorker, StoreResult, poll, probe, request_poll
from openiom.providers.poll_worker import request_poll_soon

FUTURE = datetime(2030, 5, 4, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def page(*numbers: int, checkpoint: str = "") -> MessagePage:
    messages = [RawMessage("note", str(number), {"id": number}) for number in numbers]
    return MessagePage(messages, checkpoint or str(numbers[-1]))


def column(harness: ProviderHarness, *names: str) -> Any:
    query = f"SELECT {', '.join(names)} FROM providers.provider_instance WHERE name = 'shop'"
    [row] = harness.rows(query)
    return row if len(names) > 1 else row[0]


def update(harness: ProviderHarness, assignment: str, *values: Any) -> None:
    with harness.database.unit_of_work() as session:
        statement = f"UPDATE providers.provider_instance SET {assignment}"
        session.connection().exec_driver_sql(statement, values)


def run(harness: ProviderHarness, now: datetime) -> BatchResult:
    return PollWorker(harness.registry).run_once(harness.database, limit=1, now=now)


@pytest.fixture
def shop(harness: ProviderHarness) -> ProviderHarness:
    """A green instance without an interval: it is polled on request only."""
    harness.install()
    probe(harness.registry, harness.database, "shop")
    return harness


def request(harness: ProviderHarness) -> None:
    with harness.database.unit_of_work() as session:
        request_poll(session, "shop")


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [
        ("state = 'red'", "its connection is red"),
        ("state = 'untested'", "its connection is untested"),
        ("active = false", "it is not active"),
        ("active = false, state = 'red'", "it is not active"),
    ],
)
def test_a_poll_that_cannot_be_made_is_refused_with_the_reason(shop, assignment, reason):
    update(shop, assignment)
    with pytest.raises(Refused) as error:
        request(shop)
    assert error.value.what == f"shop cannot be polled: {reason}"
    assert error.value.remedy == "probe it, and correct what the probe reports"
    assert column(shop, "poll_requested") is False


def test_a_poll_of_an_instance_that_is_not_installed_is_not_found(harness):
    with harness.database.unit_of_work() as session, pytest.raises(NotFound) as error:
        request_poll(session, "ghost")
    assert error.value.what == "no provider instance ghost"
    with pytest.raises(NotFound):
        poll(harness.registry, harness.database, "ghost")


def test_a_requested_poll_is_made_once(shop):
    request(shop)
    assert run(shop, FUTURE) == BatchResult(1, True)
    assert column(shop, "poll_requested") is False
    assert run(shop, FUTURE + timedelta(days=1)) == BatchResult(0, False)


def test_requested_polls_are_at_least_a_second_apart(shop):
    update(shop, "poll_requested = true, last_poll_at = %s", FUTURE)
    assert run(shop, FUTURE + SECOND - timedelta(milliseconds=1)).rows == 0
    assert run(shop, FUTURE + SECOND).rows == 1


def test_a_burst_of_announcements_is_one_poll(shop):
    with shop.database.unit_of_work() as session:
        for _ in range(10):
            request_poll_soon(session, "shop")

    seen = []

    def pages(checkpoint: str) -> Iterator[MessagePage]:
        seen.append(checkpoint)
        yield page(1)

    shop.system.pages = pages
    assert run(shop, FUTURE).rows == 1
    assert run(shop, FUTURE + SECOND).rows == 0
    assert seen == [""]


@pytest.mark.parametrize(("failures", "requested"), [(0, True), (1, False), (7, False)])
def test_an_announcement_is_ignored_while_polls_fail(shop, failures, requested):
    update(shop, "poll_failures = %s", failures)
    with shop.database.unit_of_work() as session:
        request_poll_soon(session, "shop")
    assert column(shop, "poll_requested") is requested


def test_a_second_poll_that_delivers_the_same_messages_stores_none(shop):
    shop.system.pages = lambda checkpoint: iter([page(1, 2, 3)])
    assert poll(shop.registry, shop.database, "shop") == StoreResult(3, 0)
    assert poll(shop.registry, shop.database, "shop") == StoreResult(0, 3)
    assert shop.states() == {"received": 3}
    assert shop.rows("SELECT DISTINCT deliveries FROM providers.message") == [(2,)]


def test_a_poll_continues_after_the_last_checkpoint(shop):
    seen = []

    def pages(checkpoint: str) -> Iterator[MessagePage]:
        seen.append(checkpoint)
        yield page(1, checkpoint="after 1")
        yield page(2, checkpoint="after 2")

    shop.system.pages = pages
    poll(shop.registry, shop.database, "shop")
    poll(shop.registry, shop.database, "shop")
    assert seen == ["", "after 2"]
    rows = shop.rows("SELECT instance, kind, value FROM providers.checkpoint")
    assert rows == [("shop", "note", "after 2")]


def test_an_empty_page_moves_the_checkpoint(shop):
    shop.system.pages = lambda checkpoint: iter([MessagePage([], "later")])
    assert poll(shop.registry, shop.database, "shop") == StoreResult(0, 0)
    assert shop.rows("SELECT value FROM providers.checkpoint") == [("later",)]


def test_a_page_whose_process_ended_before_the_commit_is_fetched_again(shop, monkeypatch):
    def crash(*arguments: Any, **values: Any) -> None:
        raise KeyboardInterrupt

    shop.system.pages = lambda checkpoint: iter([page(1, 2)])
    with monkeypatch.context() as patched:
        patched.setattr("openiom.providers.poll_worker.store_messages", crash)
        with pytest.raises(KeyboardInterrupt):
            poll(shop.registry, shop.database, "shop")

    assert shop.states() == {}
    assert shop.rows("SELECT count(*) FROM providers.checkpoint") == [(0,)]

    with pytest.raises(Refused) as error:
        poll(shop.registry, shop.database, "shop")

    assert error.value.what == "shop is being polled already"
    assert error.value.remedy == "wait until that poll has ended"
    assert run(shop, utc_now() + timedelta(minutes=6)).rows == 1
    assert shop.states() == {"received": 2}


def test_a_poll_keeps_its_lease_until_it_ends(shop):
    seen = []

    def pages(checkpoint: str) -> Iterator[MessagePage]:
        seen.append(column(shop, "poll_lease IS NULL", "poll_lease_until > now()"))
        yield page(1)

    shop.system.pages = pages
    poll(shop.registry, shop.database, "shop")
    assert seen == [(False, True)]
    assert column(shop, "poll_lease", "poll_lease_until") == (None, None)


def test_a_poll_that_lost_its_lease_records_nothing(shop):
    def pages(checkpoint: str) -> Iterator[MessagePage]:
        update(shop, "poll_lease = gen_random_uuid(), last_error = 'of the other process'")
        yield page(1)

    shop.system.pages = pages
    assert poll(shop.registry, shop.database, "shop") == StoreResult(0, 0)
    assert column(shop, "last_error", "poll_failures") == ("of the other process", 0)
    assert column(shop, "last_poll_at") is None


def test_an_interval_is_counted_from_the_end_of_a_poll(harness):
    harness.install(poll_seconds=60)
    probe(harness.registry, harness.database, "shop", now=FUTURE)
    update(harness, "next_poll_at = %s", FUTURE)
    assert run(harness, FUTURE - SECOND).rows == 0
    assert run(harness, FUTURE).rows == 1
    last, following = column(harness, "last_poll_at", "next_poll_at")
    assert FUTURE <= last < FUTURE + timedelta(seconds=30)
    assert following == last + timedelta(seconds=60)


def test_the_instance_that_is_due_first_is_polled_first(harness):
    for name, minutes in (("a", 1), ("b", 3), ("c", 2)):
        harness.install(name, poll_seconds=60)
        probe(harness.registry, harness.database, name, now=FUTURE)

        with harness.database.unit_of_work() as session:
            session.connection().exec_driver_sql(
                "UPDATE providers.provider_instance SET next_poll_at = %s WHERE name = %s",
                (FUTURE - timedelta(minutes=minutes), name),
            )

    order: list[str] = []
    for _ in range(3):
        assert run(harness, FUTURE).rows == 1
        polled = harness.rows(
            "SELECT name FROM providers.provider_instance WHERE last_poll_at IS NOT NULL"
        )
        order += [name for (name,) in polled if name not in order]

    assert order == ["b", "c", "a"]


def test_a_failed_poll_counts_its_failures_and_a_success_resets_them(shop):
    def down(checkpoint: str) -> Iterator[MessagePage]:
        raise ProviderDown("no\x00answer")
        yield

    shop.system.pages = down
    for failures in (1, 2, 3):
        poll(shop.registry, shop.database, "shop")
        assert column(shop, "poll_failures", "last_error") == (failures, "no answer")

    shop.system.pages = lambda checkpoint: iter([page(1)])
    poll(shop.registry, shop.database, "shop")
    assert column(shop, "poll_failures", "last_error") == (0, "")

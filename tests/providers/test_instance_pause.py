"""A paused instance loses nothing: what arrives waits, and is processed in order on resuming."""

from datetime import UTC, datetime

import pytest
from tests.providers.fake_provider import ProviderHarness, note

from openiom.kernel import NotFound, Refused
from openiom.provider_contract import MessagePage, RawMessage
from openiom.providers import (
    PollWorker,
    get_instance,
    list_outages,
    lock_paused,
    pause_instance,
    probe,
    request_poll,
    resume_instance,
)

FUTURE = datetime(2030, 5, 4, 12, tzinfo=UTC)
PAUSED_AT = datetime(2026, 11, 30, 9, tzinfo=UTC)


def pause(harness: ProviderHarness, name: str = "shop", at: datetime = PAUSED_AT) -> None:
    with harness.database.unit_of_work() as session:
        pause_instance(session, name, actor="ana@example.com", now=at)


def resume(harness: ProviderHarness, name: str = "shop") -> int:
    with harness.database.unit_of_work() as session:
        return resume_instance(session, name)


def accepted(harness: ProviderHarness) -> list[tuple[str, str]]:
    return harness.rows(
        "SELECT external_id, document->>'text' FROM public.accepted_note ORDER BY ctid"
    )


def test_messages_of_a_paused_instance_wait_and_are_processed_in_order(
    harness: ProviderHarness,
) -> None:
    harness.install("shop")
    harness.install("outlet")
    pause(harness)
    harness.store(note(1, text="first"), note(2, text="other"))
    harness.store(note(3, text="outlet"), instance="outlet")
    harness.process_inbox()
    harness.store(note(1, text="second"))
    harness.process_inbox()

    assert accepted(harness) == [("3", "outlet")]
    states = harness.rows("SELECT state, count(*) FROM providers.message GROUP BY 1 ORDER BY 1")
    assert states == [("on_hold", 3), ("processed", 1)]

    assert resume(harness) == 3
    harness.process_inbox()
    assert accepted(harness) == [
        ("3", "outlet"),
        ("1", "first"),
        ("2", "other"),
        ("1", "second"),
    ]


def test_a_paused_instance_is_polled_after_it_resumes(harness: ProviderHarness) -> None:
    harness.install(poll_seconds=60)
    probe(harness.registry, harness.database, "shop")
    page = MessagePage([RawMessage("note", "7", {"id": 7})], "7")
    harness.system.pages = lambda checkpoint: iter([page])
    worker = PollWorker(harness.registry)
    pause(harness)

    assert worker.run_once(harness.database, limit=1, now=FUTURE).rows == 0
    with harness.database.unit_of_work() as session, pytest.raises(Refused, match="it is paused"):
        request_poll(session, "shop")

    resume(harness)
    assert worker.run_once(harness.database, limit=1, now=FUTURE).rows == 1
    assert harness.rows("SELECT key FROM providers.message") == [("7",)]


def test_an_instance_says_since_when_and_by_whom_it_is_paused(harness: ProviderHarness) -> None:
    harness.install()
    pause(harness)
    pause(harness, at=FUTURE)

    with harness.database.reading() as session:
        row = get_instance(session, harness.registry, "shop")
    assert (row.paused_at, row.paused_by) == (PAUSED_AT, "ana@example.com")

    resume(harness)
    with harness.database.reading() as session:
        row = get_instance(session, harness.registry, "shop")
    assert (row.paused_at, row.paused_by) == (None, "")


def test_a_paused_instance_is_no_outage(harness: ProviderHarness) -> None:
    harness.install()
    with harness.database.unit_of_work() as session:
        session.connection().exec_driver_sql(
            "UPDATE providers.provider_instance SET state = 'red', red_since = now()"
        )
    with harness.database.reading() as session:
        assert [outage.name for outage in list_outages(session)] == ["shop"]

    pause(harness)
    with harness.database.reading() as session:
        assert list_outages(session) == []


def test_a_changed_document_stays_paused(harness: ProviderHarness) -> None:
    harness.install()
    pause(harness)
    harness.install(title="Renamed shop")

    with harness.database.unit_of_work() as session:
        assert lock_paused(session) == ["shop"]


def test_an_unknown_instance_is_neither_paused_nor_resumed(harness: ProviderHarness) -> None:
    with pytest.raises(NotFound, match="no provider instance nowhere"):
        pause(harness, "nowhere")
    with pytest.raises(NotFound, match="no provider instance nowhere"):
        resume(harness, "nowhere")

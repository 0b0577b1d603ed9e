"""How messages are identified, shortened, cleaned, replayed and discarded."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.fake_provider import ProviderHarness, note

from openiom.kernel import Invalid
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.provider_contract import OutboundRequest, RawMessage
from openiom.providers import CallLog, StoreResult, discard, replay
from openiom.providers.call_log import requests_for
from openiom.providers.messages import payload_text, shorten, store_unreadable
from openiom.providers.metrics import CallCount, queue_depths, recent_calls
from openiom.providers.scheduled_jobs import SCHEDULED_JOBS, delete_old_calls

NOW = datetime(2030, 5, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ("text", "text"),
        (b"bytes", "bytes"),
        (b"\xff", "\ufffd"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
        ([], "[]"),
        (None, "null"),
        (7, "7"),
        ("a\x00b", "a b"),
        (b"a\x00b", "a b"),
        ("\ud800", "?"),
        ("", ""),
    ],
)
def test_a_payload_is_stored_as_text_that_postgresql_accepts(payload: Any, text: str) -> None:
    assert payload_text(payload) == text


@given(st.one_of(st.text(st.characters()), st.binary()))
def test_every_payload_is_valid_utf_8_without_nul(payload: Any) -> None:
    text = payload_text(payload)
    assert "\x00" not in text
    assert text.encode().decode() == text


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("", ""),
        ("118", "118"),
        ("a\x00b", "a b"),
        ("x" * 400, "x" * 400),
        ("x" * 401, "x" * 335 + "~" + sha256(b"x" * 401).hexdigest()),
    ],
)
def test_a_long_key_ends_in_its_hash(text: str, short: str) -> None:
    assert shorten(text) == short
    assert len(shorten(text)) <= 400


@given(st.text(min_size=390, max_size=420), st.text(min_size=390, max_size=420))
def test_different_keys_stay_different(one: str, other: str) -> None:
    same = one.replace("\x00", " ") == other.replace("\x00", " ")
    assert (shorten(one) == shorten(other)) is same


def test_counts_of_stored_messages_are_added() -> None:
    assert StoreResult(1, 2) + StoreResult(10, 20) == StoreResult(11, 22)


def test_without_a_version_the_hash_of_the_payload_identifies_a_message(harness):
    harness.store(RawMessage("note", "1", '{"id": 1}'))
    [(version,)] = harness.rows("SELECT version FROM providers.message")
    assert version == sha256(b'{"id": 1}').hexdigest()


def test_with_a_version_the_payload_does_not_matter(harness):
    first, second = RawMessage("note", "1", "a", "v1"), RawMessage("note", "1", "b", "v1")
    assert harness.store(first, second) == StoreResult(1, 1)
    assert harness.rows("SELECT payload, version FROM providers.message") == [("a", "v1")]


@pytest.mark.parametrize(
    "changed",
    [
        RawMessage("other", "1", "a", "v1"),
        RawMessage("note", "2", "a", "v1"),
        RawMessage("note", "1", "a", "v2"),
    ],
)
def test_another_kind_key_or_version_is_another_message(harness, changed):
    assert harness.store(RawMessage("note", "1", "a", "v1"), changed) == StoreResult(2, 0)


def test_a_state_that_its_subject_returns_to_is_news(harness):
    """The resolution of a modification time is a second: within it A, B and A look like two."""
    accepted = RawMessage("note", "1", "accepted", sequence=7, is_state=True)
    held = RawMessage("note", "1", "held", sequence=7, is_state=True)
    for state in (accepted, held, accepted, held):
        assert harness.store(state) == StoreResult(1, 0)
        assert harness.store(state) == StoreResult(0, 1)

    found = harness.rows("SELECT payload FROM providers.message ORDER BY id")
    assert [payload for (payload,) in found] == ["accepted", "held", "accepted", "held"]


def test_states_of_other_subjects_do_not_make_a_delivery_news(harness):
    one = RawMessage("note", "1", "accepted", is_state=True)
    harness.store(one, RawMessage("note", "2", "held", is_state=True))
    harness.store(RawMessage("other", "1", "held", is_state=True))
    assert harness.store(one) == StoreResult(0, 1)


@pytest.mark.parametrize(
    ("is_state", "sequence"),
    [(False, 7), (True, 6)],
    ids=["an event, which may be delivered again at any time", "older than what is known"],
)
def test_a_repeated_delivery_is_only_counted_after_another_message(harness, is_state, sequence):
    first = RawMessage("note", "1", "accepted", sequence=sequence, is_state=is_state)
    harness.store(first)
    harness.store(RawMessage("note", "1", "held", sequence=7, is_state=is_state))
    assert harness.store(first) == StoreResult(0, 1)


def test_the_error_of_a_message_over_the_limit_says_what_to_do(harness):
    harness.store(RawMessage("note", "1", "x" * 10_001))
    [(error,)] = harness.rows("SELECT error FROM providers.message")
    assert error == {
        "what": "the message has 10001 bytes; the limit is 10000",
        "where": "message",
        "remedy": "raise OPENIOM_MESSAGE_LIMIT_BYTES and poll again, or have it split",
    }


def test_the_limit_counts_bytes_not_characters(harness):
    harness.store(RawMessage("note", "1", "é" * 5_000), RawMessage("note", "2", "é" * 5_001))
    rows = harness.rows("SELECT key, state FROM providers.message ORDER BY key")
    assert rows == [("1", "received"), ("2", "parked")]


def test_an_unreadable_body_without_a_remedy_gets_one(harness):
    with harness.database.unit_of_work() as session:
        store_unreadable(session, "shop", b"?", Invalid("is not JSON"), now=NOW, limit_bytes=100)
    rows = harness.rows("SELECT kind, state, received_at, error FROM providers.message")
    reason = {"what": "is not JSON", "where": "", "remedy": "have the sender correct it"}
    assert rows == [("unreadable", "parked", NOW, reason)]


def park(harness: ProviderHarness, *numbers: int) -> list[int]:
    """Park a message with an unmapped key for each number; return their ids."""
    harness.install()
    harness.store(*[note(number, "UNKNOWN") for number in numbers])
    harness.process_inbox()
    return [row[0] for row in harness.rows("SELECT id FROM providers.message ORDER BY id")]


def unmapped(harness: ProviderHarness) -> int:
    [(count,)] = harness.rows("SELECT count(*) FROM providers.unmapped_key")
    return int(count)


def test_replayed_messages_wait_again_without_their_error(harness):
    first, second, third = park(harness, 1, 2, 3)
    with harness.database.unit_of_work() as session:
        assert replay(session, [third, first, 999]) == [first, third]
    rows = harness.rows("SELECT state, error IS NULL FROM providers.message ORDER BY id")
    assert rows == [("received", True), ("parked", False), ("received", True)]
    assert unmapped(harness) == 1
    assert second not in (first, third)


def test_a_message_that_is_not_parked_is_neither_replayed_nor_discarded(harness):
    harness.install()
    harness.store(note(1))
    harness.process_inbox()
    with harness.database.unit_of_work() as session:
        assert replay(session, [1]) == []
        assert discard(session, [1]) == []
    assert harness.states() == {"processed": 1}


def test_a_message_that_is_replayed_twice_is_processed_twice_and_parked_once(harness):
    [only] = park(harness, 1)
    for _ in range(2):
        with harness.database.unit_of_work() as session:
            assert replay(session, [only]) == [only]
            assert replay(session, [only]) == []
        harness.process_inbox()
    assert harness.rows("SELECT state, attempts FROM providers.message") == [("parked", 3)]
    assert unmapped(harness) == 1


def test_a_discarded_message_no_longer_waits_for_its_keys(harness):
    first, second = park(harness, 1, 2)
    with harness.database.unit_of_work() as session:
        assert discard(session, [first]) == [first]
        assert discard(session, [first]) == []

    assert unmapped(harness) == 1
    harness.map("UNKNOWN", "Lamp")
    harness.process_inbox()
    rows = harness.rows("SELECT id, state FROM providers.message ORDER BY id")
    assert rows == [(first, "discarded"), (second, "processed")]


def log_request(database: Database, started_at: datetime, status: int | None = 200) -> None:
    log = CallLog()
    log.add("shop", OutboundRequest("GET", "http://shop", status, 1, started_at))
    log.flush(database)


def test_the_purpose_of_a_block_ends_with_it(database: Database) -> None:
    log = CallLog()
    request = OutboundRequest("GET", "http://shop", 200, 1, NOW, attempt=3, error="e" * 3_000)

    with requests_for("poll"):
        with requests_for("probe"):
            log.add("a", request)

        log.add("b", request)

    log.add("c", request)
    log.flush(database)

    with database.reading() as session:
        query = (
            "SELECT instance, action, attempt, length(error), started_at"
            " FROM providers.outbound_request ORDER BY id"
        )
        rows = list(map(tuple, session.connection().exec_driver_sql(query).all()))

    assert rows == [
        ("a", "probe", 3, 2_000, NOW),
        ("b", "poll", 3, 2_000, NOW),
        ("c", "", 3, 2_000, NOW),
    ]


def test_calls_are_deleted_after_two_weeks(database: Database) -> None:
    weeks = timedelta(days=14)
    for started_at in (NOW - weeks - timedelta(seconds=1), NOW - weeks, NOW):
        log_request(database, started_at)
    delete_old_calls(database, NOW)
    with database.reading() as session:
        query = "SELECT started_at FROM providers.outbound_request ORDER BY started_at"
        kept = session.connection().exec_driver_sql(query).scalars().all()
    assert list(kept) == [NOW - weeks, NOW]


def test_many_old_calls_are_deleted_in_several_transactions(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openiom.providers.scheduled_jobs.ROWS_PER_TRANSACTION", 2)
    for _ in range(5):
        log_request(database, NOW - timedelta(days=15))

    delete_old_calls(database, NOW)
    with database.reading() as session:
        query = "SELECT count(*) FROM providers.outbound_request"
        assert session.connection().exec_driver_sql(query).scalar() == 0


def test_the_job_that_deletes_old_calls_runs_every_hour() -> None:
    [job] = SCHEDULED_JOBS
    assert (job.name, job.every) == ("old_provider_calls", timedelta(hours=1))
    assert job.run is delete_old_calls


def test_waiting_and_parked_messages_are_counted(harness):
    park(harness, 1, 2)
    harness.store(note(3), note(4), note(5))
    with harness.database.unit_of_work() as session:
        discard(session, [1])
        assert queue_depths(session) == {"inbox": 3, "parked_messages": 1}


def test_recent_calls_are_counted_by_instance_and_outcome(database: Database) -> None:
    now = utc_now()
    for status in (200, 204, 399, 400, 503, None):
        log_request(database, now, status)

    log_request(database, now - timedelta(minutes=6))
    with database.reading() as session:
        assert recent_calls(session) == [
            CallCount("shop", ok=False, calls=3),
            CallCount("shop", ok=True, calls=3),
        ]


def test_an_execution_error_of_the_log_is_not_raised(database: Database) -> None:
    log = CallLog()
    log.add("shop", OutboundRequest("GET", "\x00", 200, 1, NOW))
    log.flush(database)
    with database.unit_of_work() as session:
        assert execute(session, "DELETE FROM providers.outbound_request") == 0

"""Messages are stored once, processed in order, parked with a reason, and replayed."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from tests.providers.fake_provider import ProviderHarness, note

from openiom.platform.clock import utc_now
from openiom.provider_contract import RawMessage
from openiom.providers import (
    StoreResult,
    discard,
    inbox_worker,
    replay,
    replay_messages_needing,
)


def parked(harness: ProviderHarness) -> list[tuple[Any, ...]]:
    return harness.rows(
        "SELECT key, error FROM providers.message WHERE state = 'parked' ORDER BY id"
    )


def accepted(harness: ProviderHarness) -> list[str]:
    rows = harness.rows("SELECT external_id FROM public.accepted_note ORDER BY message")
    return [external_id for (external_id,) in rows]


def products(harness: ProviderHarness) -> list[str]:
    """Return the products of the only accepted note."""
    [(document,)] = harness.rows("SELECT document FROM public.accepted_note")
    return [line["product"] for line in document["lines"]]


def test_a_message_delivered_six_times_is_stored_once_and_each_delivery_is_counted(harness):
    harness.install()
    same = note(1, text="hello")
    assert harness.store(same, same) == StoreResult(1, 1)
    assert harness.store(same, same, same) == StoreResult(0, 3)
    rows = harness.rows("SELECT deliveries, state FROM providers.message")
    assert rows == [(5, "received")]
    harness.process_inbox()
    assert harness.store(same) == StoreResult(0, 1)
    assert harness.process_inbox() == 0
    assert accepted(harness) == ["1"]


def test_storing_no_messages_changes_nothing(harness):
    assert harness.store() == StoreResult(0, 0)
    assert harness.states() == {}


def test_a_changed_payload_without_a_version_is_another_message(harness):
    assert harness.store(note(1, text="a"), note(1, text="b")) == StoreResult(2, 0)


def test_the_same_message_of_two_instances_is_two_messages(harness):
    harness.install("shop")
    harness.install("outlet")
    harness.store(note(1), instance="shop")
    harness.store(note(1), instance="outlet")
    harness.process_inbox()
    rows = harness.rows("SELECT instance FROM public.accepted_note ORDER BY 1")
    assert rows == [("outlet",), ("shop",)]


def test_messages_of_one_key_are_processed_one_per_batch_in_the_order_of_arrival(harness):
    harness.install()
    harness.store(note(1, text="a"), note(2, text="x"))
    harness.store(note(1, text="b"))
    harness.store(note(1, text="c"))
    harness.process_inbox()
    query = (
        "SELECT document->>'text' FROM public.accepted_note WHERE external_id = '1' ORDER BY ctid"
    )
    assert harness.rows(query) == [("a",), ("b",), ("c",)]
    assert harness.receiver.batch_sizes == [2, 1, 1]


def test_a_long_queue_of_one_key_delays_no_other_key(harness):
    harness.install()
    harness.store(*(note(1, version=f"{n:03}") for n in range(50)))
    harness.store(note(2))
    inbox_worker(harness.registry).run_once(harness.database, limit=10, now=utc_now())
    assert sorted(accepted(harness)) == ["1", "2"]


def test_two_workers_never_claim_two_messages_of_one_key(harness):
    harness.install()
    harness.store(note(1, text="a"), note(2))
    harness.store(note(1, text="b"), note(3))
    worker = inbox_worker(harness.registry)

    with harness.database.unit_of_work() as one, harness.database.unit_of_work() as other:
        first = worker.claim(one, 1)
        second = worker.claim(other, 10)

    assert [row.key for row in first] == ["1"]
    assert sorted(row.key for row in second) == ["2", "3"]


def test_an_older_version_after_a_newer_one_is_stale_and_changes_nothing(harness):
    harness.install()
    harness.store(note(1, text="new", sequence=20))
    harness.process_inbox()
    harness.store(note(1, text="old", sequence=10))
    harness.process_inbox()
    assert harness.states() == {"processed": 1, "stale": 1}
    assert accepted(harness) == ["1"]


def test_a_version_with_the_same_sequence_is_not_stale(harness):
    harness.install()
    harness.store(note(1, text="one", sequence=20))
    harness.process_inbox()
    harness.store(note(1, text="two", sequence=20))
    harness.process_inbox()
    assert harness.states() == {"processed": 2}


def test_messages_without_a_sequence_are_never_stale(harness):
    harness.install()
    harness.store(note(1, text="second"))
    harness.process_inbox()
    harness.store(note(1, text="first"))
    harness.process_inbox()
    assert harness.states() == {"processed": 2}


def test_a_parked_version_is_stale_once_a_newer_one_is_processed(harness):
    harness.install()
    harness.store(note(1, "UNKNOWN", sequence=1))
    harness.process_inbox()
    harness.store(note(1, sequence=2))
    harness.process_inbox()
    assert harness.states() == {"stale": 1, "processed": 1}
    assert harness.rows("SELECT count(*) FROM providers.unmapped_key") == [(0,)]


def test_a_parked_version_without_a_sequence_remains_parked(harness):
    harness.install()
    harness.store(note(1, "UNKNOWN"))
    harness.process_inbox()
    harness.store(note(1, sequence=2))
    harness.process_inbox()
    assert harness.states() == {"parked": 1, "processed": 1}


def test_a_document_that_is_known_already_makes_its_message_a_duplicate(harness):
    harness.install()
    harness.store(note(1, text="known"))
    harness.process_inbox()
    rows = harness.rows("SELECT state, entity_id FROM providers.message")
    assert rows == [("duplicate", "note-1")]


def test_a_refused_document_is_parked_with_its_reason_and_remedy(harness):
    harness.install()
    harness.store(note(1, text="refuse"), note(2))
    harness.process_inbox()
    error = {
        "what": "the note is not acceptable",
        "where": "text",
        "remedy": "change the text",
    }
    assert parked(harness) == [("1", error)]
    assert accepted(harness) == ["2"]


def test_a_document_without_its_master_data_is_replayed_once_that_exists(harness):
    harness.install()
    harness.store(note(1, text="needs master data"))
    harness.process_inbox()
    keys = harness.rows("SELECT table_name, field, value FROM providers.unmapped_key")
    assert keys == [("product", "", "LAMP")]

    with harness.database.unit_of_work() as session:
        assert replay_messages_needing(session, "product", ["CHAIR"]) == 0
        assert replay_messages_needing(session, "account", ["LAMP"]) == 0
        assert replay_messages_needing(session, "product", ["CHAIR", "LAMP"]) == 1

    assert harness.states() == {"received": 1}
    assert harness.rows("SELECT count(*) FROM providers.unmapped_key") == [(0,)]


def test_one_message_whose_processing_fails_is_parked_and_99_are_processed(harness):
    harness.install()
    harness.store(*(note(n, text="break" if n == 67 else "") for n in range(100)))
    harness.process_inbox()
    assert harness.states() == {"processed": 99, "parked": 1}
    [(key, error)] = parked(harness)
    assert key == "67"
    assert error["what"] == "RuntimeError: the receiver failed"
    assert error["where"] == "note"
    assert "67" not in accepted(harness)


MALFORMED: Sequence[tuple[Any, str]] = [
    ('{"id": 1, "text"', "the message is not JSON"),
    ("[1, 2]", "the message is a list, not an object"),
    ({"text": "no id"}, "external_id"),
    ({"id": 1, "items": "none"}, "lines"),
]


@pytest.mark.parametrize(("payload", "expected"), MALFORMED)
def test_a_malformed_message_is_parked_with_its_fault_and_blocks_no_other(
    harness, payload, expected
):
    harness.install()
    harness.store(RawMessage("note", "bad", payload), note(2))
    harness.process_inbox()
    [(key, error)] = parked(harness)
    assert key == "bad"
    assert expected in f"{error['what']} {error['where']}"
    assert "replay" in error["remedy"]
    assert accepted(harness) == ["2"]


def test_of_a_message_over_the_limit_the_beginning_is_stored_parked(harness):
    harness.install()
    harness.store(note(1, text="x" * 20_000), note(2))
    harness.process_inbox()
    [(_, error)] = parked(harness)
    assert error["what"].endswith("bytes; the limit is 10000")
    assert "OPENIOM_MESSAGE_LIMIT_BYTES" in error["remedy"]
    rows = harness.rows("SELECT length(payload) FROM providers.message WHERE key = '1'")
    assert rows == [(1024,)]


def test_a_message_of_exactly_the_limit_is_accepted(harness):
    harness.store(RawMessage("note", "1", "x" * 10_000))
    harness.store(RawMessage("note", "2", "x" * 10_001))
    assert harness.states() == {"received": 1, "parked": 1}


def test_an_unknown_kind_and_a_document_without_a_receiver_are_parked(harness):
    harness.install()
    harness.store(note(1, kind="rumor"), note(2, kind="orphan"))
    harness.process_inbox()
    reasons = sorted(error["what"] for _, error in parked(harness))
    assert reasons == ["Fake has no message kind rumor", "no package accepts 'orphan' documents"]


def test_a_key_that_fits_into_no_index_is_shortened_and_stays_distinct(harness):
    harness.store(
        RawMessage("note", "k" * 9000 + "a", {}),
        RawMessage("note", "k" * 9000 + "b", {}),
        RawMessage("note", "k" * 400, {}),
    )
    rows = harness.rows("SELECT count(DISTINCT key), max(length(key)) FROM providers.message")
    assert rows == [(3, 400)]
    whole = harness.rows("SELECT count(*) FROM providers.message WHERE key = repeat('k', 400)")
    assert whole == [(1,)]


def test_text_that_postgresql_cannot_store_delays_no_other_message(harness):
    harness.install()
    harness.map("*", "*")
    harness.store(
        note(1, "A\x00B"),
        note(2, "C"),
        RawMessage("note", "3", b'{"id": 3, "text": "\xff\x00"}'),
    )
    harness.process_inbox()
    assert [key for key, _ in parked(harness)] == ["1"]
    assert accepted(harness) == ["2", "3"]


def test_a_message_with_unmapped_keys_is_replayed_once_the_last_one_is_mapped(harness):
    harness.install()
    harness.map("A", "Accu Scale")
    harness.store(note(1, "A", "B", "C"), note(2, "A"))
    harness.process_inbox()
    assert accepted(harness) == ["2"]
    unmapped = harness.rows(
        "SELECT table_name, field, value, instance FROM providers.unmapped_key ORDER BY value"
    )
    assert unmapped == [("product", "sku", "B", "shop"), ("product", "sku", "C", "shop")]
    assert (
        parked(harness)[0][1]["what"] == 'no mapping for product with sku "B", product with sku "C"'
    )
    harness.map("B", "Barista Home")
    harness.process_inbox()
    assert harness.rows("SELECT value FROM providers.unmapped_key") == [("C",)]
    harness.map("C", "Crate")
    harness.process_inbox()
    [(document,)] = harness.rows(
        "SELECT document FROM public.accepted_note WHERE external_id = '1'"
    )
    names = [line["product"] for line in document["lines"]]
    assert names == ["Accu Scale", "Barista Home", "Crate"]
    assert harness.states() == {"processed": 2}


def test_a_mapping_of_another_instance_replays_nothing(harness):
    harness.install("shop")
    harness.install("outlet")
    harness.store(note(1, "A"))
    harness.process_inbox()
    harness.map("A", "Accu Scale", scope="instance", scope_name="outlet")
    assert harness.states() == {"parked": 1}
    harness.map("A", "Accu Scale", scope="instance", scope_name="shop")
    assert harness.states() == {"received": 1}


def test_a_mapping_of_an_instance_precedes_that_of_its_group_and_the_default(harness):
    harness.install("shop", mapping_group="europe")
    harness.install("outlet", mapping_group="europe")
    harness.install("popup")
    harness.map("A", "default A")
    harness.map("A", "group A", scope="group", scope_name="europe")
    harness.map("A", "instance A", scope="instance", scope_name="shop")

    for instance in ("shop", "outlet", "popup"):
        harness.store(note(1, "A"), instance=instance)

    harness.process_inbox()
    found = harness.rows(
        "SELECT instance, document->'lines'->0->>'product' FROM public.accepted_note ORDER BY 1"
    )
    assert found == [("outlet", "group A"), ("popup", "default A"), ("shop", "instance A")]


def test_a_wildcard_maps_every_key_to_itself_but_an_exact_mapping_precedes_it(harness):
    harness.install()
    harness.store(note(1, "A", "B"))
    harness.process_inbox()
    harness.map("B", "Barista Home")
    harness.map("*", "*", scope="instance", scope_name="shop")
    harness.process_inbox()
    assert products(harness) == ["A", "Barista Home"]


def test_a_deleted_mapping_no_longer_maps(harness):
    harness.install()
    harness.map("A", "Accu Scale")
    harness.map("B", "Barista Home")

    with harness.database.unit_of_work() as session:
        documents = [("mapping", "A/{}")]
        harness.configuration.remove(session, documents, at=utc_now(), actor="tester")

    assert harness.rows("SELECT value FROM providers.id_mapping") == [("B",)]
    harness.store(note(1, "A"))
    harness.process_inbox()
    assert harness.states() == {"parked": 1}


def test_messages_of_an_instance_with_a_missing_secret_are_processed(harness):
    harness.install(connection={"api_key": "env:FAKE_KEY_THAT_IS_NOT_SET"})
    harness.store(note(1))
    harness.process_inbox()
    assert harness.states() == {"processed": 1}


def test_messages_of_a_deleted_instance_are_parked_not_lost(harness):
    harness.store(note(1), instance="ghost")
    harness.process_inbox()
    assert parked(harness)[0][1]["what"] == "no provider_instance named ghost"


def test_an_instance_may_have_a_transformation_of_its_own(harness):
    fields = [
        {"path": "external_id", "expression": "'own-' + string(id)"},
        {"path": "text", "expression": "'x'"},
    ]
    own = {"source": "fake.note", "target": "note", "fields": fields}
    harness.install(transformations={"message:note": own})
    harness.store(note(1, "UNKNOWN"))
    harness.process_inbox()
    assert accepted(harness) == ["own-1"]


def test_a_parked_message_can_be_discarded_and_a_discarded_one_replayed(harness):
    harness.install()
    harness.store(note(1, "A"), note(2))
    harness.process_inbox()

    with harness.database.unit_of_work() as session:
        assert discard(session, [1, 2]) == [1]

    assert harness.states() == {"discarded": 1, "processed": 1}
    harness.map("A", "Accu Scale")
    assert harness.process_inbox() == 0

    with harness.database.unit_of_work() as session:
        assert replay(session, [1, 2]) == [1]

    harness.process_inbox()
    assert harness.states() == {"processed": 2}


def test_the_outcome_counts_attempts_and_only_a_finished_message_has_a_time(harness):
    harness.install()
    harness.store(note(1, "A"), note(2))
    harness.process_inbox()
    query = "SELECT key, attempts, processed_at IS NULL FROM providers.message ORDER BY id"
    assert harness.rows(query) == [("1", 1, True), ("2", 1, False)]
    harness.map("A", "Accu Scale")
    harness.process_inbox()
    assert harness.rows(query) == [("1", 2, False), ("2", 1, False)]


def test_the_batch_continues_in_its_transaction(harness):
    harness.install()
    harness.store(note(1), note(2))
    seen = []

    def count_processed(session, now):
        query = "SELECT count(*) FROM providers.message WHERE state = 'processed'"
        seen.append(session.connection().exec_driver_sql(query).scalar())

    worker = inbox_worker(harness.registry, count_processed)
    worker.run_once(harness.database, limit=10, now=utc_now())
    assert seen == [2]


def test_two_writers_of_one_message_store_it_once(harness):
    messages = [note(n) for n in range(50)]
    barrier = Barrier(2)

    def deliver(batch: list[RawMessage]) -> StoreResult:
        barrier.wait()
        return harness.store(*batch)

    with ThreadPoolExecutor(2) as pool:
        stored = list(pool.map(deliver, [messages, messages[::-1]]))

    assert sum(result.new for result in stored) == 50
    rows = harness.rows("SELECT count(*), sum(deliveries) FROM providers.message")
    assert rows == [(50, 100)]


def with_fallback(number: int, **payload: Any) -> RawMessage:
    document = {"external_id": str(number), "text": "withdrawn", "lines": []}
    return RawMessage("note", str(number), {"id": number, **payload}, fallback=document)


@pytest.mark.parametrize(
    "payload",
    [
        {"id": None, "text": "a"},
        {"text": "a", "items": [{"sku": "UNKNOWN", "quantity": 1}]},
        {"text": "refuse"},
    ],
)
def test_the_fallback_of_a_message_that_cannot_be_processed_is_passed_on(harness, payload):
    harness.install()
    harness.store(with_fallback(7, **payload))
    harness.process_inbox()
    rows = harness.rows("SELECT document->>'text' FROM public.accepted_note")
    assert rows == [("withdrawn",)]
    assert harness.states() == {"processed": 1}
    assert harness.rows("SELECT count(*) FROM providers.unmapped_key") == [(0,)]


def test_the_fallback_of_a_message_that_was_processed_is_not_used(harness):
    harness.install()
    harness.store(with_fallback(7, text="a"))
    harness.process_inbox()
    assert harness.rows("SELECT document->>'text' FROM public.accepted_note") == [("a",)]


def test_a_message_whose_fallback_is_refused_too_keeps_its_first_reason(harness):
    harness.install()
    fallback = {"external_id": "7", "text": "refuse", "lines": []}
    harness.store(RawMessage("note", "7", {"id": None}, fallback=fallback))
    harness.process_inbox()
    [(_, error)] = parked(harness)
    assert error["where"] == "external_id"


def test_an_ignored_document_leaves_an_ignored_message_that_supersedes_parked_ones(harness):
    harness.install()
    items = [{"sku": "UNKNOWN", "quantity": 1}]
    harness.store(RawMessage("note", "7", {"id": 7, "text": "a", "items": items}, sequence=1))
    harness.process_inbox()
    harness.store(RawMessage("note", "7", {"id": 7, "text": "ignore"}, sequence=2))
    harness.process_inbox()
    assert harness.states() == {"stale": 1, "ignored": 1}
    assert harness.rows("SELECT count(*) FROM providers.unmapped_key") == [(0,)]

"""What arrives is stored once, understood in order, parked with a reason, and replayed when the reason is gone."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from tests.providers.fake_provider import House

from openiom.platform.batches import drain
from openiom.platform.events import utc_now
from openiom.provider_contract import RawMessage
from openiom.providers import StoreResult, discard, inbox_worker, replay, store_messages


def note(
    number: int,
    *skus: str,
    text: str = "",
    sequence: int = 0,
    version: str = "",
    kind: str = "note",
) -> RawMessage:
    items = [{"sku": sku, "quantity": n} for n, sku in enumerate(skus, start=1)]
    payload = {"id": number, "text": text, "items": items}
    return RawMessage(kind, str(number), payload, version, sequence)


def store(house: House, *messages: RawMessage, instance: str = "shop") -> StoreResult:
    limit = house.registry.message_limit_bytes
    with house.database.unit_of_work() as session:
        return store_messages(session, instance, messages, now=utc_now(), limit_bytes=limit)


def work(house: House) -> int:
    return drain(house.database, [inbox_worker(house.registry)])


def parked(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT key, error FROM providers.message WHERE state = 'parked' ORDER BY id")


def taken(house: House) -> list[str]:
    return [
        row[0] for row in house.rows("SELECT external_id FROM public.taken_note ORDER BY message")
    ]


def test_a_message_delivered_six_times_is_stored_once_and_each_delivery_counted(house):
    house.install()
    same = note(1, text="hello")
    assert store(house, same, same) == StoreResult(1, 1)
    assert store(house, same, same, same) == StoreResult(0, 3)
    assert house.rows("SELECT deliveries, state FROM providers.message") == [(5, "received")]
    work(house)
    assert store(house, same) == StoreResult(0, 1)
    assert (work(house), taken(house)) == (0, ["1"])


def test_a_changed_payload_without_a_version_is_another_message(house):
    assert store(house, note(1, text="a"), note(1, text="b")) == StoreResult(2, 0)


def test_the_same_message_of_two_instances_is_two_messages(house):
    house.install("shop")
    house.install("outlet")
    store(house, note(1), instance="shop")
    store(house, note(1), instance="outlet")
    work(house)
    assert house.rows("SELECT instance FROM public.taken_note ORDER BY 1") == [
        ("outlet",),
        ("shop",),
    ]


def test_messages_of_one_key_are_taken_one_a_wave_in_the_order_they_arrived(house):
    house.install()
    store(house, note(1, text="a"), note(2, text="x"))
    store(house, note(1, text="b"))
    store(house, note(1, text="c"))
    work(house)
    query = "SELECT document->>'text' FROM public.taken_note WHERE external_id = '1' ORDER BY ctid"
    assert [row[0] for row in house.rows(query)] == ["a", "b", "c"]
    assert house.room.waves == [2, 1, 1]


def test_a_long_queue_of_one_key_holds_up_nobody_else(house):
    house.install()
    store(house, *(note(1, version=f"{n:03}") for n in range(50)))
    store(house, note(2))
    inbox_worker(house.registry).run_once(house.database, limit=10, now=utc_now())
    assert sorted(taken(house)) == ["1", "2"]


def test_two_workers_never_hold_two_messages_of_one_key(house):
    house.install()
    store(house, note(1, text="a"), note(2))
    store(house, note(1, text="b"), note(3))
    wave = inbox_worker(house.registry)
    with house.database.unit_of_work() as one, house.database.unit_of_work() as other:
        first = wave.claim(one, 1)
        second = wave.claim(other, 10)
    assert [row.key for row in first] == ["1"]
    assert sorted(row.key for row in second) == ["2", "3"]


def test_an_older_version_after_a_newer_one_is_stale_and_changes_nothing(house):
    house.install()
    store(house, note(1, text="new", sequence=20))
    work(house)
    store(house, note(1, text="old", sequence=10))
    work(house)
    assert house.states() == {"processed": 1, "stale": 1}
    assert taken(house) == ["1"]


def test_events_without_a_sequence_are_never_stale(house):
    house.install()
    store(house, note(1, text="second"))
    work(house)
    store(house, note(1, text="first"))
    work(house)
    assert house.states() == {"processed": 2}


def test_a_parked_version_overtaken_by_a_newer_one_leaves_the_list(house):
    house.install()
    store(house, note(1, "UNKNOWN", sequence=1))
    work(house)
    store(house, note(1, sequence=2))
    work(house)
    assert house.states() == {"stale": 1, "processed": 1}
    assert house.rows("SELECT count(*) FROM providers.unmapped_key") == [(0,)]


def test_a_room_that_knows_it_already_makes_it_a_duplicate(house):
    house.install()
    store(house, note(1, text="again"))
    work(house)
    assert house.rows("SELECT state, entity_id FROM providers.message") == [("duplicate", "note-1")]


def test_a_refused_document_says_what_where_and_what_to_do(house):
    house.install()
    store(house, note(1, text="refuse"), note(2))
    work(house)
    assert parked(house) == [
        ("1", {"what": "the room does not want it", "where": "text", "remedy": "say it nicely"})
    ]
    assert taken(house) == ["2"]


def test_one_message_that_breaks_the_room_is_parked_and_99_go_through(house):
    house.install()
    store(house, *(note(n, text="break" if n == 67 else "") for n in range(100)))
    work(house)
    assert house.states() == {"processed": 99, "parked": 1}
    assert parked(house)[0][1]["what"] == "RuntimeError: the room broke"
    assert "67" not in taken(house)


MALFORMED: Sequence[tuple[Any, str]] = [
    ('{"id": 1, "text"', "the message is not JSON"),
    ("[1, 2]", "the message is a list, not an object"),
    ({"text": "no id"}, "external_id"),
    ({"id": 1, "items": "none"}, "lines"),
]


@pytest.mark.parametrize(("payload", "told"), MALFORMED)
def test_a_malformed_message_is_parked_with_its_fault_and_blocks_nobody(house, payload, told):
    house.install()
    store(house, RawMessage("note", "bad", payload), note(2))
    work(house)
    ((key, error),) = parked(house)
    assert key == "bad"
    assert told in f"{error['what']} {error['where']}"
    assert "replay" in error["remedy"]
    assert taken(house) == ["2"]


def test_a_message_over_the_limit_is_kept_as_its_beginning_and_parked(house):
    house.install()
    store(house, note(1, text="x" * 20_000), note(2))
    work(house)
    ((_, error),) = parked(house)
    assert error["what"].endswith("bytes; the limit is 10000")
    assert "OPENIOM_MESSAGE_LIMIT_BYTES" in error["remedy"]
    assert house.rows("SELECT length(payload) FROM providers.message WHERE key = '1'") == [(1024,)]


def test_a_kind_nobody_knows_and_a_document_no_room_takes_are_parked(house):
    house.install()
    store(house, note(1, kind="rumor"), note(2, kind="orphan"))
    work(house)
    told = sorted(error["what"] for _, error in parked(house))
    assert told == ["Tiny has no message kind rumor", "no room takes 'nobody' documents"]


def test_a_key_no_index_could_hold_is_shortened_and_stays_distinct(house):
    store(house, RawMessage("note", "k" * 9000 + "a", {}), RawMessage("note", "k" * 9000 + "b", {}))
    assert house.rows("SELECT count(DISTINCT key), max(length(key)) FROM providers.message") == [
        (2, 400)
    ]


def test_text_postgresql_cannot_keep_stops_nobody(house):
    house.install()
    house.map("*", "*")
    store(
        house,
        note(1, "A\x00B"),
        note(2, "C"),
        RawMessage("note", "3", b'{"id": 3, "text": "\xff\x00"}'),
    )
    work(house)
    assert [key for key, _ in parked(house)] == ["1"]
    assert taken(house) == ["2", "3"]


def test_what_does_not_map_is_parked_with_every_missing_key_and_replays_once_the_last_is_mapped(
    house,
):
    house.install()
    house.map("A", "Accu Scale")
    store(house, note(1, "A", "B", "C"), note(2, "A"))
    work(house)
    assert taken(house) == ["2"]
    missing = house.rows(
        "SELECT table_name, field, value, instance FROM providers.unmapped_key ORDER BY value"
    )
    assert missing == [("product", "sku", "B", "shop"), ("product", "sku", "C", "shop")]
    assert parked(house)[0][1]["what"] == "no mapping for product sku=B, product sku=C"
    house.map("B", "Barista Home")
    work(house)
    assert house.rows("SELECT value FROM providers.unmapped_key") == [("C",)]
    house.map("C", "Crate")
    work(house)
    ((document,),) = house.rows("SELECT document FROM public.taken_note WHERE external_id = '1'")
    assert [line["product"] for line in document["lines"]] == [
        "Accu Scale",
        "Barista Home",
        "Crate",
    ]
    assert house.states() == {"processed": 2}


def test_an_instance_beats_its_group_beats_the_default(house):
    house.install("shop", mapping_group="europe")
    house.install("outlet", mapping_group="europe")
    house.install("popup")
    house.map("A", "default A")
    house.map("A", "group A", scope="group", scope_name="europe")
    house.map("A", "instance A", scope="instance", scope_name="shop")
    for instance in ("shop", "outlet", "popup"):
        store(house, note(1, "A"), instance=instance)
    work(house)
    found = house.rows(
        "SELECT instance, document->'lines'->0->>'product' FROM public.taken_note ORDER BY 1"
    )
    assert found == [("outlet", "group A"), ("popup", "default A"), ("shop", "instance A")]


def test_a_star_maps_every_key_to_itself_but_an_exact_mapping_beats_it(house):
    house.install()
    store(house, note(1, "A", "B"))
    work(house)
    house.map("B", "Barista Home")
    house.map("*", "*", scope="instance", scope_name="shop")
    work(house)
    ((document,),) = house.rows("SELECT document FROM public.taken_note")
    assert [line["product"] for line in document["lines"]] == ["A", "Barista Home"]


def test_a_removed_mapping_maps_no_more(house):
    house.install()
    house.map("A", "Accu Scale")
    with house.database.unit_of_work() as session:
        house.configuration.remove(session, [("mapping", "A/{}")], at=utc_now(), actor="tester")
    store(house, note(1, "A"))
    work(house)
    assert house.states() == {"parked": 1}


def test_messages_of_an_instance_with_a_missing_secret_are_still_understood(house):
    house.install(connection={"api_key": "env:TINY_KEY_THAT_IS_NOT_SET"})
    store(house, note(1))
    work(house)
    assert house.states() == {"processed": 1}


def test_messages_of_an_instance_that_was_removed_are_parked_not_lost(house):
    store(house, note(1), instance="ghost")
    work(house)
    assert parked(house)[0][1]["what"] == "no provider_instance named ghost"


def test_an_instance_may_read_its_messages_its_own_way(house):
    fields = [
        {"path": "external_id", "expression": "'own-' + string(id)"},
        {"path": "text", "expression": "'x'"},
    ]
    own = {"source": "tiny.note", "target": "note", "fields": fields}
    house.install(transformations={"message:note": own})
    store(house, note(1, "UNKNOWN"))
    work(house)
    assert taken(house) == ["own-1"]


def test_a_parked_message_can_be_discarded_and_a_discarded_one_replayed(house):
    house.install()
    store(house, note(1, "A"), note(2))
    work(house)
    with house.database.unit_of_work() as session:
        assert discard(session, [1, 2]) == [1]
    assert house.states() == {"discarded": 1, "processed": 1}
    house.map("A", "Accu Scale")
    assert work(house) == 0
    with house.database.unit_of_work() as session:
        assert replay(session, [1, 2]) == [1]
    work(house)
    assert house.states() == {"processed": 2}


def test_two_writers_of_one_message_store_it_once(house):
    from_two = [note(n) for n in range(50)]
    barrier = Barrier(2)

    def deliver(messages: list[RawMessage]) -> StoreResult:
        barrier.wait()
        return store(house, *messages)

    with ThreadPoolExecutor(2) as pool:
        stored = list(pool.map(deliver, [from_two, from_two[::-1]]))
    assert sum(s.new for s in stored) == 50
    assert house.rows("SELECT count(*), sum(deliveries) FROM providers.message") == [(50, 100)]

"""The HTTP API of providers: the library, instances, calls, messages, mappings and webhooks."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session
from tests.package_app import http_client, package_app
from tests.providers.fake_provider import ProviderHarness

from openiom.master_data.decisions import Match
from openiom.platform.batches import drain
from openiom.platform.clock import utc_now
from openiom.provider_contract import MessagePage, OutboundRequest, RawMessage
from openiom.providers import PollWorker, inbox_worker, router, store_messages

KEY = {"X-Key": "s3cret"}


@pytest.fixture
def client(harness: ProviderHarness) -> Iterator[TestClient]:
    state = {"registry": harness.registry, "configuration": harness.configuration}
    with http_client(package_app(harness.database, router, permissions={"*"}, **state)) as made:
        yield made


def store(harness: ProviderHarness, *payloads: dict[str, Any], instance: str = "shop") -> None:
    messages = [RawMessage("note", str(payload.get("id")), payload) for payload in payloads]
    with harness.database.unit_of_work() as session:
        store_messages(session, instance, messages, now=utc_now(), limit_bytes=10_000)
    drain(harness.database, [inbox_worker(harness.registry)])


def note(number: int, *skus: str, text: str = "") -> dict[str, Any]:
    return {"id": number, "text": text, "items": [{"sku": sku, "quantity": 1} for sku in skus]}


def test_the_library_shows_the_forms_and_parts_of_every_provider(client):
    (fake,) = client.get("/api/v1/providers").json()["items"]
    assert (fake["name"], fake["category"], fake["actions"]) == (
        "fake",
        "order_intake",
        [{"name": "send", "title": "Send a parcel"}],
    )
    assert fake["connection_schema"]["properties"]["api_key"]["format"] == "password"
    assert fake["mappings"] == [{"name": "product", "title": "Product"}]


def test_an_instance_shows_its_probe_and_its_inbox_and_never_its_secret(client, harness):
    harness.install()
    store(harness, note(1, "UNKNOWN"), note(2))
    (row,) = client.get("/api/v1/provider-instances").json()["items"]
    assert (row["state"], row["probed_at"], row["account"]) == ("untested", None, None)
    assert row["messages"] == {"received": 0, "parked": 1, "discarded": 0, "on_hold": 0}
    probed = client.post("/api/v1/provider-instances/shop/probe").json()
    assert (probed["state"], probed["account"], probed["scopes"]) == (
        "green",
        "Fake Inc",
        ["read", "write"],
    )
    everything = (
        client.get("/api/v1/provider-instances").text + orjson.dumps(export(harness)).decode()
    )
    assert "s3cret" not in everything
    assert "enc:" not in everything


def export(harness: ProviderHarness) -> list[dict[str, Any]]:
    with harness.database.reading() as session:
        return harness.configuration.export(session)


def test_an_applied_export_changes_nothing_and_keeps_the_secret(harness):
    harness.install()
    documents = export(harness)
    with harness.database.unit_of_work() as session:
        (change,) = harness.configuration.apply(session, documents, at=utc_now(), actor="ann")
        assert change.change == "unchanged"
        harness.registry.open(session, "shop").connector.probe()
    assert harness.system.connections[-1].connection["api_key"] == "s3cret"


def test_the_same_secret_is_no_change_and_another_one_is_encrypted(harness):
    harness.install()
    harness.install()
    assert harness.rows("SELECT max(version) FROM platform.configuration_document") == [(1,)]
    harness.install(connection={"api_key": "n3w"})
    bodies = harness.rows(
        "SELECT body->'connection'->>'api_key' FROM platform.configuration_document"
        " ORDER BY version"
    )
    assert len(bodies) == 2
    assert all(stored.startswith("enc:") for (stored,) in bodies)


WRONG: Sequence[tuple[dict[str, Any], str]] = [
    ({"provider": "unknown"}, "no provider 'unknown' in the library"),
    ({"connection": {}}, "connection.api_key: Field required"),
    (
        {"connection": {"api_key": "x", "color": "red"}},
        "connection.color: Extra inputs are not permitted",
    ),
    (
        {"connection": {"api_key": "********"}},
        "connection.api_key: is masked, and nothing is stored for it at this address",
    ),
    ({"parameters": {"greeting": 5}}, "parameters.greeting: Input should be a valid string"),
    (
        {"transformations": {"message:rumor": {}}},
        "transformations.message:rumor: is not a transformation of this provider",
    ),
    ({"poll_seconds": 0}, "poll_seconds: Input should be greater than or equal to 1"),
]


@pytest.mark.parametrize(("body", "expected"), WRONG)
def test_an_invalid_instance_is_refused_by_path_and_not_stored(harness, body, expected):
    with pytest.raises(Exception, match="cannot be applied") as refused:
        harness.install(**body)
    assert expected in str(refused.value)
    assert harness.rows("SELECT count(*) FROM providers.provider_instance") == [(0,)]


def test_a_poll_is_requested_and_made_by_a_worker(client, harness):
    harness.install()
    refused = client.post("/api/v1/provider-instances/shop/poll")
    assert (refused.status_code, refused.json()["remedy"]) == (
        409,
        "probe it, and correct what the probe reports",
    )
    client.post("/api/v1/provider-instances/shop/probe")
    harness.system.pages = lambda checkpoint: iter(
        [MessagePage([RawMessage("note", "1", note(1))], "1")]
    )
    assert client.post("/api/v1/provider-instances/shop/poll").json() == {"requested": True}
    assert drain(harness.database, [PollWorker(harness.registry)]) == 1
    assert harness.states() == {"received": 1}
    assert client.post("/api/v1/provider-instances/ghost/poll").status_code == 404


def test_messages_are_listed_newest_first_filtered_and_paged(client, harness):
    harness.install()
    store(harness, *(note(n, *(["UNKNOWN"] if n % 2 else [])) for n in range(1, 8)))
    first = client.get("/api/v1/messages", params={"state": "parked", "limit": 3}).json()
    second = client.get(
        "/api/v1/messages", params={"state": "parked", "limit": 3, "after": first["next"]}
    ).json()
    assert [m["key"] for m in first["items"]] == ["7", "5", "3"]
    assert ([m["key"] for m in second["items"]], second["next"]) == (["1"], None)
    assert first["items"][0]["missing"] == [
        {"table": "product", "field": "sku", "value": "UNKNOWN"}
    ]
    (found,) = client.get("/api/v1/messages", params={"search": "4"}).json()["items"]
    assert (found["state"], found["entity_id"]) == ("processed", "note-4")
    assert client.get("/api/v1/messages", params={"after": "junk"}).status_code == 422


@pytest.mark.parametrize(
    ("words", "keys"),
    [
        ("rosa lindt", ["2"]),
        ("LINDT", ["2"]),
        ("rosa@", ["2"]),
        ("unknown-1", ["2", "1"]),
        ("100%", []),
        ("nobody", []),
    ],
)
def test_parked_messages_are_found_by_customer_email_and_product(client, harness, words, keys):
    harness.install()
    rosa = {"name": "Rosa Lindt", "email": "Rosa@example.com"}
    store(
        harness,
        note(1, "UNKNOWN-1"),
        note(2, "UNKNOWN-1") | {"customer": rosa},
        note(3) | {"customer": rosa},
    )
    found = client.get("/api/v1/messages", params={"search": words}).json()["items"]
    assert [message["key"] for message in found] == keys


def test_a_message_shows_its_payload_and_its_document_path_by_path(client, harness):
    harness.install()
    harness.map("A", "Accu Scale")
    store(harness, note(1, "A", "B"))
    shown = client.get("/api/v1/messages/1").json()
    assert shown["payload"]["items"][1] == {"sku": "B", "quantity": 1}
    assert shown["document"]["lines"] == [{"quantity": 1, "product": "Accu Scale"}, {"quantity": 1}]
    assert shown["error"]["remedy"] == "map the keys; the message is replayed automatically"
    row = next(r for r in shown["preview"]["rows"] if r["path"] == "text")
    assert row == {"path": "text", "expression": "text", "value": "", "error": None}
    assert client.get("/api/v1/messages/99").status_code == 404
    assert client.get("/api/v1/messages/no-number").status_code == 404


def test_a_transformation_is_tried_on_a_stored_message_before_it_is_used(client, harness):
    harness.install()
    store(harness, note(1, text="hello"))
    mine = {"source": "a", "target": "b", "fields": [{"path": "loud", "expression": "upper(text)"}]}
    assert client.post("/api/v1/messages/1/preview", json={"transformation": mine}).json()[
        "document"
    ] == {"loud": "HELLO"}
    mine["fields"] = [{"path": "loud", "expression": "upper("}]
    refused = client.post("/api/v1/messages/1/preview", json={"transformation": mine})
    assert refused.status_code == 422
    assert "fields[0] (loud)" in refused.json()["problems"][0]["where"]
    mine["fields"] = [{"path": "loud", "expression": "upper(missing.x)", "required": True}]
    failed = client.post("/api/v1/messages/1/preview", json={"transformation": mine}).json()
    assert (failed["document"], failed["error"]["where"]) == (None, "loud")


def test_unmapped_keys_are_grouped_with_suggestions_and_mapping_one_replays_its_messages(
    client, harness
):
    guess = Match("Accu Scale", "Accu Scale, 5 kg", 0.9, "has in common: accu")

    def suggest(session: Session, table: str, values: Sequence[str]) -> dict[str, list[Match]]:
        return {"ACCU": [guess]}

    harness.registry.suggest = suggest
    harness.install()
    store(harness, note(1, "ACCU"), note(2, "ACCU", "ZZZ"), note(3))
    groups = client.get("/api/v1/messages/unmapped-keys").json()["items"]
    assert [(g["value"], g["messages"]) for g in groups] == [("ACCU", 2), ("ZZZ", 1)]
    assert groups[0]["suggestions"] == [
        {
            "internal": "Accu Scale",
            "label": "Accu Scale, 5 kg",
            "score": 0.9,
            "reason": "has in common: accu",
            "certain": False,
        }
    ]
    harness.create("Accu Scale")
    body = {"table": "product", "field": "sku", "value": "ACCU", "internal": "Accu Scale"}
    wrong = {**body, "table": "planet"}
    saved = client.put("/api/v1/mappings", json={"mappings": [body, wrong]}).json()
    assert (saved["replayed"], saved["messages"]) == (2, ["1", "2"])
    assert [r["ok"] for r in saved["results"]] == [True, False]
    assert saved["results"][1]["reason"].startswith("table: Input should be 'account'")
    drain(harness.database, [inbox_worker(harness.registry)])
    assert harness.states() == {"processed": 2, "parked": 1}


def test_mappings_are_listed_by_scope_and_paged(client, harness):
    rows = [
        {"table": "product", "field": "sku", "value": f"S{n}", "internal": f"P{n}"}
        for n in range(5)
    ]
    rows[4] |= {"scope": "instance", "scope_name": "shop"}
    harness.install()
    harness.create(*[row["internal"] for row in rows])
    client.put("/api/v1/mappings", json={"mappings": rows})
    first = client.get("/api/v1/mappings", params={"limit": 3}).json()
    second = client.get("/api/v1/mappings", params={"limit": 3, "after": first["next"]}).json()
    assert [m["value"] for m in first["items"] + second["items"]] == ["S0", "S1", "S2", "S3", "S4"]
    (own,) = client.get("/api/v1/mappings", params={"instance": "shop"}).json()["items"]
    assert own["scope_name"] == "shop"
    for search, values in (("s3", ["S3"]), ("p4", ["S4"]), ("s%", [])):
        found = client.get("/api/v1/mappings", params={"search": search}).json()["items"]
        assert [row["value"] for row in found] == values


def test_mappings_to_records_that_do_not_exist_are_refused_together_by_their_place(client, harness):
    harness.create("Lamp")
    rows = []
    for value, internal in (("A", "Lamp"), ("B", "Lmap"), ("C", "50 % similar")):
        rows.append({"table": "product", "field": "sku", "value": value, "internal": internal})
    refused = client.put("/api/v1/mappings", json={"mappings": rows})

    assert refused.status_code == 422
    problem = refused.json()
    assert problem["detail"] == (
        "nothing was saved, because a mapping names something that does not exist"
    )
    assert [part["where"] for part in problem["problems"]] == [
        "mappings.1.internal",
        "mappings.2.internal",
    ]
    assert problem["problems"][0]["what"] == (
        'there is no product "Lmap", so messages with sku "B" would be parked again'
    )
    assert problem["problems"][0]["remedy"] == ("choose a product that exists, or create it first")
    assert client.get("/api/v1/mappings").json()["items"] == []
    assert client.put("/api/v1/mappings", json={"mappings": rows[:1]}).status_code == 200


def test_a_preview_counts_what_a_mapping_releases_and_what_needs_more(client, harness):
    harness.install()
    store(harness, note(1, "ACCU"), note(2, "ACCU", "ZZZ"), note(3))
    row = {"table": "product", "field": "sku", "value": "ACCU", "internal": "Accu Scale"}
    preview = client.post("/api/v1/mappings/preview", json={"mappings": [row]}).json()
    assert preview == {
        "messages": 1,
        "needing_more": 1,
        "orders": 0,
        "amounts": [],
        "amounts_complete": True,
        "external": [{"value": "ACCU", "name": "", "unit_price": None, "currency": ""}],
    }


def test_a_mapping_is_deleted_by_its_key_and_a_missing_one_is_refused(client, harness):
    harness.install()
    harness.map("A", "Lamp")
    harness.map("A", "Chair", scope="instance", scope_name="shop")
    key = {"table": "product", "field": "sku", "value": "A"}
    removed = client.post("/api/v1/mappings/delete", json={"mappings": [key]})
    assert removed.json() == {"deleted": 1, "orders": []}
    (left,) = client.get("/api/v1/mappings").json()["items"]
    assert (left["internal"], left["scope"]) == ("Chair", "instance")

    own = {**key, "scope": "instance", "scope_name": "shop"}
    missing = client.post("/api/v1/mappings/delete", json={"mappings": [own, key]})
    assert missing.status_code == 404
    assert missing.json()["detail"] == 'there is no mapping for product with sku "A"'
    assert len(client.get("/api/v1/mappings").json()["items"]) == 1


def test_more_than_a_thousand_ids_or_mappings_are_too_large(client):
    assert client.post("/api/v1/messages/replay", json={"ids": ["1"] * 1001}).status_code == 413
    assert client.put("/api/v1/mappings", json={"mappings": [{}] * 1001}).status_code == 413


def test_replay_and_discard_have_a_result_for_each_message(client, harness):
    harness.install()
    store(harness, note(1, "UNKNOWN"), note(2))
    results = client.post("/api/v1/messages/discard", json={"ids": ["1", "2", "x"]}).json()[
        "results"
    ]
    assert results == [
        {"id": "1", "ok": True, "reason": ""},
        {"id": "2", "ok": False, "reason": "is not parked"},
        {"id": "x", "ok": False, "reason": "is not parked"},
    ]
    assert client.post("/api/v1/messages/replay", json={"ids": ["1"]}).json()["results"][0]["ok"]


def test_reading_and_changing_need_their_permission(client):
    client.app.state.permissions = {"providers.read"}
    assert client.get("/api/v1/messages").status_code == 200
    assert client.put("/api/v1/mappings", json={"mappings": [{}]}).status_code == 403
    key = {"table": "product", "field": "sku", "value": "A"}
    assert client.post("/api/v1/mappings/delete", json={"mappings": [key]}).status_code == 403
    client.app.state.permissions = set()
    assert client.get("/api/v1/messages").status_code == 403


def test_calls_are_listed_newest_first_and_failed_ones_can_be_selected(client, harness):
    harness.install()
    harness.registry.calls.add("shop", OutboundRequest("GET", "http://x/1", 200, 5, utc_now()))
    harness.registry.calls.add(
        "shop", OutboundRequest("GET", "http://x/2", None, 5, utc_now(), error="no answer")
    )
    harness.registry.calls.flush(harness.database)
    assert [c["url"] for c in client.get("/api/v1/provider-calls").json()["items"]] == [
        "http://x/2",
        "http://x/1",
    ]
    (failed,) = client.get(
        "/api/v1/provider-calls", params={"failed": True, "instance": "shop"}
    ).json()["items"]
    assert (failed["ok"], failed["error"]) == (False, "no answer")


def test_a_webhook_call_is_acknowledged_once_it_is_stored_and_a_repeated_one_is_a_duplicate(
    client, harness
):
    harness.install()
    first = client.post("/hooks/shop", json=note(1), headers=KEY)
    assert (first.status_code, first.json()) == (200, {"stored": 1, "duplicates": 0, "poll": False})
    assert client.post("/hooks/shop", json=note(1), headers=KEY).json()["duplicates"] == 1
    assert harness.states() == {"received": 1}


def test_a_webhook_call_that_only_announces_changes_requests_a_poll(client, harness):
    harness.install()
    client.post("/api/v1/provider-instances/shop/probe")
    assert client.post("/hooks/shop", json={"ping": True}, headers=KEY).json()["poll"] is True
    assert drain(harness.database, [PollWorker(harness.registry)]) == 1


REFUSED: Sequence[tuple[str, dict[str, str], bytes, int]] = [
    ("shop", {}, b"{}", 401),
    ("shop", {"X-Key": "wrong"}, b"{}", 401),
    ("ghost", KEY, b"{}", 404),
    ("shop", KEY, b"x" * 10_001, 413),
    ("shop", KEY, b'{"id": 1', 422),
    ("shop", KEY, b"[]", 422),
]


@pytest.mark.parametrize(("instance", "headers", "body", "status"), REFUSED)
def test_a_refused_webhook_call_states_a_remedy_and_is_logged(
    client, harness, instance, headers, body, status
):
    harness.install()
    refused = client.post(f"/hooks/{instance}", content=body, headers=headers)
    assert (refused.status_code, refused.headers["content-type"]) == (
        status,
        "application/problem+json",
    )
    assert refused.json()["remedy"]
    logged = client.get("/api/v1/provider-calls", params={"failed": True}).json()["items"]
    assert [(t["action"], t["status"]) for t in logged] == (
        [] if status == 404 else [("webhook", status)]
    )
    assert harness.rows("SELECT count(*) FROM providers.message WHERE state = 'received'") == [(0,)]


def test_an_unreadable_body_of_a_verified_sender_is_stored_and_shown(client, harness):
    harness.install()
    client.post("/hooks/shop", content=b'{"id": 1', headers=KEY)
    (parked,) = client.get("/api/v1/messages", params={"state": "parked"}).json()["items"]
    assert (parked["kind"], parked["error"]["where"]) == ("unreadable", "body")
    assert client.get(f"/api/v1/messages/{parked['id']}").json()["payload"] == '{"id": 1'


def test_a_body_of_an_unknown_sender_is_not_stored(client, harness):
    harness.install()
    client.post("/hooks/shop", content=b'{"id": 1', headers={"X-Key": "wrong"})
    assert harness.states() == {}

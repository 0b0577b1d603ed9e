"""The search box finds records of all packages that the principal may read."""

from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.app import search
from openiom.app.application import Application
from openiom.fulfillment.search import FoundFulfillmentOrder
from openiom.kernel import new_id
from openiom.orders.search import FoundOrder
from openiom.platform.bulk import execute

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def documents(application: Application) -> None:
    """Three products and a currency."""
    titles = {"LAMP-1": "Desk lamp", "LAMP-2": "Floor lamp", "MUG-100%": "Cotton mug"}
    wanted = []
    for name, title in titles.items():
        wanted.append({"kind": "product", "name": name, "body": {"name": title, "unit": "ea"}})
    unit = {"kind": "unit", "name": "ea", "body": {"title": "Each"}}
    with application.database.unit_of_work() as session:
        application.configuration.apply(session, [unit, *wanted], at=NOW, actor="test")


def find(client: TestClient, words: str) -> list[dict[str, Any]]:
    response = client.get("/api/v1/search", params={"q": words})
    assert response.status_code == 200
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def test_products_are_found_by_number_and_name(client: TestClient, documents: None) -> None:
    assert find(client, "lamp-1") == [
        {
            "kind": "product",
            "label": "LAMP-1",
            "detail": "Desk lamp",
            "path": "/inventory?product=LAMP-1",
        }
    ]
    assert [item["label"] for item in find(client, " floor ")] == ["LAMP-2"]
    assert [item["label"] for item in find(client, "lamp")] == ["LAMP-1", "LAMP-2"]


def test_special_characters_are_matched_literally(client: TestClient, documents: None) -> None:
    assert [item["label"] for item in find(client, "100%")] == ["MUG-100%"]
    assert find(client, "_") == []
    assert find(client, "\\") == []


def test_orders_are_grouped_by_what_matched(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = new_id()
    found = [
        FoundOrder(order_id, "1042", "store", "Ann Lee", field, value)
        for field, value in (
            ("number", "1042"),
            ("customer", "Ann Lee"),
            ("email", "ann@x.org"),
            ("phone", "+49 1042"),
            ("city", "Bonn"),
        )
    ]
    monkeypatch.setattr(search, "search_orders", lambda session, words, limit: found)

    items = find(client, "1042")

    assert [(item["kind"], item["label"], item["detail"]) for item in items] == [
        ("order", "1042", "Ann Lee · store"),
        ("customer", "Ann Lee", "Order 1042"),
        ("email", "ann@x.org", "Order 1042 · Ann Lee"),
        ("phone", "+49 1042", "Order 1042 · Ann Lee"),
        ("city", "Bonn", "Order 1042 · Ann Lee"),
    ]
    assert {item["path"] for item in items} == {f"/orders/{order_id}"}


def test_fulfillment_orders_are_grouped_by_what_matched(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = new_id()
    found = [
        FoundFulfillmentOrder(id, "FO-1", "SEA", field, value)
        for field, value in (("number", "FO-1"), ("reference", "WH-1"), ("tracking", "1Z1"))
    ]
    monkeypatch.setattr(search, "search_fulfillment_orders", lambda session, words, limit: found)

    items = find(client, "1")

    assert [(item["kind"], item["label"], item["detail"]) for item in items] == [
        ("fulfillment_order", "FO-1", "SEA"),
        ("warehouse_reference", "WH-1", "FO-1 · SEA"),
        ("tracking_number", "1Z1", "FO-1 · SEA"),
    ]
    assert {item["path"] for item in items} == {f"/fulfillment-orders/{id}"}


def test_a_parked_order_leads_to_its_message(client: TestClient, application: Application) -> None:
    with application.database.unit_of_work() as session:
        execute(
            session,
            "INSERT INTO providers.message (instance, kind, key, version, sequence, payload, state,"
            " received_at, search_text, error) VALUES ('store', 'order', '103', '1', 1, '{}',"
            " 'parked', %s, '103 rosa lindt rosa@example.com', '{\"what\": \"no mapping\"}')",
            (NOW,),
        )

    for words in ("103", "Lindt", "rosa@"):
        (found,) = find(client, words)
        assert (found["kind"], found["label"], found["detail"]) == (
            "parked",
            "Order 103",
            "no mapping",
        )
        assert found["path"].startswith("/my-work/messages?message=")


def test_only_records_that_the_principal_may_read_are_found(
    application: Application, documents: None, anonymous_client: TestClient, client: TestClient
) -> None:
    body = {"title": "Order reader", "permissions": ["orders.read"]}
    role = {"kind": "role", "name": "order_reader", "body": body}
    client.post("/api/v1/configuration/apply", json={"documents": [role]})
    token = client.post(
        "/api/v1/api-tokens", json={"name": "reader", "roles": ["order_reader"]}
    ).json()["token"]

    response = anonymous_client.get(
        "/api/v1/search", params={"q": "lamp"}, headers={"authorization": f"Bearer {token}"}
    )

    assert response.json() == {"items": []}


@pytest.mark.parametrize("words", ["", "x" * 101])
def test_words_have_one_to_a_hundred_characters(client: TestClient, words: str) -> None:
    assert client.get("/api/v1/search", params={"q": words}).status_code == 422

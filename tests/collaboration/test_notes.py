"""Notes on orders, the people mentioned in them, and watched orders."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from tests.orders.builders import document, master_data, receive
from tests.package_app import http_client, package_app

from openiom.administration import upsert_users
from openiom.collaboration import router
from openiom.collaboration.people import mentioned_addresses
from openiom.kernel import new_id
from openiom.orders import order_ids_by_number
from openiom.platform.database import Database
from openiom.platform.events import timeline

ANN, BOB = "Ann@example.com", "bob@example.com"
MANAGER = {"orders.read", "orders.write"}


@pytest.fixture
def orders(database: Database) -> list[UUID]:
    """Two orders, and the users Ann and Bob."""
    master_data(database)
    receive(database, document("1001", number="A-1"))
    receive(database, document("1002", number="A-2"))
    with database.unit_of_work() as session:
        password = "a long enough password"
        upsert_users(
            session,
            [(ANN, "Ann", password, ["viewer"]), (BOB, "Bob", password, ["viewer"])],
        )
        return sorted(order_ids_by_number(session, "A-", limit=5))


def client_of(database: Database, user: str, *more: str) -> Iterator[TestClient]:
    app = package_app(database, router, permissions={*MANAGER, *more}, principal=user)
    with http_client(app) as client:
        yield client


@pytest.fixture
def ann(database: Database, orders: list[UUID]) -> Iterator[TestClient]:
    yield from client_of(database, ANN)


@pytest.fixture
def bob(database: Database, orders: list[UUID]) -> Iterator[TestClient]:
    yield from client_of(database, BOB)


@pytest.fixture
def administrator(database: Database, orders: list[UUID]) -> Iterator[TestClient]:
    yield from client_of(database, "root@example.com", "administration.write")


def write(client: TestClient, *ids: UUID, text: str = "Call the customer", **more: Any) -> None:
    body = {"order_ids": [str(one) for one in ids], "text": text, **more}
    response = client.post("/api/v1/notes", json=body)
    assert response.status_code == 200, response.text
    assert [result["ok"] for result in response.json()["results"]] == [True] * len(ids)


def notes(client: TestClient, order: UUID) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get(f"/api/v1/orders/{order}/notes").json()["items"]
    return items


def watched(client: TestClient) -> list[tuple[str, str, bool]]:
    items = client.get("/api/v1/watched-orders").json()["items"]
    return [(one["order_number"], one["event"], one["news"]) for one in items]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("no one", []),
        ("mail ana@x.org", []),
        ("@ana@x.org", ["ana@x.org"]),
        ("See (@Ana@X.org), @bo@y.org. And @ana@x.org!", ["ana@x.org", "bo@y.org"]),
        ("@ana @x.org", []),
        ("@ana+b@mail.x.co.uk?", ["ana+b@mail.x.co.uk"]),
    ],
)
def test_addresses_after_an_at_sign_are_mentions(text: str, addresses: list[str]) -> None:
    assert mentioned_addresses(text) == addresses


def test_pinned_notes_come_first_then_the_newest(
    ann: TestClient, bob: TestClient, orders: list[UUID]
) -> None:
    first, second = orders
    write(ann, first, text="one", pinned=True)
    write(bob, first, second, text="two")
    write(ann, first, text="three")

    found = notes(ann, first)
    assert [(note["text"], note["author"], note["pinned"]) for note in found] == [
        ("one", ANN, True),
        ("three", ANN, False),
        ("two", BOB, False),
    ]
    assert [note["editable"] for note in found] == [True, True, False]
    assert [note["text"] for note in notes(ann, second)] == ["two"]

    shown: list[str] = []
    after = ""
    while after is not None:
        page = ann.get(f"/api/v1/orders/{first}/notes?limit=1{after and '&after=' + after}").json()
        shown += [note["text"] for note in page["items"]]
        after = page["next"]
    assert shown == ["one", "three", "two"]


def test_a_note_for_many_orders_reports_those_that_do_not_exist(
    ann: TestClient, orders: list[UUID]
) -> None:
    unknown = new_id()
    ids = [str(orders[0]), str(unknown), str(orders[0])]
    response = ann.post("/api/v1/notes", json={"order_ids": ids, "text": "hello"})
    assert [(one["ok"], one["reason"]) for one in response.json()["results"]] == [
        (True, ""),
        (False, "there is no such order"),
        (True, ""),
    ]
    assert len(notes(ann, orders[0])) == 1


@pytest.mark.parametrize(("text", "status"), [("  \n ", 422), ("", 422), ("x" * 5_001, 422)])
def test_an_empty_or_long_note_is_refused(
    ann: TestClient, orders: list[UUID], text: str, status: int
) -> None:
    body = {"order_ids": [str(orders[0])], "text": text}
    assert ann.post("/api/v1/notes", json=body).status_code == status
    assert notes(ann, orders[0]) == []


def test_only_the_author_changes_a_note_and_an_administrator_may_delete_it(
    ann: TestClient, bob: TestClient, administrator: TestClient, orders: list[UUID]
) -> None:
    write(ann, orders[0], text="one")
    path = f"/api/v1/notes/{notes(ann, orders[0])[0]['id']}"

    assert bob.patch(path, json={"text": "two"}).status_code == 403
    assert bob.delete(path).status_code == 403
    assert bob.patch(path, json={"pinned": True}).json()["pinned"] is True
    changed = ann.patch(path, json={"text": "three"}).json()
    assert (changed["text"], changed["edited_at"] is not None) == ("three", True)
    assert administrator.delete(path).status_code == 204
    assert ann.delete(path).status_code == 404
    assert notes(ann, orders[0]) == []


def test_the_event_log_names_notes_and_holds_no_text(
    database: Database, ann: TestClient, orders: list[UUID]
) -> None:
    write(ann, orders[0], text="secret")
    path = f"/api/v1/notes/{notes(ann, orders[0])[0]['id']}"
    ann.patch(path, json={"text": "secrets"})
    ann.delete(path)

    with database.reading() as session:
        events = [one for one in timeline(session, [orders[0]]) if ".note_" in one.name]
    assert [(one.name, one.actor) for one in reversed(events)] == [
        ("order.note_added", ANN),
        ("order.note_changed", ANN),
        ("order.note_deleted", ANN),
    ]
    assert not any("secret" in str(one.data) for one in events)


def test_a_person_mentioned_reads_it_and_watches_the_order(
    ann: TestClient, bob: TestClient, orders: list[UUID]
) -> None:
    write(ann, orders[0], text=f"Please look, @{BOB.upper()} and @nobody@example.com")
    [mention] = bob.get("/api/v1/mentions?unread=true").json()["items"]
    assert (mention["order_number"], mention["author_name"]) == ("A-1", "Ann")
    assert ann.get("/api/v1/mentions").json()["items"] == []
    watchers = {"watching": True, "watchers": [ANN, BOB]}
    assert bob.get(f"/api/v1/orders/{orders[0]}/watchers").json() == watchers

    assert bob.post(f"/api/v1/watched-orders/{orders[0]}/seen").status_code == 204
    assert bob.get("/api/v1/mentions?unread=true").json()["items"] == []
    [read] = bob.get("/api/v1/mentions").json()["items"]
    assert read["read_at"] is not None


def test_a_mention_that_is_removed_from_the_text_disappears(
    ann: TestClient, bob: TestClient, orders: list[UUID]
) -> None:
    write(ann, orders[0], text=f"@{BOB}")
    path = f"/api/v1/notes/{notes(ann, orders[0])[0]['id']}"
    ann.patch(path, json={"text": "never mind"})
    assert bob.get("/api/v1/mentions").json()["items"] == []


def test_a_watched_order_has_news_when_another_user_did_something(
    ann: TestClient, bob: TestClient, orders: list[UUID]
) -> None:
    first, second = orders
    for order in orders:
        assert ann.put(f"/api/v1/watched-orders/{order}").status_code == 204
    assert ann.put(f"/api/v1/watched-orders/{new_id()}").status_code == 404
    assert watched(ann) == [
        ("A-2", "order.created", False),
        ("A-1", "order.created", False),
    ]

    write(bob, first)
    assert watched(ann)[0] == ("A-1", "order.note_added", True)
    ann.post(f"/api/v1/watched-orders/{first}/seen")
    write(ann, first)
    assert {news for _, _, news in watched(ann)} == {False}

    ann.delete(f"/api/v1/watched-orders/{second}")
    assert [number for number, _, _ in watched(ann)] == ["A-1"]


def test_people_are_the_active_users(ann: TestClient) -> None:
    assert ann.get("/api/v1/people").json()["items"] == [
        {"email": ANN, "name": "Ann"},
        {"email": BOB, "name": "Bob"},
    ]


@pytest.mark.parametrize("permissions", [set(), {"orders.read"}])
def test_notes_need_a_permission(
    database: Database, orders: list[UUID], permissions: set[str]
) -> None:
    app = package_app(database, router, permissions=permissions, principal=ANN)
    reading = 200 if permissions else 403
    with http_client(app) as client:
        assert client.get(f"/api/v1/orders/{orders[0]}/notes").status_code == reading
        assert client.get("/api/v1/people").status_code == reading
        body = {"order_ids": [str(orders[0])], "text": "hello"}
        assert client.post("/api/v1/notes", json=body).status_code == 403

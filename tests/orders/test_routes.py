"""The orders API: keyset pages, bulk actions with one result each, idempotent requests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from tests.orders.builders import (
    NOW,
    SHIP_TO,
    document,
    line,
    master_data,
    placed,
    receive,
    sourced,
    stock,
)
from tests.package_app import http_client, package_app

from openiom.kernel import new_id
from openiom.orders import EVENT_TITLES, OrderIntake, hold_orders, order_router
from openiom.platform.bulk import fetch
from openiom.platform.database import Database


@pytest.fixture
def permissions() -> set[str]:
    return {"orders.read", "orders.write"}


@pytest.fixture
def client(database: Database, permissions: set[str]) -> Iterator[TestClient]:
    app = package_app(
        database,
        order_router(EVENT_TITLES),
        permissions=permissions,
        order_intake=OrderIntake(database),
    )
    with http_client(app) as asking:
        yield asking


def numbers(client: TestClient, query: str) -> list[str]:
    answer = client.get(f"/api/v1/orders?{query}")
    assert answer.status_code == 200, answer.text
    return [row["number"] for row in answer.json()["items"]]


def numbers_of(page: dict[str, Any]) -> list[str]:
    return [row["number"] for row in page["items"]]


def test_the_list_is_newest_first_and_pages_by_key(client: TestClient, database: Database) -> None:
    master_data(database)
    receive(database, *(document(str(i)) for i in range(7)))
    first = client.get("/api/v1/orders?limit=3").json()
    second = client.get(f"/api/v1/orders?limit=3&after={first['next']}").json()
    third = client.get(f"/api/v1/orders?limit=3&after={second['next']}").json()
    pages = [numbers_of(page) for page in (first, second, third)]
    assert pages == [["6", "5", "4"], ["3", "2", "1"], ["0"]]
    assert third["next"] is None
    assert client.get("/api/v1/orders?after=nonsense").status_code == 422
    row = first["items"][0]
    assert {
        k: row[k]
        for k in ("customer_name", "ship_to_city", "ship_to_country", "state", "total_amount")
    } == {
        "customer_name": "Richard Miles",
        "ship_to_city": "Redmond",
        "ship_to_country": "US",
        "state": "new",
        "total_amount": "10.00",
    }


def test_the_list_is_narrowed_by_what_people_look_for(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    stock(database, Lamp__CHI=9)
    receive(database, document("A-1"), document("A-2", line("Lamp"), origin="edi"), document("50%"))
    other = document(
        "B-1",
        customer={"name": "Zoe O'Hara", "email": "zoe@x.org"},
        placed_at="2026-10-01T00:00:00Z",
    )
    receive(database, other, instance="other")

    with database.reading() as session:
        ids = {n: i for n, i in fetch(session, "SELECT number, id FROM orders.order")}

    sourced(database, [ids["A-2"]], "CHI")
    with database.unit_of_work() as session:
        hold_orders(session, [ids["A-1"]], NOW, "ann")

    assert numbers(client, "search=a-") == ["A-2", "A-1"]
    assert numbers(client, "search=zoe o'h") == ["B-1"]
    assert numbers(client, "search=ZOE@x.org") == ["B-1"]
    assert numbers(client, "search=50%25") == ["50%"]
    assert numbers(client, "search=%25") == ["50%"]
    assert numbers(client, "search=_") == []
    assert numbers(client, "search=%00") == ["B-1", "50%", "A-2", "A-1"]
    assert numbers(client, "state=on_hold") == ["A-1"]
    assert numbers(client, "manual_hold=true") == ["A-1"]
    assert numbers(client, "instance=other") == ["B-1"]
    assert numbers(client, "origin=edi") == ["A-2"]
    assert numbers(client, "source=CHI") == ["A-2"]
    assert numbers(client, "product=Lamp") == ["A-2"]
    assert numbers(client, "placed_to=2026-10-31T00:00:00Z") == ["B-1"]
    assert numbers(client, "placed_from=2026-10-31T00:00:00Z&search=a-") == ["A-2", "A-1"]
    assert client.get("/api/v1/orders?source=CHI").json()["items"][0]["sources"] == ["CHI"]
    assert client.get("/api/v1/orders/counts").json() == {
        "states": {
            "new": 2,
            "on_hold": 1,
            "in_progress": 0,
            "fulfillment_in_process": 1,
            "completed": 0,
            "canceled": 0,
        },
        "manual_hold": 1,
        "failed": 0,
    }


def test_placing_order_pages_by_the_day_of_placing(client: TestClient, database: Database) -> None:
    master_data(database)
    day = datetime(2026, 1, 1, tzinfo=UTC)
    receive(
        database,
        *(document(str(i), placed_at=(day - timedelta(days=i)).isoformat()) for i in range(5)),
    )
    query = "placed_to=2026-06-01T00:00:00Z&limit=2"
    first = client.get(f"/api/v1/orders?{query}").json()
    assert [r["number"] for r in first["items"]] == ["0", "1"]
    assert numbers(client, f"{query}&after={first['next']}") == ["2", "3"]


def test_an_order_shows_its_state_and_what_may_be_done(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    order = placed(
        database,
        line(quantity=2),
        line("Lamp", tax="0.50"),
        shipping_amount="4.00",
        total_amount="34.50",
    )
    body = client.get(f"/api/v1/orders/{order}").json()
    assert body["amounts"] == {
        "subtotal": "30.00",
        "shipping": "4.00",
        "fees": "0.00",
        "credit": "0.00",
        "discount": "0.00",
        "tax": "0.50",
        "total": "34.50",
        "difference": "0.00",
    }
    assert body["state_label"] == "New sales order"
    assert [(s["state"], s["reached"]) for s in body["progress"]] == [
        ("new", True),
        ("in_progress", False),
        ("fulfillment_in_process", False),
        ("completed", False),
    ]
    assert [(x["product"], x["quantity"], x["total"]) for x in body["lines"]] == [
        ("Accu Scale", 2, "20.00"),
        ("Lamp", 1, "10.50"),
    ]
    assert body["actions"] == {
        "hold": {"allowed": True, "reason": ""},
        "release": {"allowed": False, "reason": "the order is not on manual hold"},
        "cancel": {"allowed": True, "reason": ""},
        "recall": {
            "allowed": False,
            "reason": "no unit of the order is in a fulfillment order",
        },
    }
    events = client.get(f"/api/v1/orders/{order}/timeline").json()["events"]
    assert [(e["name"], e["title"], e["subject_label"], e["actor"]) for e in events] == [
        ("order.created", "New order", "1001", "intake")
    ]

    for path in (f"/api/v1/orders/{new_id()}", f"/api/v1/orders/{new_id()}/timeline"):
        assert client.get(path).status_code == 404

    assert client.get("/api/v1/orders/1001").status_code == 422


def test_bulk_verbs_answer_each_order(client: TestClient, database: Database) -> None:
    master_data(database)
    order, nobody = placed(database), new_id()
    held = client.post(
        "/api/v1/orders/hold", json={"ids": [str(order), str(nobody)], "reason": "fraud check"}
    ).json()
    assert held["results"] == [
        {"id": str(order), "ok": True, "reason": "fraud check"},
        {"id": str(nobody), "ok": False, "reason": f"there is no order {nobody}"},
    ]
    assert client.get(f"/api/v1/orders/{order}").json()["manual_hold"] is True

    for verb, ok in (
        ("hold", False),
        ("release", True),
        ("release", False),
        ("cancel", True),
        ("cancel", False),
    ):
        answer = client.post(f"/api/v1/orders/{verb}", json={"ids": [str(order)]})
        assert (answer.status_code, answer.json()["results"][0]["ok"]) == (200, ok), verb

    too_many = client.post("/api/v1/orders/hold", json={"ids": [str(order)] * 1_001})
    assert too_many.status_code == 413
    assert client.post("/api/v1/orders/hold", json={"ids": []}).status_code == 422
    assert client.post("/api/v1/orders/hold", json={"ids": ["x"]}).status_code == 422


def test_units_of_a_line_are_canceled(client: TestClient, database: Database) -> None:
    master_data(database)
    order = placed(database, line(quantity=5))
    line_id = client.get(f"/api/v1/orders/{order}").json()["lines"][0]["id"]
    body = {"lines": [{"id": line_id, "quantity": 2}], "reason": "too many"}
    answer = client.post("/api/v1/orders/lines/cancel", json=body)
    assert answer.json()["results"] == [{"id": line_id, "ok": True, "reason": "2 canceled"}]
    assert client.get(f"/api/v1/orders/{order}").json()["lines"][0]["canceled"] == 2


def test_orders_are_taken_and_refused_one_by_one(client: TestClient, database: Database) -> None:
    master_data(database)
    keyed = document("3", line() | {"product": {"field": "number", "value": "Lamp"}})
    answer = client.post(
        "/api/v1/orders", json={"orders": [document("1"), document("2", line("Ghost")), keyed, {}]}
    )
    assert answer.status_code == 202
    results = answer.json()["results"]
    assert [(r["index"], r["ok"], r["number"]) for r in results] == [
        (0, True, "1"),
        (1, False, ""),
        (2, True, "3"),
        (3, False, ""),
    ]
    assert results[1]["problem"] == {
        "what": "there is no product Ghost",
        "where": "lines[0].product",
        "remedy": "add the product, and the order is replayed; or map the key to another",
    }
    assert results[3]["problem"]["what"].startswith("is missing")
    taken = client.get(f"/api/v1/orders/{results[0]['id']}").json()
    assert (taken["instance"], taken["ship_to"]["city"]) == ("api", SHIP_TO["city"])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"orders": []}, 422),
        ({"orders": [document(str(i)) for i in range(501)]}, 413),
        ({"orders": [1]}, 422),
        ({"orders": [{}], "instance": "fabrikam-store"}, 422),
        ([], 422),
    ],
)
def test_a_malformed_request_is_a_problem_and_never_a_bug(
    client: TestClient, body: Any, status: int
) -> None:
    answer = client.post("/api/v1/orders", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_same_request_under_one_key_is_done_once(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    headers = {"Idempotency-Key": "k1"}
    first = client.post("/api/v1/orders", json={"orders": [document("1")]}, headers=headers).json()
    again = client.post("/api/v1/orders", json={"orders": [document("1")]}, headers=headers).json()
    assert first == again
    assert first["results"][0]["duplicate"] is False
    other = client.post("/api/v1/orders", json={"orders": [document("2")]}, headers=headers)
    assert other.status_code == 409
    assert other.json()["where"] == "Idempotency-Key"
    assert numbers(client, "") == ["1"]
    UUID(first["results"][0]["id"])


def test_who_may_only_read_changes_nothing(
    client: TestClient, database: Database, permissions: set[str]
) -> None:
    master_data(database)
    order = placed(database)
    permissions.discard("orders.write")

    for path in ("hold", "release", "cancel"):
        assert client.post(f"/api/v1/orders/{path}", json={"ids": [str(order)]}).status_code == 403

    assert client.post("/api/v1/orders", json={"orders": [document("9")]}).status_code == 403
    permissions.clear()
    assert client.get("/api/v1/orders").status_code == 403


def test_orders_are_found_by_their_ids(client: TestClient, database: Database) -> None:
    master_data(database)
    receive(database, *(document(str(i)) for i in range(3)))
    rows = client.get("/api/v1/orders").json()["items"]
    ids = [rows[0]["id"], rows[2]["id"], str(new_id())]

    found = client.get("/api/v1/orders", params={"ids": ids}).json()["items"]

    assert [(row["number"], row["customer_name"]) for row in found] == [
        ("2", "Richard Miles"),
        ("0", "Richard Miles"),
    ]
    too_many = {"ids": [str(new_id()) for _ in range(501)]}
    assert client.get("/api/v1/orders", params=too_many).status_code == 422


def test_lines_are_found_by_their_ids_and_by_the_number_of_their_order(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    receive(database, document("1001", lines=[line(), line()]), document("1002"))

    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT l.id, o.number, l.line_number FROM orders.order_line l"
            " JOIN orders.order o ON o.id = l.order_id",
        )

    ids = {(number, n): str(line_id) for line_id, number, n in rows}

    named = client.get(
        "/api/v1/orders/lines", params={"ids": [ids["1001", 2], ids["1002", 1], str(new_id())]}
    )
    assert [(r["line_id"], r["order_number"], r["line_number"]) for r in named.json()["items"]] == [
        (ids["1001", 2], "1001", 2),
        (ids["1002", 1], "1002", 1),
    ]
    found = client.get("/api/v1/orders/lines", params={"order_number": "1001"})
    assert [r["line_id"] for r in found.json()["items"]] == [ids["1001", 1], ids["1001", 2]]
    assert client.get("/api/v1/orders/lines").json()["items"] == []


def test_lines_are_not_read_without_permission(client: TestClient, permissions: set[str]) -> None:
    permissions.clear()
    assert client.get("/api/v1/orders/lines", params={"order_number": "1"}).status_code == 403

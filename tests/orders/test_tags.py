"""Tags of orders: added to many at once, listed, and filtered by."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.orders.builders import document, master_data, receive
from tests.package_app import http_client, package_app

from openiom.kernel import new_id
from openiom.orders import EVENT_TITLES, order_router
from openiom.orders.models import MAX_TAGS
from openiom.orders.service.tag_orders import SUGGESTIONS, USED_TAGS, used_tags
from openiom.platform.bulk import execute, fetch_column
from openiom.platform.database import Database


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    """Three orders: A-1, A-2 and A-3."""
    master_data(database)
    for number in ("A-1", "A-2", "A-3"):
        receive(database, document(number, number=number))

    permissions = {"orders.read", "orders.write"}
    app = package_app(database, order_router(EVENT_TITLES), permissions=permissions)
    with http_client(app) as asking:
        yield asking


def orders(client: TestClient, query: str = "") -> dict[str, dict[str, Any]]:
    items = client.get(f"/api/v1/orders?{query}").json()["items"]
    return {row["number"]: row for row in items}


def change(client: TestClient, *numbers: str, **tags: list[str]) -> list[str]:
    """Change tags of orders and return the reasons of the results."""
    rows = orders(client)
    ids = [rows[number]["id"] for number in numbers]
    response = client.post("/api/v1/orders/tags", json={"ids": ids, **tags})
    assert response.status_code == 200, response.text
    return [result["reason"] for result in response.json()["results"]]


def tags(client: TestClient, search: str = "") -> dict[str, int]:
    items = client.get("/api/v1/orders/tags", params={"search": search}).json()["items"]
    return {one["tag"]: one["orders"] for one in items}


def test_orders_are_tagged_listed_and_filtered(client: TestClient) -> None:
    assert change(client, "A-1", "A-2", add=[" VIP ", "Black  Friday", "vip"]) == ["", ""]
    change(client, "A-2", add=["gift"], remove=["VIP", "unused"])

    found = {number: row["tags"] for number, row in orders(client).items()}
    assert found == {"A-1": ["black friday", "vip"], "A-2": ["black friday", "gift"], "A-3": []}
    assert set(orders(client, "tag=black friday")) == {"A-1", "A-2"}
    assert set(orders(client, "tag=VIP")) == {"A-1"}
    assert set(orders(client, "tag=v")) == set()
    assert tags(client) == {"black friday": 2, "gift": 1, "vip": 1}
    assert tags(client, "B") == {"black friday": 2}
    assert tags(client, "%") == {}


def test_the_timeline_shows_what_changed(client: TestClient) -> None:
    change(client, "A-1", add=["vip"])
    change(client, "A-1", add=["vip"], remove=["gift"])
    order = orders(client)["A-1"]["id"]
    events = client.get(f"/api/v1/orders/{order}/timeline").json()["events"]
    tagged = [event for event in events if event["name"] == "order.tagged"]
    assert [event["data"] for event in tagged] == [{"added": ["vip"], "removed": []}]
    assert tagged[0]["title"] == "Tags changed"


@pytest.mark.parametrize("tag", ["", "  ", "a,b", "x" * 41])
def test_a_tag_that_is_not_possible_is_refused(client: TestClient, tag: str) -> None:
    order = orders(client)["A-1"]["id"]
    response = client.post("/api/v1/orders/tags", json={"ids": [order], "add": ["vip", tag]})
    assert response.status_code == 422
    assert response.json()["where"] == "add[1]"
    assert tags(client) == {}


def test_an_order_has_a_limited_number_of_tags(client: TestClient) -> None:
    change(client, "A-1", add=[f"tag {n}" for n in range(MAX_TAGS)])
    ids = [row["id"] for row in orders(client).values()]
    response = client.post("/api/v1/orders/tags", json={"ids": ids, "add": ["one more"]})
    assert (response.status_code, response.json()["remedy"]) == (422, "remove tags first")
    assert "one more" not in tags(client)
    change(client, "A-1", add=["one more"], remove=["tag 0"])
    assert tags(client)["one more"] == 1


def test_unknown_orders_are_reported(client: TestClient) -> None:
    ids = [str(new_id()), orders(client)["A-1"]["id"]]
    response = client.post("/api/v1/orders/tags", json={"ids": ids, "add": ["vip"]})
    assert [one["ok"] for one in response.json()["results"]] == [False, True]


def test_tags_of_many_orders_are_read_from_the_index(database: Database) -> None:
    with database.unit_of_work() as session:
        # Rows without orders: only the plan matters.
        execute(session, "SET LOCAL session_replication_role = replica")
        execute(
            session,
            "INSERT INTO orders.order_tag (tag, order_id, tagged_at, tagged_by)"
            " SELECT concat('tag ', mod(n, 200)), gen_random_uuid(), now(), 'ann'"
            " FROM generate_series(1, 20000) n",
        )
        execute(session, "ANALYZE orders.order_tag")
        assert used_tags(session, beginning="tag 19")[:2] == [("tag 19", 100), ("tag 190", 100)]
        plan = fetch_column(
            session, f"EXPLAIN {USED_TAGS}", {"beginning": "tag%", "limit": SUGGESTIONS}
        )

    assert "Seq Scan" not in "\n".join(plan), plan

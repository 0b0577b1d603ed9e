"""Return orders over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.package_app import http_client, package_app
from tests.returns.builders import delivered, line, line_ids, shop

from openiom.kernel import new_id
from openiom.platform.database import Database
from openiom.returns import EVENT_TITLES, returns_router

BOTH = {"returns.read", "returns.write"}


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    app = package_app(database, returns_router(EVENT_TITLES), permissions=BOTH)
    with http_client(app) as asking:
        yield asking


def body(order: Any, sold: str, quantity: int) -> dict[str, Any]:
    item = {"order_line_id": sold, "quantity": quantity, "reason": "defective"}
    return {"returns": [{"order_id": str(order), "lines": [item], "override": True}]}


def test_a_return_is_created_once_listed_received_and_refunded(
    client: TestClient, database: Database
) -> None:
    shop(database)
    order = delivered(database, line(quantity=2))
    [sold] = line_ids(database, order)
    returnable = client.get(f"/api/v1/orders/{order}/returnable").json()["lines"][0]
    assert (returnable["returnable"], returnable["amount"]) == (2, "20.00")

    headers = {"Idempotency-Key": "k1"}
    first = client.post("/api/v1/returns", json=body(order, sold, 2), headers=headers)
    again = client.post("/api/v1/returns", json=body(order, sold, 2), headers=headers)
    assert (first.status_code, first.json()) == (201, again.json())
    [created] = first.json()["results"]
    refused = client.post("/api/v1/returns", json=body(order, sold, 1)).json()["results"][0]
    assert (refused["ok"], refused["where"]) == (False, "lines[0].quantity")

    for query in ("", "search=rma-", "search=1001", "search=Richard", "state=approved"):
        items = client.get(f"/api/v1/returns?{query}").json()["items"]
        assert [row["number"] for row in items] == [created["number"]], query
    assert client.get("/api/v1/returns?search=%25").json()["items"] == []
    assert client.get("/api/v1/returns/counts").json()["states"] == {"approved": 1}

    detail = client.get(f"/api/v1/returns/{created['id']}").json()
    item = {"id": detail["lines"][0]["id"], "quantity": 2, "condition": "new"}
    sent = {"place": "SEA", "items": [item | {"disposition": "restock"}]}
    received = client.post("/api/v1/returns/receive", json=sent, headers={"Idempotency-Key": "k2"})
    repeated = client.post("/api/v1/returns/receive", json=sent, headers={"Idempotency-Key": "k2"})
    assert received.json() == repeated.json()
    assert received.json()["results"][0]["ok"]
    [due] = client.get("/api/v1/returns?refund_due=true").json()["items"]
    assert (due["refund_amount"], due["refund_state"]) == ("20.00", "due")

    amount = client.get(f"/api/v1/returns/{created['id']}").json()["amounts"][0]["id"]
    paid = client.post("/api/v1/returns/record-payment", json={"ids": [amount], "reference": "R1"})
    assert paid.json()["results"][0]["ok"]
    closed = client.post("/api/v1/returns/close", json={"ids": [created["id"], str(new_id())]})
    assert [row["ok"] for row in closed.json()["results"]] == [True, False]
    events = client.get(f"/api/v1/returns/{created['id']}/timeline").json()["events"]
    assert events[0]["title"] == "Return closed"
    assert client.get(f"/api/v1/orders/{order}/returns").json()["items"][0]["state"] == "closed"


def test_goods_without_an_order_are_received_and_matched(
    client: TestClient, database: Database
) -> None:
    shop(database)
    order = delivered(database, line(quantity=2))
    [sold] = line_ids(database, order)
    blind = {"place": "SEA", "lines": [{"product": "Accu Scale", "quantity": 1}]}
    unknown = {"place": "SEA", "lines": [{"product": "Nothing", "quantity": 1}]}
    answer = client.post("/api/v1/returns/blind", json={"returns": [blind, unknown]}).json()
    assert [row["ok"] for row in answer["results"]] == [True, False]
    found = client.get(f"/api/v1/returns/{answer['results'][0]['id']}").json()
    pair = {"id": found["lines"][0]["id"], "order_line_id": sold}
    matched = client.post("/api/v1/returns/match", json={"lines": [pair]}).json()
    assert matched["results"][0]["ok"]


def test_returns_are_neither_read_nor_changed_without_permission(database: Database) -> None:
    app = package_app(database, returns_router(EVENT_TITLES), permissions={"orders.read"})
    with http_client(app) as stranger:
        for path in ("returns", "returns/counts", "returns/policy", f"returns/{new_id()}"):
            assert stranger.get(f"/api/v1/{path}").status_code == 403
        ids = {"ids": [str(new_id())]}
        for path in ("approve", "refuse", "cancel", "close", "request-label"):
            assert stranger.post(f"/api/v1/returns/{path}", json=ids).status_code == 403


def test_what_does_not_exist_is_not_found(client: TestClient) -> None:
    assert client.get(f"/api/v1/returns/{new_id()}").status_code == 404
    assert client.get(f"/api/v1/returns/{new_id()}/timeline").status_code == 404
    assert client.get(f"/api/v1/orders/{new_id()}/returnable").status_code == 404
    assert client.get("/api/v1/returns?outcome=gift").status_code == 422
    many = {"ids": [str(new_id())] * 1_001}
    assert client.post("/api/v1/returns/close", json=many).status_code in (413, 422)

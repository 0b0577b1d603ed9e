"""Fulfillment orders over HTTP."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.fulfillment.builders import (
    create,
    fulfillment_orders,
    parcel,
    ready,
    report,
    send,
    update,
)
from tests.orders.builders import line, master_data, state_of, stock
from tests.package_app import http_client, package_app

from openiom.fulfillment import router
from openiom.kernel import new_id
from openiom.platform.database import Database


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    with http_client(package_app(database, router, permissions={"fulfillment.read"})) as asking:
        yield asking


@pytest.fixture
def manager(database: Database) -> Iterator[TestClient]:
    """A client that may change orders, over stocked master data."""
    master_data(database)
    stock(database, Accu_Scale__SEA=100)
    permissions = {"fulfillment.read", "orders.write"}
    with http_client(package_app(database, router, permissions=permissions)) as asking:
        yield asking


def test_fulfillment_orders_are_listed_narrowed_and_shown_whole(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=100)
    orders = [ready(database, line(quantity=2), external_id=f"A-{i}") for i in range(3)]
    create(database, *orders)
    first, second, third = (fulfillment_orders(database, o)[0] for o in orders)
    send(database, first["id"], second["id"])
    report(database, parcel(first, "P1", 1))

    def numbers(query: str) -> list[str]:
        return [
            row["number"]
            for row in client.get(f"/api/v1/fulfillment-orders?{query}").json()["items"]
        ]

    assert numbers("") == [third["number"], second["number"], first["number"]]
    assert numbers("state=sent") == [second["number"]]
    assert numbers("source=SEA&limit=1") == [third["number"]]
    assert numbers("search=a-1") == [second["number"]]
    assert numbers(f"search={third['number'].lower()}") == [third["number"]]
    assert numbers("search=%25") == []
    assert numbers(f"order_id={orders[0]}") == [first["number"]]
    page = client.get("/api/v1/fulfillment-orders?limit=2").json()
    assert numbers(f"after={page['next']}") == [first["number"]]
    detail = client.get(f"/api/v1/fulfillment-orders/{first['id']}").json()
    assert (detail["units"], detail["shipped_units"], detail["order_number"]) == (2, 1, "A-0")
    assert detail["shipments"][0]["tracking_number"] == "1ZP1"
    assert detail["shipments"][0]["items"] == [
        {
            "product": "Accu Scale",
            "quantity": 1,
            "unit": "ea",
            "variant": {"size": "", "color": "", "style": "", "configuration": ""},
        }
    ]
    of_order = client.get(f"/api/v1/orders/{orders[0]}/fulfillment-orders").json()["items"]
    assert [f["number"] for f in of_order] == [first["number"]]
    assert client.get(f"/api/v1/fulfillment-orders/{new_id()}").status_code == 404
    assert client.get("/api/v1/fulfillment-orders?after=xx").status_code == 422


def test_a_fulfillment_order_shows_both_places_and_its_lines(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    stock(database, Accu_Scale__SEA=100, Lamp__SEA=100)
    order = ready(database, line(quantity=2), line("Lamp", 1, name="Desk lamp"))
    create(database, order)
    (found,) = fulfillment_orders(database, order)

    detail = client.get(f"/api/v1/fulfillment-orders/{found['id']}").json()

    assert [(one["product"], one["name"], one["unit"]) for one in detail["lines"]] == [
        ("Accu Scale", "Accu Scale", "ea"),
        ("Lamp", "Desk lamp", "ea"),
    ]
    assert detail["source_place"] == {
        "name": "SEA",
        "latitude": None,
        "longitude": None,
        "address": detail["source_place"]["address"],
    }, "nothing is known of the source"
    assert detail["ship_to_place"]["name"] == "Richard Miles"
    assert detail["ship_to"]["city"] == "Redmond"
    assert (detail["state_label"], detail["state_reason"]) == ("New", "Created")
    assert detail["shipments"] == []


def test_an_order_without_fulfillment_orders_has_none(
    client: TestClient, database: Database
) -> None:
    assert client.get(f"/api/v1/orders/{new_id()}/fulfillment-orders").json() == {"items": []}
    assert client.get("/api/v1/fulfillment-orders").json() == {"items": [], "next": None}


def test_fulfillment_orders_are_not_read_without_permission(database: Database) -> None:
    with http_client(package_app(database, router, permissions={"orders.read"})) as stranger:
        assert stranger.get("/api/v1/fulfillment-orders").status_code == 403
        assert stranger.get(f"/api/v1/fulfillment-orders/{new_id()}").status_code == 403
        path = f"/api/v1/orders/{new_id()}/fulfillment-orders"
        assert stranger.get(path).status_code == 403


def test_fulfillment_orders_are_recalled_in_bulk_with_one_result_per_row(
    manager: TestClient, database: Database
) -> None:
    unsent, sent = (ready(database, external_id=f"A-{i}") for i in range(2))
    create(database, unsent, sent)
    first, second = (fulfillment_orders(database, order)[0] for order in (unsent, sent))
    send(database, second["id"])
    unknown = str(new_id())
    body = {"ids": [first["id"], second["id"], unknown], "units": "cancel", "reason": "too late"}

    answer = manager.post("/api/v1/fulfillment-orders/recall", json=body).json()

    assert answer["results"] == [
        {"id": first["id"], "ok": True, "reason": f"{first['number']}: Canceled"},
        {"id": second["id"], "ok": True, "reason": f"{second['number']}: Recall Requested"},
        {"id": unknown, "ok": False, "reason": f"there is no fulfillment order {unknown}"},
    ]
    listed = manager.get("/api/v1/fulfillment-orders?recall=requested").json()["items"]
    assert [(row["number"], row["recalled_units"]) for row in listed] == [
        (second["number"], "cancel")
    ]
    assert state_of(database, unsent)[0] == "canceled"


def test_the_answer_of_a_fulfiller_is_recorded_and_refusals_are_listed(
    manager: TestClient, database: Database
) -> None:
    order = ready(database)
    create(database, order)
    (found,) = fulfillment_orders(database, order)
    send(database, found["id"])
    recalled = manager.post("/api/v1/orders/recall", json={"ids": [str(order)]}).json()
    assert [row["ok"] for row in recalled["results"]] == [True]

    def answer(given: str) -> bool:
        body = {"ids": [found["id"]], "answer": given}
        response = manager.post("/api/v1/fulfillment-orders/recall/answer", json=body).json()
        ok: bool = response["results"][0]["ok"]
        return ok

    assert answer("refused")
    (row,) = manager.get("/api/v1/fulfillment-orders?recall=refused").json()["items"]
    assert (row["state"], row["state_reason"], row["recall"]) == (
        "sent",
        "Recall Refused",
        "refused",
    )
    assert row["actions"]["recall"] == {"allowed": True, "reason": ""}
    assert answer("accepted")
    assert not answer("withdrawn")
    assert manager.get("/api/v1/fulfillment-orders?recall=refused").json()["items"] == []


def test_the_refusal_of_a_source_is_lifted(manager: TestClient, database: Database) -> None:
    order = ready(database)
    create(database, order)
    (found,) = fulfillment_orders(database, order)
    report(database, update(found, "declined"))

    def actions() -> dict[str, dict[str, object]]:
        detail = manager.get(f"/api/v1/fulfillment-orders/{found['id']}").json()
        shown: dict[str, dict[str, object]] = detail["actions"]
        return shown

    assert actions()["lift_refusal"] == {"allowed": True, "reason": ""}
    assert actions()["recall"] == {"allowed": False, "reason": "it was declined already"}
    body = {"ids": [found["id"]], "reason": "found the stock"}
    lifted = manager.post("/api/v1/fulfillment-orders/lift-refusal", json=body).json()
    assert lifted["results"] == [
        {"id": found["id"], "ok": True, "reason": "SEA is considered again"}
    ]
    assert actions()["lift_refusal"]["reason"] == "its source is considered again already"


def test_recalling_needs_the_permission_to_change_orders_and_a_limited_number(
    client: TestClient, manager: TestClient
) -> None:
    ids = [str(new_id())]
    body = {"ids": ids, "answer": "refused"}
    for path, sent in (
        ("fulfillment-orders/recall", {"ids": ids}),
        ("fulfillment-orders/recall/answer", body),
        ("fulfillment-orders/lift-refusal", {"ids": ids}),
        ("orders/recall", {"ids": ids}),
    ):
        assert client.post(f"/api/v1/{path}", json=sent).status_code == 403
        assert manager.post(f"/api/v1/{path}", json=sent).status_code == 200
        many = {**sent, "ids": ids * 1_001}
        assert manager.post(f"/api/v1/{path}", json=many).status_code == 413

    wrong = {"ids": ids, "units": "burn"}
    assert manager.post("/api/v1/orders/recall", json=wrong).status_code == 422
    assert manager.get("/api/v1/fulfillment-orders?recall=maybe").status_code == 422

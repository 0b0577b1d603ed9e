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
)
from tests.orders.builders import line, master_data, stock
from tests.package_app import http_client, package_app

from openiom.fulfillment import router
from openiom.kernel import new_id
from openiom.platform.database import Database


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    with http_client(package_app(database, router, permissions={"fulfillment.read"})) as asking:
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

"""Partitioned by product, a request may leave out the location: stock of all locations counts."""

from itertools import count
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.inventory_contract.contract_client import BASE, configure, index_query, post
from tests.inventory_visibility.invariants import check

from openiom.app.application import Application
from openiom.inventory_visibility import available

NUMBERS = count(1)
SOFA = {"productId": "Sofa", "organizationId": "usmf"}


@pytest.fixture(autouse=True)
def by_product(client: TestClient) -> None:
    configure(client, partition="product", index_sets=[["ColorId"]])


def inbound(client: TestClient, quantity: float, of: dict[str, str] = SOFA, **at: str) -> None:
    measures = {"pos": {"inbound": quantity}}
    body = {**of, "id": f"i-{next(NUMBERS)}", "dimensions": at, "quantities": measures}
    assert post(client, "/onhand", body)["processingStatus"] == "success"


def reserve(client: TestClient, quantity: float, of: dict[str, str] = SOFA, **at: str) -> Any:
    body = {**of, "id": f"r-{next(NUMBERS)}", "dimensions": at, "quantity": quantity}
    return client.post(f"{BASE}/onhand/reserve", json={**body, "modifier": "SoftReservOrdered"})


def unreserve(client: TestClient, quantity: float, reservation: str, **at: str) -> Any:
    body = {**SOFA, "id": f"u-{next(NUMBERS)}", "dimensions": at, "OffsetQty": quantity}
    return post(client, "/onhand/unreserve", {**body, "reservationId": reservation})


def left(client: TestClient) -> float:
    filters = {"organizationId": ["usmf"], "productId": ["Sofa"]}
    rows = index_query(client, filters=filters, groupByValues=[], returnNegative=True)
    return sum(row["quantities"]["iv"]["availabletoreserve"] for row in rows)


def test_a_reservation_without_a_location_uses_stock_of_any(
    client: TestClient, application: Application
) -> None:
    inbound(client, 4, siteId="2", locationId="21")
    answer = reserve(client, 1)
    assert answer.status_code == 200, answer.text
    assert left(client) == 3
    assert reserve(client, 4).status_code == 409
    assert reserve(client, 3).status_code == 200
    check(application.database)


def test_one_reservation_may_rest_on_several_locations_and_is_undone_as_one(
    client: TestClient, application: Application
) -> None:
    inbound(client, 3, siteId="1", locationId="11")
    inbound(client, 2, siteId="2", locationId="21")
    refused = reserve(client, 6)
    assert "5 units are free at all locations, requested 6" in refused.text
    reservation = reserve(client, 5).json()["reservationId"]
    assert left(client) == 0
    assert reserve(client, 1, siteId="1", locationId="11").status_code == 409

    undone = unreserve(client, 7, reservation)
    assert (undone["processingStatus"], undone["totalInvalidOffsetQtyByReservId"]) == (
        "partialSuccess",
        2,
    )
    assert left(client) == 5
    check(application.database)


def test_a_site_limits_a_reservation_to_its_locations(client: TestClient) -> None:
    inbound(client, 3, siteId="1", locationId="11")
    inbound(client, 2, siteId="2", locationId="21")
    assert reserve(client, 3, siteId="2").status_code == 409
    assert reserve(client, 2, siteId="2").status_code == 200
    assert reserve(client, 3).status_code == 200


def test_a_shortage_at_one_location_reduces_what_all_have(client: TestClient) -> None:
    inbound(client, 5, siteId="1", locationId="11")
    inbound(client, -2, siteId="2", locationId="21")
    assert left(client) == 3
    assert (reserve(client, 4).status_code, reserve(client, 3).status_code) == (409, 200)


def test_orders_do_not_get_units_that_are_reserved_without_a_location(
    client: TestClient, application: Application
) -> None:
    own = {"productId": "Sofa", "organizationId": "main"}
    inbound(client, 4, own, siteId="SEA", locationId="SEA")
    assert reserve(client, 3, own).status_code == 200
    with application.database.reading() as session:
        assert available(session, ["Sofa"]) == {("Sofa", "SEA"): 1}


def test_units_are_allocated_without_a_location(client: TestClient) -> None:
    inbound(client, 4, siteId="2", locationId="21")
    body = {**SOFA, "dimensions": {}, "groups": {"channel": "web"}}
    allocate = f"{BASE}/allocation/allocate"
    assert client.post(allocate, json={**body, "id": "a-1", "quantity": 5}).status_code == 409
    assert client.post(allocate, json={**body, "id": "a-2", "quantity": 3}).status_code == 200
    assert client.post(allocate, json={**body, "id": "a-3", "quantity": 2}).status_code == 409

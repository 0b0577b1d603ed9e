"""What orders of the simulated store may contain, and how they change."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from openiom_simulators import RunningServer, StoreOptions, running, store_application

BILLING = {"first_name": "Jane", "zip": "78751", "email": "jane@example.com"}
LOCATION = {"code": "LOCATION-2", "name": "Austin store", "city": "Austin", "country_alpha2": "US"}
INCLUDE = {"include": "consignments.line_items", "consignment_structure": "object"}


@pytest.fixture(scope="module")
def server() -> Iterator[RunningServer]:
    with running(store_application(StoreOptions(store_hash="s1", token="token"))) as (one,):
        products = [
            {"id": 1, "sku": "LAMP", "name": "Lamp", "price": 5000, "weight": 100},
            {"id": 2, "sku": "PDF", "name": "Guide", "price": 900, "weight": 0, "type": "digital"},
        ]
        load = {"products": products, "customers": [], "orders": []}
        httpx.post(f"{one.url}/_sim/load", json=load).raise_for_status()
        yield one


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    headers = {"X-Auth-Token": "token"}
    with httpx.Client(base_url=f"{server.url}/stores/s1", headers=headers) as one:
        yield one


def placed(client: httpx.Client, *products: dict[str, Any], **more: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"status_id": 11, "billing_address": BILLING, **more}
    if products:
        document["products"] = list(products)
    response = client.post("/v2/orders", json=document)
    assert response.status_code == 200, response.text
    return dict(response.json())


def listed(client: httpx.Client, order: dict[str, Any]) -> dict[str, Any]:
    query = {**INCLUDE, "min_id": order["id"], "max_id": order["id"]}
    [found] = client.get("/v2/orders", params=query).json()
    return dict(found)


def lines_of(client: httpx.Client, order: dict[str, Any]) -> list[dict[str, Any]]:
    return list(client.get(f"/v2/orders/{order['id']}/products", params={"limit": 250}).json())


@pytest.mark.parametrize(("count", "nested"), [(50, 50), (51, 50), (120, 50)])
def test_a_list_includes_fifty_lines_of_a_consignment(
    client: httpx.Client, count: int, nested: int
) -> None:
    order = placed(client, *[{"product_id": 1, "quantity": 1}] * count)
    [consignment] = listed(client, order)["consignments"]["shipping"]
    assert len(consignment["line_items"]) == nested
    assert ("__warning__" in consignment) is (count > nested)
    assert len(lines_of(client, order)) == count


def test_consignments_have_their_own_lines(client: httpx.Client) -> None:
    shipping = [
        {**BILLING, "city": "Austin", "line_items": [{"product_id": 1, "quantity": 2}]},
        {**BILLING, "city": "Dallas", "line_items": [{"product_id": 1, "quantity": 1}]},
    ]
    guide = [{"line_items": [{"product_id": 2, "quantity": 1}]}]
    order = placed(client, consignments={"shipping": shipping, "downloads": guide})
    found = listed(client, order)["consignments"]
    austin, dallas = found["shipping"]
    assert (austin["city"], dallas["city"]) == ("Austin", "Dallas")
    assert [line["quantity"] for line in austin["line_items"]] == [2]
    assert [line["quantity"] for line in dallas["line_items"]] == [1]
    [downloads] = found["downloads"]
    assert [line["type"] for line in downloads["line_items"]] == ["digital"]
    addresses = client.get(f"/v2/orders/{order['id']}/shipping_addresses").json()
    assert [a["city"] for a in addresses] == ["Austin", "Dallas"]


def test_a_shipment_goes_to_the_address_of_its_lines(client: httpx.Client) -> None:
    shipping = [
        {**BILLING, "line_items": [{"product_id": 1, "quantity": 1}]},
        {**BILLING, "line_items": [{"product_id": 1, "quantity": 1}]},
    ]
    order = placed(client, consignments={"shipping": shipping})
    first, second = lines_of(client, order)
    items = [{"order_product_id": second["id"], "quantity": 1}]
    path = f"/v2/orders/{order['id']}/shipments"
    wrong = client.post(path, json={"order_address_id": first["order_address_id"], "items": items})
    assert (wrong.status_code, "is not shipped to address" in wrong.text) == (400, True)
    right = {"order_address_id": str(second["order_address_id"]), "items": items}
    assert client.post(path, json=right).status_code == 201
    assert client.get(f"/v2/orders/{order['id']}").json()["status"] == "Partially Shipped"


def test_a_pickup_has_its_location(client: httpx.Client) -> None:
    pickups = [{"location": LOCATION, "line_items": [{"product_id": 1, "quantity": 1}]}]
    order = placed(client, consignments={"pickups": pickups})
    [pickup] = listed(client, order)["consignments"]["pickups"]
    assert pickup["location"]["code"] == "LOCATION-2"
    [line] = lines_of(client, order)
    assert (line["order_pickup_method_id"], line["order_address_id"]) == (pickup["id"], 0)


def test_a_total_has_discounts_handling_and_wrapping(client: httpx.Client) -> None:
    order = placed(
        client,
        {"product_id": 1, "quantity": 2, "wrapping_cost_ex_tax": 3.5},
        coupon_discount="10.0000",
        handling_cost_ex_tax=4,
        store_credit_amount=20,
    )
    assert (order["coupon_discount"], order["wrapping_cost_ex_tax"]) == ("10.0000", "3.5000")
    assert (order["handling_cost_ex_tax"], order["store_credit_amount"]) == ("4.0000", "20.0000")
    assert order["total_inc_tax"] == "97.5000"


def test_lines_are_changed_added_and_deleted(client: httpx.Client) -> None:
    order = placed(client, {"product_id": 1, "quantity": 2}, {"product_id": 1, "quantity": 1})
    first, second = lines_of(client, order)
    products = [
        {"id": first["id"], "quantity": 5, "price_ex_tax": 40},
        {"id": second["id"], "quantity": 0},
        {"product_id": 2, "quantity": 1},
    ]
    client.put(f"/v2/orders/{order['id']}", json={"products": products}).raise_for_status()
    found = [(x["sku"], x["quantity"], x["price_ex_tax"]) for x in lines_of(client, order)]
    assert found == [("LAMP", 5, "40.0000"), ("PDF", 1, "9.0000")]
    emptied = [{"id": x["id"], "quantity": 0} for x in lines_of(client, order)]
    refused = client.put(f"/v2/orders/{order['id']}", json={"products": emptied})
    assert refused.status_code == 400


def test_a_refund_counts_units_and_changes_the_status(client: httpx.Client) -> None:
    order = placed(client, {"product_id": 1, "quantity": 2})
    [line] = lines_of(client, order)
    path = f"/v3/orders/{order['id']}/payment_actions/refunds"
    item = {"item_type": "PRODUCT", "item_id": line["id"], "quantity": 1}
    shipping = {"item_type": "SHIPPING", "item_id": line["order_address_id"], "amount": 1}
    seen = []
    for _ in range(2):
        assert client.post(path, json={"items": [item, shipping]}).status_code == 201
        [refunded] = lines_of(client, order)
        status = client.get(f"/v2/orders/{order['id']}").json()["status"]
        seen.append((refunded["quantity_refunded"], refunded["is_refunded"], status))

    assert seen == [(1, False, "Partially Refunded"), (2, True, "Refunded")]
    assert client.post(path, json={"items": [item]}).status_code == 422

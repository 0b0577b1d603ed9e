"""Requests and responses of the store conform to the OpenAPI document of BigCommerce."""

from collections.abc import Iterator

import httpx
import pytest
from tests.contracts.prism import prism_proxy

from openiom_simulators import StoreOptions, running, store_application

TOKEN = "prism-token"
WHOLE = {"include": "consignments.line_items", "consignment_structure": "object"}
SEEN = "Wed, 10 Jan 2018 21:05:30 +0000"
BILLING = {
    "first_name": "Jane",
    "last_name": "Doe",
    "street_1": "1 Main St",
    "city": "Austin",
    "state": "Texas",
}
BILLING |= {
    "zip": "78751",
    "country": "United States",
    "country_iso2": "US",
    "email": "jane@example.com",
}


@pytest.fixture(scope="session")
def checked() -> Iterator[httpx.Client]:
    """Yield a client whose calls go through Prism to a store with 60 orders."""
    app = store_application(StoreOptions(store_hash="prism", token=TOKEN))
    with running(app) as (store,):
        loaded = {"source": "generator", "orders": 60, "products": 40}
        httpx.post(f"{store.url}/_sim/load", json=loaded, timeout=60).raise_for_status()
        headers = {
            "X-Auth-Token": TOKEN,
            "Accept": "application/json",
            "Content-Type": "application/json",
        }

        with (
            prism_proxy(store.url) as url,
            httpx.Client(base_url=f"{url}/stores/prism", headers=headers, timeout=60) as client,
        ):
            yield client


def ok(response: httpx.Response, status: int = 200) -> httpx.Response:
    assert response.status_code == status, response.text[:2000]
    assert "sl-violations" not in response.headers, response.headers["sl-violations"]
    return response


READS = [
    ("/v2/orders", {}),
    ("/v2/orders", {**WHOLE, "min_date_modified": SEEN, "sort": "date_modified"}),
    ("/v2/orders", {"page": 2, "limit": 25, "sort": "id"}),
    (
        "/v2/orders",
        {"min_date_modified": SEEN, "status_id": 11, "sort": "date_modified", "limit": 50},
    ),
    ("/v2/orders", {"min_id": 101, "max_id": 120}),
    ("/v2/orders/count", {}),
    ("/v2/orders/100", {}),
    ("/v2/orders/100/products", {"page": 1, "limit": 250}),
    ("/v2/orders/100/shipping_addresses", {}),
    ("/v2/order_statuses", {}),
    ("/v2/order_statuses/11", {}),
    ("/v2/store", {}),
    ("/v2/time", {}),
    ("/v3/catalog/products", {"page": 1, "limit": 20, "include": "variants"}),
    ("/v3/catalog/products", {"sku": "LAMP-OAK-01"}),
    ("/v3/catalog/products", {"sku:in": "LAMP-OAK-01,MUG-OAK-01"}),
    ("/v3/catalog/products/101", {}),
    ("/v3/catalog/products/101/variants", {}),
    ("/v3/catalog/variants", {"page": 1, "limit": 20}),
    ("/v3/customers", {"id:in": "1,2,3"}),
    ("/v3/customers", {"page": 1, "limit": 10, "include": "addresses"}),
    ("/v3/customers/addresses", {"customer_id:in": "1,2"}),
    ("/v3/pricelists", {}),
]


@pytest.mark.parametrize(("path", "query"), READS, ids=str)
def test_responses_conform_to_the_document(checked, path, query):
    assert ok(checked.get(path, params=query)).json()


def test_a_shipment_is_created_changed_and_read(checked):
    lines = ok(checked.get("/v2/orders/104/products")).json()
    document = {
        "order_address_id": lines[0]["order_address_id"],
        "tracking_number": "1Z999",
        "shipping_provider": "ups",
        "comments": "two boxes",
        "items": [{"order_product_id": line["id"], "quantity": line["quantity"]} for line in lines],
    }

    shipment = ok(checked.post("/v2/orders/104/shipments", json=document), 201).json()

    ok(
        checked.put(
            f"/v2/orders/104/shipments/{shipment['id']}", json={"tracking_number": "1Z1000"}
        )
    )
    (listed,) = ok(checked.get("/v2/orders/104/shipments")).json()
    assert listed["tracking_number"] == "1Z1000"
    assert ok(checked.get("/v2/orders/104")).json()["status_id"] == 2


def test_status_and_staff_notes_are_changed(checked):
    changed = ok(
        checked.put("/v2/orders/105", json={"status_id": 9, "staff_notes": "packed"})
    ).json()
    assert (changed["status"], changed["staff_notes"]) == ("Awaiting Shipment", "packed")


def test_an_order_is_placed(checked):
    products = [{"product_id": 101, "quantity": 2}]
    document = {"status_id": 11, "customer_id": 1, "billing_address": BILLING, "products": products}
    placed = ok(checked.post("/v2/orders", json=document)).json()
    assert (placed["items_total"], placed["status_id"]) == (2, 11)


def test_a_hook_is_created_changed_and_deleted(checked):
    document = {
        "scope": "store/order/*",
        "destination": "https://example.com/x",
        "headers": {"X-Key": "k"},
    }
    hook = ok(checked.post("/v3/hooks", json=document)).json()["data"]
    assert ok(checked.get("/v3/hooks")).json()["meta"]["pagination"]["total"] == 1
    assert not ok(checked.put(f"/v3/hooks/{hook['id']}", json={"is_active": False})).json()["data"][
        "is_active"
    ]
    ok(checked.get(f"/v3/hooks/{hook['id']}"))
    ok(checked.delete(f"/v3/hooks/{hook['id']}"))


def test_prism_refuses_an_invalid_request(checked):
    refused = checked.get("/v2/orders", params={"sort": "colour"})
    assert refused.status_code == 422
    assert "sort must be equal to one of the allowed values" in refused.text


def test_included_lines_equal_those_that_prism_validates(checked):
    """Prism cannot validate included consignments: both alternatives of the document match."""
    (order,) = ok(checked.get("/v2/orders", params={**WHOLE, "min_id": 110, "max_id": 110})).json()
    (shipping,) = order["consignments"]["shipping"]
    assert shipping["line_items"] == ok(checked.get("/v2/orders/110/products")).json()
    (address,) = ok(checked.get("/v2/orders/110/shipping_addresses")).json()
    same = (
        "id",
        "first_name",
        "last_name",
        "street_1",
        "city",
        "state",
        "zip",
        "country_iso2",
        "phone",
        "email",
    )
    assert {name: shipping[name] for name in same} == {name: address[name] for name in same}


def test_a_page_past_the_last_one_is_204_which_the_document_does_not_define(checked):
    past = checked.get("/v2/orders", params={"page": 9})
    assert past.status_code == 500
    assert "Unable to match the returned status code" in past.text

"""The simulated store behaves as a BigCommerce store: pages, filters, shipments and limits."""

import time
from collections.abc import Iterator

import httpx
import pytest

from openiom_simulators import RunningServer, StoreOptions, running, store_application

TOKEN, READER = "secret-token", "reading-token"


class Client(httpx.Client):
    """A client of one store; `sim` calls its controls."""

    def __init__(self, store: RunningServer, token: str = TOKEN) -> None:
        super().__init__(
            base_url=f"{store.url}/stores/s1", headers={"X-Auth-Token": token}, timeout=20
        )
        self.store = store

    def sim(self, method: str, path: str, document: object = None) -> httpx.Response:
        return self.request(method, f"{self.store.url}/_sim/{path}", json=document)


@pytest.fixture(scope="module")
def store() -> Iterator[RunningServer]:
    options = StoreOptions(
        store_hash="s1", token=TOKEN, read_only_token=READER, webhook_time_scale=0.002
    )
    with running(store_application(options)) as (one,):
        load = {"source": "generator", "orders": 120, "products": 60}
        httpx.post(f"{one.url}/_sim/load", json=load, timeout=60).raise_for_status()
        yield one


@pytest.fixture
def client(store: RunningServer) -> Iterator[Client]:
    with Client(store) as one:
        yield one
        one.sim("DELETE", "faults")
        one.sim("PUT", "quota", {"requests": 1_000_000, "window_ms": 30_000})


def placed(client: Client, *quantities: int, status_id: int = 11) -> dict:
    """A new order of the first products, one line a quantity."""
    billing = {"first_name": "Jane", "zip": "78751", "email": "jane@example.com"}
    products = [
        {"product_id": 101 + n, "quantity": quantity} for n, quantity in enumerate(quantities)
    ]
    document = {"status_id": status_id, "billing_address": billing, "products": products}
    response = client.post("/v2/orders", json=document)
    assert response.status_code == 200, response.text
    return response.json()


def ship(client: Client, order: dict, *items: tuple[int, int]) -> httpx.Response:
    document = {"items": [{"order_product_id": line, "quantity": units} for line, units in items]}
    return client.post(f"/v2/orders/{order['id']}/shipments", json=document)


def test_pages_contain_every_order_once_and_end_with_204(client):
    pages, seen = 0, []
    while True:
        response = client.get("/v2/orders", params={"page": pages + 1, "limit": 50, "max_id": 219})
        if response.status_code == 204:
            assert response.content == b""
            break

        seen += [order["id"] for order in response.json()]
        pages += 1

    assert (pages, seen) == (3, list(range(100, 220)))


@pytest.mark.parametrize("path", ["/v2/orders", "/v3/catalog/products"])
def test_a_wrong_token_is_refused_with_401(store, path):
    with Client(store, "wrong") as stranger:
        assert stranger.get(path).status_code == 401


def test_a_token_without_write_scopes_can_read_but_not_ship(store, client):
    order = placed(client, 1)
    with Client(store, READER) as reader:
        assert reader.get(f"/v2/orders/{order['id']}").status_code == 200
        refused = reader.post(f"/v2/orders/{order['id']}/shipments", json={})
        assert refused.status_code == 403
        assert refused.json() == [
            {"status": 403, "message": "You don't have a required scope to access the endpoint"}
        ]

    assert client.get(f"/v2/orders/{order['id']}/shipments").status_code == 204


def test_min_date_modified_finds_later_changes_in_their_order(client):
    first = placed(client, 1)
    since = first["date_modified"]
    time.sleep(1.1)
    client.put("/v2/orders/150", json={"staff_notes": "looked at"}).raise_for_status()
    query = {"min_date_modified": since, "sort": "date_modified:asc", "limit": 250}
    found = [order["id"] for order in client.get("/v2/orders", params=query).json()]
    assert found[-1] == 150
    assert found.index(first["id"]) < found.index(150)
    after = client.get("/v2/orders/150").json()["date_modified"]
    later = client.get(
        "/v2/orders", params={"min_date_modified": after, "max_date_modified": after}
    ).json()
    assert [order["id"] for order in later] == [150]


def test_iso_dates_are_accepted_and_other_texts_refused(client):
    assert (
        client.get("/v2/orders", params={"min_date_modified": "2030-01-01T00:00:00Z"}).status_code
        == 204
    )
    assert client.get("/v2/orders", params={"min_date_modified": "yesterday"}).status_code == 400


def test_status_filter_and_count_agree(client):
    order = placed(client, 1, status_id=12)
    assert [o["id"] for o in client.get("/v2/orders", params={"status_id": 12}).json()] == [
        order["id"]
    ]
    assert client.get("/v2/orders/count", params={"status_id": 12}).json()["count"] == 1


def test_shipping_a_part_and_the_rest_changes_status_and_quantities(client):
    order = placed(client, 3, 1)
    first, second = client.get(f"/v2/orders/{order['id']}/products").json()

    assert ship(client, order, (first["id"], 2)).status_code == 201
    partly = client.get(f"/v2/orders/{order['id']}").json()
    assert (partly["status"], partly["items_shipped"], partly["date_shipped"]) == (
        "Partially Shipped",
        2,
        "",
    )

    assert ship(client, order, (first["id"], 1), (second["id"], 1)).status_code == 201
    wholly = client.get(f"/v2/orders/{order['id']}").json()
    assert (wholly["status"], wholly["items_shipped"]) == ("Shipped", 4)
    assert wholly["date_shipped"] == wholly["date_modified"]
    shipped = [
        line["quantity_shipped"] for line in client.get(f"/v2/orders/{order['id']}/products").json()
    ]
    assert shipped == [3, 1]


def test_shipping_more_than_is_left_is_refused_and_changes_nothing(client):
    order = placed(client, 2)
    (line,) = client.get(f"/v2/orders/{order['id']}/products").json()
    refused = ship(client, order, (line["id"], 1), (line["id"], 2))
    assert refused.status_code == 400
    assert "has 2 left, not 3" in refused.json()[0]["message"]
    assert client.get(f"/v2/orders/{order['id']}").json() == order


def test_amounts_have_four_decimals_and_add_up(client):
    order = client.get("/v2/orders/100").json()
    lines = client.get("/v2/orders/100/products").json()
    cents = sum(round(float(line["total_inc_tax"]) * 100) for line in lines)
    shipping = round(float(order["shipping_cost_inc_tax"]) * 100)
    assert order["total_inc_tax"] == f"{(cents + shipping) // 100}.{(cents + shipping) % 100:02d}00"


def test_an_exhausted_quota_is_429_until_the_window_ends(client):
    client.sim("PUT", "quota", {"requests": 2, "window_ms": 400})
    left = [client.get("/v2/time").headers["X-Rate-Limit-Requests-Left"] for _ in range(2)]
    refused = client.get("/v2/time")
    assert (left, refused.status_code) == (["1", "0"], 429)
    wait = int(refused.headers["X-Rate-Limit-Time-Reset-Ms"])
    assert 0 < wait <= 400
    time.sleep(wait / 1000 + 0.02)
    assert client.get("/v2/time").status_code == 200


def test_changing_an_order_leaves_the_customer_and_other_orders_unchanged(client):
    order = client.get("/v2/orders/100").json()
    customer = client.get("/v3/customers", params={"id:in": str(order["customer_id"])}).json()[
        "data"
    ][0]
    client.put(
        "/v2/orders/100", json={"billing_address": {"zip": "1", "phone": "none"}}
    ).raise_for_status()
    again = client.get("/v3/customers", params={"id:in": str(order["customer_id"])}).json()["data"][
        0
    ]
    assert again == customer
    assert client.get("/v2/orders/100").json()["billing_address"]["phone"] == "none"


def test_an_unknown_product_is_refused_and_no_order_is_placed(client):
    before = client.get("/v2/orders/count").json()["count"]
    document = {
        "billing_address": {"zip": "1"},
        "products": [{"product_id": 999_999, "quantity": 1}],
    }
    assert client.post("/v2/orders", json=document).status_code == 400
    assert client.get("/v2/orders/count").json()["count"] == before


def test_trickle_places_orders_until_its_count(client):
    before = client.get("/v2/orders/count").json()["count"]
    client.sim("POST", "trickle", {"seconds": 0.01, "count": 3}).raise_for_status()
    deadline = time.monotonic() + 5
    while client.sim("GET", "trickle").json()["on"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert client.get("/v2/orders/count").json()["count"] == before + 3


def test_invalid_data_is_refused_and_nothing_is_loaded(client):
    before = client.sim("GET", "stats").json()["orders"]
    refused = client.sim("POST", "load", {"orders": [{"customer_id": 1, "lines": []}]})
    assert (refused.status_code, client.sim("GET", "stats").json()["orders"]) == (422, before)


def order_ids(client: Client, **query: object) -> list[int]:
    response = client.get("/v2/orders", params=query)
    return [order["id"] for order in response.json()] if response.status_code == 200 else []


def test_orders_are_sorted_by_any_field_in_both_directions(client):
    assert order_ids(client, limit=2, sort="id:desc", max_id=219) == [219, 218]
    by_customer = client.get("/v2/orders", params={"sort": "customer_id", "limit": 250}).json()
    customers = [order["customer_id"] for order in by_customer]
    assert customers == sorted(customers)
    assert client.get("/v2/orders", params={"sort": "color"}).status_code == 400
    assert client.get("/v2/orders", params={"sort": "id:up"}).status_code == 400


def test_orders_are_filtered_by_ranges_of_id_and_total(client):
    assert order_ids(client, min_id=110, max_id=112) == [110, 111, 112]
    [order] = client.get("/v2/orders", params={"min_id": 110, "max_id": 110}).json()
    total = float(order["total_inc_tax"])
    same = {"min_id": 110, "max_id": 110}
    assert order_ids(client, **same, min_total=total, max_total=total) == [110]
    assert order_ids(client, **same, min_total=total + 0.01) == []
    assert order_ids(client, **same, max_total=total - 0.01) == []
    assert client.get("/v2/orders", params={"min_total": "much"}).status_code == 400


def test_orders_are_filtered_by_text(client):
    [order] = client.get("/v2/orders", params={"min_id": 115, "max_id": 115}).json()
    email = order["billing_address"]["email"]
    assert 115 in order_ids(client, email=email, limit=250)
    assert order_ids(client, email="none@example.com") == []


@pytest.mark.parametrize("query", [{"page": 0}, {"limit": 0}, {"limit": "ten"}])
def test_an_invalid_page_is_refused(client, query):
    assert client.get("/v2/orders", params=query).status_code == 400


def test_products_are_filtered_and_reduced_to_the_requested_fields(client):
    query = {"sku:in": "", "id:in": "101,102,999", "include_fields": "sku"}
    found = client.get("/v3/catalog/products", params=query).json()
    assert [sorted(product) for product in found["data"]] == [["id", "sku"], ["id", "sku"]]
    assert found["meta"]["pagination"]["total"] == 2
    sku = found["data"][1]["sku"]
    [one] = client.get("/v3/catalog/products", params={"keyword": sku.lower()}).json()["data"]
    assert (one["id"], "variants" in one) == (102, False)
    assert client.get("/v3/catalog/products", params={"id:in": "x"}).status_code == 422


def test_hooks_are_filtered_and_validated(client):
    destination = "https://example.com/a"
    hook = {"scope": "store/order/*", "destination": destination}
    number = client.post("/v3/hooks", json=hook).json()["data"]["id"]

    for query in ({"scope": hook["scope"]}, {"destination": destination}, {"is_active": "TRUE"}):
        found = client.get("/v3/hooks", params=query).json()["data"]
        assert [one["id"] for one in found] == [number]

    assert client.get("/v3/hooks", params={"is_active": "false"}).json()["data"] == []
    for invalid in ({"scope": "a"}, {**hook, "destination": "ftp://example.com"}):
        assert client.post("/v3/hooks", json=invalid).status_code == 422

    assert client.delete(f"/v3/hooks/{number}").status_code == 200
    assert client.get(f"/v3/hooks/{number}").status_code == 404


def test_a_custom_product_needs_a_name_and_prices(client):
    billing = {"first_name": "Jane"}
    line = {"name": "Gift wrap", "quantity": 1, "price_ex_tax": 2, "price_inc_tax": 2.5}
    document = {"billing_address": billing, "products": [line]}
    order = client.post("/v2/orders", json=document).json()
    assert (order["subtotal_ex_tax"], order["total_tax"]) == ("2.0000", "0.5000")
    del line["price_inc_tax"]
    refused = client.post("/v2/orders", json=document)
    assert refused.status_code == 400
    assert "A custom product needs" in refused.text

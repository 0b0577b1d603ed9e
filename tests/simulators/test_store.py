"""A simulated store pages, filters, ships, refuses, limits and tells as a BigCommerce store does."""

import time
from collections.abc import Iterator

import httpx
import pytest

from openiom_simulators import RunningServer, StoreOptions, running, store_application

TOKEN, READER = "secret-token", "reading-token"


class Client(httpx.Client):
    """Speaks to one store; `sim` reaches its switches."""

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
        httpx.post(f"{one.url}/_sim/load", json=load).raise_for_status()
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


def test_pages_hold_every_order_once_and_end_with_204(client):
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
def test_a_wrong_token_is_401(store, path):
    with Client(store, "wrong") as stranger:
        assert stranger.get(path).status_code == 401


def test_a_token_without_write_scopes_reads_and_may_not_ship(store, client):
    order = placed(client, 1)
    with Client(store, READER) as reader:
        assert reader.get(f"/v2/orders/{order['id']}").status_code == 200
        refused = reader.post(f"/v2/orders/{order['id']}/shipments", json={})
        assert refused.status_code == 403
        assert refused.json() == [
            {"status": 403, "message": "You don't have a required scope to access the endpoint"}
        ]
    assert client.get(f"/v2/orders/{order['id']}/shipments").status_code == 204


def test_min_date_modified_finds_what_changed_since_in_that_order(client):
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


def test_iso_dates_are_read_too_and_nonsense_is_refused(client):
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


def test_shipping_a_part_then_the_rest_moves_status_and_quantities(client):
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


def test_money_has_four_decimals_and_adds_up(client):
    order = client.get("/v2/orders/100").json()
    lines = client.get("/v2/orders/100/products").json()
    cents = sum(round(float(line["total_inc_tax"]) * 100) for line in lines)
    shipping = round(float(order["shipping_cost_inc_tax"]) * 100)
    assert order["total_inc_tax"] == f"{(cents + shipping) // 100}.{(cents + shipping) % 100:02d}00"


def test_a_spent_quota_is_429_until_the_window_ends(client):
    client.sim("PUT", "quota", {"requests": 2, "window_ms": 400})
    left = [client.get("/v2/time").headers["X-Rate-Limit-Requests-Left"] for _ in range(2)]
    refused = client.get("/v2/time")
    assert (left, refused.status_code) == (["1", "0"], 429)
    wait = int(refused.headers["X-Rate-Limit-Time-Reset-Ms"])
    assert 0 < wait <= 400
    time.sleep(wait / 1000 + 0.02)
    assert client.get("/v2/time").status_code == 200


def test_changing_one_order_leaves_the_customer_and_his_other_orders(client):
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


def test_an_unknown_product_is_refused_and_no_order_appears(client):
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


def test_a_malformed_load_is_refused_and_loads_nothing(client):
    before = client.sim("GET", "stats").json()["orders"]
    refused = client.sim("POST", "load", {"orders": [{"customer_id": 1, "lines": []}]})
    assert (refused.status_code, client.sim("GET", "stats").json()["orders"]) == (422, before)

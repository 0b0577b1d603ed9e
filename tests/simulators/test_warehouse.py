"""The simulated 3PL: idempotent orders, full, partial and short shipments, signed callbacks."""

import time
from collections.abc import Iterator

import httpx
import orjson
import pytest
from tests.simulators.http_listener import HttpListener, http_listener

from openiom_simulators import (
    Behavior,
    RunningServer,
    WarehouseOptions,
    running,
    sign,
    warehouse_application,
)
from openiom_simulators.warehouse.state import WarehouseOrder

SECRET = "shared-secret"


class Client(httpx.Client):
    """A client of one warehouse."""

    def __init__(self, warehouse: RunningServer) -> None:
        super().__init__(base_url=warehouse.url, headers={"Authorization": "Bearer w"}, timeout=20)

    def create(self, key: str, document: dict) -> httpx.Response:
        return self.post("/v1/orders", json=document, headers={"Idempotency-Key": key})

    def state(self, order_id: str) -> str:
        return self.get(f"/v1/orders/{order_id}").json()["state"]


@pytest.fixture
def client() -> Iterator[Client]:
    """Yield a client of a warehouse without automatic processing."""
    options = WarehouseOptions(
        token="w", callback_secret=SECRET, behavior=Behavior(automatic=False)
    )
    with running(warehouse_application(options)) as (one,), Client(one) as made:
        yield made


@pytest.fixture
def listener() -> Iterator[HttpListener]:
    with http_listener() as one:
        yield one


def order(reference: str, *quantities: int) -> dict:
    lines = [
        {"line_reference": f"L{n}", "sku": f"SKU-{n}", "quantity": quantity}
        for n, quantity in enumerate(quantities, start=1)
    ]
    return {"reference": reference, "ship_to": {"zip": "78751"}, "lines": lines}


def bulk(client: Client, items: list[dict]) -> httpx.Response:
    return client.post("/v1/orders/bulk", json={"orders": items})


def callback_events(listener: HttpListener) -> list[dict]:
    return [event for post in listener.posts for event in orjson.loads(post.body)["events"]]


def test_the_account_requires_the_token_and_lists_scopes(client):
    assert httpx.get(client.base_url.join("/v1/account")).status_code == 401
    assert "orders:write" in client.get("/v1/account").json()["scopes"]


def test_the_same_key_and_payload_takes_effect_once(client):
    first, second = client.create("k1", order("FO-1", 2)), client.create("k1", order("FO-1", 2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    stats = client.get("/_sim/stats").json()
    assert (stats["effective"], stats["raw_calls_by_key_max"], stats["calls"]["repeats"]) == (
        1,
        2,
        1,
    )
    (row,) = client.get("/_sim/orders").json()["orders"]
    assert (row["key"], row["reference"], row["raw_calls"]) == ("k1", "FO-1", 2)


def test_the_same_key_with_another_payload_is_a_conflict_and_changes_nothing(client):
    client.create("k1", order("FO-1", 2))
    refused = client.create("k1", order("FO-1", 3))
    assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_key_reused")
    (stored,) = client.get("/v1/orders", params={"reference": "FO-1"}).json()["orders"]
    assert stored["lines"][0]["quantity"] == 2


def test_a_bulk_request_has_a_result_per_item_and_invalid_ones_affect_no_other(client):
    items = [
        {"idempotency_key": "a", **order("FO-1", 1)},
        {"idempotency_key": "b", **order("FO-2", 0)},
        {"idempotency_key": "a", **order("FO-1", 1)},
        order("FO-3", 1),
    ]
    response = bulk(client, items)
    assert response.status_code == 207
    assert [result["status"] for result in response.json()["results"]] == [201, 422, 200, 400]
    assert (
        response.json()["results"][1]["error"]["detail"]
        == "lines[0].quantity must be a number above 0 with at most 4 decimals"
    )
    assert client.get("/_sim/stats").json()["effective"] == 1


def test_a_bulk_request_of_101_orders_is_refused(client):
    items = [{"idempotency_key": str(n), **order(f"FO-{n}", 1)} for n in range(101)]
    assert bulk(client, items).status_code == 422
    assert client.get("/_sim/stats").json()["effective"] == 0
    assert bulk(client, items[:100]).status_code == 200
    assert client.get("/_sim/stats").json()["effective"] == 100


def test_an_operator_accepts_ships_in_two_parcels_and_delivers(client):
    number = client.create("k", order("FO-1", 2, 1)).json()["id"]
    client.post(f"/v1/orders/{number}/accept").raise_for_status()
    part = {"carrier": "UPS", "items": [{"line_reference": "L1", "quantity": 2}]}
    assert (
        client.post(f"/v1/orders/{number}/ship", json=part).json()["state"] == "partially_shipped"
    )
    assert client.post(f"/v1/orders/{number}/ship").json()["state"] == "shipped"
    assert client.post(f"/v1/orders/{number}/deliver").json()["state"] == "delivered"
    events = client.get("/v1/events").json()["events"]
    assert [event["type"] for event in events] == [
        "order.accepted",
        "order.shipped",
        "order.shipped",
        "order.delivered",
    ]
    assert [event["shipment"]["final"] for event in events[1:]] == [False, True, True]
    assert events[2]["shipment"]["items"] == [
        {"line_reference": "L2", "sku": "SKU-2", "quantity": 1}
    ]


def test_decimal_quantities_keep_their_unit_and_variant_and_add_up(client):
    document = order("FO-1", 1.1)
    document["lines"][0] |= {"unit": "kg", "variant": {"color": "Red"}}
    made = client.create("k", document).json()

    client.post(f"/v1/orders/{made['id']}/accept").raise_for_status()
    url = f"/v1/orders/{made['id']}/ship"
    items = [{"line_reference": "L1", "quantity": 0.3}]
    shipped = client.post(url, json={"items": items}).json()

    (line,) = shipped["lines"]
    assert (line["quantity"], line["shipped"], line["unit"]) == (1.1, 0.3, "kg")
    assert line["variant"] == {"color": "Red"}
    refused = client.post(url, json={"items": [{"line_reference": "L1", "quantity": 0.81}]})
    assert refused.json()["detail"] == "line L1 has 0.8 left to ship, not 0.81"
    client.post(url, json={"items": [{"line_reference": "L1", "quantity": 0.8}], "final": True})
    assert client.state(made["id"]) == "shipped"


@pytest.mark.parametrize("quantity", [0, -1, 0.00001, True, "1", None])
def test_other_quantities_are_refused(client, quantity):
    document = order("FO-1", 1)
    document["lines"][0]["quantity"] = quantity

    assert client.create("k", document).status_code == 422


def test_shipping_more_than_is_left_is_refused_and_changes_nothing(client):
    number = client.create("k", order("FO-1", 2)).json()["id"]
    client.post(f"/v1/orders/{number}/accept").raise_for_status()
    before = client.get(f"/v1/orders/{number}").json()
    refused = client.post(
        f"/v1/orders/{number}/ship", json={"items": [{"line_reference": "L1", "quantity": 3}]}
    )
    assert (refused.status_code, refused.json()["detail"]) == (
        422,
        "line L1 has 2 left to ship, not 3",
    )
    assert client.get(f"/v1/orders/{number}").json() == before


def test_a_shipped_order_cannot_be_canceled(client):
    open_one, shipped = (client.create(key, order(key, 1)).json()["id"] for key in ("a", "b"))
    client.post(f"/v1/orders/{shipped}/accept").raise_for_status()
    client.post(f"/v1/orders/{shipped}/ship").raise_for_status()
    assert client.post(f"/v1/orders/{open_one}/cancel").json()["state"] == "canceled"
    assert client.post(f"/v1/orders/{shipped}/cancel").status_code == 409
    assert client.state(shipped) == "shipped"


def test_a_declined_order_has_its_reason(client):
    number = client.create("k", order("FO-1", 1)).json()["id"]
    client.post(f"/v1/orders/{number}/decline", json={"reason": "flooded"}).raise_for_status()
    (event,) = client.get("/v1/events").json()["events"]
    assert (event["type"], event["reason"]) == ("order.declined", "flooded")


def test_callbacks_are_signed_and_retried_until_they_are_acknowledged(client, listener):
    listener.statuses = [500]
    client.put("/v1/callback", json={"url": listener.url}).raise_for_status()
    number = client.create("k", order("FO-1", 1)).json()["id"]
    client.post(f"/v1/orders/{number}/accept").raise_for_status()
    listener.wait(lambda: len(listener.posts) == 2)
    first, second = listener.posts
    assert first.body == second.body
    assert second.headers["x-signature"] == sign(second.body, secret=SECRET)
    assert callback_events(listener)[1]["order"] == {"id": number, "reference": "FO-1"}


def test_events_before_the_callback_url_is_set_are_sent_first(client, listener):
    for key in ("a", "b"):
        number = client.create(key, order(key, 1)).json()["id"]
        client.post(f"/v1/orders/{number}/accept").raise_for_status()
    client.put("/v1/callback", json={"url": listener.url, "batch_size": 1}).raise_for_status()
    listener.wait(lambda: len(listener.posts) == 2)
    assert [event["sequence"] for event in callback_events(listener)] == [1, 2]


def test_the_event_log_is_read_by_cursor_without_gaps(client):
    items = [{"idempotency_key": str(n), **order(f"FO-{n}", 1)} for n in range(30)]
    bulk(client, items)
    assert client.post("/_sim/ship-all").json() == {"shipped": 30}

    seen, after, more = [], 0, True
    while more:
        page = client.get("/v1/events", params={"after": after, "limit": 7}).json()
        seen += [event["sequence"] for event in page["events"]]
        after, more = page["next_after"], page["has_more"]

    assert seen == list(range(1, 61))


@pytest.mark.parametrize(("kind", "copies"), [("duplicate", 3), ("out_of_order", 1), ("late", 1)])
def test_disturbed_callbacks_still_contain_every_event(client, listener, kind, copies):
    switches = {"kind": kind, "times": 3, "seconds": 0.2, "count": 1}
    client.post("/_sim/faults", json=switches).raise_for_status()
    bulk(client, [{"idempotency_key": str(n), **order(f"FO-{n}", 1)} for n in range(20)])
    client.post("/_sim/ship-all").raise_for_status()
    client.put("/v1/callback", json={"url": listener.url}).raise_for_status()
    listener.wait(lambda: len(callback_events(listener)) == 40 * copies)
    sequences = [event["sequence"] for event in callback_events(listener)]
    assert sorted(set(sequences)) == list(range(1, 41))
    assert (sequences == sorted(sequences)) is False


def shipped_units(order: WarehouseOrder) -> int:
    return sum(line.shipped for line in order.lines)


def automatic(count: int, **behavior: float) -> dict[str, int]:
    """Return the states after automatic processing of `count` orders of 2 + 1 units."""
    options = WarehouseOptions(token="w", behavior=Behavior(seed=3, **behavior))
    with running(warehouse_application(options)) as (one,), Client(one) as client:
        items = [{"idempotency_key": str(n), **order(f"FO-{n}", 2, 1)} for n in range(count)]
        bulk(client, items).raise_for_status()
        deadline = time.monotonic() + 10

        states: dict[str, int] = {}
        while sum(states.get(state, 0) for state in ("shipped", "delivered", "declined")) < count:
            assert time.monotonic() < deadline, states
            states = client.get("/_sim/stats").json()["states"]
            time.sleep(0.02)

        orders = one.app.state.warehouse.orders.values()
        units = [shipped_units(order) for order in orders]
        parcels = [len(order.parcels) for order in orders]
        return {**states, "short": units.count(2), "two_parcels": parcels.count(2)}


def test_automatic_processing_ships_everything():
    assert automatic(100) == {"shipped": 100, "short": 0, "two_parcels": 0}


def test_ratios_are_seeded_and_reproducible():
    first = automatic(100, decline_ratio=0.2, partial_ratio=0.3, short_ratio=0.1)
    assert first == automatic(100, decline_ratio=0.2, partial_ratio=0.3, short_ratio=0.1)
    assert first["declined"] + first["shipped"] == 100
    assert 0 < first["declined"] < 40
    assert 0 < first["two_parcels"] < 60
    assert 0 < first["short"] < 30


def refused_cancellations(count: int, ratio: float) -> list[str]:
    """Return the ids of the open orders that a warehouse does not cancel on request."""
    behavior = Behavior(automatic=False, refuse_cancel_ratio=ratio, seed=3)
    options = WarehouseOptions(token="w", behavior=behavior)
    refused: list[str] = []
    with running(warehouse_application(options)) as (one,), Client(one) as client:
        items = [{"idempotency_key": str(n), **order(f"FO-{n}", 2)} for n in range(count)]
        bulk(client, items).raise_for_status()
        for order_id in list(one.app.state.warehouse.orders):
            answer = client.post(f"/v1/orders/{order_id}/cancel")
            if answer.status_code == 409:
                assert answer.json()["code"] == "cancellation_refused"
                refused.append(order_id)

    return refused


def test_a_seeded_ratio_of_the_orders_is_not_canceled_on_request():
    some = refused_cancellations(20, 0.5)
    assert some == refused_cancellations(20, 0.5)
    assert 0 < len(some) < 20
    assert len(refused_cancellations(5, 1.0)) == 5
    assert refused_cancellations(5, 0.0) == []

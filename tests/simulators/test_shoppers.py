"""Shoppers place orders of every kind at irregular times, and the store is paced over HTTP."""

from collections import Counter
from itertools import islice

import pytest
from starlette.testclient import TestClient

from openiom_simulators.generator import catalog, customers
from openiom_simulators.store import StoreOptions, store_application
from openiom_simulators.store.shoppers import KIND_WEIGHTS, KINDS, Shoppers

NOW = 1_790_000_000


def shoppers(*, seed: int = 3) -> Shoppers:
    return Shoppers(
        seed=seed,
        products=catalog(products=40, seed=1),
        buyers=customers(count=12, seed=1, created=NOW),
    )


def test_orders_are_of_every_kind_and_the_same_for_the_same_seed():
    orders = list(islice(shoppers().orders(now=lambda: NOW, currency="USD"), 400))

    kinds = Counter[str]()
    for order in orders:
        kinds["express"] += order.shipping_method == "Express Shipping"
        kinds["pickup"] += bool(order.pickups)
        kinds["foreign"] += order.currency in ("CAD", "EUR", "GBP")
        kinds["several_lines"] += len(order.lines) > 1
        kinds["large"] += max(line.quantity for line in order.lines) >= 6

    for kind, weight in zip(KINDS[1:], KIND_WEIGHTS[1:], strict=True):
        assert 0.5 * weight < kinds[kind] / 4 < 2 * weight, kind

    assert {order.created for order in orders} == {NOW}
    again = list(islice(shoppers().orders(now=lambda: NOW, currency="USD"), 400))
    assert again == orders
    assert list(islice(shoppers(seed=4).orders(now=lambda: NOW, currency="USD"), 400)) != orders


def test_every_line_of_a_pickup_is_collected_at_the_store_for_nothing():
    order = shoppers().order("pickup", now=NOW, currency="USD")

    assert [location.code for location in order.pickups] == ["SEA-STORE"]
    assert {line.pickup for line in order.lines} == {0}
    assert order.shipping_cost == 0


def test_pauses_vary_around_their_mean():
    buyers = shoppers()
    pauses = [buyers.pause(15.0) for _ in range(2_000)]

    assert 6.0 <= min(pauses) < 7.0
    assert 23.0 < max(pauses) <= 24.0
    assert sum(pauses) / len(pauses) == pytest.approx(15.0, abs=0.3)


@pytest.fixture
def store():
    """A client of a store with products and customers."""
    with TestClient(store_application(StoreOptions(token="t"))) as client:
        client.headers["X-Auth-Token"] = "t"
        client.post("/_sim/load", json={"source": "generator", "orders": 0, "products": 30})
        yield client


def test_a_store_is_paced_and_paused(store):
    store.post("/_sim/trickle", json={"seconds": 900, "varied": True}).raise_for_status()
    assert store.get("/_sim/trickle").json() == {"on": True, "seconds": 900.0, "placed": 1}

    paused = store.delete("/_sim/trickle").json()
    assert paused == {"on": False, "seconds": 0.0, "placed": 1}
    assert store.get("/_sim/stats").json()["orders"] == 1


def test_ten_orders_are_placed_at_once(store):
    placed = store.post("/_sim/orders", json={"count": 10}).json()["ids"]
    more = store.post("/_sim/orders", json={"count": 1}).json()["ids"]

    assert len(set(placed + more)) == 11
    assert store.get("/_sim/stats").json()["orders"] == 11


def test_a_store_without_products_refuses_orders():
    with TestClient(store_application(StoreOptions())) as empty:
        refused = empty.post("/_sim/orders", json={"count": 1})

    assert refused.status_code == 409
    assert refused.json()["detail"] == ("Load products and customers before orders can trickle in.")

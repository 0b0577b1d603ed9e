"""A simulator with a state file continues where it ended."""

from pathlib import Path

import httpx

from openiom_simulators import (
    Behavior,
    StoreOptions,
    WarehouseOptions,
    running,
    store_application,
    warehouse_application,
)
from openiom_simulators.persistence import persist

BEARER = {"Authorization": "Bearer w"}


def test_a_store_keeps_its_orders_and_numbers(tmp_path: Path) -> None:
    file = tmp_path / "store.state"
    load = {"source": "generator", "orders": 3, "products": 10}
    loaded = []
    for _ in range(2):
        app = store_application(StoreOptions(store_hash="s1", token="t"))
        persist(app, file)

        with running(app) as (store,):
            loaded.append(httpx.post(f"{store.url}/_sim/load", json=load, timeout=60).json())
            stats = httpx.get(f"{store.url}/_sim/stats").json()

    assert [result["first_id"] for result in loaded] == [100, 103]
    assert stats["orders"] == 6
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_warehouse_keeps_its_orders_and_unsent_events(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.state"
    behavior = Behavior(automatic=False)
    options = WarehouseOptions(token="w", behavior=behavior)
    order = {"reference": "FO-1", "lines": [{"sku": "A", "quantity": 1}]}
    headers = {**BEARER, "Idempotency-Key": "k1"}
    app = warehouse_application(options)
    persist(app, file)

    with running(app) as (warehouse,):
        created = httpx.post(f"{warehouse.url}/v1/orders", json=order, headers=headers).json()
        accept = f"{warehouse.url}/v1/orders/{created['id']}/accept"
        httpx.post(accept, headers=BEARER).raise_for_status()

    app = warehouse_application(options)
    persist(app, file)

    with running(app) as (warehouse,):
        repeated = httpx.post(f"{warehouse.url}/v1/orders", json=order, headers=headers).json()
        assert (repeated["id"], repeated["state"]) == (created["id"], "accepted")
        assert repeated["repeated"] is True
        assert httpx.get(f"{warehouse.url}/_sim/stats").json()["callbacks"]["waiting"] == 1


def test_automatic_processing_continues_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.state"
    order = {"reference": "FO-1", "lines": [{"sku": "A", "quantity": 1}]}
    slow = WarehouseOptions(token="w", behavior=Behavior(accept_after=600))
    app = warehouse_application(slow)
    persist(app, file)

    with running(app) as (warehouse,):
        headers = {**BEARER, "Idempotency-Key": "k1"}
        httpx.post(f"{warehouse.url}/v1/orders", json=order, headers=headers).raise_for_status()

    app = warehouse_application(WarehouseOptions(token="w"))
    persist(app, file)

    with running(app) as (warehouse,):
        states: dict[str, int] = {}
        for _ in range(500):
            states = httpx.get(f"{warehouse.url}/_sim/stats").json()["states"]
            if states == {"shipped": 1}:
                break

        assert states == {"shipped": 1}

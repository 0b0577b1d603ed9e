"""Faults occur where and as often as requested, until they are cleared."""

import time
from collections.abc import Iterator

import httpx
import pytest

from openiom_simulators import (
    RunningServer,
    StoreOptions,
    WarehouseOptions,
    running,
    store_application,
    warehouse_application,
)

BEARER = {"Authorization": "Bearer w"}
ORDER = {"reference": "FO-1", "lines": [{"sku": "A", "quantity": 1}]}


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[RunningServer, RunningServer]]:
    shop = store_application(StoreOptions(store_hash="s1", token="t"))
    house = warehouse_application(WarehouseOptions(token="w"))
    with running(shop, house) as (store, warehouse):
        load = {"source": "generator", "orders": 30, "products": 40}
        httpx.post(f"{store.url}/_sim/load", json=load, timeout=60).raise_for_status()
        yield store, warehouse


@pytest.fixture
def store(both: tuple[RunningServer, RunningServer]) -> Iterator[RunningServer]:
    yield both[0]
    httpx.delete(f"{both[0].url}/_sim/faults")


@pytest.fixture
def warehouse(both: tuple[RunningServer, RunningServer]) -> Iterator[RunningServer]:
    yield both[1]
    httpx.delete(f"{both[1].url}/_sim/faults")


def fault(simulator: RunningServer, **switches: object) -> httpx.Response:
    return httpx.post(f"{simulator.url}/_sim/faults", json=switches)


def orders(store: RunningServer, **options: object) -> httpx.Response:
    return httpx.get(f"{store.url}/stores/s1/v2/orders", headers={"X-Auth-Token": "t"}, **options)


def test_a_fault_with_a_count_occurs_that_often_and_is_counted(store):
    fault(store, kind="server_error", count=2)
    assert [orders(store).status_code for _ in range(3)] == [500, 500, 200]
    (listed,) = httpx.get(f"{store.url}/_sim/faults").json()["faults"]
    assert listed["struck"] == 2


def test_a_fault_with_a_path_and_method_affects_no_other_request(store):
    fault(store, kind="server_error", path="/v2/time", method="GET")
    assert orders(store).status_code == 200
    headers = {"X-Auth-Token": "t"}
    assert httpx.get(f"{store.url}/stores/s1/v2/time", headers=headers).status_code == 500


def test_probability_is_seeded(store):
    runs = []
    for _ in range(2):
        httpx.delete(f"{store.url}/_sim/faults")
        switches = {"faults": [{"kind": "server_error", "probability": 0.4}], "seed": 7}
        httpx.post(f"{store.url}/_sim/faults", json=switches)
        runs.append([orders(store).status_code for _ in range(20)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_429_states_how_long_to_wait(store, warehouse):
    fault(store, kind="rate_limited", count=1, seconds=2)
    refused = orders(store)
    assert (refused.status_code, refused.headers["X-Rate-Limit-Time-Reset-Ms"]) == (429, "2000")
    fault(warehouse, kind="rate_limited", count=1, seconds=3)
    refused = httpx.get(f"{warehouse.url}/v1/account", headers=BEARER)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")


def test_half_a_page_is_the_beginning_of_the_page(store):
    whole = orders(store).content
    fault(store, kind="half_page", count=1)
    half = orders(store).content
    assert half == whole[: len(whole) // 2]


def test_garbage_is_not_json(store):
    fault(store, kind="garbage", count=1)
    with pytest.raises(ValueError, match="."):
        orders(store).json()


def test_slow_responses_are_late_and_correct(store):
    fault(store, kind="slow", count=1, seconds=0.2)
    started = time.monotonic()
    assert orders(store).status_code == 200
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(("kind", "effective"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_request_that_times_out_takes_effect_once_when_it_is_repeated(warehouse, kind, effective):
    state = warehouse.app.state.warehouse
    before, key = len(state.orders), f"key-{kind}"
    fault(warehouse, kind=kind, count=1, seconds=5)
    headers = {**BEARER, "Idempotency-Key": key}

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{warehouse.url}/v1/orders", json=ORDER, headers=headers, timeout=0.3)

    assert len(state.orders) - before == effective

    repeated = httpx.post(f"{warehouse.url}/v1/orders", json=ORDER, headers=headers)

    assert repeated.json()["repeated"] is bool(effective)
    assert len(state.orders) - before == 1


def test_an_unknown_fault_is_refused_and_no_fault_is_switched_on(store):
    switches = {"faults": [{"kind": "server_error"}, {"kind": "earthquake"}]}
    refused = httpx.post(f"{store.url}/_sim/faults", json=switches)
    assert refused.status_code == 422
    assert "earthquake" in refused.json()["detail"]
    assert orders(store).status_code == 200


def test_the_controls_have_no_faults(warehouse):
    fault(warehouse, kind="server_error")
    assert httpx.get(f"{warehouse.url}/v1/account", headers=BEARER).status_code == 500
    assert httpx.delete(f"{warehouse.url}/_sim/faults").json() == {"faults": []}
    assert httpx.get(f"{warehouse.url}/v1/account", headers=BEARER).status_code == 200

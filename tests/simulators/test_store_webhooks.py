"""Webhooks of the store: documented events, retries, blocked hosts and faults."""

from collections.abc import Iterator

import httpx
import orjson
import pytest
from tests.simulators.http_listener import HttpListener, ReceivedPost, http_listener

from openiom_simulators import RunningServer, StoreOptions, running, store_application
from openiom_simulators.store.webhooks import Domain

SCALE = 0.002  # the first retry after 60 s comes after 0.12 s


@pytest.fixture
def store() -> Iterator[RunningServer]:
    app = store_application(StoreOptions(store_hash="s1", token="t", webhook_time_scale=SCALE))
    with running(app) as (one,):
        yield one


@pytest.fixture
def listener() -> Iterator[HttpListener]:
    with http_listener() as one:
        yield one


def call(store: RunningServer, method: str, path: str, document: object) -> httpx.Response:
    url = f"{store.url}{path if path.startswith('/_sim') else '/stores/s1' + path}"
    response = httpx.request(method, url, json=document, headers={"X-Auth-Token": "t"}, timeout=20)
    assert response.is_success, response.text
    return response


def hook(store: RunningServer, listener: HttpListener, scope: str) -> int:
    document = {"scope": scope, "destination": listener.url, "headers": {"X-Key": "secret"}}
    return call(store, "POST", "/v3/hooks", document).json()["data"]["id"]


def place(store: RunningServer, count: int = 1) -> None:
    load = {"source": "generator", "orders": count, "products": 40, "webhooks": True}
    call(store, "POST", "/_sim/load", load)


def events(posts: list[ReceivedPost]) -> list[dict]:
    return [orjson.loads(one.body) for one in posts]


def test_a_new_order_is_published_in_the_documented_format_with_the_headers_of_the_hook(
    store, listener
):
    hook(store, listener, "store/order/created")
    place(store)
    listener.wait(lambda: len(listener.posts) == 1)
    (event,) = events(listener.posts)
    assert set(event) == {"scope", "store_id", "data", "hash", "created_at", "producer"}
    assert event["data"] == {"type": "order", "id": 100}
    assert (event["scope"], event["producer"]) == ("store/order/created", "stores/s1")
    assert listener.posts[0].headers["x-key"] == "secret"


def test_a_status_change_contains_both_statuses_and_is_an_update_as_well(store, listener):
    place(store)
    hook(store, listener, "store/order/*")
    call(store, "PUT", "/v2/orders/100", {"status_id": 9})
    listener.wait(lambda: len(listener.posts) == 2)
    data_by_scope = {event["scope"]: event["data"] for event in events(listener.posts)}
    assert data_by_scope["store/order/statusUpdated"]["status"] == {
        "previous_status_id": 11,
        "new_status_id": 9,
    }
    assert data_by_scope["store/order/updated"] == {"type": "order", "id": 100}


def test_a_refused_webhook_is_retried_with_the_same_hash(store, listener):
    listener.statuses = [500, 503]
    hook(store, listener, "store/order/created")
    place(store)
    listener.wait(lambda: len(listener.posts) == 3)
    assert len({event["hash"] for event in events(listener.posts)}) == 1


def test_a_hook_without_success_becomes_inactive_after_the_last_retry(listener):
    fast = StoreOptions(store_hash="s1", token="t", webhook_time_scale=0.000001)
    with running(store_application(fast)) as (store,):
        listener.statuses = [500] * 50
        number = hook(store, listener, "store/order/created")
        place(store)
        listener.wait(lambda: len(listener.posts) == 12)
        listener.wait(
            lambda: not call(store, "GET", f"/v3/hooks/{number}", None).json()["data"]["is_active"]
        )


def test_duplicates_are_sent_as_often_as_the_fault_requests(store, listener):
    hook(store, listener, "store/order/created")
    call(store, "POST", "/_sim/faults", {"kind": "duplicate", "count": 1, "times": 4})
    place(store, 2)
    listener.wait(lambda: len(listener.posts) == 5)
    ids = sorted(event["data"]["id"] for event in events(listener.posts))
    assert ids == [100, 100, 100, 100, 101]


def test_a_late_webhook_is_delivered_after_later_events(store, listener):
    hook(store, listener, "store/order/created")
    call(store, "POST", "/_sim/faults", {"kind": "late", "count": 1, "seconds": 0.3})
    place(store, 3)
    listener.wait(lambda: len(listener.posts) == 3)
    assert [event["data"]["id"] for event in events(listener.posts)][-1] == 100


def test_a_host_that_fails_more_than_a_tenth_of_over_100_calls_is_blocked_for_three_minutes():
    domain = Domain()
    for number in range(100):
        domain.record(number >= 20, now=float(number) / 10, scale=1)
    assert domain.blocked_until == 0
    domain.record(True, now=10.0, scale=1)
    assert domain.blocked_until == 190.0


def test_failures_older_than_two_minutes_are_not_counted():
    domain = Domain()
    for number in range(60):
        domain.record(False, now=float(number), scale=1)
    for number in range(101):
        domain.record(True, now=200.0 + number / 100, scale=1)
    assert domain.blocked_until == 0

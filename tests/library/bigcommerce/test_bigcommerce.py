"""BigCommerce against the store simulator: no order is missed and no update is sent twice."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.simulators.http_listener import http_listener

from openiom.kernel import (
    Invalid,
    ProviderDown,
    ProviderRejected,
    ProviderUnauthorized,
    Unauthenticated,
)
from openiom.library.bigcommerce import PROVIDER
from openiom.library.bigcommerce.connector import BigCommerce
from openiom.policies import Transformation, TransformationDocument
from openiom.provider_contract import Call, CallResult, RawMessage
from openiom.testing import (
    ExternalSystem,
    RecordedCalls,
    connect,
    provider_contract,
    unreachable_address,
)
from openiom_simulators import RunningServer, StoreOptions, running, store_application

HASH, TOKEN, READ_ONLY = "shop", "write-token", "read-token"
ACTIONS = {action.name: action for action in PROVIDER.actions}


@contextmanager
def a_store(**options: Any) -> Iterator[RunningServer]:
    app = store_application(
        StoreOptions(store_hash=HASH, token=TOKEN, read_only_token=READ_ONLY, **options)
    )
    with running(app) as (store,):
        yield store


def given(url: str, token: str = TOKEN, **more: str) -> dict[str, str]:
    return {"api_url": url, "store_hash": HASH, "access_token": token, **more}


@contextmanager
def a_site() -> Iterator[ExternalSystem]:
    with a_store() as store:
        host, port = unreachable_address()
        yield ExternalSystem(
            given(store.url), given(store.url, "wrong-token"), given(f"http://{host}:{port}")
        )


class TestContract(
    provider_contract(PROVIDER, golden=Path(__file__).with_name("golden"), site=a_site)
):
    pass


@pytest.fixture
def store() -> Iterator[RunningServer]:
    with a_store() as running_store:
        yield running_store


@pytest.fixture
def shop(store: RunningServer) -> Iterator[BigCommerce]:
    with closing(connect(PROVIDER, given(store.url), {"page_size": 7})) as connector:
        yield connector


def load(store: RunningServer, orders: int = 60) -> None:
    document = {"source": "generator", "orders": orders, "products": 20}
    httpx.post(f"{store.url}/_sim/load", json=document).raise_for_status()


def api(store: RunningServer, method: str, path: str, body: Any = None) -> Any:
    url = f"{store.url}/stores/{HASH}/{path}"
    response = httpx.request(method, url, json=body, headers={"X-Auth-Token": TOKEN})
    response.raise_for_status()
    return response.json() if response.content else None


def strike(store: RunningServer, kind: str, **more: Any) -> None:
    httpx.post(f"{store.url}/_sim/faults", json={"kind": kind, **more}).raise_for_status()


def pulled(shop: BigCommerce, checkpoint: str = "") -> tuple[list[RawMessage], str]:
    messages: list[RawMessage] = []
    for page in shop.pull("order", checkpoint):
        messages += page.messages
        checkpoint = page.checkpoint
    return messages, checkpoint


def keys(messages: list[RawMessage]) -> set[str]:
    return {message.key for message in messages}


IDS = {str(number) for number in range(100, 160)}


def test_orders_that_all_changed_within_one_second_are_all_read(
    store: RunningServer, shop: BigCommerce
) -> None:
    load(store)
    assert len({row["date_modified"] for row in api(store, "GET", "v2/orders?limit=250")}) == 1
    assert keys(pulled(shop)[0]) == IDS


def test_an_order_changed_in_a_second_already_read_is_read_again(
    store: RunningServer, shop: BigCommerce
) -> None:
    load(store)
    _, checkpoint = pulled(shop)
    api(store, "PUT", "v2/orders/103", {"status_id": 5})
    again, _ = pulled(shop, checkpoint)
    (news,) = [m for m in again if m.key == "103" and m.payload["status_id"] == 5]
    assert news.payload["status"] == "Cancelled"


def test_orders_after_a_second_that_is_not_over_are_read_and_the_second_again() -> None:
    changed = datetime(2026, 6, 5, 8, 30, tzinfo=UTC)

    def row(number: int, seconds: int) -> dict[str, Any]:
        date = format_datetime(changed.replace(second=seconds))
        return {"id": number, "status_id": 11, "date_modified": date}

    full = [row(1, 0), row(2, 0)]
    answers = iter([full, full, [], [row(3, 1)]])
    headers = {"date": format_datetime(changed.replace(second=2), usegmt=True)}
    with closing(connect(PROVIDER, given("http://127.0.0.1:9"), {"page_size": 2})) as shop:
        transport = httpx.MockTransport(
            lambda request: httpx.Response(200, headers=headers, json=next(answers))
        )
        shop._http._client = httpx.Client(transport=transport)
        messages, checkpoint = pulled(shop)

    assert keys(messages) == {"1", "2", "3"}
    assert orjson.loads(checkpoint) == {"since": "2026-06-05T08:29:59+00:00", "after": None}


def test_orders_that_move_to_a_later_page_while_pages_are_read_are_not_missed(
    store: RunningServer, shop: BigCommerce
) -> None:
    load(store)
    seen: set[str] = set()
    checkpoint = ""
    for place, page in enumerate(shop.pull("order", "")):
        seen |= keys(list(page.messages))
        checkpoint = page.checkpoint
        if place < 5:
            for number in range(150, 160):
                api(store, "PUT", f"v2/orders/{number}", {"staff_notes": f"touched {place}"})

    deadline = time.monotonic() + 10  # what changed in a second that is not over comes later
    while seen != IDS and time.monotonic() < deadline:
        messages, checkpoint = pulled(shop, checkpoint)
        seen |= keys(messages)
        time.sleep(0.2)

    assert seen == IDS


def test_reading_stopped_after_any_page_goes_on_where_it_was(
    store: RunningServer, shop: BigCommerce
) -> None:
    load(store)
    seen: set[str] = set()
    checkpoint = ""
    deadline = time.monotonic() + 10  # a second that is not over yet starts again

    while seen != IDS and time.monotonic() < deadline:
        page = next(iter(shop.pull("order", checkpoint)))
        seen |= keys(list(page.messages))
        checkpoint = page.checkpoint
        time.sleep(0.05)

    assert seen == IDS


@pytest.mark.parametrize(("seconds_later", "before", "after"), [(1, None, None), (10, -1, 2)])
def test_a_poll_that_breaks_off_within_a_second_goes_on_in_it_only_once_that_second_is_over(
    seconds_later: int, before: int | None, after: int | None
) -> None:
    """Until then an order with a lower id may still be put into it."""
    changed = datetime(2026, 6, 5, 8, 30, tzinfo=UTC)
    rows = [
        {"id": number, "status_id": 11, "date_modified": format_datetime(changed)}
        for number in (1, 2)
    ]
    headers = {"date": format_datetime(changed.replace(second=seconds_later), usegmt=True)}

    with closing(connect(PROVIDER, given("http://127.0.0.1:9"), {"page_size": 2})) as shop:
        transport = httpx.MockTransport(
            lambda request: httpx.Response(200, headers=headers, json=rows)
        )
        shop._http._client = httpx.Client(transport=transport)
        pages = shop.pull("order", "")
        checkpoints = [orjson.loads(next(pages).checkpoint) for _ in range(2)]

    assert [c["after"] for c in checkpoints] == [before, after]


def test_a_second_that_was_not_over_when_reading_began_is_read_again_after_a_long_read() -> None:
    changed = datetime(2026, 6, 5, 8, 30, tzinfo=UTC)
    rows = [
        {"id": number, "status_id": 11, "date_modified": format_datetime(changed)}
        for number in (1, 2)
    ]
    answers = iter([(1, rows), (1, rows), (20, [{**rows[0], "id": 3}]), (20, [])])

    def answer(request: httpx.Request) -> httpx.Response:
        seconds, page = next(answers)
        date = format_datetime(changed.replace(second=seconds), usegmt=True)
        return httpx.Response(200, headers={"date": date}, json=page)

    with closing(connect(PROVIDER, given("http://127.0.0.1:9"), {"page_size": 2})) as shop:
        shop._http._client = httpx.Client(transport=httpx.MockTransport(answer))
        messages, checkpoint = pulled(shop)

    assert keys(messages) == {"1", "2", "3"}
    assert orjson.loads(checkpoint) == {"since": "2026-06-05T08:29:58+00:00", "after": None}


@pytest.mark.parametrize(("seconds_later", "since"), [(1, "08:29:58"), (10, "08:30:01")])
def test_a_second_is_over_when_the_stores_clock_says_so(seconds_later: int, since: str) -> None:
    """Ours may be ahead: an order changed later within that second would be lost."""
    changed = datetime(2026, 6, 5, 8, 30, tzinfo=UTC)
    row = {"id": 1, "status_id": 11, "date_modified": format_datetime(changed)}
    headers = {"date": format_datetime(changed.replace(second=seconds_later), usegmt=True)}

    with closing(connect(PROVIDER, given("http://127.0.0.1:9"))) as shop:
        transport = httpx.MockTransport(
            lambda request: httpx.Response(200, headers=headers, json=[row])
        )
        shop._http._client = httpx.Client(transport=transport)
        _, checkpoint = pulled(shop)

    assert orjson.loads(checkpoint)["since"] == f"2026-06-05T{since}+00:00"


def test_orders_say_what_is_to_be_done_with_them(store: RunningServer, shop: BigCommerce) -> None:
    load(store, 5)
    for number, status in ((100, 0), (101, 7), (102, 5), (104, 10)):
        api(store, "PUT", f"v2/orders/{number}", {"status_id": status})
    assert {(m.key, m.payload["disposition"]) for m in pulled(shop)[0]} == {
        ("100", "hold"),
        ("101", "hold"),
        ("102", "cancel"),
        ("103", "accept"),
    }


def test_an_order_carries_its_lines_and_address_as_the_store_lists_them(
    store: RunningServer, shop: BigCommerce
) -> None:
    load(store, 3)
    (message,) = [m for m in pulled(shop)[0] if m.key == "101"]
    assert message.payload["products"] == api(store, "GET", "v2/orders/101/products")
    (address,) = api(store, "GET", "v2/orders/101/shipping_addresses")
    assert message.payload["shipping_address"]["street_1"] == address["street_1"]
    assert message.sequence == store.app.state.shop.orders[101].modified


@pytest.mark.parametrize("kind", ["server_error", "garbage", "half_page"])
def test_a_page_that_breaks_is_an_outage_and_loses_nothing(
    store: RunningServer, shop: BigCommerce, kind: str
) -> None:
    load(store)
    pages = iter(shop.pull("order", ""))
    first = next(pages)
    seen, checkpoint = keys(list(first.messages)), first.checkpoint
    strike(store, kind, count=1, path="/v2/orders")

    with pytest.raises(ProviderDown):
        next(pages)

    assert seen | keys(pulled(shop, checkpoint)[0]) == IDS


def test_a_short_rate_limit_is_waited_out_after_one_refusal_and_a_long_one_is_raised(
    store: RunningServer, shop: BigCommerce
) -> None:
    load(store, 3)
    strike(store, "rate_limited", count=1, seconds=40)

    with pytest.raises(ProviderDown) as failed:
        pulled(shop)

    assert failed.value.retry_after == 40
    with pytest.raises(ProviderDown, match="rate limit"):  # not even asked
        pulled(shop)

    assert httpx.get(f"{store.url}/_sim/faults").json()["faults"][0]["struck"] == 1


def test_the_quota_is_never_overrun(store: RunningServer) -> None:
    load(store)
    httpx.put(f"{store.url}/_sim/quota", json={"requests": 3, "window_ms": 500})
    heard = RecordedCalls()
    with closing(connect(PROVIDER, given(store.url), {"page_size": 10}, report=heard)) as shop:
        assert keys(pulled(shop)[0]) == IDS
    assert len(heard) > 3
    assert {call.status for call in heard} <= {200, 204}


def test_a_wrong_token_concerns_the_connection(store: RunningServer) -> None:
    with (
        closing(connect(PROVIDER, given(store.url, "wrong"))) as shop,
        pytest.raises(ProviderUnauthorized),
    ):
        pulled(shop)


def test_a_token_that_may_not_write_lacks_a_scope(store: RunningServer) -> None:
    with closing(connect(PROVIDER, given(store.url, READ_ONLY))) as shop:
        probe = shop.probe()
    assert (probe.scopes, probe.missing_scopes) == (("orders:read",), ("orders:write",))


def test_the_webhook_is_made_once_carries_the_key_and_asks_for_a_poll(store: RunningServer) -> None:
    load(store, 1)
    with http_listener() as listener:
        settings = given(store.url, webhook_key="hook-key")
        with closing(connect(PROVIDER, settings, callback_url=listener.url)) as shop:
            shop.probe()
            shop.probe()
            assert len(api(store, "GET", "v3/hooks")["data"]) == 1
            api(store, "PUT", "v2/orders/100", {"status_id": 9})
            listener.wait(lambda: bool(listener.posts))
            received = shop.receive(listener.posts[0].headers, listener.posts[0].body)
            assert (list(received.messages), received.poll_now) == ([], True)

            for wrong in ({}, {"x-openiom-key": "other"}, {"x-openiom-key": "clé"}):
                with pytest.raises(Unauthenticated):
                    shop.receive(wrong, listener.posts[0].body)

            for body in (b"", b"[]", b"{}", b"\xff"):
                with pytest.raises(Invalid):
                    shop.receive({"x-openiom-key": "hook-key"}, body)


def test_a_hook_the_store_switched_off_is_switched_on_again(store: RunningServer) -> None:
    with closing(
        connect(PROVIDER, given(store.url, webhook_key="k"), callback_url="https://example.com/h")
    ) as shop:
        shop.probe()
        (hook,) = api(store, "GET", "v3/hooks")["data"]
        api(store, "PUT", f"v3/hooks/{hook['id']}", {"is_active": False})
        shop.probe()

    (again,) = api(store, "GET", "v3/hooks")["data"]
    assert (again["id"], again["is_active"]) == (hook["id"], True)


def shipment_call(store: RunningServer, key: str, *, number: int = 100, attempt: int = 1) -> Call:
    """The call as the application makes it: the facts of a shipment are transformed."""
    lines = api(store, "GET", f"v2/orders/{number}/products")
    items = [
        {
            "order_line_external_id": f"{line['order_address_id']}-{line['id']}",
            "quantity": line["quantity"],
        }
        for line in lines
    ]
    facts = {
        "order": {"external_id": str(number)},
        "carrier": "UPS",
        "service": "Ground",
        "tracking_number": "1Z9",
        "final": True,
        "items": items,
    }
    return Call(key, outbound("push_shipment", facts), attempt)


def outbound(action: str, facts: dict[str, Any]) -> dict[str, Any]:
    document = TransformationDocument.model_validate(ACTIONS[action].transformation)
    [made] = Transformation(document).transform_many([facts])
    return dict(made.document)  # type: ignore[union-attr]


def run(action: str, shop: BigCommerce, *calls: Call) -> list[CallResult]:
    return list(ACTIONS[action].run(shop, calls))


def test_a_shipment_reaches_the_store_with_its_tracking(
    store: RunningServer, shop: BigCommerce
) -> None:
    load(store, 1)
    [result] = run("push_shipment", shop, shipment_call(store, "key-1"))
    assert result.error is None
    (shipment,) = api(store, "GET", "v2/orders/100/shipments")
    assert result.external_id == str(shipment["id"])
    assert (shipment["tracking_number"], shipment["tracking_carrier"], shipment["comments"]) == (
        "1Z9",
        "ups",
        "key-1",
    )
    assert api(store, "GET", "v2/orders/100")["status"] == "Shipped"


def test_a_shipment_made_without_anybody_hearing_of_it_is_not_made_again(
    store: RunningServer, shop: BigCommerce
) -> None:
    load(store, 1)
    strike(store, "timeout_after", count=1, method="POST", seconds=0.1)
    [lost] = run("push_shipment", shop, shipment_call(store, "key-1"))
    assert isinstance(lost.error, ProviderDown)
    [found] = run("push_shipment", shop, shipment_call(store, "key-1", attempt=2))
    assert found.error is None
    (shipment,) = api(store, "GET", "v2/orders/100/shipments")
    assert found.external_id == str(shipment["id"])


def test_a_shipment_the_store_never_took_is_made_by_the_repetition(
    store: RunningServer, shop: BigCommerce
) -> None:
    load(store, 1)
    strike(store, "server_error", count=1, method="POST")
    [lost] = run("push_shipment", shop, shipment_call(store, "key-1"))
    assert isinstance(lost.error, ProviderDown)
    [made] = run("push_shipment", shop, shipment_call(store, "key-1", attempt=2))
    assert made.error is None
    assert len(api(store, "GET", "v2/orders/100/shipments")) == 1


def test_one_refused_shipment_spares_the_others(store: RunningServer, shop: BigCommerce) -> None:
    load(store, 2)
    good, bad = shipment_call(store, "good", number=101), shipment_call(store, "bad")
    bad.payload["items"][0]["quantity"] = 100_000  # type: ignore[index]
    refused, made = run("push_shipment", shop, bad, good)
    assert isinstance(refused.error, ProviderRejected)
    assert made.error is None
    assert api(store, "GET", "v2/orders/100/shipments") is None


@pytest.mark.parametrize(
    ("state", "reason", "status"),
    [
        ("in_progress", "", "Awaiting Fulfillment"),
        ("fulfillment_in_process", "Partially Shipped", "Partially Shipped"),
        ("completed", "", "Completed"),
        ("canceled", "", "Cancelled"),
    ],
)
def test_the_status_told_to_the_store_stands_for_state_and_reason(
    store: RunningServer, shop: BigCommerce, state: str, reason: str, status: str
) -> None:
    load(store, 1)
    facts = {"external_id": "100", "state": state, "state_reason": reason}
    [result] = run("push_status", shop, Call("k", outbound("push_status", facts)))
    assert result.error is None
    assert api(store, "GET", "v2/orders/100")["status"] == status


def test_a_status_of_an_order_the_store_does_not_know_is_rejected(
    store: RunningServer, shop: BigCommerce
) -> None:
    facts = {"external_id": "999", "state": "completed"}
    [result] = run("push_status", shop, Call("k", outbound("push_status", facts)))
    assert isinstance(result.error, ProviderRejected)

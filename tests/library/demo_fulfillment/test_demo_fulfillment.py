"""The demo 3PL: each order effective once however often it is sent, and every event heard."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from tests.simulators.http_listener import http_listener

from openiom.documents import FulfillmentUpdateDocument
from openiom.kernel import (
    Invalid,
    ProviderDown,
    ProviderRejected,
    ProviderUnauthorized,
    Unauthenticated,
)
from openiom.library.demo_fulfillment import PROVIDER
from openiom.library.demo_fulfillment.connector import DemoFulfillment
from openiom.policies import Transformation, TransformationDocument
from openiom.provider_contract import Call, CallResult, RawMessage
from openiom.testing import ExternalSystem, connect, provider_contract, unreachable_address
from openiom_simulators import (
    Behavior,
    RunningServer,
    WarehouseOptions,
    running,
    sign,
    warehouse_application,
)

TOKEN, SECRET = "3pl-token", "callback-secret-1"
ACTIONS = {action.name: action for action in PROVIDER.actions}


def given(url: str, token: str = TOKEN, secret: str = SECRET) -> dict[str, str]:
    return {"url": url, "token": token, "callback_secret": secret}


@contextmanager
def a_warehouse() -> Iterator[RunningServer]:
    app = warehouse_application(WarehouseOptions(token=TOKEN, behavior=Behavior(automatic=False)))
    with running(app) as (warehouse,):
        yield warehouse


@contextmanager
def a_site() -> Iterator[ExternalSystem]:
    with a_warehouse() as warehouse:
        host, port = unreachable_address()
        yield ExternalSystem(
            given(warehouse.url),
            given(warehouse.url, "wrong-token"),
            given(f"http://{host}:{port}"),
        )


class TestContract(
    provider_contract(PROVIDER, golden=Path(__file__).with_name("golden"), site=a_site)
):
    pass


@pytest.fixture
def warehouse() -> Iterator[RunningServer]:
    with a_warehouse() as one:
        yield one


@pytest.fixture
def account(warehouse: RunningServer) -> Iterator[DemoFulfillment]:
    with closing(connect(PROVIDER, given(warehouse.url))) as connector:
        yield connector


def calls(count: int, *, attempt: int = 1) -> list[Call]:
    return [
        Call(
            f"key-{i}",
            {
                "reference": f"FO-{i}-1",
                "ship_to": {"city": "Bellevue"},
                "lines": [{"line_reference": f"line-{i}", "sku": "ABS", "quantity": 2}],
            },
            attempt,
        )
        for i in range(count)
    ]


def run(name: str, account: DemoFulfillment, some: list[Call]) -> list[CallResult]:
    return list(ACTIONS[name].run(account, some))


def strike(warehouse: RunningServer, kind: str, **more: Any) -> None:
    httpx.post(f"{warehouse.url}/_sim/faults", json={"kind": kind, **more}).raise_for_status()


def stats(warehouse: RunningServer) -> dict[str, Any]:
    return dict(httpx.get(f"{warehouse.url}/_sim/stats").json())


def operate(warehouse: RunningServer, order_id: str, verb: str, body: Any = None) -> None:
    url, headers = (
        f"{warehouse.url}/v1/orders/{order_id}/{verb}",
        {"Authorization": f"Bearer {TOKEN}"},
    )
    httpx.post(url, json=body, headers=headers).raise_for_status()


def test_a_hundred_orders_are_one_call_and_each_has_its_result(
    warehouse: RunningServer, account: DemoFulfillment
) -> None:
    assert ACTIONS["send_to_fulfillment"].batch == 100
    results = run("send_to_fulfillment", account, calls(100))
    assert [r.key for r in results] == [f"key-{i}" for i in range(100)]
    assert all(r.error is None and r.external_id.startswith("WH-") for r in results)
    assert results[7].response["reference"] == "FO-7-1"
    assert (stats(warehouse)["effective"], stats(warehouse)["calls"]["bulk"]) == (100, 1)


def test_an_order_the_3pl_refuses_spares_its_batch(
    warehouse: RunningServer, account: DemoFulfillment
) -> None:
    some = calls(5)
    some[1].payload["lines"][0]["quantity"] = 0  # type: ignore[index]
    assert run(
        "send_to_fulfillment",
        account,
        [Call("key-3", {**some[3].payload, "reference": "FO-other"})],
    )
    results = run("send_to_fulfillment", account, some)
    assert [r.key for r in results if r.error is None] == ["key-0", "key-2", "key-4"]
    assert isinstance(results[1].error, ProviderRejected)
    assert "quantity must be a number above 0 with at most 4 decimals" in str(results[1].error)
    assert isinstance(results[3].error, ProviderRejected)
    assert "409" in str(results[3].error)


@pytest.mark.parametrize("action", ["send_to_fulfillment", "send_to_fulfillment_single"])
def test_orders_taken_in_without_anybody_hearing_of_it_are_effective_once(
    warehouse: RunningServer, account: DemoFulfillment, action: str
) -> None:
    """A raise means every call of the group failed so: that is what the caller makes of it."""
    strike(warehouse, "timeout_after", path="/v1/orders", method="POST", seconds=0.05, count=3)
    try:
        first = run(action, account, calls(3))
    except ProviderDown as error:
        first = [CallResult(call.key, error=error) for call in calls(3)]

    assert all(isinstance(r.error, ProviderDown) for r in first)
    assert stats(warehouse)["effective"] == 3
    httpx.delete(f"{warehouse.url}/_sim/faults")
    again = run(action, account, calls(3, attempt=2))
    assert all(r.error is None and r.response["repeated"] for r in again)
    assert len({r.external_id for r in again}) == 3
    assert stats(warehouse)["effective"] == 3


@pytest.mark.parametrize("kind", ["server_error", "garbage", "half_page", "rate_limited"])
def test_a_bulk_call_that_breaks_is_an_outage(
    warehouse: RunningServer, account: DemoFulfillment, kind: str
) -> None:
    strike(warehouse, kind, count=1, seconds=20)
    with pytest.raises(ProviderDown) as failed:
        run("send_to_fulfillment", account, calls(2))
    assert failed.value.retry_after == (20 if kind == "rate_limited" else None)


def test_a_wrong_token_concerns_the_connection(warehouse: RunningServer) -> None:
    with closing(connect(PROVIDER, given(warehouse.url, "wrong"))) as account:
        [result] = run("send_to_fulfillment_single", account, calls(1))
        assert isinstance(result.error, ProviderUnauthorized)


def test_an_order_is_canceled_twice_alike_and_not_once_it_left(
    warehouse: RunningServer, account: DemoFulfillment
) -> None:
    first, second = run("send_to_fulfillment", account, calls(2))
    cancel = [Call("c-1", {"id": first.external_id}), Call("c-1", {"id": first.external_id}, 2)]
    assert [r.error for r in run("cancel_fulfillment", account, cancel)] == [None, None]
    operate(warehouse, second.external_id, "accept")
    operate(warehouse, second.external_id, "ship", {})
    left, unknown = run(
        "cancel_fulfillment",
        account,
        [Call("c-2", {"id": second.external_id}), Call("c-3", {"id": "x"})],
    )
    assert isinstance(left.error, ProviderRejected)
    assert isinstance(unknown.error, ProviderRejected)
    assert stats(warehouse)["states"] == {"canceled": 1, "shipped": 1}


def live_through(warehouse: RunningServer, account: DemoFulfillment) -> None:
    """One order in two parcels and delivered, one declined, one canceled: seven events."""
    sent = [r.external_id for r in run("send_to_fulfillment", account, calls(3))]
    operate(warehouse, sent[0], "accept")
    operate(
        warehouse,
        sent[0],
        "ship",
        {"items": [{"line_reference": "line-0", "quantity": 1}], "final": False},
    )
    operate(warehouse, sent[0], "ship", {})
    operate(warehouse, sent[0], "deliver")
    operate(warehouse, sent[1], "decline", {"reason": "no stock"})
    operate(warehouse, sent[2], "accept")
    operate(warehouse, sent[2], "cancel")


KINDS = ["accepted", "shipped", "shipped", "delivered", "declined", "accepted", "canceled"]


def documents(messages: list[RawMessage]) -> list[FulfillmentUpdateDocument]:
    transformation = Transformation(
        TransformationDocument.model_validate(PROVIDER.messages[0].transformation)
    )
    made = transformation.transform_many([m.payload for m in messages])
    return [FulfillmentUpdateDocument.model_validate(m.document) for m in made]  # type: ignore[union-attr]


def test_polled_events_become_updates_in_order_and_are_not_polled_twice(
    warehouse: RunningServer, account: DemoFulfillment
) -> None:
    live_through(warehouse, account)
    [page] = account.pull("fulfillment_update", "")
    messages = list(page.messages)
    assert [d.kind for d in documents(messages)] == KINDS
    assert [m.key for m in messages] == ["FO-0-1"] * 4 + ["FO-1-1"] + ["FO-2-1"] * 2
    assert {m.sequence for m in messages} == {0}  # a late event is news, not stale
    assert len({m.version for m in messages}) == 7
    shipped = documents(messages)[1].shipment
    assert shipped is not None
    assert [(item.line, item.quantity) for item in shipped.items] == [("line-0", 1)]
    assert documents(messages)[4].reason == "no stock"
    assert list(account.pull("fulfillment_update", page.checkpoint)) == []
    later = [m for p in account.pull("fulfillment_update", "5") for m in p.messages]
    assert [m.version for m in later] == [m.version for m in messages[5:]]


@pytest.mark.parametrize("kind", ["server_error", "garbage", "half_page"])
def test_events_that_cannot_be_read_are_an_outage(
    warehouse: RunningServer, account: DemoFulfillment, kind: str
) -> None:
    live_through(warehouse, account)
    strike(warehouse, kind, count=1)
    with pytest.raises(ProviderDown):
        list(account.pull("fulfillment_update", ""))
    assert len(next(account.pull("fulfillment_update", "")).messages) == 7


def test_callbacks_bring_the_same_messages_as_the_poll(warehouse: RunningServer) -> None:
    with http_listener() as listener:
        settings = given(warehouse.url)
        with closing(connect(PROVIDER, settings, callback_url=listener.url)) as account:
            account.probe()
            live_through(warehouse, account)
            heard: list[RawMessage] = []

            def all_came() -> bool:
                heard[:] = [
                    m for h in listener.posts for m in account.receive(h.headers, h.body).messages
                ]
                return len(heard) == 7

            listener.wait(all_came)
            [page] = account.pull("fulfillment_update", "")
            assert heard == list(page.messages)


EVENTS = b'{"events": []}'


@pytest.mark.parametrize(
    "signature", ["", "sha256=", "sha256=0", "sha256=\xe9", sign(EVENTS, secret="other"), "junk"]
)
def test_a_callback_with_another_signature_is_refused(
    account: DemoFulfillment, signature: str
) -> None:
    with pytest.raises(Unauthenticated):
        account.receive({"x-signature": signature}, EVENTS)
    assert account.receive({"x-signature": sign(EVENTS, secret=SECRET)}, EVENTS).messages == []


def test_without_a_callback_secret_no_callback_is_believed(warehouse: RunningServer) -> None:
    with (
        closing(connect(PROVIDER, given(warehouse.url, secret=""))) as account,
        pytest.raises(Unauthenticated),
    ):
        account.receive({"x-signature": sign(EVENTS, secret="")}, EVENTS)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"events": 3}', b'{"events": [{}]}', b'{"events": ["x"]}']
)
def test_a_signed_callback_that_is_no_batch_of_events_is_refused(
    account: DemoFulfillment, body: bytes
) -> None:
    with pytest.raises(Invalid):
        account.receive({"x-signature": sign(body, secret=SECRET)}, body)


def test_a_line_is_identified_by_the_reference_that_was_sent() -> None:
    folder = Path(__file__).with_name("golden")
    golden = {f.name: orjson.loads(f.read_bytes())["document"] for f in folder.glob("*.json")}
    sent = golden["action.send_to_fulfillment.json"]["lines"][0]["line_reference"]
    heard = golden["message.fulfillment_update.shipped.json"]["shipment"]["items"][0]["line"]
    assert sent == heard

"""Requests of the provider and the responses it reads are valid by BigCommerce's document."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from tests.contracts.prism import prism_mock, prism_proxy

from openiom.library.bigcommerce import PROVIDER
from openiom.provider_contract import Call
from openiom.testing import RecordedCalls, connect
from openiom_simulators import StoreOptions, running, store_application

ACTIONS = {action.name: action for action in PROVIDER.actions}
TOKEN, HOOK = "prism-token", "https://example.com/hook"
given = {"store_hash": "prism", "access_token": TOKEN, "webhook_key": "hook-key"}


@pytest.fixture(scope="module")
def behind() -> Iterator[str]:
    """A store with 30 orders behind a proxy that refuses what is not valid by the document."""
    with running(store_application(StoreOptions(store_hash="prism", token=TOKEN))) as (store,):
        httpx.post(
            f"{store.url}/_sim/load",
            json={"source": "generator", "orders": 30, "products": 10},
            timeout=60,
        )
        # The document wants at least one hook in a list of them, so there is one, switched off.
        hook = {"scope": "store/order/*", "destination": HOOK, "is_active": False}
        httpx.post(
            f"{store.url}/stores/prism/v3/hooks", json=hook, headers={"X-Auth-Token": TOKEN}
        ).raise_for_status()

        with prism_proxy(store.url) as url:
            yield url


def test_polling_probing_and_telling_keep_to_the_document(behind: str) -> None:
    heard = RecordedCalls()
    connection = {**given, "api_url": behind}

    with closing(connect(PROVIDER, connection, callback_url=HOOK, report=heard)) as shop:
        assert shop.probe().missing_scopes == ()
        messages = [m for page in shop.pull("order", "") for m in page.messages]
        assert len({m.key for m in messages}) == 30
        payload = messages[0].payload
        line = payload["products"][0]
        shipment = {
            "order_id": str(payload["id"]),
            "order_address_id": line["order_address_id"],
            "tracking_number": "1Z9",
            "shipping_method": "Ground",
            "carrier": "UPS",
            "items": [{"order_product_id": line["id"], "quantity": line["quantity"]}],
        }

        for attempt in (1, 2):
            [result] = ACTIONS["push_shipment"].run(shop, [Call("key-1", shipment, attempt)])
            assert result.error is None, result.error

        status = {"order_id": str(payload["id"]), "state": "completed", "state_reason": ""}
        [result] = ACTIONS["push_status"].run(shop, [Call("key-2", status)])
        assert result.error is None, result.error

    assert {call.status for call in heard} <= {200, 201, 404}, [c for c in heard if c.error]


def test_the_published_examples_are_understood() -> None:
    with (
        prism_mock() as url,
        closing(connect(PROVIDER, {**given, "api_url": url}, {"take_in": list(range(15))})) as shop,
    ):
        assert shop.probe().account
        page = next(iter(shop.pull("order", "")))
        assert [message.key for message in page.messages] == ["100"]

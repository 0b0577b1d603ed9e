"""The controls of the demo change the real simulators, and the tour knows what a user has done."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.orders.builders import document, line, master_data

from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.app.web_extensions import load_extensions
from openiom.kernel import Invalid
from openiom.platform.database import Database
from openiom.platform.settings import Settings
from openiom_simulators.demo_routes import EXTENSION
from openiom_simulators.demo_state import STORE_HASH, DemoState, save_demo_state
from openiom_simulators.seed import InstanceAddresses, instance_documents, seed_company
from openiom_simulators.server import running
from openiom_simulators.store import StoreOptions, store_application
from openiom_simulators.store_client import open_store_client
from openiom_simulators.warehouse import WarehouseOptions, warehouse_application

DEMO = "/api/v1/demo"


@pytest.fixture
def state() -> Iterator[DemoState]:
    """The state of a demo whose store and 3PL run."""
    store = store_application(StoreOptions(store_hash=STORE_HASH, token="store"))
    warehouse = warehouse_application(WarehouseOptions(token="3pl"))
    with running(store, warehouse) as (shop, floor):
        ports = [int(server.url.rpartition(":")[2]) for server in (shop, floor)]
        yield DemoState(
            store_token="store", warehouse_token="3pl", store_port=ports[0], warehouse_port=ports[1]
        )


@pytest.fixture
def settings(tmp_path: Path, state: DemoState) -> Settings:
    save_demo_state(tmp_path, state)
    return Settings(home=tmp_path, ui_path=tmp_path / "ui", web_extensions=EXTENSION)


@pytest.fixture
def demo(client: TestClient, application: Application, state: DemoState) -> TestClient:
    """A client of an application with the 3PL of the demo and a store that has products."""
    addresses = InstanceAddresses(
        store_url=state.store_url,
        store_hash=STORE_HASH,
        store_token="store",
        warehouse_url=state.warehouse_url,
        warehouse_token="3pl",
        callback_secret="",
        webhook_key="",
        lab_url="http://127.0.0.1:1",
        lab_smtp_port=1,
        lab_key="lab",
    )
    seed_company(application, instance_documents(addresses, poll_seconds=None)[1:2])
    return client


def read(client: TestClient) -> dict[str, Any]:
    answer = client.get(DEMO)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def outages(client: TestClient) -> list[str]:
    found = client.get("/api/v1/attention").json()["outages"]
    return [outage["instance"] for outage in found]


def fill_store(state: DemoState) -> None:
    """Fill the store with products and customers."""
    with open_store_client(state.store_url, STORE_HASH, state.store_token) as store:
        store.load({"source": "generator", "orders": 0, "products": 30})


def test_the_3pl_is_broken_and_fixed(demo: TestClient) -> None:
    assert read(demo)["three_pl_is_down"] is False
    assert outages(demo) == []

    assert demo.post(f"{DEMO}/3pl/break").status_code == 204
    assert demo.post(f"{DEMO}/3pl/break").status_code == 204
    assert read(demo)["three_pl_is_down"] is True
    assert outages(demo) == ["fabrikam-3pl"]

    assert demo.post(f"{DEMO}/3pl/repair").status_code == 204
    assert read(demo)["three_pl_is_down"] is False
    assert outages(demo) == []


def test_shoppers_order_at_the_pace_that_was_set_and_on_request(
    demo: TestClient, state: DemoState
) -> None:
    fill_store(state)
    assert read(demo)["orders_per_minute"] == 0
    assert demo.put(f"{DEMO}/pace", json={"orders_per_minute": 0.5}).status_code == 204
    paced = read(demo)
    assert (paced["orders_per_minute"], paced["placed"]) == (0.5, 1)
    assert demo.put(f"{DEMO}/pace", json={"orders_per_minute": 0}).status_code == 204
    assert read(demo)["orders_per_minute"] == 0

    ten = demo.post(f"{DEMO}/orders", json={"count": 10}).json()
    assert (len(set(ten["numbers"])), ten["sku"]) == (10, "")
    unknown = demo.post(f"{DEMO}/orders", json={"unknown_product": True}).json()
    assert unknown == {"numbers": ["111"], "sku": "HALL-MIRROR-12"}
    assert demo.post(f"{DEMO}/orders/cancel").json() == {"number": "111"}
    assert demo.post(f"{DEMO}/orders/cancel").json() == {"number": "110"}
    refused = demo.put(f"{DEMO}/pace", json={"orders_per_minute": 61})
    assert refused.status_code == 422


def test_a_store_without_open_orders_has_none_to_cancel(demo: TestClient) -> None:
    assert demo.post(f"{DEMO}/orders/cancel").json() == {"number": ""}


def test_the_tour_knows_what_this_user_has_done(demo: TestClient, database: Database) -> None:
    master_data(database)
    assert read(demo)["done"] == []

    body = {"instance": "manual", "orders": [document("M1", line())]}
    [created] = demo.post("/api/v1/orders", json=body).json()["results"]
    assert read(demo)["done"] == ["order_by_hand"]

    held = {"ids": [created["id"]], "reason": "The address changes"}
    assert demo.post("/api/v1/orders/hold", json=held).json()["results"][0]["ok"]
    assert read(demo)["done"] == ["order_by_hand"]
    demo.post("/api/v1/orders/release", json={"ids": [created["id"]]})
    mapping = {"table": "product", "field": "sku", "value": "LAMP-1", "internal": "Lamp"}
    saved = demo.put("/api/v1/mappings", json={"mappings": [mapping]})
    assert saved.status_code == 200, saved.text
    assert read(demo)["done"] == ["parked_mapping", "hold_and_release", "order_by_hand"]

    changes = f"/api/v1/orders/{created['id']}/changes"
    operations = [{"kind": "goodwill", "amount": "1.00", "reason": "Late"}]
    preview = demo.post(f"{changes}/preview", json={"operations": operations}).json()
    applied = {"operations": operations, "version": preview["version"]}
    assert demo.post(changes, json=applied).status_code == 200
    assert read(demo)["done"][-1] == "change_order"


def test_only_a_demo_has_the_routes(anonymous_client: TestClient, application: Application) -> None:
    assert anonymous_client.get(DEMO).status_code == 401

    application.settings.web_extensions = Settings().web_extensions
    with TestClient(create_app(application)) as production:
        assert production.get(DEMO).status_code == 404


@pytest.mark.parametrize("name", ["nowhere:router", "openiom.kernel:router", "no colon"])
def test_an_extension_that_cannot_be_loaded_is_named(application: Application, name: str) -> None:
    application.settings.web_extensions = name
    with pytest.raises(Invalid, match=f"the web extension {name} cannot be loaded"):
        load_extensions(application)

"""Fabrikam over the test database, with its store, 3PL and lab endpoints as real servers."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import orjson
import pytest

from openiom.app.application import Application, build
from openiom.library.bigcommerce import PROVIDER
from openiom.orchestration.runtime.wakes import CALLS_WAKE
from openiom.orders import order_facts
from openiom.platform.batches import drain
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import timeline
from openiom.platform.settings import Settings
from openiom.provider_contract import RawMessage
from openiom.providers import poll, probe, receive_webhook
from openiom.providers.messages import store_messages
from openiom.testing import connect
from openiom_simulators import (
    Behavior,
    LabOptions,
    RunningServer,
    StoreOptions,
    WarehouseOptions,
    lab_application,
    serve_in_thread,
    store_application,
    warehouse_application,
)
from openiom_simulators.seed import (
    InstanceAddresses,
    company_documents,
    instance_documents,
    seed_company,
    seed_stock,
)
from openiom_simulators.seed.company import LAB_PRODUCTS, SOURCES

INSTANCES = ("fabrikam-store", "fabrikam-3pl", "lab-intake", "lab-fulfillment")
LAB_KEY = "lab-key"


@dataclass
class Fabrikam:
    """The wired product and the outside it talks to; work is done by `settle`, in this thread."""

    application: Application
    store: RunningServer
    warehouse: RunningServer
    lab: RunningServer

    def settle(self, *, rounds: int = 20, calls: bool = True) -> None:
        """Poll and run batches until nothing moves: neither here nor in the 3PL.

        Without `calls`, orders are sourced and their calls to providers are queued.
        """
        workers = self.application.workers()
        running = [worker for worker in workers if calls or worker.kind != CALLS_WAKE]
        for _ in range(rounds):
            moved = 0
            for instance in ("fabrikam-store", "fabrikam-3pl"):
                moved += poll(self.application.registry, self.application.database, instance).new

            moved += drain(self.application.database, running)
            if not moved:
                return

        raise AssertionError("it never came to rest")

    def order(self, number: str) -> dict[str, Any]:
        """An order's facts."""
        with self.application.database.reading() as session:
            found = fetch(session, "SELECT id FROM orders.order WHERE number = %s", (number,))
            assert len(found) == 1, f"{len(found)} orders {number}"
            return order_facts(session, [found[0][0]])[found[0][0]]

    def events(self, number: str) -> list[str]:
        """Names on an order's timeline, oldest first."""
        with self.application.database.reading() as session:
            return [e.name for e in reversed(timeline(session, [UUID(self.order(number)["id"])]))]

    def fetch(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.application.database.reading() as session:
            return fetch(session, query, parameters)

    def lab_order(self, number: str, *, country: str, quantity: int) -> None:
        """Hand the lab's order in as its sender does, by POST."""
        body = httpx.Request(
            "POST",
            "http://lab",
            json={
                "ordernumber": number,
                "shiptocity": "Redmond",
                "shiptostateorprovince": "WA",
                "shiptocountry": country,
                "shiptozip": "98052",
                "orderdetails": [{"sku": "883988211855", "unit": "each", "quantity": quantity}],
            },
        ).content
        application = self.application
        headers = {"x-api-key": LAB_KEY}
        taken = receive_webhook(
            application.registry, application.database, "lab-intake", headers, body, now=utc_now()
        )
        assert taken.stored == 1

    def hear_of_archived_orders(self, numbers: Iterable[int]) -> None:
        """Store what the webhooks of the store say about these orders that it archived.

        The connector gets a key here; the shared instance has none, so that the store does not
        call a server that is not there.
        """
        settings = {"store_hash": "fabrikam", "access_token": "store-token", "webhook_key": "key"}
        heard: list[RawMessage] = []
        with closing(connect(PROVIDER, {"api_url": self.store.url, **settings})) as connector:
            for number in numbers:
                event = {"scope": "store/order/archived", "data": {"id": number}}
                body = orjson.dumps({**event, "created_at": int(utc_now().timestamp()) + 1})
                heard += connector.receive({"x-openiom-key": "key"}, body).messages

        with self.application.database.unit_of_work() as session:
            store_messages(session, "fabrikam-store", heard, now=utc_now(), limit_bytes=10_000)


@pytest.fixture
def fabrikam(database: Database, tmp_path: Path) -> Iterator[Fabrikam]:
    application = build(Settings(home=tmp_path), database.url)
    with ExitStack() as servers:
        servers.callback(application.close)
        store = servers.enter_context(
            serve_in_thread(store_application(StoreOptions(store_hash="fabrikam")))
        )
        quick = WarehouseOptions(behavior=Behavior(accept_after=0, pick_after=0, ship_after=0))
        warehouse = servers.enter_context(serve_in_thread(warehouse_application(quick)))
        lab = servers.enter_context(serve_in_thread(lab_application(LabOptions())))
        addresses = InstanceAddresses(
            store_url=store.url,
            store_hash="fabrikam",
            store_token="store-token",
            warehouse_url=warehouse.url,
            warehouse_token="warehouse-token",
            callback_secret="callback-secret",
            webhook_key="",
            lab_url=lab.url,
            lab_smtp_port=lab.app.state.smtp_port,
            lab_key=LAB_KEY,
        )
        company = company_documents()
        seed_company(application, [d for d in company if d["kind"] != "flow"])
        seed_company(application, instance_documents(addresses, poll_seconds=None))
        seed_company(application, [d for d in company if d["kind"] == "flow"])
        seed_stock(application, LAB_PRODUCTS, sources=SOURCES, units=1_000, progress=lambda _: None)

        for instance in INSTANCES:
            answer = probe(application.registry, application.database, instance)
            assert not isinstance(answer, Exception), f"{instance}: {answer}"

        yield Fabrikam(application, store, warehouse, lab)

"""Fabrikam on embedded PostgreSQL with workers of its own and a 3PL simulator, for benchmarks to run on."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter, sleep

import httpx
import psutil

from openiom.app.application import CONSUMERS, Application, build
from openiom.app.migrate import migrate, reset_statistics
from openiom.app.processes import (
    ChildProcess,
    Supervisor,
    child_environment,
    iom_command,
    running_database,
)
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now
from openiom.platform.settings import Settings
from openiom.provider_contract import RawMessage
from openiom.providers import probe, store_messages
from openiom_simulators import simulator_process
from openiom_simulators.seed import (
    CatalogItem,
    InstanceAddresses,
    company_documents,
    instance_documents,
    seed_catalog,
    seed_company,
    seed_stock,
)
from openiom_simulators.seed.company import LAB_PRODUCTS, SOURCES

STORE, TPL = "fabrikam-store", "fabrikam-3pl"
SECRET = "benchmark-token"
PLENTY = 1_000_000
CHUNK = 1_000
PATIENCE_SECONDS = 600.0


@dataclass
class Company:
    """A seeded company. `workers` are its processes; `messages` waits to be loaded into the inbox."""

    product: Application
    url: str
    workers: Sequence[ChildProcess]
    simulators: Sequence[psutil.Process]
    postgres: psutil.Process

    def load(self, messages: Sequence[RawMessage]) -> None:
        """Bulk-load messages into the inbox, as a poll would: a page a transaction."""
        for start in range(0, len(messages), CHUNK):
            with self.product.database.unit_of_work() as session:
                page = messages[start : start + CHUNK]
                store_messages(session, STORE, page, now=utc_now(), limit_bytes=10_000_000)

    def sent(self) -> int:
        """Orders that reached the 3PL, by the log's own account."""
        with self.product.database.reading() as session:
            query = "SELECT count(*) FROM platform.business_event WHERE name = 'order.sent_to_fulfillment'"
            return int(fetch(session, query)[0][0])

    def stuck(self) -> list[tuple[object, ...]]:
        """What will not move by itself, to be told instead of waited for."""
        with self.product.database.reading() as session:
            return fetch(
                session,
                "SELECT 'message', count(*)::text, min(error::text) FROM providers.message WHERE state = 'parked'"
                " UNION ALL SELECT 'token', count(*)::text, min(error::text) FROM orchestration.token"
                " WHERE state = 'failed'",
            )

    def wait_sent(self, orders: int) -> float:
        """Seconds until so many orders are sent. Raises SystemExit with what is stuck."""
        started = perf_counter()
        deadline = monotonic() + PATIENCE_SECONDS
        first = sent = self.sent()
        while sent < orders:
            if monotonic() > deadline:
                raise SystemExit(f"only {sent} of {orders} orders were sent; stuck: {self.stuck()}")
            # Counting costs the server what it should spend on the orders: far from the end it is asked seldom.
            rate = (sent - first) / max(perf_counter() - started, 0.05)
            sleep(min(1.0, max(0.05, (orders - sent) / rate / 2)) if rate else 0.1)
            sent = self.sent()
        return perf_counter() - started

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far of workers, PostgreSQL and simulators."""
        pids = [child.process.pid for child in self.workers if child.process]
        return {
            "workers": sum(_cpu(psutil.Process(pid)) for pid in pids),
            "postgres": _cpu(self.postgres, children=True),
            "simulators": sum(_cpu(p) for p in self.simulators),
        }


def _cpu(process: psutil.Process, *, children: bool = False) -> float:
    total = 0.0
    for one in [process, *(process.children(recursive=True) if children else [])]:
        try:
            times = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


@contextmanager
def company(
    *, workers: int, single: bool = False, batch_size: int = 500
) -> Iterator[tuple[Company, "Store"]]:
    """Everything up: PostgreSQL, a store with orders to read, a 3PL that only takes in, workers waiting.

    `single` has the flow use the 3PL's call for one order instead of its bulk call.
    """
    with tempfile.TemporaryDirectory(prefix="openiom-bench-") as home:
        settings = Settings(home=Path(home), batch_size=batch_size, log_level="WARNING")
        with (
            running_database(settings) as url,
            simulator_process("store", ["--token", SECRET, "--quota", "10000000"]) as store,
            simulator_process("warehouse", ["--token", SECRET, "--manual"]) as warehouse,
            Supervisor() as supervisor,
        ):
            application = build(settings, url)
            migrate(application.database, consumers=CONSUMERS)
            shop = Store(store.url, application)
            shop.prepare(400)
            seed(application, shop, warehouse.url, single=single)
            environment = child_environment(settings, url, "") | {
                "OPENIOM_BATCH_SIZE": str(batch_size)
            }
            children = [
                supervisor.add(ChildProcess(f"worker {n}", iom_command("worker"), environment))
                for n in range(workers)
            ]
            processes = [psutil.Process(p.process.pid) for p in (store, warehouse)]
            try:
                yield Company(application, url, children, processes, _postmaster(Path(home))), shop
            finally:
                application.close()


def _postmaster(home: Path) -> psutil.Process:
    return psutil.Process(int((home / "pg" / "postmaster.pid").read_text().splitlines()[0]))


def seed(application: Application, shop: "Store", warehouse_url: str, *, single: bool) -> None:
    """Documents, catalog, stock in abundance, and connections proven by a real probe."""
    everything = company_documents()
    flows = [d for d in everything if d["kind"] == "flow" and not d["name"].startswith("lab-")]
    seed_company(application, [d for d in everything if d["kind"] not in ("flow", "policy")])
    catalog = shop.catalog()
    seed_catalog(application, catalog, currency="USD", progress=lambda _: None)
    at = InstanceAddresses(
        shop.url,
        "demo",
        SECRET,
        warehouse_url,
        SECRET,
        "secret",
        webhook_key="",
        lab_url="http://127.0.0.1:9",
        lab_smtp_port=9,
        lab_key="lab",
    )
    instances = [d for d in instance_documents(at, poll_seconds=None) if d["name"] in (STORE, TPL)]
    seed_company(application, [*(d for d in everything if d["kind"] == "policy"), *instances])
    for flow in flows:
        for step in flow["body"]["steps"]:
            if single and step.get("action") == "send_to_fulfillment":
                step["action"] = "send_to_fulfillment_single"
    seed_company(application, flows)
    names = [*LAB_PRODUCTS, *(item.sku for item in catalog)]
    seed_stock(application, names, sources=SOURCES, units=PLENTY, progress=lambda _: None)
    for instance in (STORE, TPL):
        probe(application.registry, application.database, instance)
    reset_statistics(application.database)


@dataclass
class Store:
    """The store simulator: it makes the orders; the real connector reads them."""

    url: str
    product: Application

    def prepare(self, orders: int) -> None:
        """Put so many more orders into the shop."""
        answer = httpx.post(
            f"{self.url}/_sim/load",
            json={"source": "generator", "orders": orders, "products": 300, "seed": orders},
            timeout=300,
            trust_env=False,
        )
        answer.raise_for_status()

    def fresh(self, orders: int) -> list[RawMessage]:
        """The messages of so many orders more."""
        known = {message.key for message in self.messages()}
        self.prepare(orders)
        return [message for message in self.messages() if message.key not in known]

    def catalog(self) -> list[CatalogItem]:
        items, page, last = [], 1, 1
        while page <= last:
            answer = httpx.get(
                f"{self.url}/stores/demo/v3/catalog/products",
                params={"page": page, "limit": 250},
                headers={"X-Auth-Token": SECRET},
                trust_env=False,
            ).json()
            items += [
                CatalogItem(p["sku"], p["name"], f"{p['price']:.2f}", "1.000")
                for p in answer["data"]
            ]
            last, page = answer["meta"]["pagination"]["total_pages"], page + 1
        return items

    def messages(self) -> list[RawMessage]:
        """Every order of the shop as the connector hands it over, each once."""
        with self.product.database.reading() as session:
            opened = self.product.registry.open(session, STORE)
        pages = opened.connector.pull("order", "")  # type: ignore[attr-defined]
        found = {message.key: message for page in pages for message in page.messages}
        return list(found.values())


__all__ = ["STORE", "TPL", "Company", "Store", "company"]

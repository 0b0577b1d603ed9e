"""Fabrikam with workers and simulated providers on the embedded PostgreSQL, for benchmarks."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter, sleep
from typing import Any

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
from openiom_simulators.demo import of_kind, without_kinds
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

STORE = "fabrikam-store"
WAREHOUSE = "fabrikam-3pl"
TOKEN = "benchmark-token"
STORE_HASH = "demo"
UNUSED_URL = "http://127.0.0.1:9"
UNLIMITED_UNITS = 1_000_000
UNLIMITED_QUOTA = 10_000_000
UNLIMITED_BYTES = 10_000_000
FIRST_ORDERS = 400
PRODUCTS = 300
CATALOG_PAGE = 250
MESSAGES_PER_TRANSACTION = 1_000
PATIENCE_SECONDS = 600.0


@dataclass
class BenchmarkSite:
    """A seeded installation with its worker processes, its simulators and its PostgreSQL."""

    application: Application
    url: str
    workers: Sequence[ChildProcess]
    simulators: Sequence[psutil.Process]
    postgres: psutil.Process | None

    def load(self, messages: Sequence[RawMessage]) -> None:
        """Store messages in the inbox as a poll does, one page per transaction."""
        for start in range(0, len(messages), MESSAGES_PER_TRANSACTION):
            page = messages[start : start + MESSAGES_PER_TRANSACTION]
            with self.application.database.unit_of_work() as session:
                store_messages(session, STORE, page, now=utc_now(), limit_bytes=UNLIMITED_BYTES)

    def sent(self) -> int:
        """Return the number of orders that reached the 3PL, according to the event log."""
        with self.application.database.reading() as session:
            [(count,)] = fetch(
                session,
                "SELECT count(*) FROM platform.business_event"
                " WHERE name = 'order.sent_to_fulfillment'",
            )
            return int(count)

    def stuck(self) -> list[tuple[Any, ...]]:
        """Return what will not continue without a person."""
        with self.application.database.reading() as session:
            return fetch(
                session,
                "SELECT 'message', count(*)::text, min(error::text) FROM providers.message"
                " WHERE state = 'parked'"
                " UNION ALL SELECT 'token', count(*)::text, min(error::text)"
                " FROM orchestration.token WHERE state = 'failed'",
            )

    def wait_sent(self, orders: int) -> float:
        """Return the seconds until so many orders are sent.

        Raise `SystemExit` with what is stuck. Counting costs the server time that the orders need,
        so it is done rarely while many are missing.
        """
        started = perf_counter()
        deadline = monotonic() + PATIENCE_SECONDS

        first = sent = self.sent()
        while sent < orders:
            if monotonic() > deadline:
                raise SystemExit(f"only {sent} of {orders} orders were sent; stuck: {self.stuck()}")

            rate = (sent - first) / max(perf_counter() - started, 0.05)
            sleep(_pause(orders - sent, rate))
            sent = self.sent()

        return perf_counter() - started

    def stop_workers(self) -> None:
        """End the worker processes and wait for them."""
        for child in self.workers:
            if child.process:
                child.process.terminate()
                child.process.wait(30)

    def cpu(self) -> dict[str, float]:
        """Return the CPU seconds spent so far by workers, PostgreSQL and simulators."""
        workers = 0.0
        for child in self.workers:
            if child.process:
                workers += _cpu_seconds(psutil.Process(child.process.pid))

        postgres = 0.0
        if self.postgres:
            postgres = _cpu_seconds(self.postgres)
            postgres += sum(map(_cpu_seconds, self.postgres.children(recursive=True)))

        return {
            "workers": workers,
            "postgres": postgres,
            "simulators": sum(map(_cpu_seconds, self.simulators)),
        }


@dataclass
class Store:
    """The store simulator, which generates orders, read through the real connector."""

    url: str
    application: Application

    def generate(self, orders: int) -> None:
        """Generate so many more orders."""
        answer = httpx.post(
            f"{self.url}/_sim/load",
            json={"source": "generator", "orders": orders, "products": PRODUCTS, "seed": orders},
            timeout=300,
            trust_env=False,
        )
        answer.raise_for_status()

    def new_messages(self, orders: int) -> list[RawMessage]:
        """Generate so many more orders and return their messages."""
        known = {message.key for message in self.messages()}
        self.generate(orders)
        return [message for message in self.messages() if message.key not in known]

    def messages(self) -> list[RawMessage]:
        """Return every order of the store as the connector delivers it, each once."""
        with self.application.database.reading() as session:
            instance = self.application.registry.open(session, STORE)
        found: dict[str, RawMessage] = {}
        for page in instance.connector.pull("order", ""):  # type: ignore[attr-defined]
            for message in page.messages:
                found[message.key] = message
        return list(found.values())

    def catalog(self) -> list[CatalogItem]:
        """Return every product of the store."""
        items: list[CatalogItem] = []
        page = pages = 1
        while page <= pages:
            answer = httpx.get(
                f"{self.url}/stores/{STORE_HASH}/v3/catalog/products",
                params={"page": page, "limit": CATALOG_PAGE},
                headers={"X-Auth-Token": TOKEN},
                trust_env=False,
            ).json()
            for product in answer["data"]:
                price = f"{product['price']:.2f}"
                items.append(CatalogItem(product["sku"], product["name"], price, "1.000"))

            pages = answer["meta"]["pagination"]["total_pages"]
            page += 1

        return items


@contextmanager
def run_fabrikam(
    *, workers: int, single: bool = False, batch_size: int = 500
) -> Iterator[tuple[BenchmarkSite, Store]]:
    """Yield a running installation whose 3PL only accepts, and its store.

    `single` has the flow use the 3PL's call for one order instead of its bulk call.
    """
    with tempfile.TemporaryDirectory(prefix="openiom-bench-") as home:
        settings = Settings(
            home=Path(home),
            batch_size=batch_size,
            log_level="WARNING",
            provider_networks="127.0.0.0/8",
        )
        quota = ["--quota", str(UNLIMITED_QUOTA)]

        with (
            running_database(settings) as url,
            simulator_process("store", ["--token", TOKEN, *quota]) as store_process,
            simulator_process("warehouse", ["--token", TOKEN, "--manual"]) as warehouse_process,
            Supervisor() as supervisor,
        ):
            application = build(settings, url)
            migrate(application.database, consumers=CONSUMERS)
            store = Store(store_process.url, application)
            store.generate(FIRST_ORDERS)
            seed(application, store, warehouse_process.url, single=single)

            site = BenchmarkSite(
                application=application,
                url=url,
                workers=_start_workers(supervisor, settings, url, workers),
                simulators=[
                    psutil.Process(store_process.process.pid),
                    psutil.Process(warehouse_process.process.pid),
                ],
                postgres=_postmaster(Path(home)),
            )
            try:
                yield site, store
            finally:
                application.close()


def seed(application: Application, store: Store, warehouse_url: str, *, single: bool) -> None:
    """Seed documents, catalog and unlimited stock, and probe the connections."""
    company = company_documents()
    seed_company(application, without_kinds(company, "flow", "policy"))
    catalog = store.catalog()
    seed_catalog(application, catalog, currency="USD", progress=lambda _: None)
    instances = _instances(store.url, warehouse_url)
    seed_company(application, [*of_kind(company, "policy"), *instances])
    seed_company(application, _flows(company, single=single))
    names = [*LAB_PRODUCTS, *(item.sku for item in catalog)]
    seed_stock(application, names, sources=SOURCES, units=UNLIMITED_UNITS, progress=lambda _: None)

    for instance in (STORE, WAREHOUSE):
        probe(application.registry, application.database, instance)

    reset_statistics(application.database)


def _instances(store_url: str, warehouse_url: str) -> list[dict[str, Any]]:
    """Return the documents of store and 3PL; the lab and the carrier are not installed."""
    addresses = InstanceAddresses(
        store_url=store_url,
        store_hash=STORE_HASH,
        store_token=TOKEN,
        warehouse_url=warehouse_url,
        warehouse_token=TOKEN,
        callback_secret="secret",
        webhook_key="",
        lab_url=UNUSED_URL,
        lab_smtp_port=9,
        lab_key="lab",
    )
    documents = instance_documents(addresses, poll_seconds=None)
    return [document for document in documents if document["name"] in (STORE, WAREHOUSE)]


def _flows(company: Sequence[dict[str, Any]], *, single: bool) -> list[dict[str, Any]]:
    """Return the flows that need no lab, with the 3PL's call for one order when `single`."""
    flows: list[dict[str, Any]] = []
    for flow in of_kind(company, "flow"):
        if flow["name"].startswith("lab-"):
            continue

        for step in flow["body"]["steps"]:
            if single and step.get("action") == "send_to_fulfillment":
                step["action"] = "send_to_fulfillment_single"

        flows.append(flow)

    return flows


def _start_workers(
    supervisor: Supervisor, settings: Settings, url: str, workers: int
) -> list[ChildProcess]:
    environment = {
        **child_environment(settings, url, ""),
        "OPENIOM_BATCH_SIZE": str(settings.batch_size),
    }
    children: list[ChildProcess] = []
    for number in range(workers):
        child = ChildProcess(f"worker {number}", iom_command("worker"), environment)
        children.append(supervisor.add(child))

    return children


def _postmaster(home: Path) -> psutil.Process:
    pid = (home / "pg" / "postmaster.pid").read_text().splitlines()[0]
    return psutil.Process(int(pid))


def _cpu_seconds(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


def _pause(missing: int, rate: float) -> float:
    """Return the seconds until about half of the missing orders are sent, at most one."""
    if not rate:
        return 0.1
    return min(1.0, max(0.05, missing / rate / 2))

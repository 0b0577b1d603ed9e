"""
Two thousand orders while processes are killed at random and everything is delivered one to five times, in any order.

Each order exactly once; each call to the 3PL effective exactly once; every parcel told to the store once; every
promise about data kept.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from openiom.app.demo import STORE_HASH, keepsake, start_simulators
from openiom.app.headless import STORE, Standing, standing
from openiom.app.invariants import check_invariants
from openiom.app.migrate import migrate
from openiom.app.processes import Supervisor, start_product, take_port, url_of, wait_until_ready
from openiom.app.seed import CatalogItem, company_documents, instance_documents, seed_catalog, seed_company, seed_stock
from openiom.app.seed.company import SOURCES
from openiom.app.store_side import StoreSide
from openiom.app.wiring import CONSUMERS, Product, build
from openiom.kernel import IomError
from openiom.platform.bulk import fetch
from openiom.platform.embedded import embedded_postgres
from openiom.platform.events import utc_now
from openiom.platform.settings import Settings
from openiom.provider_contract import RawMessage
from openiom.providers import probe, store_messages

ORDERS = 2_000
KILLS = 12
LONGEST_SECONDS = 420.0
DICE = 20_260_131


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Product, Supervisor, StoreSide, str]]:
    """Fabrikam with processes of its own: web, two workers, the store, and a 3PL that misbehaves."""
    settings = Settings(home=tmp_path / "home", log_level="ERROR", workers=2)
    kept = keepsake(settings.home)
    with ExitStack() as ending:
        url = ending.enter_context(embedded_postgres(settings.home))
        bound = ending.enter_context(take_port("127.0.0.1", 0, insist=True))
        supervisor = ending.enter_context(Supervisor())
        start_product(supervisor, settings, url, bound, workers=2)
        addresses = start_simulators(supervisor, settings.home, kept, remembering=False, habits=())
        product = build(settings.model_copy(update={"public_url": url_of(bound)}), url)
        ending.callback(product.close)
        client = ending.enter_context(
            httpx.Client(trust_env=False, timeout=60.0, headers={"X-Auth-Token": kept.store_token})
        )
        store = StoreSide(addresses.store_url, STORE_HASH, client)
        store.wait()
        store.load({"source": "generator", "orders": ORDERS, "products": 120, "seed": DICE})
        migrate(product.database, consumers=CONSUMERS)
        seed(product, list(store.catalog()), instance_documents(addresses, poll_seconds=5))
        wait_until_ready(supervisor, url_of(bound))
        for instance in ("fabrikam-3pl", "lab-intake", "lab-fulfillment"):
            answer = probe(product.pipeline, product.database, instance)
            assert not isinstance(answer, IomError), answer
        yield product, supervisor, store, addresses.warehouse_url


def seed(product: Product, catalog: list[CatalogItem], instances: list[dict]) -> None:
    company = company_documents()
    seed_company(product, [d for d in company if d["kind"] not in ("policy", "flow")])
    seed_catalog(product, catalog, currency="USD", told=lambda _: None)
    seed_company(product, [*(d for d in company if d["kind"] == "policy"), *instances])
    seed_company(product, [d for d in company if d["kind"] == "flow"])
    seed_stock(product, [i.sku for i in catalog], sources=SOURCES, plenty=100_000, told=lambda _: None)


def misbehave(warehouse: str) -> None:
    """The 3PL acts and does not answer, fails, answers garbage, and calls back up to five times in any order."""
    faults = [
        {"kind": "timeout_after", "probability": 0.04, "path": "/v1/orders", "seconds": 1.0},
        {"kind": "server_error", "probability": 0.06, "path": "/v1/orders"},
        {"kind": "half_page", "probability": 0.03, "path": "/v1/orders"},
        {"kind": "duplicate", "probability": 0.5, "times": 5},
        {"kind": "out_of_order", "probability": 0.5, "seconds": 0.5},
    ]
    answer = httpx.post(f"{warehouse}/_sim/faults", json={"faults": faults, "seed": DICE})
    assert answer.is_success, answer.text


def all_messages(product: Product) -> list[RawMessage]:
    """Every order of the store, as the provider reads it."""
    with product.database.reading() as session:
        connector = product.pipeline.open(session, STORE).connector
    return [message for page in connector.pull("order", "") for message in page.messages]  # type: ignore[attr-defined]


def deliver(product: Product, messages: list[RawMessage], dice: random.Random) -> None:
    """Each message one to five times, everything shuffled, in small transactions as they come."""
    deliveries = [message for message in messages for _ in range(dice.randint(1, 5))]
    dice.shuffle(deliveries)
    for start in range(0, len(deliveries), 50):
        with product.database.unit_of_work() as session:
            store_messages(session, STORE, deliveries[start : start + 50], now=utc_now(), limit_bytes=2_000_000)
        time.sleep(0.05)


def kill_at_random(supervisor: Supervisor, dice: random.Random, over: threading.Event) -> list[str]:
    """Kill -9 the web process or a worker every few seconds; the supervisor brings it back."""
    killed: list[str] = []
    while len(killed) < KILLS and not over.is_set():
        until = time.monotonic() + dice.uniform(0.5, 4.0)
        while time.monotonic() < until:
            supervisor.revive()
            time.sleep(0.05)
        victim = dice.choice([c for c in supervisor.children if c.name == "web" or c.name.startswith("worker")])
        victim.pause = 0.25
        if victim.alive and victim.process is not None:
            os.kill(victim.process.pid, signal.SIGKILL)
            killed.append(victim.name)
    return killed


@pytest.mark.slow
def test_nothing_is_lost_and_nothing_done_twice_while_everything_dies(
    world: tuple[Product, Supervisor, StoreSide, str],
) -> None:
    product, supervisor, store, warehouse = world
    dice = random.Random(DICE)
    messages = all_messages(product)
    assert len({m.key for m in messages}) == ORDERS
    misbehave(warehouse)
    over = threading.Event()
    sender = threading.Thread(target=deliver, args=(product, messages, random.Random(DICE)), daemon=True)
    sender.start()
    killed = kill_at_random(supervisor, dice, over)
    sender.join()
    httpx.delete(f"{warehouse}/_sim/faults")
    answer = probe(product.pipeline, product.database, STORE)
    assert not isinstance(answer, IomError), answer

    end = wait_until_told(product, supervisor)

    assert len(killed) == KILLS
    assert (end.orders, end.parked, end.failed, end.waiting) == (ORDERS, 0, 0, 0)
    assert (end.completed, end.shipped, end.sent, end.untold) == (ORDERS, ORDERS, ORDERS, 0)
    assert_once(product, store, warehouse)
    assert [(c.name, c.rows[:2]) for c in check_invariants(product.database) if c.broken] == []


def wait_until_told(product: Product, supervisor: Supervisor) -> Standing:
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        supervisor.revive()
        with product.database.reading() as session:
            now = standing(session)
        if now.completed >= ORDERS and not now.untold and not now.waiting:
            return now
        assert time.monotonic() < deadline, f"not at rest in time: {now}"
        time.sleep(0.5)


def assert_once(product: Product, store: StoreSide, warehouse: str) -> None:
    """Counted on both sides: in our books, in the 3PL's and in the store's."""
    with product.database.reading() as session:
        ours = fetch(session, "SELECT number FROM fulfillment.fulfillment_order")
        created = fetch(
            session,
            "SELECT count(*), count(DISTINCT root_id) FROM platform.business_event WHERE name = 'order.created'",
        )
        shipments = fetch(session, "SELECT count(*) FROM fulfillment.shipment")[0][0]
        billed = fetch(
            session,
            "SELECT count(*), count(DISTINCT root_id) FROM platform.business_event WHERE name = 'order.invoiced'",
        )
    assert created == [(ORDERS, ORDERS)]
    assert billed == [(ORDERS, ORDERS)]
    theirs = httpx.get(f"{warehouse}/_sim/stats").json()
    assert theirs["effective"] == len(ours)
    assert theirs["references_with_more_than_one_order"] == 0
    assert theirs["states"] == {"shipped": len(ours)}
    assert theirs["parcels"] == shipments
    stats = store.stats()
    assert stats["orders_by_status"] == {"2": ORDERS}
    assert stats["shipments"] == shipments

"""Thousands of orders while processes are killed, messages repeat and the 3PL fails: each once."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from threading import Event as Flag
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx
import psycopg
import pytest

from openiom.app.application import CONSUMERS, Application, build
from openiom.app.invariants import check_invariants
from openiom.app.migrate import migrate, reset_statistics
from openiom.app.processes import (
    Supervisor,
    bind_port,
    start_application,
    url_of,
    wait_until_ready,
)
from openiom.kernel import IomError
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now
from openiom.platform.embedded import ensure_database
from openiom.platform.settings import Settings
from openiom.provider_contract import RawMessage
from openiom.providers import probe, store_messages
from openiom_simulators import simulator_process
from openiom_simulators.load_run import OrderProgress, read_progress
from openiom_simulators.seed import (
    InstanceAddresses,
    company_documents,
    instance_documents,
    seed_catalog,
    seed_company,
    seed_stock,
)
from openiom_simulators.seed.company import SOURCES
from openiom_simulators.store_client import StoreClient, open_store_client

pytestmark = pytest.mark.slow

ORDERS = int(os.environ.get("OPENIOM_CHAOS_ORDERS", "2000"))
SEED = int(os.environ.get("OPENIOM_CHAOS_SEED", "20260417"))
STORE, WAREHOUSE = "fabrikam-store", "fabrikam-3pl"
HASH, TOKEN, SECRET = "chaos", "chaos-token", "chaos-secret"
PLENTY = 1_000_000
KILLS = 10
STUCK_SECONDS = 90.0
DELIVERY = 40
NOTE = "please ring twice"
# Few orders have few callbacks: a rare fault must occur among them as certainly as among many.
LATE = min(0.3, 0.05 * 2_000 / ORDERS)

WAREHOUSE_FAULTS = [
    {"kind": "slow", "probability": 0.1, "path": "/v1/orders", "method": "POST", "seconds": 0.5},
    {
        "kind": "rate_limited",
        "probability": 0.15,
        "path": "/v1/orders",
        "method": "POST",
        "seconds": 1,
        "count": 5,
    },
    {"kind": "server_error", "probability": 0.06, "path": "/v1/orders", "method": "POST"},
    {
        "kind": "timeout_after",
        "probability": 0.1,
        "path": "/v1/orders",
        "method": "POST",
        "seconds": 1,
    },
    {"kind": "garbage", "probability": 0.06, "path": "/v1/orders", "method": "POST"},
    {"kind": "half_page", "probability": 0.1, "path": "/v1/events", "method": "GET"},
    {"kind": "duplicate", "probability": 0.4, "times": 5},
    {"kind": "late", "probability": LATE, "seconds": 2},
    {"kind": "out_of_order", "probability": 0.4, "seconds": 1},
]
STORE_FAULTS = [
    {"kind": "server_error", "probability": 0.01, "path": "/v2/orders", "method": "POST"},
    {
        "kind": "timeout_after",
        "probability": 0.01,
        "path": "/v2/orders",
        "method": "POST",
        "seconds": 0.5,
    },
    {"kind": "garbage", "probability": 0.01, "path": "/v2/orders", "method": "POST"},
    {"kind": "half_page", "probability": 0.05, "path": "/v2/orders", "method": "GET"},
]


@dataclass
class Scene:
    """Everything that runs, and what a test may do to it."""

    application: Application
    supervisor: Supervisor
    store: StoreClient
    warehouse_url: str
    url: str
    dice: Random
    outside: httpx.Client
    kills: Counter[str] = field(default_factory=Counter)
    struck: Counter[str] = field(default_factory=Counter)

    def books(self, name: str) -> Any:
        """The 3PL simulator's own books: `stats` or `orders`."""
        answer = self.outside.get(f"{self.warehouse_url}/_sim/{name}")
        answer.raise_for_status()
        return answer.json()

    def disturb(self) -> None:
        for url, faults in ((self.warehouse_url, WAREHOUSE_FAULTS), (self.store.url, STORE_FAULTS)):
            answer = self.outside.post(f"{url}/_sim/faults", json={"faults": faults, "seed": SEED})
            answer.raise_for_status()

    def calm(self) -> None:
        """No more faults; `struck` keeps how often each kind struck."""
        for url in (self.warehouse_url, self.store.url):
            for fault in self.outside.get(f"{url}/_sim/faults").json()["faults"]:
                self.struck[fault["kind"]] += fault["struck"]
            self.outside.delete(f"{url}/_sim/faults").raise_for_status()

    def progress_now(self) -> OrderProgress:
        with self.application.database.reading() as session:
            return read_progress(session)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self.application.database.reading() as session:
            return fetch(session, query)

    def kill_one(self) -> None:
        """`kill -9` of a worker or of the web process, whichever the dice say, if it runs."""
        child = self.dice.choice(self.supervisor.children)
        if child.alive and child.process:
            child.process.kill()
            child.process.wait()
            child.deaths = 0  # the supervisor delays the restart of a process that dies repeatedly
            self.kills[child.name.split()[0]] += 1


@contextmanager
def own_database(server: str) -> Iterator[str]:
    """A database that is gone afterwards."""
    name = "openiom_chaos_" + os.environ.get("PYTEST_XDIST_WORKER", "main")
    drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(drop)
        try:
            yield ensure_database(server, name)
        finally:
            connection.execute(drop)


@contextmanager
def scene(server: str, home: Path) -> Iterator[Scene]:
    """A seeded installation with two workers and green connections; it ends with the block."""
    settings = Settings(home=home, log_level="WARNING", workers=2)
    with ExitStack() as stack:
        url = stack.enter_context(own_database(server))
        store_process = stack.enter_context(
            simulator_process(
                "store", ["--token", TOKEN, "--store-hash", HASH, "--quota", "10000000"]
            )
        )
        warehouse = stack.enter_context(
            simulator_process(
                "warehouse", ["--token", TOKEN, "--partial-ratio", "0.1", "--ship-after", "0.5"]
            )
        )
        supervisor = stack.enter_context(Supervisor())
        bound = stack.enter_context(bind_port("127.0.0.1", 0, insist=True))
        application = build(settings.model_copy(update={"public_url": url_of(bound)}), url)
        stack.callback(application.close)
        store = stack.enter_context(open_store_client(store_process.url, HASH, TOKEN))
        outside = stack.enter_context(httpx.Client(trust_env=False, timeout=60.0))
        start_application(supervisor, settings, url, bound, workers=2)
        made = Scene(
            application, supervisor, store, warehouse.url, url_of(bound), Random(SEED), outside
        )
        furnish(made)
        wait_until_ready(supervisor, made.url)

        for instance in (STORE, WAREHOUSE):
            answer = probe(application.registry, application.database, instance)
            assert not isinstance(answer, IomError), answer

        yield made


def furnish(made: Scene) -> None:
    """Schema, documents, catalog, and stock in abundance: no order may wait for goods."""
    application = made.application
    made.store.load({"source": "generator", "orders": 0, "products": 100, "seed": SEED})
    migrate(application.database, consumers=CONSUMERS)
    company = company_documents()
    seed_company(application, [d for d in company if d["kind"] not in ("policy", "flow")])
    catalog = list(made.store.catalog())
    seed_catalog(application, catalog, currency="USD", progress=lambda _: None)
    at = InstanceAddresses(
        store_url=made.store.url,
        store_hash=HASH,
        store_token=TOKEN,
        warehouse_url=made.warehouse_url,
        warehouse_token=TOKEN,
        callback_secret=SECRET,
        webhook_key=SECRET,
        lab_url="http://127.0.0.1:9",
        lab_smtp_port=9,
        lab_key=SECRET,
    )
    instances = [
        d for d in instance_documents(at, poll_seconds=10) if d["name"] in (STORE, WAREHOUSE)
    ]
    seed_company(application, [*(d for d in company if d["kind"] == "policy"), *instances])
    flows = [d for d in company if d["kind"] == "flow" and not d["name"].startswith("lab-")]
    seed_company(application, flows)
    seed_stock(
        application,
        [item.sku for item in catalog],
        sources=SOURCES,
        units=PLENTY,
        progress=lambda _: None,
    )
    reset_statistics(application.database)


def messages_of(made: Scene) -> list[RawMessage]:
    """Every order of the shop as the connector hands it over."""
    with made.application.database.reading() as session:
        opened = made.application.registry.open(session, STORE)
    pages = opened.connector.pull("order", "")  # type: ignore[attr-defined]
    return [message for page in pages for message in page.messages]


def changed_later(messages: Sequence[RawMessage]) -> list[RawMessage]:
    """News about every fifth order, a second younger: the shopper left a note."""
    return [
        replace(m, payload={**m.payload, "customer_message": NOTE}, sequence=m.sequence + 1)
        for m in messages[::5]
    ]


def leave_notes(made: Scene, messages: Sequence[RawMessage]) -> None:
    """Write the notes into the store as well: later polls must not take them back."""
    for message in messages:
        answer = made.outside.put(
            f"{made.store.api}/v2/orders/{message.key}",
            headers={"X-Auth-Token": TOKEN},
            json={"customer_message": NOTE},
        )
        answer.raise_for_status()


def deliver(made: Scene, messages: Sequence[RawMessage], over: Flag) -> None:
    """Each message one to five times, all of them shuffled, a few at a time."""
    dice = Random(SEED + 1)
    deliveries = [message for message in messages for _ in range(dice.randint(1, 5))]
    dice.shuffle(deliveries)

    for start in range(0, len(deliveries), DELIVERY):
        if over.is_set():
            return

        with made.application.database.unit_of_work() as session:
            store_messages(
                session,
                STORE,
                deliveries[start : start + DELIVERY],
                now=utc_now(),
                limit_bytes=1_000_000,
            )

        sleep(0.05)


def wreak_havoc(made: Scene) -> OrderProgress:
    """Kill at random moments while orders move; return the progress once nothing moves any more."""
    last, moved_at, kill_at = made.progress_now(), monotonic(), monotonic() + 1.0
    killed_at = progress(last)

    while True:
        made.supervisor.revive()
        now = made.progress_now()
        if now != last:
            last, moved_at = now, monotonic()

        if made.kills.total() < KILLS:
            if monotonic() > kill_at and (progress(now) > killed_at or now.completed == ORDERS):
                made.kill_one()
                killed_at, kill_at = progress(now), monotonic() + made.dice.uniform(0.5, 3.0)
        elif not made.struck and now.shipped >= 0.9 * ORDERS:
            made.calm()
        elif at_rest(made, now):
            return now

        if monotonic() - moved_at > STUCK_SECONDS:
            return now

        sleep(0.1)


def progress(now: OrderProgress) -> int:
    return now.orders + now.sent + now.shipped + now.completed + now.reported


def left_over(made: Scene) -> list[tuple[Any, ...]]:
    """Return what is stuck. A poll may have stored known orders just now: they are processed."""
    deadline = monotonic() + STUCK_SECONDS
    left = stuck(made)
    while left and monotonic() < deadline:
        sleep(0.1)
        left = stuck(made)

    return left


def at_rest(made: Scene, now: OrderProgress) -> bool:
    """Whether all is done, and what the 3PL still held back has come in, too."""
    if min(now.completed, now.reported) < ORDERS or now.waiting or now.unreported:
        return False
    heard = (
        "SELECT count(*) FROM providers.message"
        " WHERE kind = 'fulfillment_update' AND state <> 'received'"
    )
    return bool(made.rows(heard)[0][0] == made.books("stats")["events"])


def test_every_order_is_carried_through_once_while_everything_around_it_breaks(
    postgres_url: str, tmp_path: Path
) -> None:
    with scene(postgres_url, tmp_path) as made:
        half = ORDERS // 2
        made.store.load({"source": "generator", "orders": half, "products": 100, "seed": SEED})
        messages = messages_of(made)
        assert len(messages) == half
        leave_notes(made, changed_later(messages))
        made.disturb()
        over = Flag()
        sender = Thread(target=deliver, args=(made, [*messages, *changed_later(messages)], over))
        sender.start()

        try:
            # Webhooks announce the other half: each requests a poll of every order.
            more = {
                "source": "generator",
                "orders": ORDERS - half,
                "products": 100,
                "seed": SEED + 1,
            }
            made.store.load({**more, "webhooks": True})
            now = wreak_havoc(made)
        finally:
            over.set()
            sender.join()

        assert made.kills.total() == KILLS
        assert set(made.kills) == {"web", "worker"}
        assert left_over(made) == []
        assert (now.orders, now.sent, now.shipped, now.completed) == (
            ORDERS,
            ORDERS,
            ORDERS,
            ORDERS,
        )
        assert (now.parked, now.failed, now.waiting, now.unreported) == (0, 0, 0, 0)
        assert_everything_disturbed(made)
        assert_each_message_and_order_once(made, messages)
        assert_each_fulfillment_order_once(made)
        assert_each_shipment_once(made)
        assert_stock_left_once(made)
        assert [
            (c.name, c.rows) for c in check_invariants(made.application.database) if c.violations
        ] == []


def stuck(made: Scene) -> list[tuple[Any, ...]]:
    """What a person would have to look at, or what still has not moved."""
    return made.rows(
        "SELECT 'message', kind, state, count(*), min(error::text) FROM providers.message"
        " WHERE state NOT IN ('processed', 'duplicate', 'stale') GROUP BY 2, 3"
        " UNION ALL SELECT 'call', action, state, count(*), min(error::text)"
        " FROM orchestration.provider_call"
        " WHERE state <> 'done' GROUP BY 2, 3"
        " UNION ALL SELECT 'token', step, state, count(*), min(error::text)"
        " FROM orchestration.token GROUP BY 2, 3"
    )


def assert_everything_disturbed(made: Scene) -> None:
    """Faults of every kind occurred, and calls that had taken effect at the 3PL were repeated."""
    assert min(made.struck[kind] for kind in ("duplicate", "late", "out_of_order")) > 0
    assert (
        sum(
            made.struck[kind]
            for kind in ("rate_limited", "server_error", "timeout_after", "garbage")
        )
        > 0
    )
    assert made.books("stats")["calls"]["repeats"] > 0


def assert_each_message_and_order_once(made: Scene, messages: Sequence[RawMessage]) -> None:
    sent = {message.key for message in messages}
    taken = (
        "SELECT count(DISTINCT key) FROM providers.message"
        " WHERE instance = 'fabrikam-store' AND state = 'processed'"
    )
    assert made.rows(taken) == [(ORDERS,)]
    noted = made.rows(f"SELECT external_id FROM orders.order WHERE note = '{NOTE}'")
    assert {row[0] for row in noted} == {message.key for message in changed_later(messages)}
    repeated = "SELECT sum(deliveries) FROM providers.message WHERE instance = 'fabrikam-store'"
    assert made.rows(repeated)[0][0] >= 2 * len(sent)
    ids = [row[0] for row in made.rows('SELECT external_id FROM orders."order"')]
    assert len(ids) == len(set(ids)) == ORDERS
    assert sent <= set(ids)

    for event in ("order.created", "order.shipped", "order.invoiced"):
        totals = (
            "SELECT count(*), count(DISTINCT root_id) FROM platform.business_event"
            f" WHERE name = '{event}'"
        )
        assert (event, made.rows(totals)) == (event, [(ORDERS, ORDERS)])


def assert_each_fulfillment_order_once(made: Scene) -> None:
    """A repeated call took effect once: each of our numbers is the reference of one order there."""
    numbers = [row[0] for row in made.rows("SELECT number FROM fulfillment.fulfillment_order")]
    theirs = made.books("orders")["orders"]
    books = made.books("stats")
    assert Counter(order["reference"] for order in theirs) == Counter(numbers)
    assert len({order["id"] for order in theirs}) == len(numbers)
    assert sum(order["conflicts"] for order in theirs) == 0
    assert (books["effective"], books["references_with_more_than_one_order"]) == (len(numbers), 0)
    assert books["states"] == {"shipped": len(numbers)}
    assert made.rows("SELECT count(*) FROM fulfillment.shipment") == [(books["parcels"],)]


def assert_each_shipment_once(made: Scene) -> None:
    """Every parcel is in the store once, under its own tracking number; no unit ships twice."""
    ours = made.rows(
        "SELECT o.external_id, s.tracking_number FROM fulfillment.shipment s"
        " JOIN fulfillment.fulfillment_order f ON f.id = s.fulfillment_order_id"
        ' JOIN orders."order" o ON o.id = f.order_id'
    )
    theirs = []
    for order_id in {row[0] for row in ours}:
        answer = made.store.client.get(
            f"{made.store.api}/v2/orders/{order_id}/shipments", params={"limit": 250}
        )
        theirs += [(order_id, shipment["tracking_number"]) for shipment in answer.json()]

    assert Counter(theirs) == Counter(ours)
    assert made.store.stats()["orders_by_status"] == {"2": ORDERS}


def assert_stock_left_once(made: Scene) -> None:
    """Nothing is still reserved, and what is gone is what was ordered."""
    opening = len(made.rows("SELECT 1 FROM inventory_visibility.stock"))
    ordered = made.rows("SELECT sum(quantity), sum(shipped) FROM orders.order_line")[0]
    left = made.rows("SELECT sum(on_hand), sum(reserved) FROM inventory_visibility.stock")[0]
    assert ordered[0] == ordered[1]
    assert left == (opening * PLENTY - ordered[0], 0)

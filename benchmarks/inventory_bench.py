"""Inventory under load: bulk changes, a query meanwhile, a hot product, a race for one unit.

Each figure is shown with its floor: the same rows by plain SQL on the same server in the same run,
in the same batches and from as many clients, without locks, decisions, or a search for known
events. Clients are processes; each posts for locations of its own, as stores and warehouses do.
`--http` uses the endpoints of the public contract.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from itertools import count
from pathlib import Path
from random import Random
from threading import Lock, Thread
from time import perf_counter
from typing import Any

import psutil
import psycopg

from benchmarks.figures import milliseconds, print_figures
from benchmarks.inventory_floor import bare_buyers, bare_changes, bare_query, bare_reservations
from benchmarks.inventory_http import Contract, Endpoint, web_server
from openiom.app.application import CONSUMERS
from openiom.app.migrate import migrate, reset_statistics
from openiom.app.processes import running_database
from openiom.app.worker import tune_gc
from openiom.inventory_contract.query_parser import read_index_query
from openiom.inventory_contract.response_writer import result_json
from openiom.inventory_visibility import (
    MeasureChange,
    ReservationBatcher,
    SoftReservationRequest,
    inventory_configuration,
    measure_sums,
    post_measures,
)
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.retry import retry_transient
from openiom.platform.settings import Settings

BATCH, BUYERS, THREADS = 512, 10_000, 64
MEASURE = ("pos", "posinbound")


@dataclass(frozen=True)
class Load:
    """The work of one client process; `kind` is post, bare or http."""

    kind: str
    url: str
    number: int
    clients: int
    products: int
    locations: int
    seconds: float
    endpoint: Mapping[str, str] | None = None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="length of each bulk phase")
    parser.add_argument("--clients", type=int, default=2)
    parser.add_argument("--products", type=int, default=1_000)
    parser.add_argument("--locations", type=int, default=20)
    parser.add_argument(
        "--http", action="store_true", help="through the public contract instead of the use case"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--client", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        print(json.dumps({"records": be_client(Load(**json.loads(options.client)))}))
        return 0

    print_figures(measure(options), as_json=options.json)
    return 0


def measure(options: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="openiom-bench-") as home:
        settings = Settings(home=Path(home), log_level="WARNING")
        with running_database(settings) as url:
            database = Database(url, threads=16)
            migrate(database, consumers=CONSUMERS)
            seed(database, options.products, options.locations)
            reset_statistics(database)

            try:
                return {
                    **bulk(settings, database, url, options),
                    **hot(database, url),
                    **one_unit(database, url),
                }
            finally:
                database.close()


def seed(database: Database, products: int, locations: int) -> None:
    """Create stock of two systems for every product at every location."""
    for product in range(products):
        changes = [
            MeasureChange(
                "",
                f"P{product}",
                f"L{location}",
                {MEASURE: Decimal(100), ("erp", "unrestricted"): Decimal(7)},
            )
            for location in range(locations)
        ]
        with database.unit_of_work() as session:
            post_measures(session, changes, now=utc_now(), actor="bench", cause="seed")


def bulk(
    settings: Settings, database: Database, url: str, options: argparse.Namespace
) -> dict[str, Any]:
    """Measure changes per second and the time of a query meanwhile, then the floor of both."""
    load = Load(
        "post", url, 0, options.clients, options.products, options.locations, options.seconds
    )
    cpu: dict[str, float] = {}
    if options.http:
        changes, queries, cpu = http_under_load(settings, database, url, load)
    else:
        changes, queries = under_load(load, lambda n: index_query(database, n, options.locations))

    with psycopg.connect(url, autocommit=True) as connection:
        floor, floor_queries = under_load(
            replace(load, kind="bare"),
            lambda n: bare_query(connection, products_of(n), options.locations),
        )

    return {
        "through": "http" if options.http else "use case",
        "clients": options.clients,
        "changes_per_second": round(changes),
        "changes_floor_per_second": round(floor),
        "changes_ratio": round(changes / floor, 2),
        "query_p99_ms": milliseconds(queries, 0.99),
        "query_p50_ms": milliseconds(queries, 0.5),
        "query_floor_p99_ms": milliseconds(floor_queries, 0.99),
        "query_ratio": round(milliseconds(queries, 0.99) / milliseconds(floor_queries, 0.99), 2),
        "queries": len(queries),
        **cpu,
    }


def http_under_load(
    settings: Settings, database: Database, url: str, load: Load
) -> tuple[float, list[float], dict[str, float]]:
    """Return what `under_load` does for the contract, and CPU microseconds a record.

    The CPU contains that of the queries, and of ten queries before the clients begin.
    """
    with web_server(settings, database, url) as (web, endpoint), Contract(endpoint) as contract:
        web_before, server_before = web.cpu_seconds(), server_cpu_seconds(settings.home)
        changes, queries = under_load(
            replace(load, kind="http", endpoint=asdict(endpoint)),
            lambda n: contract.index_query(products_of(n), load.locations),
        )
        million_records = max(1.0, changes * load.seconds) / 1_000_000
        web_spent = web.cpu_seconds() - web_before
        server_spent = server_cpu_seconds(settings.home) - server_before

    cpu = {
        "web_cpu_us_per_record": round(web_spent / million_records, 1),
        "postgres_cpu_us_per_record": round(server_spent / million_records, 1),
    }
    return changes, queries, cpu


def server_cpu_seconds(home: Path) -> float:
    """Return the CPU seconds that the embedded server in `home` and its children have spent."""
    pid = (home / "pg" / "postmaster.pid").read_text().splitlines()[0]
    server = psutil.Process(int(pid))
    spent = 0.0
    for process in (server, *server.children(recursive=True)):
        times = process.cpu_times()
        spent += times.user + times.system
    return spent


def under_load(load: Load, query: Callable[[int], object]) -> tuple[float, list[float]]:
    """Return records per second of all clients and the sorted seconds of each query meanwhile."""
    for n in range(10):  # statements that are planned and cached once are not measured
        query(n)

    tune_gc()
    with clients_of(load) as clients:
        for client in clients:
            assert client.stdout is not None
            assert client.stdout.readline().strip() == "ready"

        for client in clients:
            assert client.stdin is not None
            client.stdin.write("go\n")
            client.stdin.flush()

        began, taken = perf_counter(), []
        for n in count():
            started = perf_counter()
            if started - began > load.seconds:
                break

            query(n)
            taken.append(perf_counter() - started)

        records = sum(
            json.loads(client.communicate(timeout=120)[0])["records"] for client in clients
        )

    return records / load.seconds, sorted(taken)


@contextmanager
def clients_of(load: Load) -> Iterator[list[subprocess.Popen[str]]]:
    """Start client processes that wait for "go"; end them in any case."""
    root = Path(__file__).resolve().parents[1]
    path = os.pathsep.join([str(root), str(root / "src"), os.environ.get("PYTHONPATH", "")])

    started = []
    try:
        for number in range(load.clients):
            own = json.dumps(asdict(load) | {"number": number})
            command = [sys.executable, str(Path(__file__).resolve()), "--client", own]
            started.append(
                subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "PYTHONPATH": path},
                )
            )

        yield started
    finally:
        for client in started:
            client.kill()
            client.communicate()


def be_client(load: Load) -> int:
    """Post batches until the time is over; return the number of records posted within it."""
    random = Random(load.number)
    own = [n for n in range(load.locations) if n % load.clients == load.number]

    numbers = count()
    with sender(load) as send:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        records, ends = 0, perf_counter() + load.seconds

        while True:
            keys = [
                (f"P{random.randrange(load.products)}", f"L{random.choice(own)}")
                for _ in range(BATCH)
            ]
            send(keys, [f"{load.kind}-{load.number}-{next(numbers)}" for _ in keys])
            if perf_counter() > ends:
                return records

            records += BATCH


Send = Callable[[Sequence[tuple[str, str]], Sequence[str]], None]


@contextmanager
def sender(load: Load) -> Iterator[Send]:
    """Return how this client posts a batch of (product, location) keys with their event ids."""
    if load.kind == "bare":
        with psycopg.connect(load.url) as connection:
            yield lambda keys, events: bare_changes(connection, keys, events)
    elif load.kind == "http":
        with Contract(Endpoint(**load.endpoint or {})) as contract:
            yield contract.post_changes
    else:
        database = Database(load.url, threads=1)

        def send(keys: Sequence[tuple[str, str]], events: Sequence[str]) -> None:
            one = {MEASURE: Decimal(1)}
            changes = [
                MeasureChange("", *key, one, event) for key, event in zip(keys, events, strict=True)
            ]
            retry_transient(
                database,
                lambda session: post_measures(
                    session, changes, now=utc_now(), actor="bench", cause="api"
                ),
            )

        yield send
        database.close()


def products_of(n: int) -> list[str]:
    return [f"P{p}" for p in range(100 * (n % 10), 100 * (n % 10) + 100)]


def index_query(database: Database, n: int, locations: int) -> None:
    """Query every measure of 100 products at all locations, up to the bytes the contract sends."""
    names = [f"L{location}" for location in range(locations)]
    with database.reading() as session:
        configuration = inventory_configuration(session)
        filters = {"organizationId": [configuration.own_organization], "productId": products_of(n)}
        places = {"siteId": names, "locationId": names}
        body = {"filters": {**filters, **places}, "groupbyvalues": [], "returnnegative": True}
        question = read_index_query(body, configuration, version=1)
        answer = result_json(
            measure_sums(session, question, configuration), question, configuration
        )

    assert answer.count(b'"productId"') == 100 * locations, answer[:500]


def hot(database: Database, url: str) -> dict[str, Any]:
    """Measure reservations per second of one key, requested one by one by many threads."""
    stock(database, "HOT", 1_000_000)
    won, seconds = buy(database, "HOT")
    assert won == BUYERS, won

    with psycopg.connect(url) as connection:
        floor = bare_reservations(connection, "HOT", "L0", BUYERS, THREADS)

    return {
        "hot_sku_reservations_per_second": round(BUYERS / seconds),
        "hot_sku_floor_per_second": round(BUYERS / floor),
        "hot_sku_ratio": round(floor / seconds, 2),
    }


def one_unit(database: Database, url: str) -> dict[str, Any]:
    """Let ten thousand buyers compete for one unit."""
    stock(database, "LAST", 1)
    won, seconds = buy(database, "LAST")
    stock(database, "BARE", 1)
    floor_won, floor = bare_buyers(url, "BARE", "L0", BUYERS, connections=8)
    assert floor_won == 1, floor_won
    return {
        "one_unit_winners": won,
        "one_unit_seconds": round(seconds, 2),
        "one_unit_floor_seconds": round(floor, 2),
        "one_unit_ratio": round(seconds / floor, 2),
    }


def stock(database: Database, product: str, units: int) -> None:
    with database.unit_of_work() as session:
        change = MeasureChange("", product, "L0", {MEASURE: Decimal(units)})
        post_measures(session, [change], now=utc_now(), actor="bench", cause="seed")


def buy(database: Database, product: str) -> tuple[int, float]:
    """Return how many buyers got a unit, and the seconds all of them took."""
    batcher = ReservationBatcher(database)
    buyers = iter(range(BUYERS))
    winners: list[int] = []
    next_buyer = Lock()

    def run() -> None:
        while True:
            with next_buyer:
                buyer = next(buyers, None)

            if buyer is None:
                return

            request = SoftReservationRequest(
                "", product, "L0", Decimal(1), event_id=f"{product}-{buyer}"
            )
            if batcher.reserve(request, now=utc_now(), actor="bench").ok:
                winners.append(buyer)

    threads = [Thread(target=run) for _ in range(THREADS)]
    began = perf_counter()
    for thread in threads:
        thread.start()

    for thread in threads:
        thread.join()

    return len(winners), perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())

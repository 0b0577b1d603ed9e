"""Two million orders, one million of them waiting: lists, searches, counts, Home, memory.

Targets: p95 < 200 ms for lists, searches, counts and Home; a worker stays below 400 MB. The floor
is as many rows read by primary key from the same database, measured in the same run.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from random import Random
from threading import Event, Thread
from time import perf_counter, sleep

import httpx
import psutil
from sqlalchemy.orm import Session

from benchmarks.fabrikam import FIRST_ORDERS, BenchmarkSite, Store, run_fabrikam
from benchmarks.figures import measure_seconds, print_figures, print_progress
from benchmarks.web_server import run_web_server
from openiom.platform.bulk import execute, fetch

ROUNDS = 60
ORDERS_PER_STEP = 100_000
MEMORY_ORDERS = 2_000
SETTLE_SECONDS = 2
MEMORY_POLL_SECONDS = 0.05

Parameters = Callable[[], dict[str, str]]

MADE = (
    "CREATE TEMP TABLE made ON COMMIT DROP AS SELECT uuidv7() AS id, uuidv7() AS run_id, n,"
    " n %% 2 = 0 AS waits, now() - n * interval '15 seconds' AS at"
    " FROM generate_series(%s::int, %s::int) AS s(n)"
)
COPIED: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    (
        "orders.order",
        "o.id = %s",
        {
            "id": "m.id",
            "number": "'V' || m.n",
            "external_id": "'V' || m.n",
            "placed_at": "m.at",
            "customer_name": "'Customer ' || m.n",
            "customer_email": "'c' || m.n || '@example.com'",
        },
    ),
    ("orders.order_line", "o.order_id = %s", {"id": "uuidv7()", "order_id": "m.id"}),
    (
        "orchestration.flow_run",
        "m.waits AND o.subject_id = %s",
        {"id": "m.run_id", "subject_id": "m.id", "root_id": "m.id"},
    ),
    (
        "orchestration.token",
        "m.waits AND o.subject_id = %s",
        {"id": "uuidv7()", "run_id": "m.run_id", "subject_id": "m.id", "root_id": "m.id"},
    ),
)
"""Tables copied from one order: its rows `o`, and the columns that differ in a copy `m`."""
STATES = (
    "INSERT INTO orders.order_state (order_id, state, reason, updated_at)"
    " SELECT m.id, CASE WHEN m.waits THEN 'fulfillment_in_process' ELSE 'completed' END,"
    " 'Sent To Fulfillment', m.at FROM made m"
)
COUNTS = (
    "INSERT INTO orders.order_count_delta (state, attention, orders) SELECT state, '', count(*)"
    " FROM (SELECT CASE WHEN waits THEN 'fulfillment_in_process' ELSE 'completed' END AS state"
    " FROM made) s GROUP BY 1"
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=2_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures: dict[str, float] = {"orders": options.orders, "waiting": options.orders // 2}

    with run_fabrikam(workers=1) as (site, store):
        site.load(store.messages())
        site.wait_sent(FIRST_ORDERS)
        started = perf_counter()
        fill(site, options.orders)
        print_progress(f"{options.orders} orders in {perf_counter() - started:.0f} s")
        settings, database = site.application.settings, site.application.database

        with run_web_server(settings, database, site.url) as web, web.client() as client:
            figures |= measure_requests(site, client, options.orders)

        figures |= measure_memory(site, store)

    print_figures(figures, as_json=options.json)
    return 0


def fill(site: BenchmarkSite, orders: int) -> None:
    """Copy one sent order with its flow run; every second copy is already completed."""
    for start in range(0, orders, ORDERS_PER_STEP):
        end = min(orders, start + ORDERS_PER_STEP)
        with site.application.database.unit_of_work() as session:
            [(template,)] = fetch(session, "SELECT id FROM orders.order ORDER BY id LIMIT 1")
            execute(session, MADE, (start, end - 1))

            for table, condition, own_columns in COPIED:
                execute(
                    session, copy_statement(session, table, condition, own_columns), (template,)
                )

            execute(session, STATES)
            execute(session, COUNTS)

        print_progress(f"{end} orders")

    with site.application.database.connect() as connection:
        connection.execute("ANALYZE")


def copy_statement(
    session: Session, table: str, condition: str, own_columns: Mapping[str, str]
) -> str:
    """Return the statement that copies the template's rows of a table for every made order."""
    schema, _, name = table.partition(".")
    rows = fetch(
        session,
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s AND is_identity = 'NO'"
        " ORDER BY ordinal_position",
        (schema, name),
    )
    columns = [column for (column,) in rows]
    values = [own_columns.get(column, f"o.{column}") for column in columns]
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
        f" FROM {table} o CROSS JOIN made m WHERE {condition}"
    )


def measure_requests(site: BenchmarkSite, client: httpx.Client, orders: int) -> dict[str, float]:
    """Return the p95 of frequent requests, each with parameters that were not used before."""
    random = Random(1)
    states = ["completed", "fulfillment_in_process", "on_hold", "new"]
    lists: dict[str, Parameters] = {
        "list": lambda: {},
        "by_state": lambda: {"state": random.choice(states)},
        "manual_hold": lambda: {"manual_hold": "true"},
        "by_number": lambda: {"search": f"V{random.randrange(orders)}"},
        "by_name": lambda: {"search": f"customer {random.randrange(orders)}"},
        "by_email": lambda: {"search": f"c{random.randrange(orders)}@"},
    }

    figures: dict[str, float] = {}
    for name, parameters in lists.items():
        figures[f"{name}_p95_ms"] = p95(partial(_list_orders, client, parameters))

    figures["counts_p95_ms"] = p95(lambda: client.get("/api/v1/orders/counts").raise_for_status())
    figures["home_p95_ms"] = p95(lambda: client.get("/api/v1/home").raise_for_status())
    with site.application.database.reading() as session:
        figures["floor_by_key_p95_ms"] = p95(
            lambda: fetch(session, "SELECT * FROM orders.order ORDER BY id DESC LIMIT 50")
        )

    return figures


def _list_orders(client: httpx.Client, parameters: Parameters) -> None:
    client.get("/api/v1/orders", params=parameters()).raise_for_status()


def p95(request: Callable[[], object]) -> float:
    """Return the 95th percentile of a request's milliseconds."""
    milliseconds = [1000 * seconds for seconds in measure_seconds(request, rounds=ROUNDS)]
    return round(statistics.quantiles(milliseconds, n=20)[-1], 1)


def measure_memory(site: BenchmarkSite, store: Store) -> dict[str, float]:
    """Return the most memory of a worker while orders are processed beside a million that wait."""
    sleep(SETTLE_SECONDS)
    messages = store.new_messages(MEMORY_ORDERS)
    sleep(SETTLE_SECONDS)

    with _peak_memory(site) as peak:
        sent = site.sent()
        site.load(messages)
        site.wait_sent(sent + len(messages))

    return {"carried_meanwhile": len(messages), "worker_mb": round(peak[0] / 1e6, 1)}


@contextmanager
def _peak_memory(site: BenchmarkSite) -> Iterator[list[int]]:
    """Yield a list whose only item becomes the peak memory of the worker in bytes."""
    [worker] = site.workers
    assert worker.process
    process = psutil.Process(worker.process.pid)
    done = Event()
    peak = [0]

    def watch() -> None:
        while not done.wait(MEMORY_POLL_SECONDS):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = Thread(target=watch)
    thread.start()

    try:
        yield peak
    finally:
        done.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())

"""
Two million orders in the books, one million of them waiting: lists, searches, counts, and a worker's memory.

Targets: p95 < 200 ms for lists, searches and counts; a worker stays under 400 MB. The floor of the answers is the
same number of rows read by primary key through the same web process' database, measured in the same run.
"""

import argparse
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from random import Random
from threading import Event, Thread
from time import perf_counter, sleep

import httpx
import psutil

from benchmarks.fabrikam import Company, Store, company
from benchmarks.figures import print_figures, print_progress
from benchmarks.web_server import run_web_server
from openiom.platform.bulk import execute, fetch

ROUNDS = 60
STEP = 100_000

_COPIED = (
    "INSERT INTO orders.order ({columns}) SELECT {values} FROM orders.order o CROSS JOIN made m WHERE o.id = %s",
    "INSERT INTO orders.order_state (order_id, state, reason, updated_at)"
    " SELECT m.id, CASE WHEN m.waits THEN 'fulfillment_in_process' ELSE 'completed' END, 'Sent To Fulfillment', m.at"
    " FROM made m WHERE %s IS NOT NULL",
    "INSERT INTO orders.order_line ({lines}) SELECT {line_values} FROM orders.order_line l CROSS JOIN made m"
    " WHERE l.order_id = %s",
    "INSERT INTO orchestration.flow_run ({flow_run}) SELECT {flow_run_values} FROM orchestration.flow_run j"
    " CROSS JOIN made m WHERE m.waits AND j.subject_id = %s",
    "INSERT INTO orchestration.token ({token}) SELECT {token_values} FROM orchestration.token t CROSS JOIN made m"
    " WHERE m.waits AND t.subject_id = %s",
    "INSERT INTO orders.order_count_delta (state, attention, orders) SELECT state, '', count(*) FROM (SELECT CASE WHEN waits"
    " THEN 'fulfillment_in_process' ELSE 'completed' END AS state FROM made) s WHERE %s IS NOT NULL GROUP BY 1",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=2_000_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with company(workers=1) as (house, shop):
        house.load(shop.messages())
        house.wait_sent(400)
        started = perf_counter()
        fill(house, asked.orders)
        print_progress(f"{asked.orders} orders in {perf_counter() - started:.0f} s")
        result: dict[str, float] = {"orders": asked.orders, "waiting": asked.orders // 2}
        with (
            run_web_server(house.product.settings, house.product.database, house.url) as web,
            web.client() as client,
        ):
            result |= answers(house, client, asked.orders)
        result |= memory(house, shop)
    print_figures(result, as_json=asked.json)
    return 0


def fill(house: Company, orders: int) -> None:
    """Multiply one sent order: its rows, its flow run and the token that waits, every second one over already."""
    for start in range(0, orders, STEP):
        with house.product.database.unit_of_work() as session:
            (template,) = fetch(session, "SELECT id FROM orders.order ORDER BY id LIMIT 1")[0]
            execute(
                session,
                "CREATE TEMP TABLE made ON COMMIT DROP AS SELECT uuidv7() AS id, uuidv7() AS flow_run, n, n %% 2 = 0"
                " AS waits, now() - n * interval '15 seconds' AS at FROM generate_series(%s::int, %s::int) AS s(n)",
                (start, min(orders, start + STEP) - 1),
            )
            for statement in _COPIED:
                execute(session, statement.format(**_columns(session)), (template,))
        print_progress(f"{min(orders, start + STEP)} orders")
    with house.product.database.connect() as connection:
        connection.execute("ANALYZE")


def _columns(session) -> dict[str, str]:  # type: ignore[no-untyped-def]
    """The columns of the tables copied, and where each value comes from: the template, or the copy's own."""
    own = {
        "orders.order": {
            "id": "m.id",
            "number": "'V' || m.n",
            "external_id": "'V' || m.n",
            "placed_at": "m.at",
        },
        "orders.order_line": {"id": "uuidv7()", "order_id": "m.id"},
        "orchestration.flow_run": {"id": "m.flow_run", "subject_id": "m.id", "root_id": "m.id"},
        "orchestration.token": {
            "id": "uuidv7()",
            "run_id": "m.flow_run",
            "subject_id": "m.id",
            "root_id": "m.id",
        },
    }
    own["orders.order"] |= {
        "customer_name": "'Customer ' || m.n",
        "customer_email": "'c' || m.n || '@example.com'",
    }
    names = {
        "orders.order": ("columns", "values", "o"),
        "orders.order_line": ("lines", "line_values", "l"),
    }
    names |= {
        "orchestration.flow_run": ("flow_run", "flow_run_values", "j"),
        "orchestration.token": ("token", "token_values", "t"),
    }
    found = {}
    for table, (columns, values, alias) in names.items():
        schema, _, name = table.partition(".")
        rows = fetch(
            session,
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
            " ORDER BY ordinal_position",
            (schema, name),
        )
        found[columns] = ", ".join(row[0] for row in rows)
        found[values] = ", ".join(own[table].get(row[0], f"{alias}.{row[0]}") for row in rows)
    return found


def answers(house: Company, client: httpx.Client, orders: int) -> dict[str, float]:
    """p95 of what people ask for all day, each with values that were not asked before."""
    dice = Random(1)
    asked: dict[str, Callable[[], dict[str, str]]] = {
        "list": lambda: {},
        "by_state": lambda: {
            "state": dice.choice(["completed", "fulfillment_in_process", "on_hold", "new"])
        },
        "manual_hold": lambda: {"manual_hold": "true"},
        "by_number": lambda: {"search": f"V{dice.randrange(orders)}"},
        "by_name": lambda: {"search": f"customer {dice.randrange(orders)}"},
        "by_email": lambda: {"search": f"c{dice.randrange(orders)}@"},
    }
    result = {}
    for name, parameters in asked.items():
        result[f"{name}_p95_ms"] = _p95(partial(_list, client, parameters))
    result["counts_p95_ms"] = _p95(lambda: client.get("/api/v1/orders/counts").raise_for_status())
    with house.product.database.reading() as session:
        result["floor_by_key_p95_ms"] = _p95(
            lambda: fetch(session, "SELECT * FROM orders.order ORDER BY id DESC LIMIT 50")
        )
    return result


def _list(client: httpx.Client, parameters: Callable[[], dict[str, str]]) -> None:
    client.get("/api/v1/orders", params=parameters()).raise_for_status()


def _p95(ask: Callable[[], object]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = perf_counter()
        ask()
        taken.append(1000 * (perf_counter() - started))
    return round(statistics.quantiles(taken, n=20)[-1], 1)


def memory(house: Company, shop: Store) -> dict[str, float]:
    """The most a worker holds while 2,000 orders pass by a million that wait."""
    sleep(2)
    messages = shop.fresh(2_000)
    sleep(2)
    with _watched(house) as most:
        sent = house.sent()
        house.load(messages)
        house.wait_sent(sent + len(messages))
    return {"carried_meanwhile": len(messages), "worker_mb": round(most[0] / 1e6, 1)}


@contextmanager
def _watched(house: Company) -> Iterator[list[int]]:
    (child,) = house.workers
    assert child.process
    process, over, most = psutil.Process(child.process.pid), Event(), [0]

    def watch() -> None:
        while not over.wait(0.05):
            most[0] = max(most[0], process.memory_info().rss)

    thread = Thread(target=watch)
    thread.start()
    try:
        yield most
    finally:
        over.set()
        thread.join()


if __name__ == "__main__":
    sys.exit(main())

"""What an order costs beside many others, and how many orders more workers carry.

CPU of workers and PostgreSQL for an order beside 0, 200,000 and 2,000,000 orders, which are copies
of one that was sent, with its lines, fulfillment order, flow run, provider call and message.
Target: at most 15 % more beside the most orders. `--workers 1,2,3` prints the throughput of so many
worker processes in an empty database.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from time import perf_counter

from benchmarks.fabrikam import BenchmarkSite, Store, run_fabrikam
from benchmarks.figures import print_figures, print_progress
from benchmarks.order_to_release_bench import warm_up
from benchmarks.volume_bench import ORDERS_PER_STEP, copy_statement
from openiom.platform.bulk import execute, fetch

TEMPLATE = (
    "SELECT f.order_id, f.id FROM fulfillment.fulfillment_order f"
    " JOIN orders.order o ON o.id = f.order_id WHERE o.line_count = 1 ORDER BY o.id LIMIT 1"
)
MADE = (
    "CREATE TEMP TABLE made ON COMMIT DROP AS SELECT uuidv7() AS id, uuidv7() AS line_id,"
    " uuidv7() AS fulfillment_order_id, uuidv7() AS run_id, uuidv7() AS token_id, n,"
    " now() - n * interval '15 seconds' AS at FROM generate_series(%s::int, %s::int) AS s(n)"
)
_OF_ORDER = {"order_id": "m.id"}
_OF_FLOW = {"subject_id": "m.id", "root_id": "m.id"}
COPIED: tuple[tuple[str, str, Mapping[str, str]], ...] = (
    (
        "orders.order",
        "o.id = %(order)s",
        {
            "id": "m.id",
            "number": "'V' || m.n",
            "external_id": "'V' || m.n",
            "placed_at": "m.at",
            "customer_name": "'Customer ' || m.n",
            "customer_email": "'c' || m.n || '@example.com'",
        },
    ),
    ("orders.order_line", "o.order_id = %(order)s", {"id": "m.line_id", **_OF_ORDER}),
    ("orders.order_state", "o.order_id = %(order)s", _OF_ORDER),
    (
        "fulfillment.fulfillment_order",
        "o.id = %(fulfillment_order)s",
        {
            "id": "m.fulfillment_order_id",
            "number": "'FV-' || m.n",
            "external_id": "'V' || m.n",
            **_OF_ORDER,
        },
    ),
    (
        "fulfillment.fulfillment_order_line",
        "o.fulfillment_order_id = %(fulfillment_order)s",
        {
            "id": "uuidv7()",
            "fulfillment_order_id": "m.fulfillment_order_id",
            "order_line_id": "m.line_id",
        },
    ),
    (
        "fulfillment_optimization.sourcing_decision",
        "o.order_id = %(order)s",
        {"id": "uuidv7()", **_OF_ORDER},
    ),
    (
        "orchestration.flow_run",
        "o.subject_id = %(order)s",
        {"id": "m.run_id", **_OF_FLOW},
    ),
    (
        "orchestration.token",
        "o.subject_id = %(order)s",
        {"id": "m.token_id", "run_id": "m.run_id", **_OF_FLOW},
    ),
    (
        "orchestration.step_result",
        "o.run_id = (SELECT id FROM orchestration.flow_run WHERE subject_id = %(order)s)",
        {"run_id": "m.run_id"},
    ),
    (
        "orchestration.provider_call",
        "o.entity_id = %(fulfillment_order)s",
        {
            "key": "m.run_id || ':send:' || m.fulfillment_order_id || ':1'",
            "entity_id": "m.fulfillment_order_id",
            "run_id": "m.run_id",
            "token_id": "m.token_id",
        },
    ),
    (
        "providers.message",
        "o.entity_id = %(order)s::text",
        {"key": "'V' || m.n", "entity_id": "m.id::text", "search_text": "'V' || m.n"},
    ),
)
"""Tables copied from one order: its rows `o`, and the columns that differ in a copy `m`."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=4_000, help="orders of each measurement")
    parser.add_argument(
        "--beside", type=_numbers, default=[0, 200_000, 2_000_000], help="0,200000,2000000"
    )
    parser.add_argument("--workers", type=_numbers, help="1,2,3: print their throughput instead")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    if options.workers:
        figures = throughput(options.orders, options.workers)
    else:
        figures = growth(options.orders, options.beside)

    print_figures(figures, as_json=options.json)
    return 0


def _numbers(text: str) -> list[int]:
    return sorted({int(number) for number in text.split(",")})


def growth(orders: int, sizes: Sequence[int]) -> dict[str, float]:
    """Return the CPU of an order beside so many others, and the last as a ratio to the first."""
    figures: dict[str, float] = {"orders": orders}
    costs: list[float] = []
    with run_fabrikam(workers=1) as (site, store):
        sent = warm_up(site, store)
        made = 0
        for size in sizes:
            fill(site, made, size)
            made = size
            spent = _spent(site, store, sent, orders)
            sent += orders

            costs.append(spent["workers"] + spent["postgres"])
            figures[f"worker_cpu_ms_beside_{size}"] = round(spent["workers"], 3)
            figures[f"postgres_cpu_ms_beside_{size}"] = round(spent["postgres"], 3)
            print_progress(f"{costs[-1]:.3f} ms an order beside {size}")

    figures["ratio"] = round(costs[-1] / costs[0], 3)
    return figures


def _spent(site: BenchmarkSite, store: Store, sent: int, orders: int) -> dict[str, float]:
    """Return the milliseconds of CPU that each of so many new orders costs."""
    messages = store.new_messages(orders)
    before = site.cpu()
    site.load(messages)
    site.wait_sent(sent + len(messages))
    return {
        name: 1000 * (seconds - before[name]) / len(messages)
        for name, seconds in site.cpu().items()
    }


def fill(site: BenchmarkSite, first: int, end: int) -> None:
    """Copy a sent order with what belongs to it, as the orders `first` to `end - 1`."""
    if first == end:
        return

    for start in range(first, end, ORDERS_PER_STEP):
        last = min(end, start + ORDERS_PER_STEP) - 1
        with site.application.database.unit_of_work() as session:
            [(order, fulfillment_order)] = fetch(session, TEMPLATE)
            template = {"order": order, "fulfillment_order": fulfillment_order}
            execute(session, MADE, (start, last))
            for table, condition, own_columns in COPIED:
                statement = copy_statement(session, table, condition, own_columns)
                execute(session, statement, template)

        print_progress(f"{last + 1} orders copied")

    with site.application.database.connect() as connection:
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")


def throughput(orders: int, workers: Sequence[int]) -> dict[str, float]:
    """Return the orders a second of so many worker processes, each in its own database."""
    figures: dict[str, float] = {"orders": orders}
    for number in workers:
        with run_fabrikam(workers=number) as (site, store):
            sent = warm_up(site, store)
            messages = store.new_messages(orders)
            started = perf_counter()
            site.load(messages)
            site.wait_sent(sent + len(messages))
            rate = len(messages) / (perf_counter() - started)

        figures[f"orders_per_second_of_{number}"] = round(rate, 1)
        print_progress(f"{rate:.0f} orders/s with {number} workers")

    return figures


if __name__ == "__main__":
    sys.exit(main())

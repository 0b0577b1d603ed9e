"""From messages in the inbox to fulfillment orders sent: mapped, sourced, reserved, created, sent.

The floor is the rows that the run left behind, written again by bare COPY and UPDATE in batches of
500 on the same server, over as many connections as the machine has cores. Target: ratio >= 0.4 and
<= 0.6 ms of worker CPU an order. `--profile` prints where the time of an order goes.
"""

import argparse
import sys
from time import perf_counter

from benchmarks.fabrikam import BenchmarkSite, Store, run_fabrikam
from benchmarks.figures import print_figures, print_progress
from benchmarks.order_floor import read_rows, write_rows
from benchmarks.order_ledger import ledger_of, print_ledger

SINGLE_ORDERS = 1_000
FLOOR_BATCH = 500
FLOOR_CONNECTIONS = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--batch-size", type=int, default=500)
    parser.add_argument(
        "--no-single", action="store_true", help="do not measure a 3PL without a bulk call"
    )
    parser.add_argument(
        "--profile", action="store_true", help="print where the time of an order goes instead"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.profile:
        print_profile(options.orders, as_json=options.json)
        return 0

    figures = measure(options.orders, workers=options.workers, batch_size=options.batch_size)
    if not options.no_single:
        orders = min(SINGLE_ORDERS, options.orders)
        figures["single_calls_per_second"] = single_calls(orders, workers=options.workers)

    print_figures(figures, as_json=options.json)
    return 0


def print_profile(orders: int, *, as_json: bool) -> None:
    """Print the ledger of an order: CPU, statements, rows and WAL."""
    ledger = ledger_of(orders)
    if as_json:
        print_figures({"orders": orders, **ledger}, as_json=True)
    else:
        print_ledger(ledger)


def measure(orders: int, *, workers: int, batch_size: int) -> dict[str, float]:
    """Process `orders`, then write the same rows by bare SQL."""
    with run_fabrikam(workers=workers, batch_size=batch_size) as (site, store):
        first_orders = warm_up(site, store)
        messages = store.new_messages(orders)
        print_progress(f"{len(messages)} messages ready")
        cpu_before = site.cpu()
        started = perf_counter()
        site.load(messages)
        site.wait_sent(first_orders + len(messages))
        seconds = perf_counter() - started
        cpu_after = site.cpu()
        site.stop_workers()
        rate = len(messages) / seconds
        print_progress(f"{rate:.0f} orders/s; now the floor")
        total = first_orders + len(messages)
        rows = read_rows(site.application.database.url)
        floor_seconds = write_rows(
            site.application.database.url,
            rows,
            orders=total,
            batch=FLOOR_BATCH,
            connections=FLOOR_CONNECTIONS,
        )

    floor_rate = total / floor_seconds
    cpu = {}
    for name, spent in cpu_after.items():
        cpu[name] = round(1000 * (spent - cpu_before[name]) / len(messages), 3)

    return {
        "orders": len(messages),
        "seconds": round(seconds, 2),
        "orders_per_second": round(rate, 1),
        "floor_orders_per_second": round(floor_rate, 1),
        "ratio": round(rate / floor_rate, 3),
        "cpu_ms_per_order": cpu["workers"],
        "postgres_cpu_ms_per_order": cpu["postgres"],
        "simulator_cpu_ms_per_order": cpu["simulators"],
        "rows_per_order": round(sum(map(len, rows)) / total, 1),
        "workers": workers,
    }


def single_calls(orders: int, *, workers: int) -> float:
    """Return the orders a second through a 3PL that accepts one order per call."""
    with run_fabrikam(workers=workers, single=True) as (site, store):
        first_orders = warm_up(site, store)
        messages = store.new_messages(orders)
        started = perf_counter()
        site.load(messages)
        site.wait_sent(first_orders + len(messages))
        return round(len(messages) / (perf_counter() - started), 1)


def warm_up(site: BenchmarkSite, store: Store) -> int:
    """Process the first orders of the store and return their number."""
    messages = store.messages()
    site.load(messages)
    site.wait_sent(len(messages))
    return len(messages)


if __name__ == "__main__":
    sys.exit(main())

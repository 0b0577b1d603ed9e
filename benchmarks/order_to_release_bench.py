"""
Messages in the inbox to fulfillment orders sent: transformed, mapped, validated, sourced, reserved, created, sent.

The floor is the very rows the run left behind, written again by bare COPY and UPDATE in batches of 500 on the same
server, over as many connections as the machine has cores. Target: ratio >= 0.4 and <= 0.6 ms of worker CPU an order.
"""

import argparse
import sys
from time import perf_counter

from benchmarks.fabrikam import company
from benchmarks.figures import print_figures, print_progress
from benchmarks.order_floor import remember, write_again

WARM = 400
SINGLE_ORDERS = 1_000
BATCH = 500
CONNECTIONS = 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--wave-limit", type=int, default=500)
    parser.add_argument(
        "--no-single", action="store_true", help="leave the 3PL without a bulk call out"
    )
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    result = measure(asked.orders, workers=asked.workers, batch_size=asked.batch_size)
    if not asked.no_single:
        result["single_calls_per_second"] = single_calls(
            min(SINGLE_ORDERS, asked.orders), workers=asked.workers
        )
    print_figures(result, as_json=asked.json)
    return 0


def measure(orders: int, *, workers: int, batch_size: int) -> dict[str, float]:
    """Run `orders` through, then write the same rows bare."""
    with company(workers=workers, batch_size=batch_size) as (house, shop):
        warm = shop.messages()
        house.load(warm)
        house.wait_sent(len(warm))
        messages = shop.fresh(orders)
        print_progress(f"{len(messages)} messages ready")
        before, started = house.cpu(), perf_counter()
        house.load(messages)
        house.wait_sent(len(warm) + len(messages))
        seconds = perf_counter() - started
        spent = {name: value - before[name] for name, value in house.cpu().items()}
        for child in house.workers:
            if child.process:
                child.process.terminate()
                child.process.wait(30)
        print_progress(f"{len(messages) / seconds:.0f} orders/s; now the floor")
        total = len(warm) + len(messages)
        rows = remember(house.product.database.url)
        floor = total / write_again(
            house.product.database.url, rows, orders=total, batch=BATCH, connections=CONNECTIONS
        )
    rate = len(messages) / seconds
    return {
        "orders": len(messages),
        "seconds": round(seconds, 2),
        "orders_per_second": round(rate, 1),
        "floor_orders_per_second": round(floor, 1),
        "ratio": round(rate / floor, 3),
        "cpu_ms_per_order": round(1000 * spent["workers"] / len(messages), 3),
        "postgres_cpu_ms_per_order": round(1000 * spent["postgres"] / len(messages), 3),
        "simulator_cpu_ms_per_order": round(1000 * spent["simulators"] / len(messages), 3),
        "rows_per_order": round(sum(map(len, rows)) / total, 1),
        "workers": workers,
    }


def single_calls(orders: int, *, workers: int) -> float:
    """Orders a second through a 3PL that takes one a call."""
    with company(workers=workers, single=True) as (house, shop):
        warm = shop.messages()
        house.load(warm)
        house.wait_sent(len(warm))
        messages = shop.fresh(orders)
        started = perf_counter()
        house.load(messages)
        house.wait_sent(len(warm) + len(messages))
        return round(len(messages) / (perf_counter() - started), 1)


if __name__ == "__main__":
    sys.exit(main())

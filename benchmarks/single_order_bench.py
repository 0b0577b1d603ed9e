"""One order at a time on an idle system, from the POST until the 3PL has it.

Target: p50 < 150 ms, p99 < 400 ms. The floor is the same number of POSTs that are only stored,
measured in the same run.
"""

import argparse
import statistics
import sys
from time import perf_counter, sleep

import httpx

from benchmarks.fabrikam import BenchmarkSite, Store, run_fabrikam
from benchmarks.figures import milliseconds, print_figures
from benchmarks.web_server import run_web_server
from openiom.platform.bulk import fetch

WARM_UP_ORDERS = 20
POLL_SECONDS = 0.002


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    print_figures(measure(options.orders), as_json=options.json)
    return 0


def measure(orders: int) -> dict[str, float]:
    """Post `orders` one after the other, each once the previous one was sent."""
    with run_fabrikam(workers=1) as (site, store):
        settings, database = site.application.settings, site.application.database
        with run_web_server(settings, database, site.url) as web, web.client() as client:
            return _measure(site, store, client, orders)


def _measure(
    site: BenchmarkSite, store: Store, client: httpx.Client, orders: int
) -> dict[str, float]:
    sku = store.catalog()[0].sku
    until_sent: list[float] = []
    until_stored: list[float] = []
    for number in range(orders + WARM_UP_ORDERS):
        started = perf_counter()
        answer = client.post("/api/v1/orders", json={"orders": [document(number, sku)]})
        answer.raise_for_status()
        stored = perf_counter() - started
        order_id = answer.json()["results"][0]["id"]

        while not is_sent(site, order_id):
            sleep(POLL_SECONDS)

        if number >= WARM_UP_ORDERS:
            until_sent.append(perf_counter() - started)
            until_stored.append(stored)

    return {
        "orders": orders,
        "p50_ms": milliseconds(until_sent, 0.5),
        "p99_ms": milliseconds(until_sent, 0.99),
        "floor_post_only_p50_ms": milliseconds(until_stored, 0.5),
        "ratio_to_floor": round(statistics.median(until_sent) / statistics.median(until_stored), 2),
    }


def is_sent(site: BenchmarkSite, order_id: str) -> bool:
    """Return whether the 3PL has an order."""
    with site.application.database.reading() as session:
        [(sent,)] = fetch(
            session,
            "SELECT reason = 'Sent To Fulfillment' FROM orders.order_state"
            " WHERE order_id = %s::uuid",
            (order_id,),
        )
        return bool(sent)


def document(number: int, sku: str) -> dict[str, object]:
    """Return an order of two units of one product."""
    return {
        "external_id": f"bench-{number}",
        "number": f"BENCH-{number}",
        "placed_at": "2026-11-20T10:00:00Z",
        "currency": "USD",
        "total_amount": "20.00",
        "ship_to": {
            "name": "Ann Lee",
            "line1": "1 Main St",
            "city": "Bellevue",
            "state": "WA",
            "postal_code": "98007",
            "country": "US",
        },
        "lines": [
            {
                "external_id": "1",
                "product": sku,
                "unit": "ea",
                "quantity": 2,
                "unit_price": "10.00",
            },
        ],
    }


if __name__ == "__main__":
    sys.exit(main())

"""
One order at a time on an idle system: from the POST until the 3PL has it. Target: p50 < 150 ms, p99 < 400 ms.

The floor is the same number of trips: a POST that is only stored, measured in the same run.
"""

import argparse
import statistics
import sys
from time import perf_counter, sleep

import httpx

from benchmarks.fabrikam import Company, Store, company
from benchmarks.figures import milliseconds, print_figures
from benchmarks.web_server import run_web_server
from openiom.platform.bulk import fetch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    print_figures(measure(asked.orders), as_json=asked.json)
    return 0


def measure(orders: int) -> dict[str, float]:
    """Post `orders` one after the other, each after the last was sent."""
    with (
        company(workers=1) as (house, shop),
        run_web_server(house.product.settings, house.product.database, house.url) as web,
        web.client() as client,
    ):
        return _measure(house, shop, client, orders)


def _measure(house: Company, shop: Store, client: httpx.Client, orders: int) -> dict[str, float]:
    sku = shop.catalog()[0].sku
    taken, posts = [], []
    for n in range(orders + 20):
        started = perf_counter()
        answer = client.post("/api/v1/orders", json={"orders": [document(n, sku)]})
        answer.raise_for_status()
        posted = perf_counter() - started
        order = answer.json()["results"][0]["id"]
        while not sent(house, order):
            sleep(0.002)
        if n >= 20:
            taken.append(perf_counter() - started)
            posts.append(posted)
    return {
        "orders": orders,
        "p50_ms": milliseconds(taken, 0.5),
        "p99_ms": milliseconds(taken, 0.99),
        "floor_post_only_p50_ms": milliseconds(posts, 0.5),
        "ratio_to_floor": round(statistics.median(taken) / statistics.median(posts), 2),
    }


def sent(house, order: str) -> bool:  # type: ignore[no-untyped-def]
    with house.product.database.reading() as session:
        query = "SELECT reason = 'Sent To Fulfillment' FROM orders.order_state WHERE order_id = %s::uuid"
        return bool(fetch(session, query, (order,))[0][0])


def document(n: int, sku: str) -> dict[str, object]:
    address = {"name": "Ann Lee", "line1": "1 Main St", "city": "Bellevue", "state": "WA"}
    return {
        "external_id": f"bench-{n}",
        "number": f"BENCH-{n}",
        "placed_at": "2026-11-20T10:00:00Z",
        "currency": "USD",
        "total_amount": "20.00",
        "ship_to": {**address, "postal_code": "98007", "country": "US"},
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

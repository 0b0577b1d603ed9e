"""
One order at a time on an idle system: from the POST until the 3PL has it. Target: p50 < 150 ms, p99 < 400 ms.

The floor is the same number of trips: a POST that is only stored, measured in the same run.
"""

import argparse
import json
import socket
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter, sleep

import httpx

from benchmarks.company import Company, Store, company
from openiom.administration import issue_token
from openiom.app.processes import Child, child_environment, own_command
from openiom.app.web import LISTEN_FD
from openiom.platform.bulk import fetch
from openiom.platform.events import utc_now


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    result = measure(asked.orders)
    print(json.dumps(result) if asked.json else "\n".join(f"{k:20} {v}" for k, v in result.items()))
    return 0


def measure(orders: int) -> dict[str, float]:
    """Post `orders` one after the other, each after the last was sent."""
    with company(workers=1) as (house, shop), web_of(house) as client:
        return _measure(house, shop, client, orders)


@contextmanager
def web_of(house: Company) -> Iterator[httpx.Client]:
    """A web process over the company's database, and a signed-in client of it."""
    with house.product.database.unit_of_work() as session:
        token = issue_token(session, name="bench", roles=["administrator"], now=utc_now(), actor="bench")
    with socket.create_server(("127.0.0.1", 0)) as bound:
        bound.set_inheritable(True)
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        environment = child_environment(house.product.settings, house.url, url)
        web = Child("web", own_command("web"), {**environment, LISTEN_FD: str(bound.fileno())}, (bound.fileno(),))
        web.start()
        try:
            with httpx.Client(
                base_url=url, headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30
            ) as client:
                _wait_until_ready(client)
                yield client
        finally:
            if web.process:
                web.process.terminate()
                web.process.wait(20)


def _wait_until_ready(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/ready").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        sleep(0.1)
    raise SystemExit("the web process did not become ready within a minute")


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
    taken.sort()
    return {
        "orders": orders,
        "p50_ms": round(1000 * statistics.median(taken), 1),
        "p99_ms": round(1000 * taken[min(len(taken) - 1, int(len(taken) * 0.99))], 1),
        "floor_post_only_p50_ms": round(1000 * statistics.median(posts), 1),
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
            {"external_id": "1", "product": sku, "unit": "ea", "quantity": 2, "unit_price": "10.00"},
        ],
    }


if __name__ == "__main__":
    sys.exit(main())

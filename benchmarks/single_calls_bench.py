"""One order a call, from several clients at once, until the 3PL has every order.

Calls are acknowledged (`Prefer: respond-async`), or with `--synchronous` answered once the order is
created. Target: >= 600 orders/s with 8 clients and <= 3 ms of CPU an order of web process, worker
and PostgreSQL together. The floor is the same calls to an endpoint that only answers, in the same
run.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import ACCEPTED, OK
from itertools import count
from time import perf_counter

import orjson

from benchmarks.fabrikam import BenchmarkSite, run_fabrikam
from benchmarks.figures import milliseconds, print_figures
from benchmarks.raw_clients import Answers, call_all, request_of, status_and_body
from benchmarks.single_order_bench import document
from benchmarks.web_server import WebServer, run_web_server

WARM_UP_ORDERS = 200
ANSWER_ONLY = "/health"


@dataclass(frozen=True)
class Caller:
    """The web server that clients call, what they order, and how they are answered."""

    web: WebServer
    sku: str
    synchronous: bool
    numbers: "count[int]" = field(default_factory=count)

    def post(self, orders: int, clients: int) -> Answers:
        """Post so many new orders one by one from so many clients.

        The requests are ready before the first call.
        """
        headers = {
            "Authorization": f"Bearer {self.web.token}",
            "Content-Type": "application/json",
        }
        if not self.synchronous:
            headers["Prefer"] = "respond-async"

        requests = []
        for _ in range(orders):
            body = orjson.dumps({"orders": [document(next(self.numbers), self.sku)]})
            requests.append(request_of(self.web.address, "POST", "/api/v1/orders", headers, body))

        answered = call_all(self.web.address, requests, clients=clients)
        _check(answered.answers)
        return answered

    def only_answer(self, calls: int, clients: int) -> Answers:
        """Make so many calls to an endpoint that only answers."""
        request = request_of(self.web.address, "GET", ANSWER_ONLY, {})
        answered = call_all(self.web.address, [request] * calls, clients=clients)
        for answer in answered.answers:
            status, body = status_and_body(answer)
            if status != OK:
                raise SystemExit(f"{status}: {body.decode()[:500]}")

        return answered


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=3_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument(
        "--synchronous", action="store_true", help="answer once the order is created"
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()

    figures = measure(options.orders, options.clients, synchronous=options.synchronous)
    print_figures(figures, as_json=options.json)
    return 0


def measure(orders: int, clients: int, *, synchronous: bool = False) -> dict[str, float]:
    """Post `orders` one by one from so many clients; return figures until all are sent."""
    with run_fabrikam(workers=1) as (site, store):
        settings, database = site.application.settings, site.application.database
        with run_web_server(settings, database, site.url) as web:
            caller = Caller(web, store.catalog()[0].sku, synchronous)
            return _measure(site, caller, orders, clients)


def _measure(site: BenchmarkSite, caller: Caller, orders: int, clients: int) -> dict[str, float]:
    web = caller.web
    already = site.sent()
    caller.post(WARM_UP_ORDERS, clients)
    site.wait_sent(already + WARM_UP_ORDERS)
    already = site.sent()

    web_before, before = web.cpu_seconds(), site.cpu()
    started = perf_counter()
    posted = caller.post(orders, clients)
    prepared = perf_counter() - started - posted.seconds
    site.wait_sent(already + orders)
    seconds = perf_counter() - started - prepared
    cpu = {name: spent - before[name] for name, spent in site.cpu().items()}
    cpu["web"] = web.cpu_seconds() - web_before

    floor = caller.only_answer(orders, clients)
    floor_rate = orders / floor.seconds
    rate = orders / posted.seconds

    milli = {name: round(1000 * spent / orders, 3) for name, spent in cpu.items()}
    return {
        "orders": orders,
        "clients": clients,
        "orders_per_second": round(orders / seconds, 1),
        "acknowledged_per_second": round(rate, 1),
        "answers_floor_per_second": round(floor_rate, 1),
        "ratio": round(rate / floor_rate, 3),
        "call_p50_ms": milliseconds(posted.call_seconds, 0.5),
        "call_p99_ms": milliseconds(posted.call_seconds, 0.99),
        "web_cpu_ms_per_order": milli["web"],
        "worker_cpu_ms_per_order": milli["workers"],
        "postgres_cpu_ms_per_order": milli["postgres"],
        "cpu_ms_per_order": round(milli["web"] + milli["workers"] + milli["postgres"], 3),
        "client_cpu_ms_per_order": round(1000 * posted.cpu_seconds / orders, 3),
    }


def _check(answers: Sequence[bytes]) -> None:
    """Raise `SystemExit` unless every call has created or acknowledged a new order."""
    for answer in answers:
        status, content = status_and_body(answer)
        body = orjson.loads(content) if status in (ACCEPTED, OK) else {}
        results = body.get("acknowledged") or body.get("results") or []
        is_new = len(results) == 1 and results[0].get("ok", True) and not results[0]["duplicate"]
        if not is_new:
            raise SystemExit(f"{status}: {content.decode()[:500]}")


if __name__ == "__main__":
    sys.exit(main())

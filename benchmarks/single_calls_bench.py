"""One order a call, on several connections at once, until the 3PL has every order.

Calls are acknowledged (`Prefer: respond-async`), or with `--synchronous` answered once the order is
created. Target: >= 600 orders/s with 8 clients and <= 3 ms of CPU an order of web process, worker
and PostgreSQL together. The floor is the same calls to an endpoint that only answers, in the same
run.
"""

import argparse
import subprocess
import sys
from dataclasses import asdict, dataclass, field
from itertools import count
from subprocess import PIPE
from time import perf_counter
from urllib.parse import urlsplit

import orjson

from benchmarks.fabrikam import BenchmarkSite, run_fabrikam
from benchmarks.figures import milliseconds, print_figures
from benchmarks.http_clients import Answers, Connections, request_text
from benchmarks.single_order_bench import document
from benchmarks.web_server import WebServer, run_web_server

WARM_UP_ORDERS = 200
ANSWER_ONLY = "/health"
ORDERS = "/api/v1/orders"
ACKNOWLEDGED, ANSWERED = "HTTP/1.1 202", "HTTP/1.1 200"
IS_NEW = '"duplicate":false'


@dataclass(frozen=True)
class Clients:
    """The web server that clients call, what they order, and how they are answered."""

    web: WebServer
    sku: str
    connections: int
    synchronous: bool
    numbers: "count[int]" = field(default_factory=count)

    def orders(self, number: int) -> Connections:
        """Return calls that bring `number` new orders, one each."""
        headers = {
            "Authorization": f"Bearer {self.web.token}",
            "Content-Type": "application/json",
        }
        if not self.synchronous:
            headers["Prefer"] = "respond-async"

        requests: list[str] = []
        for _ in range(number):
            content = orjson.dumps({"orders": [document(next(self.numbers), self.sku)]})
            requests.append(request_text("POST", ORDERS, headers=headers, content=content))
        status = ANSWERED if self.synchronous else ACKNOWLEDGED
        return self._connections(requests, status=status, expected=IS_NEW)

    def answers(self, number: int) -> Connections:
        """Return calls of an endpoint that only answers."""
        request = request_text("GET", ANSWER_ONLY, headers={})
        return self._connections([request] * number, status=ANSWERED, expected="")

    def _connections(self, requests: list[str], *, status: str, expected: str) -> Connections:
        address = urlsplit(self.web.address)
        assert address.hostname
        assert address.port
        shared = [requests[first :: self.connections] for first in range(self.connections)]
        return Connections(address.hostname, address.port, shared, status, expected)


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
    """Post `orders` one by one on `clients` connections; return figures until all are sent."""
    with run_fabrikam(workers=1) as (site, store):
        settings, database = site.application.settings, site.application.database
        with run_web_server(settings, database, site.url) as web:
            sku = store.catalog()[0].sku
            return _measure(site, Clients(web, sku, clients, synchronous), orders)


def _measure(site: BenchmarkSite, clients: Clients, orders: int) -> dict[str, float]:
    send(clients.orders(WARM_UP_ORDERS))
    site.wait_sent(WARM_UP_ORDERS)
    already = site.sent()

    web_before, before = clients.web.cpu_seconds(), site.cpu()
    answers = send(clients.orders(orders))
    ended = perf_counter()
    site.wait_sent(already + orders)
    seconds = answers.seconds + perf_counter() - ended
    cpu = {name: spent - before[name] for name, spent in site.cpu().items()}
    cpu["web"] = clients.web.cpu_seconds() - web_before

    floor_rate = orders / send(clients.answers(orders)).seconds
    acknowledged_rate = orders / answers.seconds
    milli = {name: round(1000 * spent / orders, 3) for name, spent in cpu.items()}
    return {
        "orders": orders,
        "clients": clients.connections,
        "orders_per_second": round(orders / seconds, 1),
        "acknowledged_per_second": round(acknowledged_rate, 1),
        "answers_floor_per_second": round(floor_rate, 1),
        "ratio": round(acknowledged_rate / floor_rate, 3),
        "call_p50_ms": milliseconds(answers.calls, 0.5),
        "call_p99_ms": milliseconds(answers.calls, 0.99),
        "client_cpu_ms_per_order": round(1000 * answers.cpu_seconds / orders, 3),
        "web_cpu_ms_per_order": milli["web"],
        "worker_cpu_ms_per_order": milli["workers"],
        "postgres_cpu_ms_per_order": milli["postgres"],
        "cpu_ms_per_order": round(milli["web"] + milli["workers"] + milli["postgres"], 3),
    }


def send(connections: Connections) -> Answers:
    """Send requests from a process of their own. Raise `SystemExit` when it fails."""
    command = [sys.executable, "-m", "benchmarks.http_clients"]
    with subprocess.Popen(command, stdin=PIPE, stdout=PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(orjson.dumps(asdict(connections)) + b"\n")
        process.stdin.flush()
        if process.stdout.readline() != b"ready\n":
            raise SystemExit("the clients did not start; their error is above")
        answer, _ = process.communicate(b"go\n")

    if process.returncode:
        raise SystemExit("the clients failed; their error is above")
    return Answers(**orjson.loads(answer))


if __name__ == "__main__":
    sys.exit(main())

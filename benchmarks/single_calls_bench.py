"""One order a call, from several clients at once, until the 3PL has every order.

Calls are acknowledged (`Prefer: respond-async`), or with `--synchronous` answered once the order is
created. Target: >= 600 orders/s with 8 clients and <= 3 ms of CPU an order of web process, worker
and PostgreSQL together. The floor is the same calls to an endpoint that only answers, in the same
run.
"""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from http.client import ACCEPTED, HTTPConnection
from itertools import count
from subprocess import PIPE
from time import perf_counter
from urllib.parse import urlsplit

import orjson

from benchmarks.fabrikam import BenchmarkSite, run_fabrikam
from benchmarks.figures import milliseconds, print_figures
from benchmarks.single_order_bench import document
from benchmarks.web_server import WebServer, run_web_server

WARM_UP_ORDERS = 200
ANSWER_ONLY = "/health"


@dataclass(frozen=True)
class Calls:
    """The calls of one client: orders `first` to `first + number - 1`, or only answers."""

    address: str
    token: str
    sku: str
    first: int
    number: int
    only_answers: bool = False
    synchronous: bool = False


@dataclass(frozen=True)
class Client:
    """The web server that clients call, what they order, and how they are answered."""

    web: WebServer
    sku: str
    synchronous: bool
    numbers: "count[int]" = field(default_factory=count)

    def calls(self, first: int, number: int, *, only_answers: bool) -> Calls:
        """Return the calls of one client process."""
        return Calls(
            address=self.web.address,
            token=self.web.token,
            sku=self.sku,
            first=first,
            number=number,
            only_answers=only_answers,
            synchronous=self.synchronous,
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=3_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument(
        "--synchronous", action="store_true", help="answer once the order is created"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--client", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.client:
        seconds = be_client(Calls(**orjson.loads(options.client)))
        sys.stdout.buffer.write(orjson.dumps(seconds))
        return 0

    figures = measure(options.orders, options.clients, synchronous=options.synchronous)
    print_figures(figures, as_json=options.json)
    return 0


def measure(orders: int, clients: int, *, synchronous: bool = False) -> dict[str, float]:
    """Post `orders` one by one from `clients` processes; return figures until all are sent."""
    with run_fabrikam(workers=1) as (site, store):
        settings, database = site.application.settings, site.application.database
        with run_web_server(settings, database, site.url) as web:
            client = Client(web, store.catalog()[0].sku, synchronous)
            return _measure(site, client, orders, clients)


def _measure(site: BenchmarkSite, client: Client, orders: int, clients: int) -> dict[str, float]:
    web = client.web
    _post(client, WARM_UP_ORDERS, clients)
    site.wait_sent(WARM_UP_ORDERS // clients * clients)
    already = site.sent()

    web_before, before = web.cpu_seconds(), site.cpu()
    acknowledged, answered = _post(client, orders, clients)
    started = perf_counter() - acknowledged
    total = orders // clients * clients
    site.wait_sent(already + total)
    seconds = perf_counter() - started
    cpu = {name: spent - before[name] for name, spent in site.cpu().items()}
    cpu["web"] = web.cpu_seconds() - web_before

    floor_seconds, _ = _post(client, orders, clients, only_answers=True)
    floor_rate = total / floor_seconds

    milli = {name: round(1000 * spent / total, 3) for name, spent in cpu.items()}
    return {
        "orders": total,
        "clients": clients,
        "orders_per_second": round(total / seconds, 1),
        "acknowledged_per_second": round(total / acknowledged, 1),
        "answers_floor_per_second": round(floor_rate, 1),
        "ratio": round(total / acknowledged / floor_rate, 3),
        "call_p50_ms": milliseconds(answered, 0.5),
        "call_p99_ms": milliseconds(answered, 0.99),
        "web_cpu_ms_per_order": milli["web"],
        "worker_cpu_ms_per_order": milli["workers"],
        "postgres_cpu_ms_per_order": milli["postgres"],
        "cpu_ms_per_order": round(milli["web"] + milli["workers"] + milli["postgres"], 3),
    }


def _post(
    client: Client, orders: int, clients: int, *, only_answers: bool = False
) -> tuple[float, list[float]]:
    """Have every client make its calls at the same time; return the seconds of all, and of each."""
    processes = []
    for _ in range(clients):
        number = orders // clients
        first = next(client.numbers) * orders
        calls = client.calls(first, number, only_answers=only_answers)
        command = [sys.executable, "-m", "benchmarks.single_calls_bench", "--client"]
        command.append(orjson.dumps(calls).decode())
        processes.append(subprocess.Popen(command, stdin=PIPE, stdout=PIPE, text=True))

    for process in processes:
        assert process.stdout
        if process.stdout.readline() != "ready\n":
            raise SystemExit("a client did not start; its error is above")

    started = perf_counter()
    answers = _answers(processes)
    return perf_counter() - started, answers


def _answers(processes: Sequence["subprocess.Popen[str]"]) -> list[float]:
    """Let the clients begin; return the seconds of their calls once all have ended."""
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()

    seconds: list[float] = []
    for process in processes:
        answer, _ = process.communicate()
        if process.returncode:
            raise SystemExit("a client failed; its error is above")
        seconds += orjson.loads(answer)

    return seconds


def be_client(calls: Calls) -> Sequence[float]:
    """Make the calls one after the other; return the seconds of each.

    The requests are ready before the first call, because clients and server share the cores.
    """
    requests = []
    for number in range(calls.first, calls.first + calls.number):
        requests.append(orjson.dumps({"orders": [document(number, calls.sku)]}))

    address = urlsplit(calls.address)
    assert address.hostname
    connection = HTTPConnection(address.hostname, address.port, timeout=60)
    connection.request("GET", ANSWER_ONLY)
    connection.getresponse().read()
    print("ready", flush=True)
    sys.stdin.readline()

    headers = {"Authorization": f"Bearer {calls.token}", "Content-Type": "application/json"}
    if not calls.synchronous:
        headers["Prefer"] = "respond-async"

    seconds = []
    for body in requests:
        started = perf_counter()
        if calls.only_answers:
            connection.request("GET", ANSWER_ONLY)
        else:
            connection.request("POST", "/api/v1/orders", body, headers)

        answer = connection.getresponse()
        content = answer.read()
        seconds.append(perf_counter() - started)
        if not calls.only_answers:
            _check(answer.status, content)

    return seconds


def _check(status: int, content: bytes) -> None:
    """Raise `SystemExit` unless the call has created or acknowledged a new order."""
    body = orjson.loads(content) if status == ACCEPTED else {}
    results = body.get("acknowledged") or body.get("results") or []
    is_new = len(results) == 1 and results[0].get("ok", True) and not results[0]["duplicate"]
    if not is_new:
        raise SystemExit(f"{status}: {content.decode()[:500]}")


if __name__ == "__main__":
    sys.exit(main())

"""
A million lines that wait: pages of the queue, its views, and a person's look again, over HTTP.

Target: p95 < 200 ms for every list. The floor is as many rows read by primary key from the same database.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from time import perf_counter

import httpx

from benchmarks.fabrikam import Company
from benchmarks.single_order_bench import web_of
from benchmarks.volume_bench import _p95
from openiom.app.application import CONSUMERS, build
from openiom.app.migrate import migrate
from openiom.app.processes import running_database
from openiom.platform.bulk import execute, fetch
from openiom.platform.settings import Settings

PRODUCTS = 500
STEP = 100_000
PATH = "/api/v1/waiting-lines"

# One product in a hundred lines is scarce for all (P0), one line in two hundred is a preorder, few have no promise.
_FILL = (
    "CREATE TEMP TABLE made ON COMMIT DROP AS SELECT uuidv7() AS id, uuidv7() AS line, n, now() - (%s - n) * interval"
    " '2 seconds' AS at, CASE WHEN n %% 100 = 0 THEN 'P0' ELSE 'P' || n %% %s END AS product, n %% 200 = 7 AS early"
    " FROM generate_series(%s::int, %s::int) AS s(n)",
    'INSERT INTO orders."order" (id, instance, number, external_id, placed_at, customer, customer_name, bill_to,'
    " ship_to, currency, {more}) SELECT id, 'shop', 'V' || n, 'V' || n, at, '{{}}', 'Customer ' || n, '{{}}', '{{}}',"
    " 'USD', {values} FROM made",
    "INSERT INTO orders.order_state (order_id, state, reason, updated_at)"
    " SELECT id, 'on_hold', CASE WHEN early THEN 'Preorder Hold' ELSE 'Backorder Hold' END, at FROM made",
    "INSERT INTO orders.order_line (id, order_id, line_number, external_id, product, name, unit, quantity, unit_price,"
    " discount, tax, state, state_reason) SELECT line, id, 1, '1', product, product, 'ea', 1 + n %% 5, 1, 0, 0,"
    " 'on_hold', CASE WHEN early THEN 'Preorder Hold' ELSE 'Backorder Hold' END FROM made",
    "INSERT INTO orders.waiting_line (line_id, order_id, kind, state, product, quantity, since, expires_at,"
    " launch_date, available_on, confidence) SELECT line, id, CASE WHEN early THEN 'preorder' ELSE 'backorder' END,"
    " 'waiting', product, 1 + n %% 5, at, CASE WHEN NOT early THEN at + interval '60 days' END, CASE WHEN early THEN"
    " current_date + 30 END, CASE WHEN n %% 1000 <> 3 THEN current_date + 9 END, 0.9 FROM made",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with house() as company:
        started = perf_counter()
        fill(company, asked.orders)
        print(f"{asked.orders} waiting lines in {perf_counter() - started:.0f} s", file=sys.stderr)  # noqa: T201
        with web_of(company) as client:
            result = {"waiting": float(asked.orders)} | answers(company, client, asked.orders)
    print(json.dumps(result) if asked.json else "\n".join(f"{k:24} {v}" for k, v in result.items()))  # noqa: T201
    return 0


@contextmanager
def house() -> Iterator[Company]:
    """A database of its own and the product over it; no workers."""
    with tempfile.TemporaryDirectory(prefix="openiom-bench-") as home:
        settings = Settings(home=Path(home), log_level="WARNING")
        with running_database(settings) as url:
            application = build(settings, url)
            migrate(application.database, consumers=CONSUMERS)
            try:
                yield Company(application, url, [], [], None)  # type: ignore[arg-type]
            finally:
                application.close()


def fill(company: Company, orders: int) -> None:
    for start in range(0, orders, STEP):
        with company.product.database.unit_of_work() as session:
            more, values = _required(session)
            first, *rest = _FILL
            execute(session, first, (orders, PRODUCTS, start, min(orders, start + STEP) - 1))
            for statement in rest:
                execute(session, statement.format(more=more, values=values))
    with company.product.database.connect() as connection:
        connection.execute("COMMIT")
        connection.execute("VACUUM ANALYZE orders.waiting_line")
        connection.execute("ANALYZE")


def _required(session) -> tuple[str, str]:  # type: ignore[no-untyped-def]
    """Columns of an order that must be given and are not interesting here, and plain values for them."""
    rows = fetch(
        session,
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'orders'"
        " AND table_name = 'order' AND is_nullable = 'NO' AND column_default IS NULL AND is_generated = 'NEVER'"
        " AND column_name <> ALL(%s) ORDER BY ordinal_position",
        (
            [
                "id",
                "instance",
                "number",
                "external_id",
                "placed_at",
                "customer",
                "customer_name",
                "bill_to",
                "ship_to",
            ]
            + ["currency"],
        ),
    )
    plain = {
        "text": "''",
        "jsonb": "'{}'",
        "numeric": "0",
        "integer": "0",
        "timestamp with time zone": "at",
    }
    return ", ".join(r[0] for r in rows), ", ".join(plain[r[1]] for r in rows)


def answers(company: Company, client: httpx.Client, orders: int) -> dict[str, float]:
    """p95 of each view, with values that were not asked before."""
    dice = Random(1)
    asked: dict[str, Callable[[], dict[str, str]]] = {
        "queue": lambda: {},
        "preorders": lambda: {"kind": "preorder"},
        "product": lambda: {"product": f"P{dice.randrange(PRODUCTS)}"},
        "scarce_product": lambda: {"product": "P0"},
        "expiring": lambda: {"sort": "expires_at", "kind": "backorder"},
        "within_days": lambda: {
            "sort": "expires_at",
            "expires_within_days": str(dice.randrange(60)),
        },
        "unpromised": lambda: {"unpromised": "true"},
        "by_number": lambda: {"search": f"V{dice.randrange(orders)}"},
        "released": lambda: {"state": "released"},
    }
    result = {}
    for name, parameters in asked.items():
        result[f"{name}_p95_ms"] = _p95(lambda parameters=parameters: _list(client, parameters()))  # type: ignore[misc]
    after = ""
    for _ in range(40):
        after = _list(client, {"product": "P0", "limit": "250", "after": after})["next"]
    result["deep_page_p95_ms"] = _p95(lambda: _list(client, {"product": "P0", "after": after}))
    line = _list(client, {"product": "P0", "after": after})["items"][0]["line_id"]
    result["one_line_p95_ms"] = _p95(lambda: client.get(f"{PATH}/{line}").raise_for_status())
    body = {"ids": [line]}
    result["recheck_p95_ms"] = _p95(
        lambda: client.post(f"{PATH}/recheck", json=body).raise_for_status()
    )
    with company.product.database.reading() as session:
        result["floor_by_key_p95_ms"] = _p95(
            lambda: fetch(
                session, "SELECT * FROM orders.waiting_line ORDER BY line_id DESC LIMIT 50"
            )
        )
    return result


def _list(client: httpx.Client, parameters: dict[str, str]) -> dict:  # type: ignore[type-arg]
    answer = client.get(PATH, params={k: v for k, v in parameters.items() if v})
    answer.raise_for_status()
    found: dict = answer.json()  # type: ignore[type-arg]
    return found


if __name__ == "__main__":
    sys.exit(main())

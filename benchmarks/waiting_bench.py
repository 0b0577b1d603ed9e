"""A million lines wait for stock: pages of the queue, its views, and rechecks over HTTP.

Target: p95 < 200 ms for every list. The floor is as many rows read by primary key from the same
database.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

import httpx
from sqlalchemy.orm import Session

from benchmarks.fabrikam import BenchmarkSite
from benchmarks.figures import print_figures, print_progress
from benchmarks.volume_bench import p95
from benchmarks.web_server import run_web_server
from openiom.app.application import CONSUMERS, build
from openiom.app.migrate import migrate
from openiom.app.processes import running_database
from openiom.platform.bulk import execute, fetch
from openiom.platform.settings import Settings

PRODUCTS = 500
SCARCE_PRODUCT = "P0"
LINES_PER_STEP = 100_000
DEEP_PAGES = 40
PATH = "/api/v1/waiting-lines"

# One line in a hundred is of the scarce product, one in two hundred is a preorder, and one in a
# thousand has no promise date.
MADE = (
    "CREATE TEMP TABLE made ON COMMIT DROP AS SELECT uuidv7() AS id, uuidv7() AS line, n,"
    " now() - (%s - n) * interval '2 seconds' AS at,"
    " CASE WHEN n %% 100 = 0 THEN 'P0' ELSE 'P' || n %% %s END AS product, n %% 200 = 7 AS early"
    " FROM generate_series(%s::int, %s::int) AS s(n)"
)
FILLED = (
    'INSERT INTO orders."order" (id, instance, number, external_id, placed_at, customer,'
    " customer_name, bill_to, ship_to, currency, {columns}) SELECT id, 'shop', 'V' || n, 'V' || n,"
    " at, '{{}}', 'Customer ' || n, '{{}}', '{{}}', 'USD', {values} FROM made",
    "INSERT INTO orders.order_state (order_id, state, reason, updated_at) SELECT id, 'on_hold',"
    " CASE WHEN early THEN 'Preorder Hold' ELSE 'Backorder Hold' END, at FROM made",
    "INSERT INTO orders.order_line (id, order_id, line_number, external_id, product, name, unit,"
    " quantity, unit_price, discount, tax, state, state_reason) SELECT line, id, 1, '1', product,"
    " product, 'ea', 1 + n %% 5, 1, 0, 0, 'on_hold',"
    " CASE WHEN early THEN 'Preorder Hold' ELSE 'Backorder Hold' END FROM made",
    "INSERT INTO orders.waiting_line (line_id, order_id, kind, state, product, quantity,"
    " stock_quantity, since, expires_at, launch_date, available_on, confidence) SELECT line, id,"
    " CASE WHEN early THEN 'preorder' ELSE 'backorder' END, 'waiting', product, 1 + n %% 5,"
    " 1 + n %% 5, at,"
    " CASE WHEN NOT early THEN at + interval '60 days' END,"
    " CASE WHEN early THEN current_date + 30 END,"
    " CASE WHEN n %% 1000 <> 3 THEN current_date + 9 END, 0.9 FROM made",
)
GIVEN_COLUMNS = [
    "id",
    "instance",
    "number",
    "external_id",
    "placed_at",
    "customer",
    "customer_name",
    "bill_to",
    "ship_to",
    "currency",
]
PLAIN_VALUES = {
    "text": "''",
    "jsonb": "'{}'",
    "numeric": "0",
    "integer": "0",
    "timestamp with time zone": "at",
}

Parameters = Callable[[], dict[str, str]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")

    options = parser.parse_args()
    with run_site() as site:
        started = perf_counter()
        fill(site, options.orders)
        print_progress(f"{options.orders} waiting lines in {perf_counter() - started:.0f} s")
        settings, database = site.application.settings, site.application.database

        with run_web_server(settings, database, site.url) as web, web.client() as client:
            figures = {"waiting": float(options.orders)}
            figures |= measure_lists(client, options.orders)
            figures |= measure_one_line(site, client)

    print_figures(figures, as_json=options.json)
    return 0


@contextmanager
def run_site() -> Iterator[BenchmarkSite]:
    """Yield an application over a database of its own, without workers."""
    with tempfile.TemporaryDirectory(prefix="openiom-bench-") as home:
        settings = Settings(home=Path(home), log_level="WARNING")
        with running_database(settings) as url:
            application = build(settings, url)
            migrate(application.database, consumers=CONSUMERS)

            try:
                yield BenchmarkSite(application, url, [], [], None)
            finally:
                application.close()


def fill(site: BenchmarkSite, orders: int) -> None:
    """Store orders of one line each, all of which wait."""
    for start in range(0, orders, LINES_PER_STEP):
        end = min(orders, start + LINES_PER_STEP)
        with site.application.database.unit_of_work() as session:
            columns, values = _required_columns(session)
            execute(session, MADE, (orders, PRODUCTS, start, end - 1))

            for statement in FILLED:
                execute(session, statement.format(columns=columns, values=values))

    with site.application.database.connect() as connection:
        connection.execute("VACUUM ANALYZE orders.waiting_line")
        connection.execute("ANALYZE")


def _required_columns(session: Session) -> tuple[str, str]:
    """Return the other required columns of an order, and plain values for them."""
    rows = fetch(
        session,
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'orders' AND table_name = 'order' AND is_nullable = 'NO'"
        " AND column_default IS NULL AND is_generated = 'NEVER' AND column_name <> ALL(%s)"
        " ORDER BY ordinal_position",
        (GIVEN_COLUMNS,),
    )
    columns = [column for column, _ in rows]
    values = [PLAIN_VALUES[data_type] for _, data_type in rows]
    return ", ".join(columns), ", ".join(values)


def measure_lists(client: httpx.Client, orders: int) -> dict[str, float]:
    """Return the p95 of each view, with parameters that were not used before."""
    random = Random(1)
    views: dict[str, Parameters] = {
        "queue": lambda: {},
        "preorders": lambda: {"kind": "preorder"},
        "product": lambda: {"product": f"P{random.randrange(PRODUCTS)}"},
        "scarce_product": lambda: {"product": SCARCE_PRODUCT},
        "expiring": lambda: {"sort": "expires_at", "kind": "backorder"},
        "within_days": lambda: {
            "sort": "expires_at",
            "expires_within_days": str(random.randrange(60)),
        },
        "unpromised": lambda: {"unpromised": "true"},
        "by_number": lambda: {"search": f"V{random.randrange(orders)}"},
        "released": lambda: {"state": "released"},
    }

    figures: dict[str, float] = {}
    for name, parameters in views.items():
        figures[f"{name}_p95_ms"] = p95(partial(_list_view, client, parameters))

    return figures


def measure_one_line(site: BenchmarkSite, client: httpx.Client) -> dict[str, float]:
    """Return the p95 of a deep page, of one of its lines, of a recheck, and the floor."""
    after = ""
    for _ in range(DEEP_PAGES):
        after = _list(client, {"product": SCARCE_PRODUCT, "limit": "250", "after": after})["next"]

    page = {"product": SCARCE_PRODUCT, "after": after}
    line_id = _list(client, page)["items"][0]["line_id"]
    body = {"ids": [line_id]}
    figures = {
        "deep_page_p95_ms": p95(lambda: _list(client, page)),
        "one_line_p95_ms": p95(lambda: client.get(f"{PATH}/{line_id}").raise_for_status()),
        "recheck_p95_ms": p95(lambda: client.post(f"{PATH}/recheck", json=body).raise_for_status()),
    }

    with site.application.database.reading() as session:
        figures["floor_by_key_p95_ms"] = p95(
            lambda: fetch(
                session, "SELECT * FROM orders.waiting_line ORDER BY line_id DESC LIMIT 50"
            )
        )

    return figures


def _list_view(client: httpx.Client, parameters: Parameters) -> None:
    _list(client, parameters())


def _list(client: httpx.Client, parameters: dict[str, str]) -> dict[str, Any]:
    given = {name: value for name, value in parameters.items() if value}
    answer = client.get(PATH, params=given)
    answer.raise_for_status()
    page: dict[str, Any] = answer.json()
    return page


if __name__ == "__main__":
    sys.exit(main())

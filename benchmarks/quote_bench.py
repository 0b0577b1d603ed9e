"""Measure quotes through the HTTP endpoint of a web process: carts of 5 lines, 200 sources.

Target: p99 < 50 ms. The network resembles a real one: 200 sources over the United States with
calendars, cut-offs and pickup schedules, 40 of them stores with pickup, a rate table, a carrier
with two services, a strategy with constraints; 400 products, each at half of the sources. Every
cart is different. The floor is what no quote could do without, measured in the same run: an
authenticated request with a trivial response, and the bare SQL that reads the stock of the same
carts.

With `--dimensions` stock is kept by color and size, four rows a product and source, and every line
names a color.
"""

import argparse
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from benchmarks.figures import milliseconds, print_figures
from benchmarks.web_server import WebServer, run_web_server
from openiom.app.application import CONSUMERS, Application, build
from openiom.app.migrate import migrate
from openiom.app.processes import running_database
from openiom.inventory_visibility import MeasureChange, StockChange, change_on_hand, post_measures
from openiom.platform.clock import utc_now
from openiom.platform.database import libpq_url
from openiom.platform.settings import Settings

SOURCES, PRODUCTS, LINES, STORES = 200, 400, 5, 40
VARIED = 80
WARM = 30
CHUNK = 4_000
CITIES = (
    ("Seattle", "WA", "98101"),
    ("Chicago", "IL", "60601"),
    ("Dallas", "TX", "75219"),
    ("New York", "NY", "10118"),
    ("Atlanta", "GA", "30303"),
    ("Denver", "CO", "80202"),
    ("Phoenix", "AZ", "85004"),
    ("Miami", "FL", "33101"),
    ("Boston", "MA", "02108"),
    ("Portland", "OR", "97201"),
    ("Detroit", "MI", "48226"),
    ("Memphis", "TN", "38103"),
)
ZONES = {
    "WA": "Los_Angeles",
    "OR": "Los_Angeles",
    "AZ": "Phoenix",
    "CO": "Denver",
    "TX": "Chicago",
    "IL": "Chicago",
}
WEEK = ["monday", "tuesday", "wednesday", "thursday", "friday"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=500, help="quotes to ask for")
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--dimensions",
        action="store_true",
        help="lines name a color of products kept by color and size",
    )
    options = parser.parse_args()
    figures = measure(options.orders, dimensions=options.dimensions)
    print_figures(figures, as_json=options.json)
    return 0


def measure(quotes: int, *, dimensions: bool) -> dict[str, float]:
    """Request quotes one after the other, each for another cart, the floor in between."""
    numbers = random.Random(7)
    with network(dimensions=dimensions) as (web, database_url), web.client() as client:
        carts = [cart(numbers, dimensions=dimensions) for _ in range(quotes + WARM)]
        taken, trips, reads, spent = [], [], [], 0.0
        with psycopg.connect(database_url, autocommit=True) as connection:
            for n, body in enumerate(carts):
                before = web.cpu_seconds()
                seconds, answer = timed(
                    lambda body=body: client.post("/api/v1/sourcing/quote", json=body)
                )
                used = web.cpu_seconds() - before
                answer.raise_for_status()
                trip, _ = timed(lambda: client.get("/api/v1/session"))
                read, _ = timed(lambda body=body: stock_of(connection, body))
                if n >= WARM:
                    taken.append(seconds)
                    spent += used
                    trips.append(trip)
                    reads.append(read)

        found = answer.json()

    floor = [a + b for a, b in zip(trips, reads, strict=True)]
    return {
        "quotes": quotes,
        "lines": LINES,
        "sources": SOURCES,
        "p50_ms": milliseconds(taken, 0.5),
        "p99_ms": milliseconds(taken, 0.99),
        "cpu_ms_each": round(1000 * spent / quotes, 2),
        "floor_p50_ms": milliseconds(floor, 0.5),
        "floor_p99_ms": milliseconds(floor, 0.99),
        "ratio_to_floor": round(statistics.median(taken) / statistics.median(floor), 2),
        "planned_lines_of_last": len(found["plan"]["lines"]),
        "pickup_options_of_last": len(found["pickup"]),
    }


def timed(work: Any) -> tuple[float, Any]:
    started = perf_counter()
    answer = work()
    return perf_counter() - started, answer


def stock_of(connection: psycopg.Connection[Any], body: dict[str, Any]) -> list[Any]:
    """Return the rows that a plan of this cart reads."""
    query = (
        "SELECT product, source, on_hand - reserved FROM inventory_visibility.stock"
        " WHERE product = ANY(%s)"
        " AND organization = '' AND dimension_values @> %s AND on_hand > reserved"
    )
    values = {name.lower(): value for name, value in body["lines"][0]["dimensions"].items()}
    return connection.execute(
        query, ([line["product"] for line in body["lines"]], Jsonb(values))
    ).fetchall()


@contextmanager
def network(*, dimensions: bool) -> Iterator[tuple[WebServer, str]]:
    """Yield a web process over the seeded network, and the database's URL."""
    with tempfile.TemporaryDirectory(prefix="openiom-bench-") as home:
        settings = Settings(home=Path(home), log_level="WARNING", provider_networks="127.0.0.0/8")
        with running_database(settings) as database_url:
            product = build(settings, database_url)
            migrate(product.database, consumers=CONSUMERS)
            seed(product, dimensions=dimensions)

            try:
                with run_web_server(settings, product.database, database_url) as web:
                    yield web, libpq_url(database_url)
            finally:
                product.close()


def seed(product: Application, *, dimensions: bool) -> None:
    """Create 200 sources and 400 products in 40,000 stock keys.

    With dimensions, 80 products in 32,000 keys.
    """
    numbers = random.Random(3)
    now = utc_now()
    with product.database.unit_of_work() as session:
        product.configuration.apply(session, documents(numbers), at=now, actor="bench")

    every = [f"SRC{n:03d}" for n in range(SOURCES)]
    changes = [
        StockChange(f"SKU{i:03d}", name, Decimal(numbers.randint(1, 40)))
        for i in range(VARIED if dimensions else PRODUCTS)
        for name in numbers.sample(every, SOURCES // 2)
    ]
    if dimensions:
        seed_variants(product, changes)
        return

    for start in range(0, len(changes), CHUNK):
        with product.database.unit_of_work() as session:
            page = changes[start : start + CHUNK]
            change_on_hand(
                session, page, mode="set", cause="count", document="bench", now=now, actor="bench"
            )


def seed_variants(product: Application, changes: list[StockChange]) -> None:
    values = [
        {"colorid": color, "sizeid": size} for color in ("red", "blue") for size in ("m", "l")
    ]
    rows = [
        MeasureChange(
            "", c.product, c.source, {("pos", "posinbound"): Decimal(c.quantity)}, dimensions=v
        )
        for c in changes
        for v in values
    ]

    for start in range(0, len(rows), CHUNK):
        with product.database.unit_of_work() as session:
            post_measures(
                session, rows[start : start + CHUNK], now=utc_now(), actor="bench", cause="bench"
            )


def documents(numbers: random.Random) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        doc("unit", "ea", title="Each"),
        doc("currency", "USD", title="US dollar"),
    ]
    hours = {day: [{"opens": "07:00", "closes": "19:00"}] for day in WEEK}

    for zone in ("Los_Angeles", "Phoenix", "Denver", "Chicago", "New_York"):
        body = {
            "title": zone,
            "time_zone": f"America/{zone}",
            "hours": hours,
            "holidays": [{"country": "US"}],
        }
        found.append({"kind": "calendar", "name": zone, "body": body})

    bands = [
        {"up_to_km": km, "zone": str(z), "days": z}
        for z, km in enumerate((250, 1000, 2000, 3500), start=1)
    ]
    ground = {"name": "ground", "title": "Ground", "bands": [*bands, {"zone": "5", "days": 5}]}
    express = {"name": "express", "title": "Express", "bands": [{"zone": "1", "days": 1}]}
    found.append(
        doc(
            "carrier",
            "parcel",
            title="Parcel",
            services=[ground, express],
            holidays=[{"country": "US"}],
        )
    )
    pickups = [{"weekdays": WEEK, "at": "16:30"}]
    found.append(doc("pickup_schedule", "daily", title="Daily", carrier="parcel", pickups=pickups))
    zones = [
        {"name": str(z), "up_to_km": km} for z, km in enumerate((250, 1000, 2000, 3500), start=1)
    ]
    prices = [
        {"zone": str(z), "up_to_kg": kg, "price": 5 + z + kg / 2}
        for z in range(1, 6)
        for kg in (1, 5, 10, 30)
    ]
    factors = [
        {
            "name": "usual",
            "rate_factor": 4,
            "fallback_weight": 5,
            "fallback_rate": 8,
            "fallback_increment": 0.75,
        }
    ]
    found.append(
        doc(
            "rate_table",
            "zones",
            title="Zones",
            zones=[*zones, {"name": "5"}],
            prices=prices,
            factors=factors,
        )
    )
    found += [source(n, numbers) for n in range(SOURCES)]
    found.append(
        doc(
            "constraint",
            "near",
            title="Near",
            type="maximum_distance",
            entries=[{"distance": 4000}],
        )
    )
    found.append(doc("constraint", "few", title="Few", type="maximum_sources_per_order", maximum=3))
    strategy = {
        "title": "Default",
        "constraints": ["near", "few"],
        "rate_table": "zones",
        "carrier": "parcel",
    }
    found.append({"kind": "strategy", "name": "default", "body": strategy})

    for i in range(PRODUCTS):
        body = {
            "name": f"Product {i}",
            "unit": "ea",
            "currency": "USD",
            "weight_kg": str(1 + i % 7),
        }
        found.append({"kind": "product", "name": f"SKU{i:03d}", "body": body})

    return found


def doc(kind: str, name: str, **body: Any) -> dict[str, Any]:
    return {"kind": kind, "name": name, "body": body}


def source(n: int, numbers: random.Random) -> dict[str, Any]:
    city, state, postal_code = CITIES[n % len(CITIES)]
    zone = ZONES.get(state, "New_York")
    address = {"city": city, "state": state, "postal_code": postal_code, "country": "US"}
    spread = {
        "latitude": round(numbers.uniform(26, 48), 4),
        "longitude": round(numbers.uniform(-122, -72), 4),
    }
    store = (
        {"type": "store", "capabilities": ["ship", "pickup", "curbside", "ship_to_store"]}
        if n < STORES
        else {}
    )
    return doc(
        "source",
        f"SRC{n:03d}",
        title=f"{city} {n}",
        address=address | spread,
        time_zone=f"America/{zone}",
        calendar=zone,
        cutoff="14:00",
        processing_hours=4,
        pickup_schedule="daily",
        daily_parcels=5000,
        **store,
    )


def cart(numbers: random.Random, *, dimensions: bool) -> dict[str, Any]:
    city, state, postal_code = numbers.choice(CITIES)
    values = {"ColorId": numbers.choice(("red", "blue"))} if dimensions else {}
    lines = [
        {
            "line_id": str(i),
            "product": f"SKU{sku:03d}",
            "quantity": numbers.randint(1, 3),
            "dimensions": values,
        }
        for i, sku in enumerate(numbers.sample(range(VARIED if dimensions else PRODUCTS), LINES))
    ]
    place = {"type": "Residence", "line1": "1 Main St", "city": city, "state": state}
    return {
        "destination": place | {"postal_code": postal_code, "country": "US"},
        "carrier": "parcel",
        "lines": lines,
    }


if __name__ == "__main__":
    sys.exit(main())

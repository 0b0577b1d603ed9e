"""A generated shop in the United States; the same seed gives the same shop."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import zipcodes

from openiom_simulators.names import FIRST_NAMES, GOODS, LAST_NAMES, MATERIALS, STREETS, US_STATES
from openiom_simulators.shop_data import (
    Address,
    Customer,
    Dataset,
    PlacedLine,
    PlacedOrder,
    Product,
)

LINES_PER_ORDER = (1, 2, 3, 4, 5)
LINE_WEIGHTS = (46, 27, 14, 8, 5)
QUANTITIES = (1, 2, 3, 4)
QUANTITY_WEIGHTS = (78, 14, 5, 3)
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Place:
    """A ZIP code with its city and state."""

    zip: str
    city: str
    state: str
    area_code: str


@lru_cache(maxsize=1)
def places() -> tuple[Place, ...]:
    """Return every active standard ZIP code of the fifty states and the District of Columbia."""
    found = []
    for row in zipcodes.list_all():  # type: ignore[no-untyped-call]
        if _receives_parcels(row):
            found.append(_place(row))

    return tuple(found)


def _receives_parcels(row: dict[str, Any]) -> bool:
    """Return whether a ZIP code is active, standard and in one of `US_STATES`."""
    if not row["active"] or row["zip_code_type"] != "STANDARD":
        return False
    return row["state"] in US_STATES


def _place(row: dict[str, Any]) -> Place:
    area_codes = row["area_codes"] or ["555"]
    return Place(row["zip_code"], row["city"], US_STATES[row["state"]], area_codes[0])


def catalog(*, products: int, seed: int) -> list[Product]:
    """Return products with distinct SKUs, prices of 3 to 400 dollars and weights up to 20 kg."""
    rng = random.Random(seed)
    made = []
    for number in range(products):
        thing, code, low, high, grams = GOODS[number % len(GOODS)]
        material = MATERIALS[(number // len(GOODS)) % len(MATERIALS)]
        series = number // (len(GOODS) * len(MATERIALS)) + 1
        name = f"{material} {thing}" if series == 1 else f"{material} {thing} No. {series}"
        made.append(
            Product(
                id=number + 101,
                sku=f"{code}-{material[:3].upper()}-{series:02d}",
                name=name,
                price=rng.randrange(low, high) * 100 + 99,
                weight=max(50, int(grams * rng.uniform(0.7, 1.4))),
                brand="Fabrikam",
                inventory_level=rng.randrange(20, 2_000),
            )
        )

    return made


def customers(*, count: int, seed: int, created: int) -> list[Customer]:
    """Return customers with street addresses in real ZIP codes and cities."""
    rng = random.Random(seed + 1)
    towns = places()
    made = []
    for number in range(1, count + 1):
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        place = towns[rng.randrange(len(towns))]
        email = f"{first}.{last}.{number}@example.com".lower()
        address = Address(
            first_name=first,
            last_name=last,
            street_1=f"{rng.randrange(1, 9900)} {rng.choice(STREETS)}",
            city=place.city,
            state=place.state,
            zip=place.zip,
            country="United States",
            country_iso2="US",
            phone=f"{place.area_code}-555-{rng.randrange(10_000):04d}",
            email=email,
        )
        made.append(Customer(number, first, last, email, address, created=created))

    return made


def placed_orders(
    *, count: int, seed: int, products: list[Product], buyers: list[Customer], now: int
) -> Iterator[PlacedOrder]:
    """Yield orders of one to five lines, placed in the 30 days before `now`, the oldest first."""
    rng = random.Random(seed + 2)
    started = now - 30 * DAY

    for number in range(count):
        buyer = buyers[rng.randrange(len(buyers))]
        size = rng.choices(LINES_PER_ORDER, LINE_WEIGHTS)[0]
        picked = rng.sample(products, min(size, len(products)))
        quantities = rng.choices(QUANTITIES, QUANTITY_WEIGHTS, k=len(picked))

        lines = []
        for p, quantity in zip(picked, quantities, strict=True):
            lines.append(PlacedLine(p.sku, p.name, quantity, p.price, p.id, p.weight))

        yield PlacedOrder(
            customer_id=buyer.id,
            currency="USD",
            created=started + (number * 30 * DAY) // max(count, 1),
            billing=buyer.address,
            shipping=buyer.address,
            lines=lines,
            shipping_cost=rng.choice((0, 499, 799, 1299)),
        )


def generate(
    *, orders: int, seed: int = 1, now: int, products: int = 300, buyers: int | None = None
) -> Dataset:
    """Return a shop; the same arguments give the same shop."""
    generated = catalog(products=products, seed=seed)
    count = buyers if buyers is not None else min(5_000, max(20, orders // 3))
    people = customers(count=count, seed=seed, created=now - 60 * DAY)
    stream = placed_orders(count=orders, seed=seed, products=generated, buyers=people, now=now)
    return Dataset("USD", "United States", "US", generated, people, stream)

"""Reads the delivered orders of Olist, a Brazilian marketplace, as the data of a shop.

The public data names neither products nor people. A product is the combination of a seller and a
category; its SKU is `<category>-<seller>`, its weight that of its first unit. Equal units of an
order become one line. Names and streets are generated from a seed; the ZIP prefix, city and state
are those of the data.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from openiom_simulators.names import BRAZILIAN_STATES, BRAZILIAN_STREETS, FIRST_NAMES, LAST_NAMES
from openiom_simulators.shop_data import (
    Address,
    Customer,
    Dataset,
    PlacedLine,
    PlacedOrder,
    Product,
    Seller,
)

FILES = ("orders_delivered.parquet", "items.parquet", "customer_zips.parquet", "sellers.parquet")
UNKNOWN_CATEGORY = "unknown"
DAY = 86_400


class OlistAbsent(Exception):
    """The folder does not contain the Olist files."""


def read_olist(folder: Path, *, orders: int | None = None, seed: int = 1) -> Dataset:
    """Return the first `orders` orders (None for all) with their products, customers and sellers.

    Raise `OlistAbsent` when a file is missing.
    """
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise OlistAbsent(
            f"{folder} lacks {', '.join(missing)}; use a folder with the Olist parquet files"
        )

    heads = _columns(
        folder / FILES[0],
        ["ord", "order_date", "cust_zip", "customer_state", "freight", "payment_type"],
    )
    count = len(heads["ord"]) if orders is None else min(orders, len(heads["ord"]))
    items = _items_by_order(folder, wanted=set(heads["ord"][:count]))
    sellers = _sellers(folder)
    products = _products(items, sellers)
    towns = _towns(folder)
    people = _customers(heads, count=count, towns=towns, seed=seed)
    stream = _orders(heads, count=count, items=items, products=products, people=people, seed=seed)
    return Dataset(
        "BRL", "Brazil", "BR", list(products.values()), people, stream, list(sellers.values())
    )


def _columns(path: Path, names: list[str]) -> dict[str, list[Any]]:
    table = parquet.read_table(path, columns=names)
    return {name: table[name].to_pylist() for name in names}


ItemKey = tuple[str, int]
Item = tuple[ItemKey, int, int]  # (category, seller), price in cents, weight in grams


def _items_by_order(folder: Path, *, wanted: set[int]) -> dict[int, list[Item]]:
    """Return the units of the wanted orders, in the order of the file."""
    rows = _columns(folder / "items.parquet", ["ord", "category", "seller", "price", "weight_g"])
    grouped: dict[int, list[Item]] = {}
    for order, category, seller, price, weight in zip(*rows.values(), strict=True):
        if order in wanted:
            key = (category or UNKNOWN_CATEGORY, seller or 0)
            grams = max(1, round(weight or 0))
            cents = round(price * 100)
            grouped.setdefault(order, []).append((key, cents, grams))

    return grouped


def _sellers(folder: Path) -> dict[int, Seller]:
    rows = _columns(folder / "sellers.parquet", ["seller", "zip", "city", "state", "lat", "lng"])
    sellers = {}
    for number, prefix, city, state, lat, lng in zip(*rows.values(), strict=True):
        code = f"SELLER-{number:04d}"
        sellers[number] = Seller(code, _postcode(prefix), city.title(), state, lat, lng)
    return sellers


def _products(items: dict[int, list[Item]], sellers: dict[int, Seller]) -> dict[ItemKey, Product]:
    sold: Counter[ItemKey] = Counter()
    first: dict[ItemKey, Item] = {}
    for units in items.values():
        for unit in units:
            sold[unit[0]] += 1
            first.setdefault(unit[0], unit)

    made = {}
    for number, key in enumerate(sorted(first), start=101):
        category, seller = key
        _, price, weight = first[key]
        brand = sellers[seller].code if seller in sellers else ""
        made[key] = Product(
            id=number,
            sku=f"{category.replace('_', '-').upper()}-{seller:04d}",
            name=f"{category.replace('_', ' ').capitalize()} of seller {seller}",
            price=price,
            weight=weight,
            brand=brand,
            inventory_level=sold[key] * 2 + 10,
        )

    return made


def _towns(folder: Path) -> dict[int, tuple[str, str]]:
    rows = _columns(folder / "customer_zips.parquet", ["zip", "city", "state"])
    towns = {}
    for prefix, city, state in zip(*rows.values(), strict=True):
        towns[prefix] = (city.title(), state)
    return towns


def _customers(
    heads: dict[str, list[Any]], *, count: int, towns: dict[int, tuple[str, str]], seed: int
) -> list[Customer]:
    """Return one customer per order: in the data, a returning buyer has a new id."""
    rng = random.Random(seed)
    people = []
    for index in range(count):
        prefix = heads["cust_zip"][index]
        city, state = towns.get(prefix, ("", heads["customer_state"][index]))
        first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
        number = index + 1
        email = f"{first}.{last}.{number}@example.com".lower()
        address = Address(
            first_name=first,
            last_name=last,
            street_1=f"{rng.choice(BRAZILIAN_STREETS)}, {rng.randrange(1, 2_000)}",
            city=city,
            state=BRAZILIAN_STATES.get(str(state), ""),
            zip=_postcode(prefix),
            country="Brazil",
            country_iso2="BR",
            phone=f"+55 11 5555-{number % 10_000:04d}",
            email=email,
        )
        created = _seconds(heads["order_date"][index])
        people.append(Customer(number, first, last, email, address, created=created))

    return people


def _orders(
    heads: dict[str, list[Any]],
    *,
    count: int,
    items: dict[int, list[Item]],
    products: dict[ItemKey, Product],
    people: list[Customer],
    seed: int,
) -> Iterator[PlacedOrder]:
    rng = random.Random(seed + 1)
    for index in range(count):
        buyer = people[index]
        order = heads["ord"][index]
        units: Counter[tuple[ItemKey, int]] = Counter(
            (key, price) for key, price, _ in items.get(order, ())
        )

        lines = []
        for (key, price), quantity in units.items():
            product = products[key]
            lines.append(
                PlacedLine(product.sku, product.name, quantity, price, product.id, product.weight)
            )

        payment = str(heads["payment_type"][index] or "credit_card")
        yield PlacedOrder(
            customer_id=buyer.id,
            currency="BRL",
            created=_seconds(heads["order_date"][index]) + rng.randrange(DAY),
            billing=buyer.address,
            shipping=buyer.address,
            lines=lines,
            shipping_cost=round((heads["freight"][index] or 0) * 100),
            payment_method=payment.replace("_", " ").title(),
            external_order_id=f"OLIST-{order}",
        )


def _postcode(prefix: int) -> str:
    """Return a postal code; the data has the first five of its eight digits."""
    return f"{prefix:05d}-000"


def _seconds(day: datetime) -> int:
    return int(day.replace(tzinfo=UTC).timestamp())

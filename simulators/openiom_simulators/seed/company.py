"""The Fabrikam company as documents; seeding it again changes nothing."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml

from openiom.administration import upsert_users
from openiom.app.application import Application
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now
from openiom.platform.configuration import DocumentChange

ACTOR = "seed"
FOLDER = Path(__file__).with_name("documents")
SOURCES = ("SEA", "CHI", "DAL", "NYC", "ATL", "LAX")
BRAZIL = ("GRU", "REC")
LAB_PRODUCTS = ("Accu Scale", "Barista Home")
CHUNK = 4_000
LEAST_STOCK = 20
STOCK_RANGE = 381
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """A product in the store; the price is in its currency, the weight of one unit."""

    sku: str
    name: str
    price: str
    weight_kg: str


def company_documents(*, brazil: bool = False) -> list[dict[str, Any]]:
    """Return every document of the company except its provider instances."""
    documents: list[dict[str, Any]] = []
    for file in sorted(FOLDER.glob("*.yaml")):
        is_brazilian = file.stem.endswith("_brazil")
        if brazil or not is_brazilian:
            documents.extend(_documents_of(file))

    return documents


def _documents_of(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the documents of a file; the ones without content are left out."""
    for document in yaml.load_all(file.read_text("utf-8"), yaml.CSafeLoader):
        if document:
            yield document


def seed_company(
    application: Application, documents: Sequence[dict[str, Any]]
) -> list[DocumentChange]:
    """Apply documents, all or none."""
    with application.database.unit_of_work() as session:
        return application.configuration.apply(session, documents, at=utc_now(), actor=ACTOR)


def seed_catalog(
    application: Application, items: Sequence[CatalogItem], *, currency: str, progress: Progress
) -> None:
    """Create the products of a store's catalog, with their mappings.

    `progress` is called with the number of products of each chunk.
    """
    for start in range(0, len(items), CHUNK):
        chunk = items[start : start + CHUNK]
        documents: list[dict[str, Any]] = []
        for item in chunk:
            documents += item_documents(item, currency)

        seed_company(application, documents)
        progress(len(chunk))


def item_documents(item: CatalogItem, currency: str) -> list[dict[str, Any]]:
    """Return the product document of a catalog item, and the mapping of its SKU."""
    product = {
        "name": item.name,
        "unit": "ea",
        "weight_kg": item.weight_kg,
        "currency": currency,
        "list_price": item.price,
    }
    mapping = {"table": "product", "field": "sku", "value": item.sku, "internal": item.sku}
    return [
        {"kind": "product", "name": item.sku, "body": product},
        {"kind": "mapping", "name": f"product/default/sku={item.sku}", "body": mapping},
    ]


def seed_stock(
    application: Application,
    names: Sequence[str],
    *,
    sources: Sequence[str],
    units: int | None,
    progress: Progress,
) -> None:
    """Set the stock of products at sources that have none yet.

    `units` None sets 20 to 400 units that depend on product and source. `progress` is called with
    the number of stock keys of each chunk.
    """
    changes = _opening_stock(application, names, sources, units)
    for start in range(0, len(changes), CHUNK):
        chunk = changes[start : start + CHUNK]
        with application.database.unit_of_work() as session:
            change_on_hand(
                session,
                chunk,
                mode="set",
                cause="opening stock",
                document="seed",
                now=utc_now(),
                actor=ACTOR,
            )

        progress(len(chunk))


def create_administrator(application: Application, *, email: str, password: str) -> None:
    """Create the first user, who may do everything."""
    with application.database.unit_of_work() as session:
        upsert_users(session, [(email, "Fabrikam administrator", password, ["administrator"])])


def _opening_stock(
    application: Application, names: Sequence[str], sources: Sequence[str], units: int | None
) -> list[StockChange]:
    """Return the opening quantity of every product at every source that has none yet.

    `units` is the quantity of each; with `None` it varies by product and source.
    """
    with application.database.reading() as session:
        known = set(fetch(session, "SELECT product, source FROM inventory_visibility.stock"))

    changes: list[StockChange] = []
    for name, source in product(names, sources):
        if (name, source) not in known:
            quantity = Decimal(units or _varied_units(name, source))
            changes.append(StockChange(name, source, quantity))

    return changes


def _varied_units(name: str, source: str) -> int:
    return LEAST_STOCK + crc32(f"{name}/{source}".encode()) % STOCK_RANGE

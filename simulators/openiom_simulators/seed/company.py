"""Fabrikam as YAML documents; applying them again changes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml

from openiom.administration import upsert_users
from openiom.app.application import Application
from openiom.inventory_visibility import StockChange, change_on_hand
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now
from openiom.platform.configuration import Change

ACTOR = "seed"
FOLDER = Path(__file__).with_name("documents")
SOURCES = ("SEA", "CHI", "DAL", "NYC", "ATL", "LAX")
BRAZIL = ("GRU", "REC")
LAB_PRODUCTS = ("Accu Scale", "Barista Home")
CHUNK = 4_000
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class CatalogItem:
    """A product as the store sells it. `price` is in the store's currency, `weight_kg` of one unit."""

    sku: str
    name: str
    price: str
    weight_kg: str


def company_documents(*, brazil: bool = False) -> list[dict[str, Any]]:
    """Every document of the company, without provider instances."""
    documents: list[dict[str, Any]] = []
    for file in sorted(FOLDER.glob("*.yaml")):
        if brazil or not file.stem.endswith("_brazil"):
            documents += [d for d in yaml.load_all(file.read_text("utf-8"), yaml.CSafeLoader) if d]
    return documents


def seed_company(application: Application, documents: Sequence[dict[str, Any]]) -> list[Change]:
    """Apply documents, all or none."""
    with application.database.unit_of_work() as session:
        return application.configuration.apply(session, documents, at=utc_now(), actor=ACTOR)


def seed_catalog(
    application: Application, items: Sequence[CatalogItem], *, currency: str, told: Progress
) -> None:
    """Products of the store's catalog, and how the store names them."""
    for start in range(0, len(items), CHUNK):
        chunk = items[start : start + CHUNK]
        seed_company(application, [d for item in chunk for d in item_documents(item, currency)])
        told(len(chunk))


def item_documents(item: CatalogItem, currency: str) -> list[dict[str, Any]]:
    body = {"name": item.name, "unit": "ea", "weight_kg": item.weight_kg, "currency": currency}
    mapping = {"table": "product", "field": "sku", "value": item.sku, "internal": item.sku}
    return [
        {"kind": "product", "name": item.sku, "body": {**body, "list_price": item.price}},
        {"kind": "mapping", "name": f"product/default/sku={item.sku}", "body": mapping},
    ]


def seed_stock(
    application: Application,
    names: Sequence[str],
    *,
    sources: Sequence[str],
    plenty: int | None,
    told: Progress,
) -> None:
    """Stock where there is no book yet: `plenty` units everywhere, or 20 to 400 by product and source."""
    with application.database.reading() as session:
        known = set(fetch(session, "SELECT product, source FROM inventory_visibility.stock"))
    wanted = [
        StockChange(name, source, Decimal(plenty or 20 + crc32(f"{name}/{source}".encode()) % 381))
        for name in names
        for source in sources
        if (name, source) not in known
    ]
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
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
        told(len(chunk))


def put_administrator(application: Application, *, email: str, password: str) -> None:
    """The first person who may sign in."""
    with application.database.unit_of_work() as session:
        upsert_users(session, [(email, "Fabrikam administrator", password, ["administrator"])])

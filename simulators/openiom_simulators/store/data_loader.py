"""Fills a shop: from the seeded generator, from Olist, or from documents; and lets new orders trickle in."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from openiom_simulators.generator import generate, placed_orders
from openiom_simulators.olist import read_olist
from openiom_simulators.shop_data import (
    Dataset,
    PlacedOrder,
    customers_from,
    placed_order_from,
    products_from,
)
from openiom_simulators.store.state import Refusal, Shop

TRICKLE_BATCH = 1_000


def load(shop: Shop, document: dict[str, Any]) -> dict[str, Any]:
    """Fill the shop as a `/_sim/load` document says and answer what was loaded.

    `{"source": "generator", "orders": n, "seed": s, "products": p}`,
    `{"source": "olist", "path": folder, "orders": n, "seed": s}`, or
    `{"products": [...], "customers": [...], "orders": [...]}` in the shape of `goods`.
    `"webhooks": true` announces every order. The shop takes over the currency and country of what it loads.
    """
    started = time.monotonic()
    dataset = dataset_of(shop, document)
    shop.currency, shop.country, shop.country_iso2 = (
        dataset.currency,
        dataset.country,
        dataset.country_iso2,
    )
    shop.stock(products=dataset.products, customers=dataset.customers)
    ids = shop.place(dataset.orders, tell=bool(document.get("webhooks")))
    return {
        "orders": len(ids),
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
        "products": len(dataset.products),
        "customers": len(dataset.customers),
        "seconds": round(time.monotonic() - started, 3),
    }


def dataset_of(shop: Shop, document: dict[str, Any]) -> Dataset:
    """The data a load document names."""
    source, seed = document.get("source", "documents"), int(document.get("seed", 1))
    if source == "generator":
        products = int(document.get("products", 300))
        return generate(
            orders=int(document.get("orders", 0)), seed=seed, now=shop.now(), products=products
        )
    if source == "olist":
        wanted = document.get("orders")
        return read_olist(
            Path(document["path"]), orders=None if wanted is None else int(wanted), seed=seed
        )
    if source != "documents":
        raise Refusal(f"Unknown source {source}; one of generator, olist, documents.", status=422)
    return Dataset(
        shop.currency,
        shop.country,
        shop.country_iso2,
        products_from(document.get("products", [])),
        customers_from(document.get("customers", [])),
        iter([placed_order_from(order) for order in document.get("orders", [])]),
    )


class Trickle:
    """Places a new order every few seconds, while it is on."""

    def __init__(self, shop: Shop, *, seed: int) -> None:
        self.shop, self.seed, self.placed = shop, seed, 0
        self.task: asyncio.Task[None] | None = None
        self.seconds = 0.0

    def start(self, *, seconds: float, count: int | None) -> None:
        """One order every `seconds` until `count` are placed, for ever when None."""
        self.stop()
        if not self.shop.products or not self.shop.customers:
            raise Refusal("Load products and customers before orders can trickle in.", status=409)
        self.seconds = seconds
        self.task = asyncio.get_running_loop().create_task(self._run(seconds, count))

    def stop(self) -> None:
        """No more orders."""
        if self.task is not None:
            self.task.cancel()
        self.task, self.seconds = None, 0.0

    async def _run(self, seconds: float, count: int | None) -> None:
        for order in islice(self._shoppers(), count):
            self.shop.place([order], tell=True)
            self.placed += 1
            await asyncio.sleep(seconds)

    def _shoppers(self) -> Iterator[PlacedOrder]:
        """Orders of the goods and people the shop has now, for ever."""
        while True:
            self.seed += 1
            goods, people = list(self.shop.products.values()), list(self.shop.customers.values())
            batch = placed_orders(
                count=TRICKLE_BATCH,
                seed=self.seed,
                products=goods,
                buyers=people,
                now=self.shop.now(),
            )
            for order in batch:
                yield replace(order, created=self.shop.now(), currency=self.shop.currency)

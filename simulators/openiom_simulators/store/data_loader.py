"""Fills a shop with generated, recorded or given data, and places new orders over time."""

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
from openiom_simulators.store.shoppers import Shoppers
from openiom_simulators.store.state import Shop, StoreRefusal

TRICKLE_BATCH = 1_000


def load(shop: Shop, document: dict[str, Any]) -> dict[str, Any]:
    """Fill the shop as a `/_sim/load` document describes, and return what was loaded.

    `{"source": "generator", "orders": n, "seed": s, "products": p}`,
    `{"source": "olist", "path": folder, "orders": n, "seed": s}`, or
    `{"products": [...], "customers": [...], "orders": [...]}` in the format of `shop_data`.
    `"webhooks": true` publishes every order. The shop adopts the currency and country of the data.
    """
    start = time.monotonic()
    dataset = _read_dataset(shop, document)
    shop.currency = dataset.currency
    shop.country = dataset.country
    shop.country_iso2 = dataset.country_iso2
    shop.stock(products=dataset.products, customers=dataset.customers)
    ids = shop.place(dataset.orders, publish=bool(document.get("webhooks")))
    return {
        "orders": len(ids),
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
        "products": len(dataset.products),
        "customers": len(dataset.customers),
        "seconds": round(time.monotonic() - start, 3),
    }


def _read_dataset(shop: Shop, document: dict[str, Any]) -> Dataset:
    source, seed = document.get("source", "documents"), int(document.get("seed", 1))
    if source == "generator":
        orders, products = int(document.get("orders", 0)), int(document.get("products", 300))
        return generate(orders=orders, seed=seed, now=shop.now(), products=products)
    if source == "olist":
        limit = None if document.get("orders") is None else int(document["orders"])
        return read_olist(Path(document["path"]), orders=limit, seed=seed)
    if source != "documents":
        message = f"Unknown source {source}; one of generator, olist, documents."
        raise StoreRefusal(message, status=422)

    return Dataset(
        currency=shop.currency,
        country=shop.country,
        country_iso2=shop.country_iso2,
        products=products_from(document.get("products", [])),
        customers=customers_from(document.get("customers", [])),
        orders=iter([placed_order_from(order) for order in document.get("orders", [])]),
    )


class Trickle:
    """Places new orders while it is on."""

    def __init__(self, shop: Shop, *, seed: int) -> None:
        self.shop, self.seed, self.placed = shop, seed, 0
        self.task: asyncio.Task[None] | None = None
        self.seconds = 0.0
        self.is_varied = False

    @property
    def is_on(self) -> bool:
        """Whether more orders will be placed."""
        return self.task is not None and not self.task.done()

    def start(self, *, seconds: float, count: int | None, varied: bool) -> None:
        """Place an order every `seconds`, `count` orders or without end.

        Varied orders are of every kind, and come at irregular times with this mean.
        """
        self.stop()
        self.seconds = seconds
        self.is_varied = varied
        shoppers = self._shoppers()
        orders = self._generate_orders()
        if varied:
            orders = shoppers.orders(now=self.shop.now, currency=self.shop.currency)

        self.task = asyncio.get_running_loop().create_task(
            self._run(islice(orders, count), shoppers)
        )

    def place(self, *, count: int) -> list[int]:
        """Place varied orders now, and return their ids."""
        orders = self._shoppers().orders(now=self.shop.now, currency=self.shop.currency)
        ids = self.shop.place(list(islice(orders, count)), publish=True)
        self.placed += len(ids)
        return ids

    def stop(self) -> None:
        """Place no more orders."""
        if self.task is not None:
            self.task.cancel()
        self.task, self.seconds = None, 0.0

    def _shoppers(self) -> Shoppers:
        """Return the shoppers of the shop. Raise `StoreRefusal` when it is empty."""
        if not self.shop.products or not self.shop.customers:
            message = "Load products and customers before orders can trickle in."
            raise StoreRefusal(message, status=409)

        return Shoppers(
            seed=self.seed + len(self.shop.orders),
            products=list(self.shop.products.values()),
            buyers=list(self.shop.customers.values()),
        )

    async def _run(self, orders: Iterator[PlacedOrder], shoppers: Shoppers) -> None:
        for order in orders:
            self.shop.place([order], publish=True)
            self.placed += 1
            pause = shoppers.pause(self.seconds) if self.is_varied else self.seconds
            await asyncio.sleep(pause)

    def _generate_orders(self) -> Iterator[PlacedOrder]:
        """Yield orders of the products and customers of the shop, without end."""
        while True:
            self.seed += 1
            batch = placed_orders(
                count=TRICKLE_BATCH,
                seed=self.seed,
                products=list(self.shop.products.values()),
                buyers=list(self.shop.customers.values()),
                now=self.shop.now(),
            )
            for order in batch:
                yield replace(order, created=self.shop.now(), currency=self.shop.currency)

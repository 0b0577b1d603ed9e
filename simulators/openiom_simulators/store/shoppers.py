"""Orders as the shoppers of a store place them: most are small, some large, urgent or foreign.

The same seed gives the same orders.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random

from openiom_simulators.shop_data import (
    Customer,
    PickupLocation,
    PlacedLine,
    PlacedOrder,
    Product,
)

SEATTLE_STORE = PickupLocation(
    "SEA-STORE",
    "Seattle store",
    address_line_1="1201 3rd Avenue",
    city="Seattle",
    state="Washington",
    postal_code="98101",
    country_alpha2="US",
)
FOREIGN_CURRENCIES = ("CAD", "EUR", "GBP")
CENTS_PER_KIND = {"standard": (0, 499, 799), "express": (1499, 1999)}
KINDS = ("small", "several_lines", "large", "express", "pickup", "foreign")
KIND_WEIGHTS = (44, 28, 8, 10, 5, 5)
SHORTEST_PAUSE, LONGEST_PAUSE = 0.4, 1.6
"""Pauses between two orders, as parts of their mean."""


class Shoppers:
    """The buyers of a store, who order its products."""

    def __init__(
        self, *, seed: int, products: Sequence[Product], buyers: Sequence[Customer]
    ) -> None:
        self.random = Random(seed)
        self.products = products
        self.buyers = buyers

    def pause(self, mean_seconds: float) -> float:
        """Return how long it takes until the next order."""
        return mean_seconds * self.random.uniform(SHORTEST_PAUSE, LONGEST_PAUSE)

    def orders(self, *, now: Callable[[], int], currency: str) -> Iterator[PlacedOrder]:
        """Yield orders without end; `currency` is that of the store."""
        while True:
            [kind] = self.random.choices(KINDS, KIND_WEIGHTS)
            yield self.order(kind, now=now(), currency=currency)

    def order(self, kind: str, *, now: int, currency: str) -> PlacedOrder:
        """Return an order of one of `KINDS`."""
        buyer = self.random.choice(self.buyers)
        service = "express" if kind == "express" else "standard"
        order = PlacedOrder(
            customer_id=buyer.id,
            currency=currency,
            created=now,
            billing=buyer.address,
            shipping=buyer.address,
            lines=self._lines(kind),
            shipping_cost=self.random.choice(CENTS_PER_KIND[service]),
            shipping_method=f"{service.capitalize()} Shipping",
        )
        if kind == "pickup":
            self._collect(order)
        if kind == "foreign":
            order.currency = self.random.choice(FOREIGN_CURRENCIES)

        return order

    def _lines(self, kind: str) -> list[PlacedLine]:
        lines = self.random.randint(2, 5) if kind == "several_lines" else 1
        units = (6, 24) if kind == "large" else (1, 3)
        picked = self.random.sample(self.products, min(lines, len(self.products)))
        return [_line(product, self.random.randint(*units)) for product in picked]

    def _collect(self, order: PlacedOrder) -> None:
        """Have the lines collected at the store, which costs nothing."""
        order.pickups = [SEATTLE_STORE]
        order.shipping_cost = 0
        for line in order.lines:
            line.pickup = 0


def _line(product: Product, quantity: int) -> PlacedLine:
    return PlacedLine(
        product.sku, product.name, quantity, product.price, product.id, product.weight
    )

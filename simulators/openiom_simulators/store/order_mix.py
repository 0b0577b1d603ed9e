"""A seeded mix of orders of every kind, and of what a store does with them afterwards.

Orders have every status, 1 to 200 lines, several addresses, pickups, downloads, coupons, refunds
and shipments of the store. The same seed gives the same orders and the same changes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from openiom_simulators.shop_data import Address, PickupLocation, PlacedLine, PlacedOrder, Product
from openiom_simulators.store.state import Line, Order, Shop
from openiom_simulators.store.statuses import AWAITING_FULFILLMENT, STATUSES

ACCEPTED_SHARE = 0.6
LONG_ORDER_SHARE = 0.03
MOST_LINES = 200
TOWNS = (
    ("Redmond", "Washington", "98052"),
    ("Dallas", "Texas", "75201"),
    ("Chicago", "Illinois", "60601"),
)
PICKUP = PickupLocation("SHOP-1", "Dallas shop", city="Dallas", country_alpha2="US")
CHANGES = ("status", "refund", "ship", "quantity", "remove", "add", "price", "archive")


@dataclass(slots=True)
class OrderMix:
    """Generates orders of `products`, and changes those of a shop."""

    seed: int
    products: Sequence[Product]
    downloads: Sequence[Product]
    changes: Sequence[str] = CHANGES
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def orders(self, count: int, *, now: int) -> Iterator[PlacedOrder]:
        """Yield orders as the store has them when it is first polled."""
        for _ in range(count):
            yield self._order(now)

    def _order(self, now: int) -> PlacedOrder:
        choose = self.random
        addresses = [self._address() for _ in range(choose.choice((1, 1, 1, 2, 3)))]
        is_accepted = choose.random() < ACCEPTED_SHARE
        status = AWAITING_FULFILLMENT if is_accepted else choose.choice(list(STATUSES))
        is_pickup = choose.random() < 0.1
        lines = [self._line(len(addresses), is_pickup=is_pickup) for _ in range(self._size())]
        return PlacedOrder(
            customer_id=0,
            currency="USD",
            created=now,
            billing=addresses[0],
            shipping=addresses[0],
            more_shipping=addresses[1:],
            pickups=[PICKUP] if is_pickup else [],
            lines=lines,
            shipping_cost=choose.choice((0, 499)),
            coupon_discount=choose.choice((0, 0, 100)),
            handling_cost=choose.choice((0, 0, 250)),
            status_id=status,
        )

    def _size(self) -> int:
        if self.random.random() < LONG_ORDER_SHARE:
            return self.random.randint(49, MOST_LINES)
        return self.random.choice((1, 1, 1, 2, 3, 4))

    def _address(self) -> Address:
        city, state, code = self.random.choice(TOWNS)
        street = f"{self.random.randint(1, 9_999)} Main St"
        place = {"city": city, "state": state, "zip": code, "country_iso2": "US"}
        return Address("Jane", "Doe", street_1=street, country="United States", **place)

    def _line(self, addresses: int, *, is_pickup: bool) -> PlacedLine:
        choose = self.random
        is_download = choose.random() < 0.08
        product = choose.choice(self.downloads if is_download else self.products)
        quantity = choose.randint(1, 4)
        refunded = choose.randint(0, quantity) if choose.random() < 0.1 else 0
        line = PlacedLine(
            product.sku,
            product.name,
            quantity,
            product.price,
            product.id,
            product.weight,
            type=product.type,
            refunded=refunded,
            wrapping=choose.choice((0, 0, 0, 150)),
        )
        if is_download:
            return line

        line.shipped = choose.randint(0, quantity - refunded) if choose.random() < 0.1 else 0
        line.address = choose.randrange(addresses)
        line.pickup = 0 if is_pickup else None
        return line

    def change(self, shop: Shop, orders: Sequence[Order]) -> list[str]:
        """Change each of these orders once at random, and return the changes made."""
        made: list[str] = []
        for order in orders:
            if not order.is_deleted:
                made.append(self._change(shop, order))
        return made

    def _change(self, shop: Shop, order: Order) -> str:
        kind = self.random.choice(self.changes)
        if kind == "status":
            shop.touch(order, status_id=self.random.choice(list(STATUSES)))
        elif kind == "archive":
            shop.archive(order)
        elif kind == "add":
            shop.add_line(order, self._line(len(order.addresses), is_pickup=False))
            shop.touch(order)
        else:
            return self._change_line(shop, order, self.random.choice(order.lines), kind)

        return kind

    def _change_line(self, shop: Shop, order: Order, line: Line, kind: str) -> str:
        """Change a line and return the kind of change: of the price where another is impossible."""
        left = _left(line)
        if not _is_possible(order, line, kind):
            kind = "price"

        if kind == "refund":
            shop.refund(order, [(line.id, self.random.randint(1, left))])
        elif kind == "ship":
            items = [(line.id, self.random.randint(1, left))]
            shop.ship(order, items=items, fields={}, address_id=line.address_id)
        else:
            self._edit_line(order, line, kind)
            shop.touch(order)

        return kind

    def _edit_line(self, order: Order, line: Line, kind: str) -> None:
        if kind == "quantity":
            line.quantity = self.random.randint(max(1, line.shipped + line.refunded), 6)
        elif kind == "remove":
            order.lines.remove(line)
        else:
            line.price += 100


def _left(line: Line) -> int:
    """Return the units of a line that are neither refunded nor shipped."""
    return line.quantity - line.refunded - line.shipped


def _is_possible(order: Order, line: Line, kind: str) -> bool:
    left = _left(line)
    conditions = {
        "refund": left > 0,
        "ship": left > 0 and line.address_id > 0,
        "remove": left == line.quantity and len(order.lines) > 1,
    }
    return conditions.get(kind, True)

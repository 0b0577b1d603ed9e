"""The state of a shop and its changes. Everything runs on one event loop, so nothing is locked."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from openiom_simulators.shop_data import (
    Address,
    Customer,
    PickupLocation,
    PlacedLine,
    PlacedOrder,
    Product,
)
from openiom_simulators.store.statuses import (
    PARTIALLY_REFUNDED,
    PARTIALLY_SHIPPED,
    REFUNDED,
    SHIPPED,
)

Publish = Callable[[str, dict[str, Any]], None]
"""(webhook scope, data): called for every event of the shop."""

FIRST_ORDER_NUMBER = 100


class StoreRefusal(Exception):
    """A refused request, with the HTTP status and message of the real API."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


@dataclass(slots=True)
class Line:
    """An order product; money in cents per unit, `wrapping` in cents of the line.

    It has the id of its shipping address, or of its pickup, or neither if it is digital.
    """

    id: int
    product_id: int
    sku: str
    name: str
    quantity: int
    price: int
    tax: int
    weight: int
    options: dict[str, str] = field(default_factory=dict)
    shipped: int = 0
    type: str = "physical"
    address_id: int = 0
    pickup_id: int = 0
    wrapping: int = 0
    refunded: int = 0

    @property
    def unshipped(self) -> int:
        """The quantity that has not been shipped."""
        return self.quantity - self.shipped


@dataclass(slots=True)
class ShopShipment:
    """A shipment to one address; `items` are (order product id, product id, quantity)."""

    id: int
    order_id: int
    address_id: int
    created: int
    items: list[tuple[int, int, int]]
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Order:
    """An order with its lines, shipments, and shipping addresses and pickups by their ids."""

    id: int
    placed: PlacedOrder
    lines: list[Line]
    status_id: int
    modified: int
    addresses: dict[int, Address]
    pickups: dict[int, PickupLocation] = field(default_factory=dict)
    shipped_at: int | None = None
    staff_notes: str = ""
    is_deleted: bool = False
    shipments: list[ShopShipment] = field(default_factory=list)

    @property
    def address_id(self) -> int:
        """The id of the first shipping address."""
        return next(iter(self.addresses))

    @property
    def items_total(self) -> int:
        """The number of ordered units."""
        return sum(line.quantity for line in self.lines)

    @property
    def items_shipped(self) -> int:
        """The number of shipped units."""
        return sum(line.shipped for line in self.lines)


class Shop:
    """The data of one store. `now` returns whole seconds since 1970.

    With `authorizes`, its checkout authorizes cards, and another system captures.
    """

    def __init__(
        self,
        *,
        currency: str,
        country: str,
        country_iso2: str,
        now: Callable[[], int],
        publish: Publish,
        authorizes: bool = False,
    ) -> None:
        self.authorizes = authorizes
        self.currency, self.country, self.country_iso2 = currency, country, country_iso2
        self.now, self.publish = now, publish
        self.products: dict[int, Product] = {}
        self.customers: dict[int, Customer] = {}
        self.orders: dict[int, Order] = {}
        self.order_ids: list[int] = []
        self.by_modified: list[tuple[int, int]] = []
        self.storefront_order: int | None = None
        self.counters = {
            "order": FIRST_ORDER_NUMBER - 1,
            "line": 0,
            "address": 0,
            "shipment": 0,
            "pickup": 0,
            "refund": 0,
        }

    def stock(self, *, products: Iterable[Product], customers: Iterable[Customer]) -> None:
        """Add products and customers, or replace those with the same ids."""
        self.products.update((product.id, product) for product in products)
        self.customers.update((customer.id, customer) for customer in customers)

    def place(self, placed: Iterable[PlacedOrder], *, publish: bool) -> list[int]:
        """Add orders, numbered in their order, and return their ids.

        With `publish`, the creation of each is published.
        """
        modified, ids = self.now(), []
        for one in placed:
            order = self._number(one, modified)
            self.orders[order.id] = order
            ids.append(order.id)

        self.order_ids.extend(ids)
        self.by_modified.extend((modified, number) for number in ids)
        self.by_modified.sort()
        if publish:
            for number in ids:
                self.publish("store/order/created", {"type": "order", "id": number})

        return ids

    def _number(self, placed: PlacedOrder, modified: int) -> Order:
        """Return an order with numbers for itself, its lines, addresses and pickups."""
        addresses = {self.next("address"): address for address in placed.addresses}
        pickups = {self.next("pickup"): location for location in placed.pickups}
        order = Order(
            id=self.next("order"),
            placed=placed,
            lines=[],
            status_id=placed.status_id,
            modified=modified,
            addresses=addresses,
            pickups=pickups,
        )
        for line in placed.lines:
            self.add_line(order, line)

        return order

    def add_line(self, order: Order, placed: PlacedLine) -> None:
        """Number a line and add it to an order."""
        line = Line(
            id=self.next("line"),
            product_id=placed.product_id,
            sku=placed.sku,
            name=placed.name,
            quantity=placed.quantity,
            price=placed.price,
            tax=placed.tax,
            weight=placed.weight,
            options=placed.options,
            shipped=placed.shipped,
            type=placed.type,
            wrapping=placed.wrapping,
            refunded=placed.refunded,
        )
        if placed.pickup is not None:
            line.pickup_id = list(order.pickups)[placed.pickup]
        elif placed.type == "physical":
            line.address_id = list(order.addresses)[placed.address]

        order.lines.append(line)

    def next(self, kind: str) -> int:
        """Return the next number of a kind."""
        self.counters[kind] += 1
        return self.counters[kind]

    def order(self, order_id: int) -> Order:
        """Return an order. Raise `StoreRefusal` with status 404."""
        if order_id not in self.orders:
            raise StoreRefusal("The requested resource was not found.", status=404)
        return self.orders[order_id]

    def touch(self, order: Order, *, status_id: int | None = None) -> None:
        """Record and publish that an order changed, and its new status if that is different."""
        previous, order.modified = (order.modified, order.id), self.now()
        del self.by_modified[bisect_left(self.by_modified, previous)]
        insort(self.by_modified, (order.modified, order.id))
        if status_id is not None and status_id != order.status_id:
            self._change_status(order, status_id)
        self.publish("store/order/updated", {"type": "order", "id": order.id})

    def _change_status(self, order: Order, status_id: int) -> None:
        change = {"previous_status_id": order.status_id, "new_status_id": status_id}
        order.status_id = status_id
        if status_id == SHIPPED and order.shipped_at is None:
            order.shipped_at = order.modified
        data = {"type": "order", "id": order.id, "status": change}
        self.publish("store/order/statusUpdated", data)

    def ship(
        self,
        order: Order,
        *,
        items: list[tuple[int, int]],
        fields: dict[str, str],
        address_id: int | None = None,
    ) -> ShopShipment:
        """Ship (order product id, quantity) pairs to one address, by default the first.

        Raise `StoreRefusal` for more than is left, and for lines of another address.
        """
        address_id = order.address_id if address_id is None else address_id
        lines = {line.id: line for line in order.lines}
        quantities: dict[int, int] = {}
        for line_id, quantity in items:
            quantities[line_id] = quantities.get(line_id, 0) + quantity

        _check_unshipped(lines, quantities, address_id)
        shipped = []
        for line_id, quantity in quantities.items():
            lines[line_id].shipped += quantity
            shipped.append((line_id, lines[line_id].product_id, quantity))

        number = self.next("shipment")
        shipment = ShopShipment(number, order.id, address_id, self.now(), shipped, fields)
        order.shipments.append(shipment)
        data = {"type": "shipment", "id": shipment.id, "orderId": order.id}
        self.publish("store/shipment/created", data)
        self.touch(order, status_id=_shipping_status(order))
        return shipment

    def refund(self, order: Order, items: list[tuple[int, int]]) -> int:
        """Refund (order product id, quantity) pairs; return the refund's number.

        Raise `StoreRefusal` for more than has not been refunded.
        """
        lines = {line.id: line for line in order.lines}
        for line_id, quantity in items:
            _refund_line(lines, line_id, quantity)

        self.touch(order, status_id=_refund_status(order))
        number = self.next("refund")
        self.publish("store/order/refund/created", {"type": "order", "id": order.id})
        return number

    def archive(self, order: Order) -> None:
        """Hide an order from lists, as the DELETE of the real API does."""
        order.is_deleted = True
        self.touch(order)
        self.publish("store/order/archived", {"type": "order", "id": order.id})


def _shipping_status(order: Order) -> int:
    is_complete = not any(line.unshipped for line in order.lines if line.address_id)
    return SHIPPED if is_complete else PARTIALLY_SHIPPED


def _refund_status(order: Order) -> int:
    is_complete = all(line.refunded == line.quantity for line in order.lines)
    return REFUNDED if is_complete else PARTIALLY_REFUNDED


def _refund_line(lines: Mapping[int, Line], line_id: int, quantity: int) -> None:
    line = lines.get(line_id)
    if line is None or quantity > line.quantity - line.refunded:
        message = f"Order product {line_id} cannot be refunded {quantity} times."
        raise StoreRefusal(message, status=422)

    line.refunded += quantity


def _check_unshipped(
    lines: Mapping[int, Line], quantities: Mapping[int, int], address_id: int
) -> None:
    """Raise `StoreRefusal` unless every line has its quantity left to ship to this address."""
    for line_id, quantity in quantities.items():
        if line_id not in lines:
            problem = f"Order product {line_id} is not on this order."
            raise StoreRefusal(f"The field 'items' is invalid. {problem}")

        if lines[line_id].address_id != address_id:
            problem = f"Order product {line_id} is not shipped to address {address_id}."
            raise StoreRefusal(f"The field 'items' is invalid. {problem}")

        left = lines[line_id].unshipped
        if not 0 < quantity <= left:
            problem = f"Order product {line_id} has {left} left, not {quantity}."
            raise StoreRefusal(f"The field 'items' is invalid. {problem}")

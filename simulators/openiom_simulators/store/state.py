"""What a shop remembers, and what changes it. Everything runs on one event loop, so nothing locks."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from openiom_simulators.shop_data import Customer, PlacedOrder, Product
from openiom_simulators.store.statuses import PARTIALLY_SHIPPED, SHIPPED

Announce = Callable[[str, dict[str, Any]], None]
"""Told a webhook scope and its data whenever a fact is worth telling."""


class Refusal(Exception):
    """The shop will not do this; carries the HTTP status and the message BigCommerce words it with."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


@dataclass(slots=True)
class Line:
    """One order product; money in cents a unit."""

    id: int
    product_id: int
    sku: str
    name: str
    quantity: int
    price: int
    tax: int
    weight: int
    shipped: int = 0


@dataclass(slots=True)
class ShopShipment:
    """One shipment; `items` are (order product id, product id, quantity)."""

    id: int
    order_id: int
    created: int
    items: list[tuple[int, int, int]]
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Order:
    """One order with its lines, shipments and single shipping address."""

    id: int
    placed: PlacedOrder
    lines: list[Line]
    status_id: int
    modified: int
    address_id: int
    shipped_at: int | None = None
    staff_notes: str = ""
    is_deleted: bool = False
    shipments: list[ShopShipment] = field(default_factory=list)

    @property
    def items_total(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def items_shipped(self) -> int:
        return sum(line.shipped for line in self.lines)


class Shop:
    """One store's data in memory. `now` gives whole seconds since 1970."""

    def __init__(
        self,
        *,
        currency: str,
        country: str,
        country_iso2: str,
        now: Callable[[], int],
        append_events: Announce,
    ) -> None:
        self.currency, self.country, self.country_iso2 = currency, country, country_iso2
        self.now, self.append_events = now, append_events
        self.products: dict[int, Product] = {}
        self.customers: dict[int, Customer] = {}
        self.orders: dict[int, Order] = {}
        self.order_ids: list[int] = []
        self.by_modified: list[tuple[int, int]] = []
        self.counters = {"order": 99, "line": 0, "address": 0, "shipment": 0}

    def stock(self, *, products: Iterable[Product], customers: Iterable[Customer]) -> None:
        """Put these on the shelves and in the books; the same id replaces."""
        self.products.update((product.id, product) for product in products)
        self.customers.update((customer.id, customer) for customer in customers)

    def place(self, placed: Iterable[PlacedOrder], *, tell: bool) -> list[int]:
        """Take these orders in, numbered in the order given; `tell` announces each. Answers their ids."""
        modified, ids = self.now(), []
        for one in placed:
            order = self._numbered(one, modified)
            self.orders[order.id] = order
            ids.append(order.id)
        self.order_ids.extend(ids)
        self.by_modified.extend((modified, number) for number in ids)
        self.by_modified.sort()
        if tell:
            for number in ids:
                self.append_events("store/order/created", {"type": "order", "id": number})
        return ids

    def _numbered(self, placed: PlacedOrder, modified: int) -> Order:
        lines = []
        for line in placed.lines:
            number = self.next("line")
            lines.append(
                Line(
                    number,
                    line.product_id,
                    line.sku,
                    line.name,
                    line.quantity,
                    line.price,
                    line.tax,
                    line.weight,
                )
            )
        return Order(
            self.next("order"), placed, lines, placed.status_id, modified, self.next("address")
        )

    def next(self, kind: str) -> int:
        """The next number of this kind."""
        self.counters[kind] += 1
        return self.counters[kind]

    def order(self, order_id: int) -> Order:
        """The order; refused with 404 when there is none."""
        if order_id not in self.orders:
            raise Refusal("The requested resource was not found.", status=404)
        return self.orders[order_id]

    def touch(self, order: Order, *, status_id: int | None = None) -> None:
        """Note that `order` changed now, and announce it with its new status if that moved."""
        previous, order.modified = (order.modified, order.id), self.now()
        del self.by_modified[bisect_left(self.by_modified, previous)]
        insort(self.by_modified, (order.modified, order.id))
        before = order.status_id
        if status_id is not None and status_id != before:
            order.status_id = status_id
            if status_id == SHIPPED and order.shipped_at is None:
                order.shipped_at = order.modified
            moved = {"previous_status_id": before, "new_status_id": status_id}
            self.append_events(
                "store/order/statusUpdated", {"type": "order", "id": order.id, "status": moved}
            )
        self.append_events("store/order/updated", {"type": "order", "id": order.id})

    def ship(
        self, order: Order, *, items: list[tuple[int, int]], fields: dict[str, str]
    ) -> ShopShipment:
        """Ship these (order product id, quantity); refused unless every line has that many left."""
        lines = {line.id: line for line in order.lines}
        wanted: dict[int, int] = {}
        for line_id, quantity in items:
            wanted[line_id] = wanted.get(line_id, 0) + quantity
        for line_id, quantity in wanted.items():
            if line_id not in lines:
                raise Refusal(
                    f"The field 'items' is invalid. Order product {line_id} is not on this order."
                )
            left = lines[line_id].quantity - lines[line_id].shipped
            if not 0 < quantity <= left:
                raise Refusal(
                    f"The field 'items' is invalid. Order product {line_id} has {left} left, not {quantity}."
                )
        for line_id, quantity in wanted.items():
            lines[line_id].shipped += quantity
        shipped = [
            (line_id, lines[line_id].product_id, quantity) for line_id, quantity in wanted.items()
        ]
        shipment = ShopShipment(self.next("shipment"), order.id, self.now(), shipped, fields)
        order.shipments.append(shipment)
        self.append_events(
            "store/shipment/created", {"type": "shipment", "id": shipment.id, "orderId": order.id}
        )
        parse_id = all(line.shipped == line.quantity for line in order.lines)
        self.touch(order, status_id=SHIPPED if parse_id else PARTIALLY_SHIPPED)
        return shipment

    def archive(self, order: Order) -> None:
        """Hide the order from lists, as BigCommerce's delete does."""
        order.is_deleted = True
        self.touch(order)
        self.append_events("store/order/archived", {"type": "order", "id": order.id})

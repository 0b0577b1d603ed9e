"""Data of a simulated shop: products, customers and placed orders, as every loader returns them.

Money is a whole number of cents. Weights are grams. Times are whole seconds since 1970, UTC.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Address:
    """A billing or shipping address."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    street_1: str = ""
    street_2: str = ""
    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""
    country_iso2: str = ""
    phone: str = ""
    email: str = ""


ADDRESS_FIELDS = tuple(Address.__dataclass_fields__)


@dataclass(slots=True)
class Product:
    """A product with its single base variant. `brand` is the seller in a marketplace."""

    id: int
    sku: str
    name: str
    price: int
    weight: int
    brand: str = ""
    inventory_level: int = 0
    type: str = "physical"

    @property
    def variant_id(self) -> int:
        """The id of the only variant; variants are numbered separately from products."""
        return self.id + 1_000_000


@dataclass(slots=True)
class Customer:
    """A registered customer with a home address."""

    id: int
    first_name: str
    last_name: str
    email: str
    address: Address
    customer_group_id: int = 0
    created: int = 0


@dataclass(slots=True)
class PickupLocation:
    """A place where a shopper collects lines of an order."""

    code: str
    name: str = ""
    address_line_1: str = ""
    address_line_2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country_alpha2: str = ""
    email: str = ""
    phone: str = ""


LOCATION_FIELDS = tuple(PickupLocation.__dataclass_fields__)


@dataclass(slots=True)
class PlacedLine:
    """A line of a placed order; `price` and `tax` are cents per unit, `wrapping` of the line.

    `options` are the values that the shopper chose, such as `{"Size": "M"}`. `address` is the place
    of its address among those of the order, and `pickup` that of its location if it is collected.
    The type is physical, digital or giftcertificate.
    """

    sku: str
    name: str
    quantity: int
    price: int
    product_id: int = 0
    weight: int = 0
    tax: int = 0
    options: dict[str, str] = field(default_factory=dict)
    type: str = "physical"
    address: int = 0
    pickup: int | None = None
    wrapping: int = 0
    refunded: int = 0
    shipped: int = 0


@dataclass(slots=True)
class PlacedOrder:
    """An order as placed, before the store numbers it and its lines; amounts are cents."""

    customer_id: int
    currency: str
    created: int
    billing: Address
    shipping: Address
    lines: list[PlacedLine]
    shipping_cost: int = 0
    shipping_method: str = "Standard Shipping"
    payment_method: str = "Credit Card"
    external_order_id: str = ""
    customer_message: str = ""
    status_id: int = 11
    more_shipping: list[Address] = field(default_factory=list)
    pickups: list[PickupLocation] = field(default_factory=list)
    discount: int = 0
    coupon_discount: int = 0
    handling_cost: int = 0
    store_credit: int = 0
    gift_certificate: int = 0

    @property
    def addresses(self) -> list[Address]:
        """All shipping addresses."""
        return [self.shipping, *self.more_shipping]


@dataclass(frozen=True, slots=True)
class Seller:
    """A seller of a marketplace, with the location from which it ships."""

    code: str
    zip: str
    city: str
    state: str
    latitude: float
    longitude: float


@dataclass(slots=True)
class Dataset:
    """The data of a shop: catalog, customers, and an iterator of orders."""

    currency: str
    country: str
    country_iso2: str
    products: list[Product]
    customers: list[Customer]
    orders: Iterator[PlacedOrder]
    sellers: list[Seller] = field(default_factory=list)


def address_from(document: Mapping[str, Any]) -> Address:
    """Return an address from a JSON object; unknown keys are ignored, absent ones are empty."""
    return Address(**{name: str(document.get(name) or "") for name in ADDRESS_FIELDS})


def placed_order_from(document: Mapping[str, Any]) -> PlacedOrder:
    """Return an order from the JSON of `/_sim/load`. Raise `KeyError` or `TypeError`."""
    plain: dict[str, Any] = {}
    for name in PLAIN_ORDER_FIELDS & document.keys():
        plain[name] = document[name]

    shipping = address_from(document["shipping"])
    billing = address_from(document.get("billing", document["shipping"]))
    lines = [PlacedLine(**line) for line in document["lines"]]
    more = [address_from(address) for address in document.get("more_shipping", ())]
    pickups = [PickupLocation(**location) for location in document.get("pickups", ())]
    return PlacedOrder(
        billing=billing,
        shipping=shipping,
        lines=lines,
        more_shipping=more,
        pickups=pickups,
        **plain,
    )


PLAIN_ORDER_FIELDS = PlacedOrder.__dataclass_fields__.keys() - {
    "billing",
    "shipping",
    "lines",
    "more_shipping",
    "pickups",
}


def products_from(documents: Sequence[Mapping[str, Any]]) -> list[Product]:
    """Return products from JSON objects with the fields of `Product`."""
    return [Product(**document) for document in documents]


def customers_from(documents: Sequence[Mapping[str, Any]]) -> list[Customer]:
    """Return customers from JSON objects with the fields of `Customer`."""
    customers = []
    for document in documents:
        address = address_from(document["address"])
        customers.append(Customer(**{**document, "address": address}))
    return customers

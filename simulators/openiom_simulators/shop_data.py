"""What a simulated shop trades in: products, customers and placed orders, in the shape every loader yields.

Money is a whole number of cents. Weights are grams. Times are whole seconds since 1970, UTC.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Address:
    """A billing or shipping address as the store shows it."""

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
    """One sellable product with its single base variant. `brand` names the seller in a marketplace."""

    id: int
    sku: str
    name: str
    price: int
    weight: int
    brand: str = ""
    inventory_level: int = 0

    @property
    def variant_id(self) -> int:
        """Every product has exactly one variant; shops number them apart from products."""
        return self.id + 1_000_000


@dataclass(slots=True)
class Customer:
    """A registered customer; `address` is where the customer lives."""

    id: int
    first_name: str
    last_name: str
    email: str
    address: Address
    customer_group_id: int = 0
    created: int = 0


@dataclass(slots=True)
class PlacedLine:
    """One line a shopper ordered; `price` and `tax` are cents a unit."""

    sku: str
    name: str
    quantity: int
    price: int
    product_id: int = 0
    weight: int = 0
    tax: int = 0


@dataclass(slots=True)
class PlacedOrder:
    """An order as a shopper placed it, before the store numbers it and its lines."""

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


@dataclass(frozen=True, slots=True)
class Seller:
    """A place goods come from in the data a loader read."""

    code: str
    zip: str
    city: str
    state: str
    latitude: float
    longitude: float


@dataclass(slots=True)
class Dataset:
    """Everything a shop needs to open: catalog, customers, and orders yielded one after the other."""

    currency: str
    country: str
    country_iso2: str
    products: list[Product]
    customers: list[Customer]
    orders: Iterator[PlacedOrder]
    sellers: list[Seller] = field(default_factory=list)


def address_from(document: Mapping[str, Any]) -> Address:
    """An address out of a JSON object; unknown keys are ignored, absent ones are empty."""
    return Address(**{name: str(document.get(name) or "") for name in ADDRESS_FIELDS})


def placed_order_from(document: Mapping[str, Any]) -> PlacedOrder:
    """An order out of the JSON `/_sim/load` takes; raises KeyError or TypeError when malformed."""
    known = {
        name: document[name]
        for name in PlacedOrder.__dataclass_fields__
        if name in document and name not in NESTED
    }
    shipping = address_from(document["shipping"])
    billing = address_from(document["billing"]) if "billing" in document else shipping
    lines = [PlacedLine(**line) for line in document["lines"]]
    return PlacedOrder(billing=billing, shipping=shipping, lines=lines, **known)


NESTED = frozenset({"billing", "shipping", "lines"})


def products_from(documents: Sequence[Mapping[str, Any]]) -> list[Product]:
    """Products out of JSON objects with the fields of `Product`."""
    return [Product(**document) for document in documents]


def customers_from(documents: Sequence[Mapping[str, Any]]) -> list[Customer]:
    """Customers out of JSON objects with the fields of `Customer`."""
    return [
        Customer(**{**document, "address": address_from(document["address"])})
        for document in documents
    ]

"""Response models of the master data API."""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel


class ProductRow(BaseModel):
    """A product as lists show it."""

    number: str
    name: str
    sku: str
    unit: str
    image: str
    weight_kg: Decimal | None
    currency: str
    list_price: Decimal | None


class ProductAttribute(BaseModel):
    """One attribute of a product."""

    name: str
    type: str
    area: str
    value: str


class ProductDetail(ProductRow):
    """A product with every fact. Lengths in centimeters."""

    description: str
    search_name: str
    product_type: str
    attributes: list[ProductAttribute]
    length_cm: Decimal | None
    width_cm: Decimal | None
    height_cm: Decimal | None
    current_cost: Decimal | None
    standard_cost: Decimal | None
    preorder_eligible: bool
    launch_date: date | None
    days_to_replace: int | None


class NamedRow(BaseModel):
    """A record with a name and a title."""

    name: str
    title: str


class AccountRow(NamedRow):
    """A customer account."""

    company: str
    email: str
    phone: str
    price_list: str | None
    on_hold: bool


class Suggestion(BaseModel):
    """A record that an external key may mean; `score` from 0 to 1, and why.

    Only a `certain` one may be chosen without a person who compares both records.
    """

    internal: str
    label: str
    score: float
    reason: str
    certain: bool


class Suggestions(BaseModel):
    """Suggestions by external key, best first."""

    items: dict[str, list[Suggestion]]

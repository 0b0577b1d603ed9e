"""The checkout: what a shopper enters, what is wrong with it, and the order that follows."""

from collections.abc import Mapping
from dataclasses import dataclass

from openiom_simulators.shop_data import Address, PlacedLine, PlacedOrder, Product
from openiom_simulators.store.shoppers import SEATTLE_STORE
from openiom_simulators.store.statuses import AWAITING_FULFILLMENT

LONGEST_TEXT = 100
COUNTRIES = {"US": "United States", "CA": "Canada", "GB": "United Kingdom", "DE": "Germany"}
PICKUP = "pickup"


@dataclass(frozen=True, slots=True)
class DeliveryMethod:
    """How an order is delivered, and what it costs in cents."""

    title: str
    cents: int
    method: str


DELIVERY_METHODS = {
    "standard": DeliveryMethod("Home delivery, 3 to 5 days", 499, "Standard Shipping"),
    "express": DeliveryMethod("Home delivery, next day", 1999, "Express Shipping"),
    PICKUP: DeliveryMethod("Pick up in the Seattle store or at its curb", 0, "Standard Shipping"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A text that the shopper enters; `autocomplete` is its name in HTML forms."""

    label: str
    autocomplete: str
    required: bool = True

    def problem(self, text: str) -> str:
        """Return what is wrong with a text, or ''."""
        if self.required and not text:
            return f"Enter your {self.label.lower()}."
        if len(text) > LONGEST_TEXT:
            return f"Enter at most {LONGEST_TEXT} characters."
        return ""


FIELDS = {
    "first_name": Field("First name", "given-name"),
    "last_name": Field("Last name", "family-name"),
    "email": Field("E-mail", "email"),
    "phone": Field("Phone", "tel", required=False),
    "street_1": Field("Street and number", "address-line1"),
    "city": Field("City", "address-level2"),
    "state": Field("State or region", "address-level1", required=False),
    "zip": Field("Postal code", "postal-code"),
}


@dataclass(frozen=True, slots=True)
class Checkout:
    """What a shopper entered: texts by field, the country and the delivery method."""

    texts: Mapping[str, str]
    country: str
    delivery: str

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Checkout":
        """Return the checkout of a form; missing texts are empty."""
        texts = {name: form.get(name, "").strip() for name in FIELDS}
        return cls(texts, form.get("country", "US"), form.get("delivery", "standard"))

    def problems(self) -> dict[str, str]:
        """Return what is wrong, by field."""
        found: dict[str, str] = {}
        for name, field in FIELDS.items():
            problem = field.problem(self.texts[name])
            if problem:
                found[name] = problem

        if "email" not in found and not _is_email(self.texts["email"]):
            found["email"] = "Enter an e-mail address such as ana@example.com."
        return {**found, **self._choice_problems()}

    def _choice_problems(self) -> dict[str, str]:
        found: dict[str, str] = {}
        if self.country not in COUNTRIES:
            found["country"] = "Choose a country."
        if self.delivery not in DELIVERY_METHODS:
            found["delivery"] = "Choose how you want to receive your order."
        return found

    def order(
        self, cart: Mapping[int, int], products: Mapping[int, Product], *, currency: str, now: int
    ) -> PlacedOrder:
        """Return the order of a checkout without problems."""
        address = Address(**self.texts, country=COUNTRIES[self.country], country_iso2=self.country)
        is_pickup = self.delivery == PICKUP
        lines = [_line(products[product], units) for product, units in cart.items()]
        for line in lines:
            line.pickup = 0 if is_pickup else None

        delivery = DELIVERY_METHODS[self.delivery]
        return PlacedOrder(
            customer_id=0,
            currency=currency,
            created=now,
            billing=address,
            shipping=address,
            lines=lines,
            shipping_cost=delivery.cents,
            shipping_method=delivery.method,
            status_id=AWAITING_FULFILLMENT,
            pickups=[SEATTLE_STORE] if is_pickup else [],
        )


def _line(product: Product, units: int) -> PlacedLine:
    return PlacedLine(
        product.sku,
        product.name,
        units,
        product.price,
        product.id,
        product.weight,
        type=product.type,
    )


def _is_email(text: str) -> bool:
    name, _, domain = text.rpartition("@")
    return bool(name) and "." in domain and not any(one.isspace() for one in text)

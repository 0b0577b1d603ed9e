"""Reads the documents of v2 requests, or refuses them with the messages of the real API."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from openiom_simulators.shop_data import PlacedLine, PlacedOrder, address_from
from openiom_simulators.store.state import Order, Shop, StoreRefusal
from openiom_simulators.store.statuses import STATUSES

MAX_LENGTHS = {"tracking_number": 50, "tracking_link": 500, "comments": 65_535}
SHIPMENT_TEXTS = (
    "tracking_number",
    "tracking_link",
    "merchant_shipping_cost",
    "shipping_method",
    "shipping_provider",
    "tracking_carrier",
    "comments",
)


def parse_order(shop: Shop, document: Mapping[str, Any]) -> PlacedOrder:
    """Return the order of a `POST /v2/orders`. Raise `StoreRefusal`."""
    if "billing_address" not in document:
        raise StoreRefusal("The required field 'billing_address' was not supplied.")
    if not document.get("products"):
        raise StoreRefusal("The required field 'products' was not supplied.")

    status_id = document.get("status_id", 1)
    if status_id not in STATUSES:
        raise StoreRefusal("The field 'status_id' is invalid.")

    address = _shipping_address(document)
    shipping_cost = document.get("shipping_cost_ex_tax") or 0
    return PlacedOrder(
        customer_id=_customer_id(shop, document),
        currency=_text(document, "default_currency_code", shop.currency),
        created=shop.now(),
        billing=address_from(document["billing_address"]),
        shipping=copy(address_from(address)),
        lines=[_parse_line(shop, line) for line in document["products"]],
        shipping_cost=_cents(shipping_cost, "shipping_cost_ex_tax"),
        shipping_method=_text(address, "shipping_method", "Standard Shipping"),
        payment_method=_text(document, "payment_method", "Manual"),
        external_order_id=_text(document, "external_order_id"),
        customer_message=_text(document, "customer_message"),
        status_id=status_id,
    )


def _text(document: Mapping[str, Any], name: str, default: str = "") -> str:
    return str(document.get(name) or default)


def _shipping_address(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the only shipping address, by default the billing address."""
    addresses = document.get("shipping_addresses") or [document["billing_address"]]
    if len(addresses) > 1:
        raise StoreRefusal("This simulated store ships an order to one address.")
    address: Mapping[str, Any] = addresses[0]
    return address


def _customer_id(shop: Shop, document: Mapping[str, Any]) -> int:
    customer_id = int(document.get("customer_id") or 0)
    if customer_id and customer_id not in shop.customers:
        raise StoreRefusal("The field 'customer_id' is invalid.")
    return customer_id


def _parse_line(shop: Shop, document: Mapping[str, Any]) -> PlacedLine:
    """Return the line of a catalog product (by id) or custom product (by name and price)."""
    quantity = document.get("quantity", 1)
    if not isinstance(quantity, int) or quantity < 1:
        raise StoreRefusal("The field 'quantity' is invalid.")
    if document.get("product_id"):
        return _catalog_line(shop, document, quantity)
    return _custom_line(document, quantity)


def _catalog_line(shop: Shop, document: Mapping[str, Any], quantity: int) -> PlacedLine:
    product_id = document["product_id"]
    if product_id not in shop.products:
        raise StoreRefusal(f"The product with the id {product_id} does not exist.")

    product = shop.products[product_id]
    price = product.price
    if "price_ex_tax" in document:
        price = _cents(document["price_ex_tax"], "price_ex_tax")

    with_tax = _cents(document.get("price_inc_tax", price / 100), "price_inc_tax")
    return PlacedLine(
        sku=product.sku,
        name=product.name,
        quantity=quantity,
        price=price,
        product_id=product_id,
        weight=product.weight,
        tax=max(0, with_tax - price),
        options=_options(document),
    )


def _custom_line(document: Mapping[str, Any], quantity: int) -> PlacedLine:
    has_prices = "price_ex_tax" in document and "price_inc_tax" in document
    if not has_prices or not document.get("name"):
        raise StoreRefusal("A custom product needs 'name', 'price_ex_tax' and 'price_inc_tax'.")

    price = _cents(document["price_ex_tax"], "price_ex_tax")
    with_tax = _cents(document["price_inc_tax"], "price_inc_tax")
    return PlacedLine(
        sku=_text(document, "sku"),
        name=str(document["name"]),
        quantity=quantity,
        price=price,
        tax=max(0, with_tax - price),
        options=_options(document),
    )


def _options(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the values of `product_options` by display name."""
    options: dict[str, str] = {}
    for option in document.get("product_options") or []:
        name, value = option.get("display_name"), option.get("display_value")
        if not isinstance(name, str) or not isinstance(value, str):
            raise StoreRefusal("The field 'product_options' is invalid.")

        options[name] = value

    return options


def parse_shipment(
    order: Order, document: Mapping[str, Any]
) -> tuple[list[tuple[int, int]], dict[str, str]]:
    """Return the (order product id, quantity) pairs and the text fields of a shipment."""
    if document.get("order_address_id", order.address_id) != order.address_id:
        raise StoreRefusal("The field 'order_address_id' is invalid.")

    items = []
    for item in document.get("items") or []:
        line_id, quantity = item.get("order_product_id"), item.get("quantity")
        if not isinstance(line_id, int) or not isinstance(quantity, int):
            raise StoreRefusal("The field 'items' is invalid.")

        items.append((line_id, quantity))

    fields = {}
    for name in SHIPMENT_TEXTS:
        if document.get(name) is not None:
            fields[name] = str(document[name])

    for name, limit in MAX_LENGTHS.items():
        if len(fields.get(name, "")) > limit:
            problem = f"It may hold {limit} characters."
            raise StoreRefusal(f"The field '{name}' is invalid. {problem}")

    return items, fields


def _cents(value: Any, name: str) -> int:
    try:
        return round(float(value) * 100)
    except (TypeError, ValueError):
        raise StoreRefusal(f"The field '{name}' is invalid.") from None

"""Documents a caller posts to v2, read into what the shop understands, or refused in BigCommerce's words."""

from collections.abc import Mapping
from copy import copy
from typing import Any

from openiom_simulators.shop_data import PlacedLine, PlacedOrder, address_from
from openiom_simulators.store.state import Order, Refusal, Shop
from openiom_simulators.store.statuses import STATUSES

LONGEST = {"tracking_number": 50, "tracking_link": 500, "comments": 65_535}
SHIPMENT_TEXTS = (
    "tracking_number",
    "tracking_link",
    "merchant_shipping_cost",
    "shipping_method",
    "shipping_provider",
    "tracking_carrier",
    "comments",
)


def placed_order_of(shop: Shop, document: Mapping[str, Any]) -> PlacedOrder:
    """The order a `POST /v2/orders` places; one shipping address at most."""
    if "billing_address" not in document:
        raise Refusal("The required field 'billing_address' was not supplied.")
    if not document.get("products"):
        raise Refusal("The required field 'products' was not supplied.")
    status_id = document.get("status_id", 1)
    if status_id not in STATUSES:
        raise Refusal("The field 'status_id' is invalid.")
    addresses = document.get("shipping_addresses") or [document["billing_address"]]
    if len(addresses) > 1:
        raise Refusal("This simulated store ships an order to one address.")
    customer_id = int(document.get("customer_id") or 0)
    if customer_id and customer_id not in shop.customers:
        raise Refusal("The field 'customer_id' is invalid.")
    return PlacedOrder(
        customer_id=customer_id,
        currency=str(document.get("default_currency_code") or shop.currency),
        created=shop.now(),
        billing=address_from(document["billing_address"]),
        shipping=copy(address_from(addresses[0])),
        lines=[_line_of(shop, line) for line in document["products"]],
        shipping_cost=_cents(document.get("shipping_cost_ex_tax") or 0, "shipping_cost_ex_tax"),
        shipping_method=str(addresses[0].get("shipping_method") or "Standard Shipping"),
        payment_method=str(document.get("payment_method") or "Manual"),
        external_order_id=str(document.get("external_order_id") or ""),
        customer_message=str(document.get("customer_message") or ""),
        status_id=status_id,
    )


def _line_of(shop: Shop, document: Mapping[str, Any]) -> PlacedLine:
    """A catalog product by its id, or a custom product by its name and price."""
    quantity = document.get("quantity", 1)
    if not isinstance(quantity, int) or quantity < 1:
        raise Refusal("The field 'quantity' is invalid.")
    product_id = document.get("product_id") or 0
    if product_id:
        if product_id not in shop.products:
            raise Refusal(f"The product with the id {product_id} does not exist.")
        product = shop.products[product_id]
        price = (
            _cents(document["price_ex_tax"], "price_ex_tax")
            if "price_ex_tax" in document
            else product.price
        )
        with_tax = _cents(document.get("price_inc_tax", price / 100), "price_inc_tax")
        tax = max(0, with_tax - price)
        return PlacedLine(
            product.sku, product.name, quantity, price, product_id, product.weight, tax
        )
    if (
        not document.get("name")
        or "price_ex_tax" not in document
        or "price_inc_tax" not in document
    ):
        raise Refusal("A custom product needs 'name', 'price_ex_tax' and 'price_inc_tax'.")
    price = _cents(document["price_ex_tax"], "price_ex_tax")
    tax = max(0, _cents(document["price_inc_tax"], "price_inc_tax") - price)
    return PlacedLine(
        str(document.get("sku") or ""), str(document["name"]), quantity, price, tax=tax
    )


def shipment_of(
    order: Order, document: Mapping[str, Any]
) -> tuple[list[tuple[int, int]], dict[str, str]]:
    """(order product id, quantity) pairs and the text fields of a posted shipment."""
    address_id = document.get("order_address_id", order.address_id)
    if address_id != order.address_id:
        raise Refusal("The field 'order_address_id' is invalid.")
    items = []
    for item in document.get("items") or []:
        if not isinstance(item.get("order_product_id"), int) or not isinstance(
            item.get("quantity"), int
        ):
            raise Refusal("The field 'items' is invalid.")
        items.append((item["order_product_id"], item["quantity"]))
    fields = {
        name: str(document[name]) for name in SHIPMENT_TEXTS if document.get(name) is not None
    }
    for name, longest in LONGEST.items():
        if len(fields.get(name, "")) > longest:
            raise Refusal(f"The field '{name}' is invalid. It may hold {longest} characters.")
    return items, fields


def _cents(value: Any, name: str) -> int:
    try:
        return round(float(value) * 100)
    except (TypeError, ValueError):
        raise Refusal(f"The field '{name}' is invalid.") from None

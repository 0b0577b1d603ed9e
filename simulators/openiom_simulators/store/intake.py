"""Reads the documents of v2 requests, or refuses them with the messages of the real API."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from openiom_simulators.shop_data import (
    LOCATION_FIELDS,
    PickupLocation,
    PlacedLine,
    PlacedOrder,
    address_from,
)
from openiom_simulators.store.state import Line, Order, Shop, StoreRefusal
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
    """Return the order of a `POST /v2/orders`. Raise `StoreRefusal`.

    Lines are given as `products`, which are shipped to the first address, or in `consignments`.
    """
    if "billing_address" not in document:
        raise StoreRefusal("The required field 'billing_address' was not supplied.")

    status_id = document.get("status_id", 1)
    if status_id not in STATUSES:
        raise StoreRefusal("The field 'status_id' is invalid.")

    addresses, pickups, lines = _contents(shop, document)
    if not lines:
        raise StoreRefusal("The required field 'products' was not supplied.")

    shipping_cost = document.get("shipping_cost_ex_tax") or 0
    return PlacedOrder(
        customer_id=_customer_id(shop, document),
        currency=_text(document, "default_currency_code", shop.currency),
        created=shop.now(),
        billing=address_from(document["billing_address"]),
        shipping=copy(address_from(addresses[0])),
        more_shipping=[address_from(address) for address in addresses[1:]],
        pickups=pickups,
        lines=lines,
        shipping_cost=_cents(shipping_cost, "shipping_cost_ex_tax"),
        shipping_method=_text(addresses[0], "shipping_method", "Standard Shipping"),
        payment_method=_text(document, "payment_method", "Manual"),
        external_order_id=_text(document, "external_order_id"),
        customer_message=_text(document, "customer_message"),
        status_id=status_id,
        **parse_amounts(document),
    )


AMOUNTS = {
    "discount": "discount_amount",
    "coupon_discount": "coupon_discount",
    "handling_cost": "handling_cost_ex_tax",
    "store_credit": "store_credit_amount",
    "gift_certificate": "gift_certificate_amount",
}
"""Fields of a request by the amounts of `PlacedOrder`."""


def parse_amounts(document: Mapping[str, Any]) -> dict[str, int]:
    """Return the amounts of a request in cents. Raise `StoreRefusal`."""
    amounts: dict[str, int] = {}
    for name, field in AMOUNTS.items():
        if field in document:
            amounts[name] = _cents(document[field], field)

    return amounts


Contents = tuple[list[Mapping[str, Any]], list[PickupLocation], list[PlacedLine]]


def _contents(shop: Shop, document: Mapping[str, Any]) -> Contents:
    """Return the shipping addresses, by default the billing address, the pickups and the lines."""
    billing = document["billing_address"]
    consignments = document.get("consignments")
    if not consignments:
        return _listed_products(shop, document)

    shipping, pickups, lines = _consigned(shop, consignments)
    return shipping or [billing], pickups, lines


def _listed_products(shop: Shop, document: Mapping[str, Any]) -> Contents:
    billing = document["billing_address"]
    addresses = list(document.get("shipping_addresses") or [billing])
    lines = [parse_line(shop, line) for line in document.get("products") or ()]
    return addresses, [], lines


def _consigned(shop: Shop, consignments: Mapping[str, Any]) -> Contents:
    shipping = consignments.get("shipping") or []
    lines = _numbered_lines(shop, shipping, "address")
    pickups = consignments.get("pickups") or []
    lines += _numbered_lines(shop, pickups, "pickup")
    locations = [_location(pickup.get("location") or {}) for pickup in pickups]
    return shipping, locations, lines + _downloads(shop, consignments)


def _numbered_lines(
    shop: Shop, consignments: Sequence[Mapping[str, Any]], field: str
) -> list[PlacedLine]:
    """Return the lines of consignments; `field` of each is the index of its consignment."""
    lines: list[PlacedLine] = []
    for index, consignment in enumerate(consignments):
        lines += _nested_lines(shop, consignment, **{field: index})
    return lines


def _downloads(shop: Shop, consignments: Mapping[str, Any]) -> list[PlacedLine]:
    lines: list[PlacedLine] = []
    for consignment in consignments.get("downloads") or []:
        lines += _nested_lines(shop, consignment, type="digital")
    return lines


def _nested_lines(shop: Shop, consignment: Mapping[str, Any], **place: Any) -> list[PlacedLine]:
    """Return the lines of a consignment, with the fields that say how they are delivered."""
    documents = consignment.get("line_items") or []
    return [replace(parse_line(shop, document), **place) for document in documents]


def _location(document: Mapping[str, Any]) -> PickupLocation:
    return PickupLocation(**{name: _text(document, name) for name in LOCATION_FIELDS})


def _text(document: Mapping[str, Any], name: str, default: str = "") -> str:
    return str(document.get(name) or default)


def _customer_id(shop: Shop, document: Mapping[str, Any]) -> int:
    customer_id = int(document.get("customer_id") or 0)
    if customer_id and customer_id not in shop.customers:
        raise StoreRefusal("The field 'customer_id' is invalid.")
    return customer_id


def parse_line(shop: Shop, document: Mapping[str, Any]) -> PlacedLine:
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
        type=product.type,
        wrapping=_cents(document.get("wrapping_cost_ex_tax", 0), "wrapping_cost_ex_tax"),
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
    return dict(map(_option, document.get("product_options") or []))


def _option(document: Mapping[str, Any]) -> tuple[str, str]:
    name, value = document.get("display_name"), document.get("display_value")
    if not isinstance(name, str) or not isinstance(value, str):
        raise StoreRefusal("The field 'product_options' is invalid.")
    return name, value


def parse_address_id(order: Order, document: Mapping[str, Any]) -> int:
    """Return the address of a shipment, by default the first of the order."""
    address_id = document.get("order_address_id", order.address_id)
    if str(address_id) not in map(str, order.addresses):
        raise StoreRefusal("The field 'order_address_id' is invalid.")
    return int(address_id)


def parse_shipment(
    order: Order, document: Mapping[str, Any]
) -> tuple[list[tuple[int, int]], dict[str, str]]:
    """Return the (order product id, quantity) pairs and the text fields of a shipment."""
    items = [_shipment_item(item) for item in document.get("items") or []]
    fields = _shipment_texts(document)
    _check_lengths(fields)
    return items, fields


def _shipment_item(item: Mapping[str, Any]) -> tuple[int, int]:
    line_id, quantity = item.get("order_product_id"), item.get("quantity")
    if not isinstance(line_id, int) or not isinstance(quantity, int):
        raise StoreRefusal("The field 'items' is invalid.")
    return line_id, quantity


def _shipment_texts(document: Mapping[str, Any]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name in SHIPMENT_TEXTS:
        if document.get(name) is not None:
            fields[name] = str(document[name])
    return fields


def _check_lengths(fields: Mapping[str, str]) -> None:
    for name, limit in MAX_LENGTHS.items():
        if len(fields.get(name, "")) > limit:
            problem = f"It may hold {limit} characters."
            raise StoreRefusal(f"The field '{name}' is invalid. {problem}")


def _cents(value: Any, name: str) -> int:
    try:
        return round(float(value) * 100)
    except (TypeError, ValueError):
        raise StoreRefusal(f"The field '{name}' is invalid.") from None


def change_lines(shop: Shop, order: Order, documents: Sequence[Mapping[str, Any]]) -> None:
    """Change the lines of an order as a `PUT /v2/orders/{id}` does. Raise `StoreRefusal`.

    A product with the `id` of a line changes that line, and deletes it with quantity 0; another is
    added.
    """
    lines = {line.id: line for line in order.lines}
    for document in documents:
        if "id" in document:
            _change_line(lines, document)
        else:
            shop.add_line(order, parse_line(shop, document))

    _remove_empty_lines(order)


def _change_line(lines: Mapping[int, Line], document: Mapping[str, Any]) -> None:
    line = lines.get(document["id"])
    if line is None:
        raise StoreRefusal(f"Order product {document['id']} is not on this order.")

    line.quantity = _changed_quantity(line, document.get("quantity", line.quantity))
    if "price_ex_tax" in document:
        line.price = _cents(document["price_ex_tax"], "price_ex_tax")


def _remove_empty_lines(order: Order) -> None:
    order.lines = [line for line in order.lines if line.quantity]
    if not order.lines:
        raise StoreRefusal("An order needs at least one product.")


def _changed_quantity(line: Line, quantity: Any) -> int:
    if not isinstance(quantity, int) or quantity < max(line.shipped, line.refunded):
        raise StoreRefusal("The field 'quantity' is invalid.")
    return quantity


def parse_refund(document: Mapping[str, Any]) -> list[tuple[int, int]]:
    """Return the (order product id, quantity) pairs of a refund. Raise `StoreRefusal`."""
    items = document.get("items") or ()
    return [_refunded(item) for item in items if item.get("item_type") == "PRODUCT"]


def _refunded(item: Mapping[str, Any]) -> tuple[int, int]:
    line_id, quantity = item.get("item_id"), item.get("quantity")
    if not isinstance(line_id, int) or not isinstance(quantity, int) or quantity < 1:
        raise StoreRefusal("The field 'items' is invalid.", status=422)
    return line_id, quantity

"""Documents of the v2 API: orders, their products, addresses, consignments and shipments."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from openiom_simulators.shop_data import (
    ADDRESS_FIELDS,
    LOCATION_FIELDS,
    Address,
    PickupLocation,
)
from openiom_simulators.store.state import Line, Order, Shop, ShopShipment
from openiom_simulators.store.statuses import STATUSES

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ZERO = "0.0000"


@dataclass(frozen=True, slots=True)
class Inclusions:
    """The parts that a request includes in an order."""

    consignments: bool = False
    line_items: bool = False
    fees: bool = False


def rfc2822(seconds: int | None) -> str:
    """Return a time such as `Wed, 10 Jan 2018 21:05:30 +0000`, empty for None."""
    if seconds is None:
        return ""
    t = time.gmtime(seconds)
    day = f"{DAYS[t.tm_wday]}, {t.tm_mday:02d} {MONTHS[t.tm_mon - 1]} {t.tm_year}"
    return f"{day} {t.tm_hour:02d}:{t.tm_min:02d}:{t.tm_sec:02d} +0000"


def money(cents: int) -> str:
    """Return cents as an amount with four decimals, as v2 writes it."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}00"


def total_cents(order: Order) -> int:
    """Return the total with tax, shipping, handling and wrapping, less discounts."""
    placed = order.placed
    total = placed.shipping_cost + placed.handling_cost + wrapping_cents(order)
    for line in order.lines:
        total += (line.price + line.tax) * line.quantity

    return total - placed.discount - placed.coupon_discount


def wrapping_cents(order: Order) -> int:
    """Return the cost of gift wrapping."""
    return sum(line.wrapping for line in order.lines)


def link(base: str, resource: str) -> dict[str, str]:
    """Return a reference to another resource, as v2 writes it."""
    return {"url": f"{base}/v2{resource}", "resource": resource}


def address_document(address: Address) -> dict[str, Any]:
    """Return an address as v2 writes it."""
    return {name: getattr(address, name) for name in ADDRESS_FIELDS}


CONSTANT_ORDER: dict[str, Any] = {
    "handling_cost_tax": ZERO, "handling_cost_tax_class_id": 2, "wrapping_cost_tax": ZERO,
    "wrapping_cost_tax_class_id": 3, "shipping_cost_tax": ZERO, "shipping_cost_tax_class_id": 2,
    "is_tax_inclusive_pricing": False, "payment_provider_id": "", "refunded_amount": ZERO,
    "ip_address": "192.0.2.10", "ip_address_v6": "", "currency_id": 1,
    "currency_exchange_rate": "1.0000000000", "default_currency_id": 1, "ebay_order_id": "0",
    "is_email_opt_in": False, "credit_card_type": None, "order_source": "www", "channel_id": 1,
    "external_source": "", "external_id": None, "external_merchant_id": None,
    "tax_provider_id": "BasicTaxProvider",
    "store_default_to_transactional_exchange_rate": "1.0000000000", "customer_locale": "en",
}  # fmt: skip
UNPAID = frozenset({0, 1, 7})


def order_document(
    shop: Shop, order: Order, *, base: str, inclusions: Inclusions
) -> dict[str, Any]:
    """Return an order as `/v2/orders/{id}` does."""
    placed, path = order.placed, f"/orders/{order.id}"
    subtotal = sum(line.price * line.quantity for line in order.lines)
    tax = sum(line.tax * line.quantity for line in order.lines)
    name = STATUSES[order.status_id][0]
    included: dict[str, Any] = {}
    if inclusions.consignments:  # In the published examples, only a requested key is present.
        included["consignments"] = consignments_document(
            order, base=base, line_items=inclusions.line_items
        )

    return {
        **CONSTANT_ORDER,
        "id": order.id,
        "customer_id": placed.customer_id,
        "date_created": rfc2822(placed.created),
        "date_modified": rfc2822(order.modified),
        "date_shipped": rfc2822(order.shipped_at),
        "status_id": order.status_id,
        "status": name,
        "custom_status": name,
        "subtotal_ex_tax": money(subtotal),
        "subtotal_inc_tax": money(subtotal + tax),
        "subtotal_tax": money(tax),
        "base_shipping_cost": money(placed.shipping_cost),
        "shipping_cost_ex_tax": money(placed.shipping_cost),
        "shipping_cost_inc_tax": money(placed.shipping_cost),
        **_amounts(order),
        "total_ex_tax": money(total_cents(order) - tax),
        "total_inc_tax": money(total_cents(order)),
        "total_tax": money(tax),
        "order_is_digital": all(line.type != "physical" for line in order.lines),
        "shipping_address_count": len(order.addresses),
        "items_total": order.items_total,
        "items_shipped": order.items_shipped,
        "payment_method": placed.payment_method,
        **_payment(shop, order),
        "geoip_country": placed.billing.country,
        "geoip_country_iso2": placed.billing.country_iso2,
        "currency_code": placed.currency,
        "default_currency_code": shop.currency,
        "store_default_currency_code": shop.currency,
        "staff_notes": order.staff_notes,
        "customer_message": placed.customer_message,
        "cart_id": str(uuid5(NAMESPACE_URL, f"{base}{path}/cart")),
        "billing_address": {**address_document(placed.billing), "form_fields": []},
        "is_deleted": order.is_deleted,
        "external_order_id": placed.external_order_id,
        "products": link(base, f"{path}/products"),
        "shipping_addresses": link(base, f"{path}/shippingaddresses"),
        "coupons": link(base, f"{path}/coupons"),
        "fees": [] if inclusions.fees else link(base, f"{path}/fees"),
        **included,
    }


def _payment(shop: Shop, order: Order) -> dict[str, str]:
    """Return the payment status of an order, and the authorization that waits for a capture.

    The reference says what was authorized, so that the payments simulator knows it.
    """
    if order.status_id in UNPAID:
        return {"payment_status": "pending"}

    placed = order.placed
    if not shop.authorizes or placed.payment_method != "Credit Card":
        return {"payment_status": "captured"}

    cents = total_cents(order) - placed.store_credit - placed.gift_certificate
    reference = f"checkout-{cents}-{placed.currency}-{order.id}"
    return {"payment_status": "authorized", "payment_provider_id": reference}


def _amounts(order: Order) -> dict[str, str]:
    """Return the amounts of an order beside its lines and shipping; none of them is taxed."""
    placed, amounts = order.placed, dict[str, str]()
    for name, cents in (("handling", placed.handling_cost), ("wrapping", wrapping_cents(order))):
        amounts[f"base_{name}_cost"] = money(cents)
        amounts[f"{name}_cost_ex_tax"] = money(cents)
        amounts[f"{name}_cost_inc_tax"] = money(cents)

    amounts["discount_amount"] = money(placed.discount)
    amounts["coupon_discount"] = money(placed.coupon_discount)
    amounts["store_credit_amount"] = money(placed.store_credit)
    amounts["gift_certificate_amount"] = money(placed.gift_certificate)
    return amounts


CONSTANT_LINE: dict[str, Any] = {
    "base_cost_price": ZERO,
    "cost_price_inc_tax": ZERO, "cost_price_ex_tax": ZERO, "cost_price_tax": ZERO,
    "width": ZERO, "height": ZERO, "depth": ZERO,
    "refund_amount": ZERO, "return_id": 0, "wrapping_id": 0, "wrapping_name": "",
    "wrapping_cost_tax": ZERO, "wrapping_message": "", "event_name": None,
    "fixed_shipping_cost": ZERO, "ebay_item_id": "", "ebay_transaction_id": "",
    "option_set_id": None, "parent_order_product_id": None, "is_bundled_product": False,
    "bin_picking_number": "", "external_id": None, "applied_discounts": [],
    "configurable_fields": [], "upc": "", "gift_certificate_id": None,
    "brand": "",
}  # fmt: skip


def line_document(order: Order, line: Line) -> dict[str, Any]:
    """Return an order product as `/v2/orders/{id}/products` does; weight in kilograms."""
    with_tax = line.price + line.tax
    return {
        **CONSTANT_LINE,
        "id": line.id,
        "order_id": order.id,
        "product_id": line.product_id,
        "variant_id": line.product_id + 1_000_000 if line.product_id else 0,
        "order_address_id": line.address_id,
        "order_pickup_method_id": line.pickup_id,
        "type": line.type,
        "name": line.name,
        "name_customer": line.name,
        "name_merchant": line.name,
        "sku": line.sku,
        "base_price": money(line.price),
        "price_ex_tax": money(line.price),
        "price_inc_tax": money(with_tax),
        "price_tax": money(line.tax),
        "base_total": money(line.price * line.quantity),
        "total_ex_tax": money(line.price * line.quantity),
        "total_inc_tax": money(with_tax * line.quantity),
        "total_tax": money(line.tax * line.quantity),
        "discounted_total_inc_tax": money(with_tax * line.quantity),
        "weight": f"{line.weight / 1000:.4f}",
        "quantity": line.quantity,
        "quantity_shipped": line.shipped,
        "quantity_refunded": line.refunded,
        "is_refunded": line.refunded == line.quantity,
        "base_wrapping_cost": money(line.wrapping),
        "wrapping_cost_ex_tax": money(line.wrapping),
        "wrapping_cost_inc_tax": money(line.wrapping),
        "product_options": _option_documents(line),
    }


def _option_documents(line: Line) -> list[dict[str, Any]]:
    """Return the options that the shopper chose, as an order product has them."""
    options = []
    for number, (name, value) in enumerate(line.options.items(), start=1):
        options.append(
            {
                "id": number,
                "order_product_id": line.id,
                "display_name": name,
                "display_value": value,
                "name": name,
                "type": "Multiple choice",
                "value": value,
            }
        )

    return options


def shipping_address_documents(order: Order, *, base: str) -> list[dict[str, Any]]:
    """Return the shipping addresses as `/v2/orders/{id}/shipping_addresses` does."""
    return [_address_document(order, number, base=base) for number in order.addresses]


def _lines_for_address(order: Order, address_id: int) -> list[Line]:
    return [line for line in order.lines if line.address_id == address_id]


def _lines_for_pickup(order: Order, pickup_id: int) -> list[Line]:
    return [line for line in order.lines if line.pickup_id == pickup_id]


def _address_document(order: Order, address_id: int, *, base: str) -> dict[str, Any]:
    """Return one shipping address; the first has the cost of shipping."""
    address = order.addresses[address_id]
    cost = money(order.placed.shipping_cost if address_id == order.address_id else 0)
    lines = _lines_for_address(order, address_id)
    path = f"/orders/{order.id}/shippingaddresses/{address_id}"
    return {
        "id": address_id,
        "order_id": order.id,
        **address_document(address),
        "items_total": sum(line.quantity for line in lines),
        "items_shipped": sum(line.shipped for line in lines),
        "shipping_method": order.placed.shipping_method,
        "base_cost": cost,
        "cost_ex_tax": cost,
        "cost_inc_tax": cost,
        "cost_tax": ZERO,
        "cost_tax_class_id": 2,
        "base_handling_cost": ZERO,
        "handling_cost_ex_tax": ZERO,
        "handling_cost_inc_tax": ZERO,
        "handling_cost_tax": ZERO,
        "handling_cost_tax_class_id": 2,
        "shipping_zone_id": 1,
        "shipping_zone_name": address.country,
        "form_fields": [],
        "shipping_quotes": link(base, f"{path}/shippingquotes"),
    }


COSTS = (
    "base_cost",
    "cost_ex_tax",
    "cost_inc_tax",
    "cost_tax",
    "base_handling_cost",
    "handling_cost_ex_tax",
    "handling_cost_inc_tax",
    "handling_cost_tax",
)
NESTED_LINES = 50
"""Most lines of a consignment in a response that includes them."""


def consignments_document(order: Order, *, base: str, line_items: bool) -> dict[str, Any]:
    """Return consignments in the object structure, the only place where v2 costs are numbers.

    A consignment without lines is absent, and one of more than 50 has a warning instead of the
    rest, as in the real API.
    """
    parts = Inclusions(line_items=line_items)
    pickups = []
    for pickup_id, location in order.pickups.items():
        lines = _lines_for_pickup(order, pickup_id)
        pickups.append(_pickup_document(pickup_id, location) | _nested(order, lines, base, parts))

    shipping = []
    for address_id in order.addresses:
        lines = _lines_for_address(order, address_id)
        if lines:
            document = _shipping_document(order, address_id, base=base)
            shipping.append(document | _nested(order, lines, base, parts))

    return {
        "pickups": pickups,
        "shipping": shipping,
        "downloads": _sent_by_email(order, "digital", base, parts),
        "email": {"gift_certificates": _sent_by_email(order, "giftcertificate", base, parts)},
    }


def _sent_by_email(order: Order, kind: str, base: str, parts: Inclusions) -> list[dict[str, Any]]:
    lines = [line for line in order.lines if line.type == kind]
    if not lines:
        return []
    recipient = {"recipient_email": order.placed.billing.email}
    return [recipient | _nested(order, lines, base, parts)]


def _shipping_document(order: Order, address_id: int, *, base: str) -> dict[str, Any]:
    shipping = _address_document(order, address_id, base=base)
    del shipping["order_id"]
    path = f"/orders/{order.id}/consignments/shipping/{address_id}/shipping_quotes"
    shipping["shipping_quotes"] = link(base, path)
    for name in COSTS:
        shipping[name] = float(shipping[name])

    return shipping


def _pickup_document(pickup_id: int, location: PickupLocation) -> dict[str, Any]:
    return {
        "id": pickup_id,
        "pickup_method_id": 1,
        "pickup_method_display_name": "Pick up in store",
        "collection_instructions": "",
        "collection_time_description": "",
        "location": {"id": 1, **{name: getattr(location, name) for name in LOCATION_FIELDS}},
    }


def _line_links(order: Order, lines: list[Line], base: str) -> list[dict[str, str]]:
    return [link(base, f"/orders/{order.id}/products/{line.id}") for line in lines]


def _nested(order: Order, lines: list[Line], base: str, parts: Inclusions) -> dict[str, Any]:
    """Return the lines of a consignment, or references to them."""
    if not parts.line_items:
        return {"line_items": _line_links(order, lines, base)}

    documents = [line_document(order, line) for line in lines[:NESTED_LINES]]
    if len(lines) <= NESTED_LINES:
        return {"line_items": documents}

    message = (
        f"Only {NESTED_LINES} line items of this consignment are included;"
        " use /v2/orders/{order_id}/products for all of them."
    )
    return {"line_items": documents, "__warning__": {"message": message}}


CARRIERS = {
    "usps": "USPS",
    "ups": "UPS",
    "fedex": "FedEx",
    "auspost": "Australia Post",
    "royalmail": "Royal Mail",
}


def shipment_document(order: Order, shipment: ShopShipment) -> dict[str, Any]:
    """Return a shipment as `/v2/orders/{id}/shipments` does."""
    provider = shipment.fields.get("shipping_provider", "")
    return {
        "id": shipment.id,
        "order_id": order.id,
        "customer_id": order.placed.customer_id,
        "order_address_id": shipment.address_id,
        "date_created": rfc2822(shipment.created),
        "tracking_number": "",
        "merchant_shipping_cost": ZERO,
        "shipping_method": order.placed.shipping_method,
        "tracking_carrier": "",
        "tracking_link": "",
        "comments": "",
        **shipment.fields,
        "shipping_provider": provider,
        "shipping_provider_display_name": CARRIERS.get(provider, ""),
        "generated_tracking_link": shipment.fields.get("tracking_link", ""),
        "billing_address": address_document(order.placed.billing),
        "shipping_address": address_document(order.addresses[shipment.address_id]),
        "items": [
            {"order_product_id": line_id, "product_id": product_id, "quantity": quantity}
            for line_id, product_id, quantity in shipment.items
        ],
    }

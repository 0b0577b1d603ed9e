"""Documents of the v2 API: orders, their products, addresses, consignments and shipments."""

import time
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from openiom_simulators.shop_data import ADDRESS_FIELDS, Address
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
    """Return the total with tax and shipping."""
    lines = sum((line.price + line.tax) * line.quantity for line in order.lines)
    return lines + order.placed.shipping_cost


def link(base: str, resource: str) -> dict[str, str]:
    """Return a reference to another resource, as v2 writes it."""
    return {"url": f"{base}/v2{resource}", "resource": resource}


def address_document(address: Address) -> dict[str, Any]:
    """Return an address as v2 writes it."""
    return {name: getattr(address, name) for name in ADDRESS_FIELDS}


CONSTANT_ORDER: dict[str, Any] = {
    "base_handling_cost": ZERO, "handling_cost_ex_tax": ZERO, "handling_cost_inc_tax": ZERO,
    "handling_cost_tax": ZERO, "handling_cost_tax_class_id": 2, "base_wrapping_cost": ZERO,
    "wrapping_cost_ex_tax": ZERO, "wrapping_cost_inc_tax": ZERO, "wrapping_cost_tax": ZERO,
    "wrapping_cost_tax_class_id": 3, "shipping_cost_tax": ZERO, "shipping_cost_tax_class_id": 2,
    "is_tax_inclusive_pricing": False, "payment_provider_id": "", "refunded_amount": ZERO,
    "order_is_digital": False, "store_credit_amount": ZERO, "gift_certificate_amount": ZERO,
    "ip_address": "192.0.2.10", "ip_address_v6": "", "currency_id": 1,
    "currency_exchange_rate": "1.0000000000", "default_currency_id": 1, "discount_amount": ZERO,
    "coupon_discount": ZERO, "shipping_address_count": 1, "ebay_order_id": "0",
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
        "total_ex_tax": money(subtotal + placed.shipping_cost),
        "total_inc_tax": money(subtotal + tax + placed.shipping_cost),
        "total_tax": money(tax),
        "items_total": order.items_total,
        "items_shipped": order.items_shipped,
        "payment_method": placed.payment_method,
        "payment_status": "pending" if order.status_id in UNPAID else "captured",
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


CONSTANT_LINE: dict[str, Any] = {
    "order_pickup_method_id": 0, "type": "physical", "base_cost_price": ZERO,
    "cost_price_inc_tax": ZERO, "cost_price_ex_tax": ZERO, "cost_price_tax": ZERO,
    "width": ZERO, "height": ZERO, "depth": ZERO, "is_refunded": False, "quantity_refunded": 0,
    "refund_amount": ZERO, "return_id": 0, "wrapping_id": 0, "wrapping_name": "",
    "base_wrapping_cost": ZERO, "wrapping_cost_ex_tax": ZERO, "wrapping_cost_inc_tax": ZERO,
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
        "order_address_id": order.address_id,
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


def shipping_address_document(order: Order, *, base: str) -> dict[str, Any]:
    """Return a shipping address as `/v2/orders/{id}/shipping_addresses` does."""
    cost = money(order.placed.shipping_cost)
    path = f"/orders/{order.id}/shippingaddresses/{order.address_id}"
    return {
        "id": order.address_id,
        "order_id": order.id,
        **address_document(order.placed.shipping),
        "items_total": order.items_total,
        "items_shipped": order.items_shipped,
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
        "shipping_zone_name": order.placed.shipping.country,
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


def consignments_document(order: Order, *, base: str, line_items: bool) -> dict[str, Any]:
    """Return consignments in the object structure, the only place where v2 costs are numbers."""
    shipping = shipping_address_document(order, base=base)
    del shipping["order_id"]
    path = f"/orders/{order.id}/consignments/shipping/{order.address_id}/shipping_quotes"
    shipping["shipping_quotes"] = link(base, path)

    for name in COSTS:
        shipping[name] = float(shipping[name])

    shipping["line_items"] = []
    for line in order.lines:
        item: dict[str, Any] = link(base, f"/orders/{order.id}/products/{line.id}")
        if line_items:
            item = line_document(order, line)

        shipping["line_items"].append(item)

    return {
        "pickups": [],
        "shipping": [shipping],
        "downloads": [],
        "email": {"gift_certificates": []},
    }


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
        "order_address_id": order.address_id,
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
        "shipping_address": address_document(order.placed.shipping),
        "items": [
            {"order_product_id": line_id, "product_id": product_id, "quantity": quantity}
            for line_id, product_id, quantity in shipment.items
        ],
    }

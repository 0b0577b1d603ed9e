"""How a BigCommerce order becomes ours, and what the store is told. Editable per instance."""

from typing import Any

_LINES = "products"
_TO = "shipping_address"


def _address(path: str, source: str) -> list[dict[str, Any]]:
    names = {
        "name": f"trim(({source}.first_name ?? '') + ' ' + ({source}.last_name ?? ''))",
        "company": f"{source}.company",
        "line1": f"{source}.street_1",
        "line2": f"{source}.street_2",
        "city": f"{source}.city",
        "state": f"{source}.state",
        "postal_code": f"{source}.zip",
        "country": f"upper({source}.country_iso2 ?? '')",
        "phone": f"{source}.phone",
        "email": f"{source}.email",
    }
    return [{"path": f"{path}.{name}", "expression": text} for name, text in names.items()]


ORDER: dict[str, Any] = {
    "source": "bigcommerce.order",
    "target": "order",
    "keys": {
        "account": [
            {
                "field": "ProviderName",
                "value": "len(trim(billing_address.company ?? '')) > 0 ? 'BigCommerce' : null",
                "into": "account",
            }
        ],
        "price_list": [{"field": "ProviderName", "value": "'BigCommerce'", "into": "price_list"}],
        "unit": [
            {
                "field": "unit",
                "value": "'each'",
                "over": _LINES,
                "as": "line",
                "into": "lines[].unit",
            }
        ],
        "product": [
            {
                "field": "sku",
                "value": "line.sku",
                "over": _LINES,
                "as": "line",
                "into": "lines[].product",
            }
        ],
    },
    "fields": [
        {"path": "external_id", "expression": "string(id)", "required": True},
        {"path": "number", "expression": "string(id)", "required": True},
        {"path": "placed_at", "expression": "date_created", "required": True},
        {"path": "origin", "expression": "'e-commerce'"},
        {"path": "external_status", "expression": "status"},
        {"path": "currency", "expression": "currency_code", "required": True},
        {
            "path": "customer.external_id",
            "expression": "customer_id > 0 ? string(customer_id) : null",
        },
        {
            "path": "customer.name",
            "expression": "trim((billing_address.first_name ?? '') + ' ' + (billing_address.last_name ?? ''))",
        },
        {"path": "customer.company", "expression": "billing_address.company"},
        {"path": "customer.email", "expression": "billing_address.email"},
        {"path": "customer.phone", "expression": "billing_address.phone"},
        *_address("bill_to", "billing_address"),
        *_address("ship_to", _TO),
        {"path": "shipping_method", "expression": f"{_TO}.shipping_method"},
        {"path": "payment_status", "expression": "payment_status"},
        {"path": "shipping_amount", "expression": "shipping_cost_ex_tax"},
        {"path": "discount_amount", "expression": "discount_amount"},
        {"path": "tax_amount", "expression": "total_tax"},
        {"path": "total_amount", "expression": "total_inc_tax", "required": True},
        {"path": "note", "expression": "customer_message"},
    ],
    "each": [
        {
            "path": "lines",
            "over": _LINES,
            "as": "line",
            "required": True,
            "fields": [
                {
                    "path": "external_id",
                    "expression": "string(line.order_address_id) + '-' + string(line.id)",
                    "required": True,
                },
                {"path": "name", "expression": "line.name"},
                {"path": "quantity", "expression": "line.quantity", "required": True},
                {"path": "unit_price", "expression": "line.price_ex_tax"},
                {"path": "tax", "expression": "line.total_tax"},
            ],
        }
    ],
}

PRODUCT: dict[str, Any] = {
    "source": "bigcommerce.product",
    "target": "product",
    "fields": [
        {"path": "external_id", "expression": "string(id)", "required": True},
        {"path": "number", "expression": "sku", "required": True},
        {"path": "name", "expression": "name", "required": True},
        {"path": "description", "expression": "description"},
        {"path": "weight_kg", "expression": "weight == null ? null : string(weight)"},
        {"path": "list_price", "expression": "price == null ? null : string(price)"},
    ],
}

CUSTOMER: dict[str, Any] = {
    "source": "bigcommerce.customer",
    "target": "account",
    "fields": [
        {"path": "external_id", "expression": "string(id)", "required": True},
        {
            "path": "name",
            "expression": "len(trim(company ?? '')) > 0 ? company : trim((first_name ?? '') + ' ' + (last_name ?? ''))",
            "required": True,
        },
        {"path": "company", "expression": "company"},
        {"path": "email", "expression": "email"},
        {"path": "phone", "expression": "phone"},
    ],
}

SHIPMENT: dict[str, Any] = {
    "source": "shipment",
    "target": "bigcommerce.shipment",
    "fields": [
        {"path": "order_id", "expression": "order.external_id", "required": True},
        {
            "path": "order_address_id",
            "expression": "number(split(items[0].order_line_external_id, '-')[0])",
            "required": True,
        },
        {"path": "tracking_number", "expression": "tracking_number"},
        {"path": "shipping_method", "expression": "service"},
        {"path": "carrier", "expression": "carrier"},
        {"path": "final", "expression": "final"},
    ],
    "each": [
        {
            "path": "items",
            "over": "items",
            "as": "item",
            "required": True,
            "fields": [
                {
                    "path": "order_product_id",
                    "expression": "number(split(item.order_line_external_id, '-')[1])",
                    "required": True,
                },
                {"path": "quantity", "expression": "item.quantity", "required": True},
            ],
        }
    ],
}

STATUS: dict[str, Any] = {
    "source": "order",
    "target": "bigcommerce.order",
    "fields": [
        {"path": "order_id", "expression": "external_id", "required": True},
        {"path": "state", "expression": "state", "required": True},
        {"path": "state_reason", "expression": "state_reason"},
    ],
}

"""How a lab order becomes ours. Editable per instance."""

from typing import Any

_LINES = "orderdetails"


def _address(path: str, prefix: str) -> list[dict[str, Any]]:
    return [
        {"path": f"{path}.name", "expression": f"{prefix}name"},
        {"path": f"{path}.line1", "expression": f"{prefix}line1"},
        {"path": f"{path}.city", "expression": f"{prefix}city"},
        {"path": f"{path}.state", "expression": f"{prefix}stateorprovince"},
        {"path": f"{path}.postal_code", "expression": f"{prefix}zip"},
        {"path": f"{path}.country", "expression": f"upper({prefix}country ?? '')"},
    ]


ORDER: dict[str, Any] = {
    "source": "lab_intake.order",
    "target": "order",
    "keys": {
        "unit": [
            {
                "field": "unit",
                "value": "line.unit",
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
        {
            "path": "external_id",
            "expression": "ordernumber == null ? null : string(ordernumber)",
            "required": True,
        },
        {
            "path": "number",
            "expression": "ordernumber == null ? null : string(ordernumber)",
            "required": True,
        },
        {"path": "placed_at", "expression": "received_at", "required": True},
        {"path": "origin", "expression": "'lab'"},
        {"path": "currency", "expression": "currency", "required": True},
        {"path": "account", "expression": "account"},
        {"path": "price_list", "expression": "price_list"},
        *_address("ship_to", "shipto"),
        *_address("bill_to", "billto"),
        {"path": "total_amount", "expression": "'0'"},
    ],
    "each": [
        {
            "path": "lines",
            "over": _LINES,
            "as": "line",
            "required": True,
            "fields": [
                {"path": "external_id", "expression": "string(line.linenumber)", "required": True},
                {"path": "quantity", "expression": "line.quantity", "required": True},
            ],
        }
    ],
}

"""What the lab's fulfiller is told, by mail and by HTTP alike. Editable per instance."""

from typing import Any

FULFILLMENT_ORDER: dict[str, Any] = {
    "source": "fulfillment_order",
    "target": "lab_fulfillment.order",
    "fields": [
        {"path": "header.number", "expression": "number", "required": True},
        {"path": "header.order_number", "expression": "order.number"},
        {"path": "header.source", "expression": "source"},
        {"path": "header.ship_to", "expression": "ship_to", "required": True},
    ],
    "each": [
        {
            "path": "lines",
            "over": "lines",
            "as": "line",
            "required": True,
            "fields": [
                {"path": "line_reference", "expression": "line.reference", "required": True},
                {"path": "product", "expression": "line.product", "required": True},
                {"path": "unit", "expression": "line.unit"},
                {"path": "quantity", "expression": "line.quantity", "required": True},
            ],
        }
    ],
}

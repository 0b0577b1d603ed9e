"""What the 3PL is sent, and how its events become ours. Editable per instance."""

from typing import Any

ORDER: dict[str, Any] = {
    "source": "fulfillment_order",
    "target": "demo_fulfillment.order",
    "fields": [
        {"path": "reference", "expression": "number", "required": True},
        {"path": "warehouse", "expression": "source"},
        {"path": "order_number", "expression": "order.number"},
        {"path": "ship_to", "expression": "ship_to", "required": True},
    ],
    "each": [
        {
            "path": "lines",
            "over": "lines",
            "as": "line",
            "required": True,
            "fields": [
                {"path": "line_reference", "expression": "line.reference", "required": True},
                {"path": "sku", "expression": "line.product", "required": True},
                {"path": "quantity", "expression": "line.quantity", "required": True},
            ],
        }
    ],
}

CANCEL: dict[str, Any] = {
    "source": "fulfillment_order",
    "target": "demo_fulfillment.cancel",
    "fields": [{"path": "id", "expression": "external_id", "required": True}],
}

EVENT: dict[str, Any] = {
    "source": "demo_fulfillment.event",
    "target": "fulfillment_update",
    "fields": [
        {"path": "number", "expression": "order.reference", "required": True},
        {"path": "external_id", "expression": "order.id"},
        {"path": "kind", "expression": "split(type, '.')[1]", "required": True},
        {"path": "at", "expression": "occurred_at", "required": True},
        {"path": "reason", "expression": "reason"},
        {"path": "shipment.external_id", "expression": "shipment.id"},
        {"path": "shipment.carrier", "expression": "shipment.carrier"},
        {"path": "shipment.service", "expression": "shipment.service"},
        {"path": "shipment.tracking_number", "expression": "shipment.tracking_number"},
        {"path": "shipment.shipped_at", "expression": "shipment == null ? null : occurred_at"},
    ],
    "each": [
        {
            "path": "shipment.items",
            "over": "shipment.items ?? []",
            "as": "item",
            "fields": [
                {"path": "line", "expression": "item.line_reference", "required": True},
                {"path": "quantity", "expression": "item.quantity", "required": True},
            ],
        }
    ],
}

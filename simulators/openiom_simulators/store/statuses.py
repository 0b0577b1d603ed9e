"""The fifteen fixed order statuses of a BigCommerce store."""

SHIPPED, PARTIALLY_SHIPPED, REFUNDED, CANCELLED, AWAITING_FULFILLMENT = 2, 3, 4, 5, 11
PARTIALLY_REFUNDED = 14

STATUSES: dict[int, tuple[str, str]] = {
    0: ("Incomplete", "The shopper reached the payment page and did not finish."),
    1: ("Pending", "The shopper started the checkout and did not finish."),
    2: ("Shipped", "Everything has been shipped; receipt is not confirmed."),
    3: ("Partially Shipped", "Some of the items have been shipped."),
    4: ("Refunded", "The seller has refunded the order."),
    5: ("Cancelled", "The seller has cancelled the order."),
    6: ("Declined", "The seller has declined the order."),
    7: ("Awaiting Payment", "The checkout is done; payment is not confirmed."),
    8: ("Awaiting Pickup", "The order is packed and waits for the customer."),
    9: ("Awaiting Shipment", "The order is packed and waits for the carrier."),
    10: ("Completed", "The order is done."),
    11: ("Awaiting Fulfillment", "The order is paid and waits to be fulfilled."),
    12: ("Manual Verification Required", "The order is on hold until it has been reviewed."),
    13: ("Disputed", "The shopper disputes the payment."),
    14: ("Partially Refunded", "The seller has refunded a part of the order."),
}


def status_document(status_id: int) -> dict[str, object]:
    """Return a status as `/v2/order_statuses` does."""
    name, description = STATUSES[status_id]
    return {
        "id": status_id,
        "name": name,
        "system_label": name,
        "custom_label": name,
        "system_description": description,
    }

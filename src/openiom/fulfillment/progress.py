"""The states of a fulfillment order in their order, and the events that lead to them."""

NEW = "new"
SENT = "sent"
ACCEPTED = "accepted"
PICKED = "picked"
PACKED = "packed"
PARTIALLY_SHIPPED = "partially_shipped"
SHIPPED = "shipped"
DELIVERED = "delivered"
DECLINED = "declined"
CANCELED = "canceled"
CLOSED = "closed"

PROGRESS = (NEW, SENT, ACCEPTED, PICKED, PACKED, PARTIALLY_SHIPPED, SHIPPED, DELIVERED)
"""States in the order a fulfillment order goes through them. Updates about earlier ones are old."""
BEFORE_SHIPPING = (NEW, SENT, ACCEPTED, PICKED, PACKED)
NOT_FULFILLED = frozenset((DECLINED, CANCELED))
ENDED = frozenset((DECLINED, CANCELED, CLOSED))

LABELS = {
    NEW: "New",
    SENT: "Sent To Fulfillment",
    ACCEPTED: "Accepted",
    PICKED: "Picked",
    PACKED: "Packed",
    PARTIALLY_SHIPPED: "Partially Shipped",
    SHIPPED: "Shipped",
    DELIVERED: "Delivered",
    DECLINED: "Declined",
    CANCELED: "Canceled",
    CLOSED: "Closed",
}
REASONS = {**LABELS, NEW: "Created", CLOSED: "Rest Canceled"}
"""Reasons shown beside the states."""

CREATED_EVENT = "fulfillment_order.created"
SEND_FAILED_EVENT = "fulfillment_order.send_failed"
SEND_FAILED = "Send Failed"
"""The reason of a new fulfillment order that could not be sent."""


def event_of(state: str) -> str:
    """Return the event that leads to a state, e.g. `fulfillment_order.picked`."""
    return f"fulfillment_order.{state}"

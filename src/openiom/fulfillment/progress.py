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
LATE_PARCELS = (DECLINED, CANCELED, CLOSED)
"""States in which a parcel still counts: it was reported after the rest of its order had ended."""
ENDED = frozenset(LATE_PARCELS)

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
SHORT = "Shipped Short"
"""The reason of a closed fulfillment order whose fulfiller shipped less than was requested."""

RECALL_REQUESTED_EVENT = "fulfillment_order.cancellation_requested"
RECALL_REFUSED_EVENT = "fulfillment_order.cancellation_failed"
RECALL_WITHDRAWN_EVENT = "fulfillment_order.cancellation_withdrawn"
REFUSAL_LIFTED_EVENT = "fulfillment_order.refusal_lifted"
RECALL_REQUESTED = "Recall Requested"
RECALL_REFUSED = "Recall Refused"
"""Reasons of a fulfillment order that its fulfiller was requested to cancel."""


def event_of(state: str) -> str:
    """Return the event that leads to a state, e.g. `fulfillment_order.picked`."""
    return f"fulfillment_order.{state}"

"""What a fulfillment order may do, and what its order owes when all of an order's get somewhere."""

from openiom.state_framework import Aggregate, State, StateTable, Target, Transition, moves

NEW, SENT, ACCEPTED, PICKED, PACKED = "new", "sent", "accepted", "picked", "packed"
PARTIALLY_SHIPPED, SHIPPED, DELIVERED = "partially_shipped", "shipped", "delivered"
DECLINED, CANCELED, CLOSED = "declined", "canceled", "closed"

WAY = (NEW, SENT, ACCEPTED, PICKED, PACKED, PARTIALLY_SHIPPED, SHIPPED, DELIVERED)
"""The way of a fulfillment order. News of a place it has passed already change nothing."""
OFF_THE_WAY = frozenset((DECLINED, CANCELED))
ENDED = frozenset((DECLINED, CANCELED, CLOSED))

SENT_FAILED = "fulfillment_order.send_failed"


def event_of(state: str) -> str:
    """The event that leads to a state, e.g. `fulfillment_order.picked`."""
    return f"fulfillment_order.{state}"


def _states() -> tuple[State, ...]:
    labels = {
        NEW: "New",
        SENT: "Sent To Fulfillment",
        ACCEPTED: "Accepted",
        PICKED: "Picked",
        PACKED: "Packed",
        PARTIALLY_SHIPPED: "Partially Shipped",
        SHIPPED: "Shipped",
        DELIVERED: "Delivered",
    }
    ended = {DECLINED: "Declined", CANCELED: "Canceled", CLOSED: "Closed"}
    rows = [State(name, label, 10 * i) for i, (name, label) in enumerate(labels.items(), start=1)]
    rows += [
        State(name, label, 10 * i, read_only=True, final=True)
        for i, (name, label) in enumerate(ended.items(), start=len(rows) + 1)
    ]
    return tuple(rows)


def _moves() -> tuple[Transition, ...]:
    rows = [Transition("fulfillment_order.created", None, Target(NEW, "Created"))]
    rows += moves(event_of(SENT), [NEW], SENT, "Sent To Fulfillment")
    rows += moves(SENT_FAILED, [NEW], NEW, "Send Failed")
    for state, reason in ((ACCEPTED, "Accepted"), (PICKED, "Picked"), (PACKED, "Packed")):
        rows += moves(event_of(state), WAY[: WAY.index(state)], state, reason)
    before = WAY[: WAY.index(PARTIALLY_SHIPPED)]
    rows += moves(
        event_of(PARTIALLY_SHIPPED),
        (*before, PARTIALLY_SHIPPED),
        PARTIALLY_SHIPPED,
        "Partially Shipped",
    )
    rows += moves(event_of(SHIPPED), (*before, PARTIALLY_SHIPPED), SHIPPED, "Shipped")
    rows += moves(event_of(DELIVERED), [SHIPPED], DELIVERED, "Delivered")
    rows += moves(event_of(DECLINED), before, DECLINED, "Declined")
    rows += moves(event_of(CANCELED), before, CANCELED, "Canceled")
    rows += moves(event_of(CLOSED), [PARTIALLY_SHIPPED], CLOSED, "Rest Canceled")
    return tuple(rows)


FULFILLMENT_ORDER_TABLE = StateTable("fulfillment_order", _states(), _moves())

_SENT = frozenset((*WAY[1:], CLOSED))
_PICKED = frozenset((*WAY[WAY.index(PICKED) :], CLOSED))
ORDER_OWES = (
    Aggregate("order.sent_to_fulfillment", _SENT, ignoring=OFF_THE_WAY),
    Aggregate("order.picked", _PICKED, ignoring=OFF_THE_WAY),
    Aggregate("order.delivered", frozenset((DELIVERED,)), ignoring=OFF_THE_WAY),
)
"""Raised on the order once all its fulfillment orders that still count stand there."""

"""The state table of fulfillment orders, and the events an order owes because of theirs."""

from collections.abc import Iterator

from openiom.state_framework import Aggregate, State, StateTable, Target, Transition, moves

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

CREATED_EVENT = "fulfillment_order.created"
SEND_FAILED_EVENT = "fulfillment_order.send_failed"

ORDER_SENT = "order.sent_to_fulfillment"
ORDER_SEND_FAILED = "order.send_to_fulfillment_failed"
ORDER_PICKED = "order.picked"
ORDER_DELIVERED = "order.delivered"

_LABELS = {
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


def event_of(state: str) -> str:
    """Return the event that leads to a state, e.g. `fulfillment_order.picked`."""
    return f"fulfillment_order.{state}"


def _states() -> Iterator[State]:
    for position, (name, label) in enumerate(_LABELS.items(), start=1):
        ended = name in ENDED
        yield State(name, label, 10 * position, read_only=ended, final=ended)


def _transitions() -> Iterator[Transition]:
    yield Transition(CREATED_EVENT, None, Target(NEW, "Created"))
    yield from moves(event_of(SENT), [NEW], SENT, "Sent To Fulfillment")
    yield from moves(SEND_FAILED_EVENT, [NEW], NEW, "Send Failed")
    for state in (ACCEPTED, PICKED, PACKED):
        yield from moves(event_of(state), PROGRESS[: PROGRESS.index(state)], state, _LABELS[state])
    shippable = (*BEFORE_SHIPPING, PARTIALLY_SHIPPED)
    for state in (PARTIALLY_SHIPPED, SHIPPED):
        yield from moves(event_of(state), shippable, state, _LABELS[state])
    yield from moves(event_of(DELIVERED), [SHIPPED], DELIVERED, "Delivered")
    yield from moves(event_of(DECLINED), BEFORE_SHIPPING, DECLINED, "Declined")
    yield from moves(event_of(CANCELED), BEFORE_SHIPPING, CANCELED, "Canceled")
    yield from moves(event_of(CLOSED), [PARTIALLY_SHIPPED], CLOSED, "Rest Canceled")


FULFILLMENT_ORDER_TABLE = StateTable("fulfillment_order", tuple(_states()), tuple(_transitions()))

_AFTER_NEW = frozenset((*PROGRESS[1:], CLOSED))
_AFTER_PICKING = frozenset((*PROGRESS[PROGRESS.index(PICKED) :], CLOSED))
ORDER_EVENTS = (
    Aggregate(ORDER_SENT, _AFTER_NEW, ignoring=NOT_FULFILLED),
    Aggregate(ORDER_PICKED, _AFTER_PICKING, ignoring=NOT_FULFILLED),
    Aggregate(ORDER_DELIVERED, frozenset((DELIVERED,)), ignoring=NOT_FULFILLED),
)
"""Raised on an order once all its fulfillment orders that count have reached these states."""

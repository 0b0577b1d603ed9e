"""What a fulfillment order may do, and what its order owes when all of them did."""

from openiom.state_framework import Aggregate, State, StateTable, To, Transition, moves

NEW, SENT, ACCEPTED, PICKED, PACKED = "new", "sent", "accepted", "picked", "packed"
PARTIALLY_SHIPPED, SHIPPED, DELIVERED = "partially_shipped", "shipped", "delivered"
DECLINED, CANCELED = "declined", "canceled"

_WAY = (NEW, SENT, ACCEPTED, PICKED, PACKED, PARTIALLY_SHIPPED, SHIPPED, DELIVERED)
OPEN = (NEW, SENT, ACCEPTED, PICKED, PACKED)
"""Nothing has left yet: the source may still decline, and the order may still be taken back."""

STATES = (
    *(State(name, name.replace("_", " ").capitalize(), 10 * (i + 1)) for i, name in enumerate(_WAY)),
    State(DECLINED, "Declined", 90, read_only=True, final=True),
    State(CANCELED, "Canceled", 100, read_only=True, final=True),
)


def event_of(state: str) -> str:
    return f"fulfillment_order.{state}"


def _rows() -> list[Transition]:
    rows = [Transition("fulfillment_order.created", None, To(NEW, "Created"))]
    rows += moves("fulfillment_order.sent", [NEW, SENT], SENT, "Sent To Fulfillment")
    rows += moves("fulfillment_order.sent.failed", [NEW], NEW, "Send To Fulfillment Failed")
    rows += moves(event_of(ACCEPTED), [NEW, SENT], ACCEPTED, "Accepted")
    rows += moves(event_of(PICKED), [NEW, SENT, ACCEPTED], PICKED, "Picked")
    rows += moves(event_of(PACKED), [NEW, SENT, ACCEPTED, PICKED], PACKED, "Packed")
    shippable = (*OPEN, PARTIALLY_SHIPPED)
    rows += moves(event_of(PARTIALLY_SHIPPED), shippable, PARTIALLY_SHIPPED, "Partially Shipped")
    rows += moves(event_of(SHIPPED), shippable, SHIPPED, "Shipped")
    rows += moves(event_of(DELIVERED), [PARTIALLY_SHIPPED, SHIPPED], DELIVERED, "Delivered")
    rows += moves(event_of(DECLINED), OPEN, DECLINED, "Declined")
    rows += moves(event_of(CANCELED), OPEN, CANCELED, "Canceled")
    return rows


FULFILLMENT_ORDER_TABLE = StateTable("fulfillment_order", STATES, tuple(_rows()))
_OFF = frozenset({DECLINED, CANCELED})

OWED = (
    Aggregate("order.sent_to_fulfillment", frozenset(_WAY[1:]), ignoring=_OFF),
    Aggregate("order.picked", frozenset(_WAY[3:]), ignoring=_OFF),
    Aggregate("order.delivered", frozenset({DELIVERED}), ignoring=_OFF),
)
"""Order events raised once, when all fulfillment orders of the order got there. Shipping follows the lines instead."""


def is_late(state: str, told: str) -> bool:
    """Whether news that a fulfillment order reached `told` comes after it went farther already."""
    return told in _WAY and state in _WAY and _WAY.index(told) <= _WAY.index(state) and told != PARTIALLY_SHIPPED

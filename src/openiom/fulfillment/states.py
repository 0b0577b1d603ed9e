"""The state table of fulfillment orders, and the events an order owes because of theirs."""

from collections.abc import Iterator

from openiom.orders import RECALL_REFUSED, RECALL_REQUESTED
from openiom.state_framework import Aggregate, State, StateTable, Target, Transition, moves

from .progress import (
    ACCEPTED,
    BEFORE_SHIPPING,
    CANCELED,
    CLOSED,
    CREATED_EVENT,
    DECLINED,
    DELIVERED,
    ENDED,
    LABELS,
    LATE_PARCELS,
    NEW,
    NOT_FULFILLED,
    PACKED,
    PARTIALLY_SHIPPED,
    PICKED,
    PROGRESS,
    REASONS,
    RECALL_REFUSED_EVENT,
    RECALL_REQUESTED_EVENT,
    SEND_FAILED,
    SEND_FAILED_EVENT,
    SENT,
    SHIPPED,
    event_of,
)

ORDER_SENT = "order.sent_to_fulfillment"
ORDER_SEND_FAILED = "order.send_to_fulfillment_failed"
ORDER_PICKED = "order.picked"
ORDER_DELIVERED = "order.delivered"
ORDERS_FOLLOW = {
    SEND_FAILED_EVENT: ORDER_SEND_FAILED,
    RECALL_REQUESTED_EVENT: RECALL_REQUESTED,
    RECALL_REFUSED_EVENT: RECALL_REFUSED,
}
"""Events of fulfillment orders, and those that each of them raises on its order."""


def _states() -> Iterator[State]:
    for position, (name, label) in enumerate(LABELS.items(), start=1):
        yield State(name, label, 10 * position, read_only=name in ENDED)


def _transitions() -> Iterator[Transition]:
    yield Transition(CREATED_EVENT, None, Target(NEW, REASONS[NEW]))
    yield from moves(SEND_FAILED_EVENT, [NEW], NEW, SEND_FAILED)
    sources: dict[str, tuple[str, ...]] = {
        PARTIALLY_SHIPPED: (*BEFORE_SHIPPING, PARTIALLY_SHIPPED),
        SHIPPED: (*BEFORE_SHIPPING, PARTIALLY_SHIPPED, *LATE_PARCELS),
        DELIVERED: (SHIPPED,),
        DECLINED: BEFORE_SHIPPING,
        CANCELED: BEFORE_SHIPPING,
        CLOSED: (PARTIALLY_SHIPPED, DECLINED, CANCELED),
    }

    for state in (SENT, ACCEPTED, PICKED, PACKED):
        sources[state] = PROGRESS[: PROGRESS.index(state)]

    for state, before in sources.items():
        yield from moves(event_of(state), before, state, REASONS[state])


FULFILLMENT_ORDER_TABLE = StateTable("fulfillment_order", tuple(_states()), tuple(_transitions()))

_AFTER_NEW = frozenset((*PROGRESS[1:], CLOSED))
_AFTER_PICKING = frozenset((*PROGRESS[PROGRESS.index(PICKED) :], CLOSED))
ORDER_EVENTS = (
    Aggregate(ORDER_SENT, _AFTER_NEW, ignoring=NOT_FULFILLED),
    Aggregate(ORDER_PICKED, _AFTER_PICKING, ignoring=NOT_FULFILLED),
    Aggregate(ORDER_DELIVERED, frozenset((DELIVERED,)), ignoring=NOT_FULFILLED),
)
"""Raised on an order once all its fulfillment orders that count have reached these states."""

"""The state table of return orders, and the events that their lines owe them."""

from collections.abc import Iterator

from openiom.state_framework import Aggregate, State, StateTable, Target, Transition, moves

from .progress import (
    APPROVED,
    APPROVED_EVENT,
    AWAITING_GOODS,
    BLIND,
    BLIND_EVENT,
    CANCELED,
    CANCELED_EVENT,
    CLOSED,
    CLOSED_EVENT,
    ENDED,
    ENTITY,
    EXPIRED_EVENT,
    IN_TRANSIT,
    IN_TRANSIT_EVENT,
    INSPECTED,
    INSPECTED_EVENT,
    LABEL_CREATED,
    LABEL_CREATED_EVENT,
    LABEL_REQUESTED,
    LABEL_REQUESTED_EVENT,
    LABELS,
    MATCHED_EVENT,
    NOT_SENT_BACK,
    PARTIALLY_RECEIVED,
    PARTIALLY_RECEIVED_EVENT,
    RECEIVED,
    RECEIVED_EVENT,
    REFUSED,
    REFUSED_EVENT,
    REQUESTED,
    REQUESTED_EVENT,
)


def _states() -> Iterator[State]:
    for position, (name, label) in enumerate(LABELS.items(), start=1):
        yield State(name, label, 10 * position, read_only=name in ENDED, final=name in ENDED)


def _transitions() -> Iterator[Transition]:
    yield Transition(REQUESTED_EVENT, None, Target(REQUESTED, LABELS[REQUESTED]))
    yield Transition(BLIND_EVENT, None, Target(RECEIVED, BLIND))
    yield from moves(MATCHED_EVENT, [RECEIVED], RECEIVED, LABELS[RECEIVED])
    yield from moves(MATCHED_EVENT, [INSPECTED], INSPECTED, LABELS[INSPECTED])
    yield from moves(APPROVED_EVENT, [REQUESTED], APPROVED, LABELS[APPROVED])
    yield from moves(REFUSED_EVENT, [REQUESTED], REFUSED, LABELS[REFUSED])
    yield from moves(LABEL_REQUESTED_EVENT, [APPROVED], APPROVED, LABEL_REQUESTED)
    yield from moves(LABEL_CREATED_EVENT, [APPROVED], APPROVED, LABEL_CREATED)
    yield from moves(IN_TRANSIT_EVENT, [APPROVED, IN_TRANSIT], IN_TRANSIT, LABELS[IN_TRANSIT])
    reason = LABELS[PARTIALLY_RECEIVED]
    yield from moves(PARTIALLY_RECEIVED_EVENT, AWAITING_GOODS, PARTIALLY_RECEIVED, reason)
    yield from moves(RECEIVED_EVENT, AWAITING_GOODS, RECEIVED, LABELS[RECEIVED])
    yield from moves(INSPECTED_EVENT, [RECEIVED], INSPECTED, LABELS[INSPECTED])
    yield from moves(CLOSED_EVENT, [PARTIALLY_RECEIVED, INSPECTED], CLOSED, LABELS[CLOSED])
    before_goods = [REQUESTED, APPROVED, IN_TRANSIT]
    yield from moves(CANCELED_EVENT, before_goods, CANCELED, LABELS[CANCELED])
    yield from moves(EXPIRED_EVENT, [APPROVED, IN_TRANSIT], CANCELED, NOT_SENT_BACK)
    yield from moves(EXPIRED_EVENT, [PARTIALLY_RECEIVED], CLOSED, NOT_SENT_BACK)


RETURN_ORDER_TABLE = StateTable(ENTITY, tuple(_states()), tuple(_transitions()))

RETURN_EVENTS = (
    Aggregate(RECEIVED_EVENT, frozenset((RECEIVED, INSPECTED))),
    Aggregate(INSPECTED_EVENT, frozenset((INSPECTED,))),
)
"""Raised on a return order once all its lines that count have reached these states."""

"""Apply business events that flows and providers raise to return orders."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import TransitionRefused
from openiom.provider_contract import EventRequest, Outcome
from openiom.returns.progress import (
    LABEL_CREATED_EVENT,
    LABEL_REQUESTED_EVENT,
)
from openiom.returns.return_batch import ReturnBatch
from openiom.returns.states import RETURN_ORDER_TABLE

_RAISED = frozenset((LABEL_REQUESTED_EVENT, LABEL_CREATED_EVENT))
"""Events of the state table that may be raised from outside; the others follow from actions."""


def raise_return_events(
    session: Session, requests: Sequence[EventRequest], now: datetime, actor: str
) -> list[Outcome]:
    """Raise events on return orders; one outcome per request. A refused one changes nothing."""
    batch = ReturnBatch.load(session, [request.entity_id for request in requests])
    outcomes = [_raise(batch, request, now) for request in requests]
    batch.write(session, now, actor)
    return outcomes


def _raise(batch: ReturnBatch, request: EventRequest, now: datetime) -> Outcome:
    """Raise one event on its return order."""
    order = batch.returns.get(request.entity_id)
    if order is None:
        return Outcome(False, _unknown(request.entity_id))
    if _follows_from_units(request.event):
        return Outcome(False, f"{request.event} follows from what happens to the units")

    try:
        batch.move(order, request.event, now, request.data, reason=request.reason)
    except TransitionRefused as refusal:
        return Outcome(False, refusal.what)
    return Outcome(True, request.reason or order.state_reason)


def _follows_from_units(event: str) -> bool:
    return event in RETURN_ORDER_TABLE.events() and event not in _RAISED


def _unknown(return_id: UUID) -> str:
    return f"there is no return order {return_id}"

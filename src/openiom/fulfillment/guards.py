"""When fulfillment orders are not sent: not for now, or not any more."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders import share_manual_holds
from openiom.platform.bulk import fetch_as

from .progress import LABELS, NEW, SENT, event_of


class _Head(NamedTuple):
    id: UUID
    number: str
    order_id: UUID
    state: str
    recall: str


def impossible_sends(session: Session, ids: Sequence[UUID], event: str) -> dict[UUID, str]:
    """Return why fulfillment orders are not sent any more, if `event` says that they were sent."""
    reasons: dict[UUID, str] = {}
    for head in _heads(session, ids, event):
        if head.state != NEW:
            reasons[head.id] = f"{head.number} is {LABELS[head.state].lower()}"
        elif head.recall == "requested":
            reasons[head.id] = f"{head.number} is being recalled"

    return reasons


def postponed_sends(session: Session, ids: Sequence[UUID], event: str) -> dict[UUID, str]:
    """Return the fulfillment orders that wait for the release of a manual hold of their order."""
    heads = _heads(session, ids, event)
    on_hold = share_manual_holds(session, {head.order_id for head in heads})
    reasons: dict[UUID, str] = {}
    for head in heads:
        if head.order_id in on_hold:
            reasons[head.id] = f"{head.number} waits: its order is on manual hold"

    return reasons


def _heads(session: Session, ids: Sequence[UUID], event: str) -> list[_Head]:
    """Return these fulfillment orders if `event` says that they were sent, else none."""
    if event != event_of(SENT):
        return []
    return fetch_as(
        session,
        _Head,
        "SELECT id, number, order_id, state, recall FROM fulfillment.fulfillment_order"
        " WHERE id = ANY(%s)",
        (list(ids),),
    )

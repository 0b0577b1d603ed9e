"""Apply business events to fulfillment orders, and log those of shipments."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import FulfillmentUpdateDocument
from openiom.fulfillment.decisions import (
    FulfillmentOrderState,
    UpdateEffect,
    advance_to,
    apply_update,
    record_send_failure,
    refuse_recall,
)
from openiom.fulfillment.facts import shipment_heads
from openiom.fulfillment.progress import (
    ACCEPTED,
    CANCELED,
    DECLINED,
    DELIVERED,
    PACKED,
    PARTIALLY_SHIPPED,
    PICKED,
    RECALL_REFUSED_EVENT,
    SEND_FAILED_EVENT,
    SENT,
    SHIPPED,
    event_of,
)
from openiom.kernel import Event, Problem
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest, Outcome

from .update_batch import FulfillmentBatch

_ADVANCING = {event_of(state): state for state in (SENT, ACCEPTED, PICKED, PACKED)}
_UPDATES = {event_of(state): state for state in (DECLINED, CANCELED, DELIVERED)}
_RAISED_BY_PARCELS = frozenset((event_of(PARTIALLY_SHIPPED), event_of(SHIPPED)))


def raise_fulfillment_order_events(
    session: Session, requests: Sequence[EventRequest], now: datetime, actor: str
) -> list[Outcome]:
    """Move fulfillment orders by events; one outcome per request. A refused one changes nothing.

    An event about a state that was passed already is accepted and changes nothing. When all
    fulfillment orders of an order have reached a state, its event is raised on the order once.
    """
    batch = FulfillmentBatch.load(session, _entity_ids(requests))
    outcomes = [_apply(batch, request, now) for request in requests]
    batch.write(session, now, actor)
    return outcomes


def _entity_ids(requests: Sequence[EventRequest]) -> list[UUID]:
    return [request.entity_id for request in requests]


def _apply(batch: FulfillmentBatch, request: EventRequest, now: datetime) -> Outcome:
    order = batch.orders.get(request.entity_id)
    if order is None:
        return Outcome(False, f"there is no fulfillment order {request.entity_id}")
    if request.event in _RAISED_BY_PARCELS:
        return Outcome(False, "units ship in parcels; report the shipment with its items")

    effect = _effect(order, request.event, now)
    if isinstance(effect, Problem):
        return Outcome(False, effect.what)

    _note_fulfiller(batch, request)
    batch.add(order, effect, reason=request.reason, data=request.data)
    return Outcome(True, request.reason or order.state_reason)


def _note_fulfiller(batch: FulfillmentBatch, request: EventRequest) -> None:
    """Note the fulfiller's id of an order, and the instance it was sent to."""
    external_id = request.data.get("external_id")
    if external_id:
        batch.external_ids[request.entity_id] = str(external_id)
    if request.event == event_of(SENT):
        batch.fulfillers[request.entity_id] = str(request.data.get("instance", ""))


def _effect(order: FulfillmentOrderState, event: str, now: datetime) -> UpdateEffect | Problem:
    """Return what an event changes; an event the state table does not name is only published."""
    if event in _ADVANCING:
        return advance_to(order, _ADVANCING[event])
    if event == SEND_FAILED_EVENT:
        return record_send_failure(order)
    if event == RECALL_REFUSED_EVENT and order.recall == "requested":
        return refuse_recall(order)
    if event in _UPDATES:
        document = {"number": order.number, "kind": _UPDATES[event], "at": now}
        return apply_update(order, FulfillmentUpdateDocument.model_validate(document))

    return UpdateEffect([event])


def raise_shipment_events(
    session: Session, requests: Sequence[EventRequest], now: datetime, actor: str
) -> list[Outcome]:
    """Append events of shipments; one outcome per request. A shipment has no state of its own."""
    heads = shipment_heads(session, _entity_ids(requests))
    events: list[Event] = []
    outcomes: list[Outcome] = []
    for request in requests:
        head = heads.get(request.entity_id)
        if head is None:
            outcomes.append(Outcome(False, f"there is no shipment {request.entity_id}"))
            continue

        data = {
            **request.data,
            "number": head.number,
            "tracking_number": head.tracking_number,
        }
        if request.reason:
            data["reason"] = request.reason

        events.append(
            Event(
                name=request.event,
                subject_type="shipment",
                subject_id=head.id,
                root_id=head.order_id,
                data=data,
            )
        )
        outcomes.append(Outcome(True, request.reason))

    append_events(session, events, at=now, actor=actor)
    return outcomes

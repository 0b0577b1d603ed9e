"""Raise business events on fulfillment orders and shipments."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.documents import FulfillmentUpdateDocument
from openiom.fulfillment.decisions import Applied, advance_to, send_failed, take_update
from openiom.fulfillment.states import CANCELED, DECLINED, SENT_FAILED, WAY, event_of
from openiom.kernel import Event, Problem
from openiom.platform.bulk import fetch
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest, Outcome

from .update_batch import FulfillmentWave

_BY_EVENT = {event_of(state): state for state in WAY[1 : WAY.index("packed") + 1]}
_ENDING = {event_of(DECLINED): DECLINED, event_of(CANCELED): CANCELED}
_DELIVERED = event_of("delivered")
_OUT_BY_PARCEL = (event_of("partially_shipped"), event_of("shipped"))


def raise_fulfillment_order_events(
    session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
) -> list[Outcome]:
    """
    Move fulfillment orders by events; one outcome a raise, in order. A refused one has changed nothing.

    News of a place passed already are fine and change nothing. When all fulfillment orders of an order got
    somewhere, the order is told once.
    """
    wave = FulfillmentWave.load(session, [r.entity_id for r in raises])
    outcomes = [_take(wave, one, now) for one in raises]
    wave.write(session, now, actor)
    return outcomes


def _take(wave: FulfillmentWave, one: EventRequest, now: datetime) -> Outcome:
    standing = wave.standings.get(one.entity_id)
    if standing is None:
        return Outcome(False, f"there is no fulfillment order {one.entity_id}")
    if one.event in _OUT_BY_PARCEL:
        return Outcome(False, "units leave in parcels; report the shipment with its items")
    if one.event in _BY_EVENT:
        applied: Applied | Problem = advance_to(standing, _BY_EVENT[one.event])
    elif one.event == SENT_FAILED:
        applied = send_failed(standing)
    elif one.event in _ENDING or one.event == _DELIVERED:
        kind = _ENDING.get(one.event, "delivered")
        applied = take_update(
            standing,
            FulfillmentUpdateDocument.model_validate(
                {"number": standing.number, "kind": kind, "at": now}
            ),
        )
    else:
        applied = Applied([one.event])
    if isinstance(applied, Problem):
        return Outcome(False, applied.what)
    if one.data.get("external_id"):
        wave.external_ids[standing.id] = str(one.data["external_id"])
    wave.note(standing, applied, reason=one.reason, data=one.data)
    return Outcome(True, one.reason or standing.reason)


def raise_shipment_events(
    session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
) -> list[Outcome]:
    """Append events about shipments; a shipment has no state of its own."""
    rows = fetch(
        session,
        "SELECT s.id, f.order_id, f.number, s.tracking_number FROM fulfillment.shipment s"
        " JOIN fulfillment.fulfillment_order f ON f.id = s.fulfillment_order_id WHERE s.id = ANY(%s)",
        ([r.entity_id for r in raises],),
    )
    known = {row[0]: row[1:] for row in rows}
    events, outcomes = [], []
    for one in raises:
        if one.entity_id not in known:
            outcomes.append(Outcome(False, f"there is no shipment {one.entity_id}"))
            continue
        order, number, tracking = known[one.entity_id]
        data = {**one.data, "number": number, "tracking_number": tracking}
        if one.reason:
            data["reason"] = one.reason
        events.append(
            Event(
                name=one.event,
                subject_type="shipment",
                subject_id=one.entity_id,
                root_id=order,
                data=data,
            )
        )
        outcomes.append(Outcome(True, one.reason))
    append_events(session, events, at=now, actor=actor)
    return outcomes

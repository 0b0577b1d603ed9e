"""Raise business events on fulfillment orders and shipments: the only writer of their states."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.fulfillment.locks import LockedFulfillmentOrder, lock_siblings
from openiom.fulfillment.states import CANCELED, DECLINED, FULFILLMENT_ORDER_TABLE, OWED
from openiom.inventory_visibility import release
from openiom.kernel import Event, TransitionRefused
from openiom.orders import raise_order_events, return_to_sourcing
from openiom.platform.bulk import execute, fetch
from openiom.platform.events import announce
from openiom.provider_contract import Outcome, Raise
from openiom.state_framework import At, Move, advance_many, header_events

SEND_FAILED = "fulfillment_order.sent.failed"


def raise_fulfillment_order_events(
    session: Session, raises: Sequence[Raise], now: datetime, actor: str
) -> list[Outcome]:
    """Move fulfillment orders as their table allows, append the events, and tell the order what it is owed.

    Units of a declined or canceled fulfillment order are given back: reservations are released and the lines
    are open again. One outcome a raise, in order; a refused one has changed nothing.
    """
    every = lock_siblings(session, (r.entity_id for r in raises))
    before = _by_order(every)
    events, outcomes, moved, external = [], [], dict[UUID, LockedFulfillmentOrder](), dict[UUID, str]()
    for one in raises:
        found = every.get(one.entity_id)
        if found is None:
            outcomes.append(Outcome(False, f"there is no fulfillment order {one.entity_id}"))
            continue
        answer = advance_many(FULFILLMENT_ORDER_TABLE, [Move(one.event, found.state)])[0]
        if isinstance(answer, TransitionRefused):
            outcomes.append(Outcome(False, str(answer)))
            continue
        if answer is not None:
            found.state, found.reason = answer
            moved[found.id] = found
        if one.data.get("external_id"):
            external[found.id] = str(one.data["external_id"])
        events.append(_event(found, one))
        outcomes.append(Outcome(True, one.reason or found.reason))
    _write(session, list(moved.values()), external, now)
    announce(session, events, at=now, actor=actor)
    _give_back(session, [f for f in moved.values() if f.state in (DECLINED, CANCELED)], now, actor)
    _tell_orders(session, raises, every, before, now, actor)
    return outcomes


def _by_order(every: dict[UUID, LockedFulfillmentOrder]) -> dict[UUID, list[At]]:
    grouped: dict[UUID, list[At]] = defaultdict(list)
    for one in every.values():
        grouped[one.order_id].append(At(one.state, one.reason))
    return grouped


def _event(found: LockedFulfillmentOrder, one: Raise) -> Event:
    data: dict[str, Any] = {**one.data, "number": found.number, "source": found.source, "state": found.state}
    if one.reason:
        data["reason"] = one.reason
    return Event(
        name=one.event, subject_type="fulfillment_order", subject_id=found.id, root_id=found.order_id, data=data
    )


def _write(session: Session, moved: Sequence[LockedFulfillmentOrder], external: dict[UUID, str], now: datetime) -> None:
    if not moved:
        return
    execute(
        session,
        "UPDATE fulfillment.fulfillment_order f SET state = d.state, state_reason = d.reason,"
        " external_id = CASE WHEN d.external = '' THEN f.external_id ELSE d.external END,"
        " sent_at = CASE WHEN d.state = 'new' THEN f.sent_at ELSE coalesce(f.sent_at, %s) END"
        " FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[]) AS d(id, state, reason, external)"
        " WHERE f.id = d.id",
        (
            now,
            [f.id for f in moved],
            [f.state for f in moved],
            [f.reason for f in moved],
            [external.get(f.id, "") for f in moved],
        ),
    )


def _give_back(session: Session, gone: Sequence[LockedFulfillmentOrder], now: datetime, actor: str) -> None:
    """Lines of fulfillment orders that will not be delivered are open again and hold no stock."""
    if not gone:
        return
    reasons = {f.id: f"{f.number} was {f.state}" for f in gone}
    rows = fetch(
        session,
        "SELECT fulfillment_order_id, order_line_id, quantity - shipped FROM fulfillment.fulfillment_order_line"
        " WHERE fulfillment_order_id = ANY(%s) AND quantity > shipped",
        (list(reasons),),
    )
    quantities: dict[UUID, int] = defaultdict(int)
    for _, line, quantity in rows:
        quantities[line] += quantity
    release(session, list(quantities), now, actor, "fulfillment order taken back")
    why = "; ".join(sorted(set(reasons.values())))[:500]
    if quantities:
        return_to_sourcing(session, quantities, now, actor, reason=why)


def _tell_orders(
    session: Session,
    raises: Sequence[Raise],
    every: dict[UUID, LockedFulfillmentOrder],
    before: dict[UUID, list[At]],
    now: datetime,
    actor: str,
) -> None:
    after = _by_order(every)
    owed = []
    for order_id, were in before.items():
        owed += [Raise(order_id, event) for event in header_events(OWED, before=were, after=after[order_id])]
    failed = {every[r.entity_id].order_id: r for r in raises if r.event == SEND_FAILED and r.entity_id in every}
    owed += [Raise(order_id, "order.sent_to_fulfillment.failed", reason=r.reason) for order_id, r in failed.items()]
    if owed:
        raise_order_events(session, owed, now, actor)


def raise_shipment_events(session: Session, raises: Sequence[Raise], now: datetime, actor: str) -> list[Outcome]:
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
            Event(name=one.event, subject_type="shipment", subject_id=one.entity_id, root_id=order, data=data)
        )
        outcomes.append(Outcome(True, one.reason))
    announce(session, events, at=now, actor=actor)
    return outcomes

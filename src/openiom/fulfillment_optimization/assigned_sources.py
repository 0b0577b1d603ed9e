"""
Policy-based fulfillment: the source was chosen by a policy or a person, and one request takes the order on.

The order handling preference says what the request does: check what is on hand and reserve it; make fulfillment
orders without a check, because another system owns the stock; or both, fulfillment orders only where there is stock.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import keep_backorder_reservations, release, reserve
from openiom.platform.configuration import current_documents
from openiom.provider_contract import EventRequest, Outcome

from .documents import OrderHandlingBody, ProcessMode
from .order_port import OpenLine, OrderPort, ask_for

CHECKED, NOT_FOUND = "onhand.check.succeeded", "onhand.check.failed"
PREFERENCE = "default"


def process_mode(session: Session) -> ProcessMode:
    """What the order handling preference says; the check alone until somebody writes it."""
    found = current_documents(session, "order_handling", names=[PREFERENCE])
    return OrderHandlingBody.model_validate(found[0].body).fulfillment_process if found else "check"


def process_assigned(
    session: Session,
    order_port: OrderPort,
    order_ids: Sequence[UUID],
    *,
    mode: ProcessMode,
    now: datetime,
    actor: str,
) -> list[Outcome]:
    """Take orders with assigned sources on, in the mode asked for; one outcome an order, in order."""
    if mode == "fulfillment_order":
        return _release_unchecked(session, order_port, order_ids, now, actor)
    checked = reserve_assigned(session, order_port, order_ids, now, actor)
    if mode == "check":
        return checked
    good = [order for order, outcome in zip(order_ids, checked, strict=True) if outcome.ok]
    made = (
        dict(zip(good, order_port.fulfill(session, good, now, actor), strict=True)) if good else {}
    )
    return [made.get(order, outcome) for order, outcome in zip(order_ids, checked, strict=True)]


def _release_unchecked(
    session: Session, order_port: OrderPort, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Fulfillment orders for orders all of whose lines have a source; stock is not asked and not reserved."""
    lines = order_port.open_lines(session, order_ids)
    unassigned = {x.order_id: x.product for x in lines if not x.source}
    ready = [order for order in order_ids if order not in unassigned]
    keep_backorder_reservations(session, [x.line_id for x in lines if x.waited and x.order_id not in unassigned])
    made = (
        dict(zip(ready, order_port.fulfill(session, ready, now, actor), strict=True))
        if ready
        else {}
    )
    return [
        made[order]
        if order in made
        else Outcome(False, f"no source was assigned to {unassigned[order]}")
        for order in order_ids
    ]


def reserve_assigned(
    session: Session, order_port: OrderPort, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Soft-reserve every open line at the source a policy or a person assigned; all lines of an order or none."""
    lines = order_port.open_lines(session, order_ids)
    assigned = [line for line in lines if line.source]
    asks = [ask_for(x, x.source, x.quantity) for x in assigned]
    granted = reserve(
        session, asks, now, actor, backorder_lines=[x.line_id for x in assigned if x.waited]
    )
    short = {x.order_id: x for x, ok in zip(assigned, granted, strict=True) if not ok}
    unassigned = {x.order_id: x for x in lines if not x.source}
    failing = short.keys() | unassigned.keys()
    back = [
        x.line_id for x, ok in zip(assigned, granted, strict=True) if ok and x.order_id in failing
    ]
    release(session, back, now, actor, "not all lines on hand")
    known = {line.order_id for line in lines}
    outcomes = [_outcome(order, known, unassigned, short) for order in order_ids]
    events = [
        EventRequest(order, CHECKED if outcome.ok else NOT_FOUND, reason=outcome.reason)
        for order, outcome in zip(order_ids, outcomes, strict=True)
    ]
    answers = order_port.raise_events(session, events, now, actor)
    return [mine if theirs.ok else theirs for mine, theirs in zip(outcomes, answers, strict=True)]


def _outcome(
    order: UUID,
    known: set[UUID],
    unassigned: Mapping[UUID, OpenLine],
    short: Mapping[UUID, OpenLine],
) -> Outcome:
    if order in unassigned:
        return Outcome(False, f"no source was assigned to {unassigned[order].product}")
    if order in short:
        return Outcome(False, f"{short[order].source} cannot cover {short[order].product}")
    if order not in known:
        return Outcome(False, "the order has no open line")
    return Outcome(True, "stock reserved at the assigned source")

"""Orders whose sources were assigned by a policy or a person.

The order handling preference decides what one request does: reserve what is on hand (`check`),
create fulfillment orders without a check because another system owns the stock
(`fulfillment_order`), or create fulfillment orders where stock could be reserved.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import keep, release, reserve
from openiom.platform.configuration import current_documents
from openiom.provider_contract import EventRequest, Outcome

from .documents import OrderHandlingBody, ProcessMode
from .order_port import OpenLine, OrderPort, reservation_request

CHECKED, NOT_FOUND = "onhand.check.succeeded", "onhand.check.failed"
PREFERENCE = "default"


def process_mode(session: Session) -> ProcessMode:
    """Return the mode of the order handling preference; `check` when there is none."""
    found = current_documents(session, "order_handling", names=[PREFERENCE])
    if not found:
        return "check"
    return OrderHandlingBody.model_validate(found[0].body).fulfillment_process


def process_assigned(
    session: Session,
    order_port: OrderPort,
    order_ids: Sequence[UUID],
    *,
    mode: ProcessMode,
    now: datetime,
    actor: str,
) -> list[Outcome]:
    """Process orders with assigned sources in this mode; return one outcome per order, in order."""
    if mode == "fulfillment_order":
        return _release_unchecked(session, order_port, order_ids, now, actor)
    outcomes = dict(
        zip(order_ids, reserve_assigned(session, order_port, order_ids, now, actor), strict=True)
    )
    if mode != "check":
        reserved = [order for order in order_ids if outcomes[order].ok]
        outcomes |= _create_fulfillment_orders(session, order_port, reserved, now, actor)
    return [outcomes[order] for order in order_ids]


def _create_fulfillment_orders(
    session: Session, order_port: OrderPort, order_ids: Sequence[UUID], now: datetime, actor: str
) -> dict[UUID, Outcome]:
    if not order_ids:
        return {}
    created = order_port.create_fulfillment_orders(session, order_ids, now, actor)
    return dict(zip(order_ids, created, strict=True))


def _release_unchecked(
    session: Session, order_port: OrderPort, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Create the fulfillment orders of orders all of whose lines have a source.

    Stock is neither checked nor reserved; what lines have reserved as backorders becomes permanent.
    """
    lines = order_port.open_lines(session, order_ids)
    unassigned = _by_order(line for line in lines if not line.source)
    backordered: list[UUID] = []
    for line in lines:
        if line.was_backordered and line.order_id not in unassigned:
            backordered.append(line.line_id)
    keep(session, backordered)
    assigned = [order for order in order_ids if order not in unassigned]
    outcomes = _create_fulfillment_orders(session, order_port, assigned, now, actor)
    for order, line in unassigned.items():
        outcomes[order] = Outcome(False, _no_source(line))
    return [outcomes[order] for order in order_ids]


def reserve_assigned(
    session: Session, order_port: OrderPort, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Reserve every open line at its assigned source, all lines of an order or none.

    Raises the result as an event; returns one outcome per order, in order.
    """
    lines = order_port.open_lines(session, order_ids)
    assigned = [line for line in lines if line.source]
    unassigned = _by_order(line for line in lines if not line.source)
    granted = _reserve(session, assigned, now, actor)
    short = _by_order(line for line in assigned if line.line_id not in granted)
    returned: list[UUID] = []
    for line in assigned:
        failed = line.order_id in short or line.order_id in unassigned
        if failed and line.line_id in granted:
            returned.append(line.line_id)
    release(session, returned, now, actor, "not all lines on hand")
    known = {line.order_id for line in lines}
    outcomes: list[Outcome] = []
    events: list[EventRequest] = []
    for order in order_ids:
        outcome = _outcome(order, known, unassigned, short)
        outcomes.append(outcome)
        name = CHECKED if outcome.ok else NOT_FOUND
        events.append(EventRequest(order, name, reason=outcome.reason))
    answers = order_port.raise_events(session, events, now, actor)
    return [mine if answer.ok else answer for mine, answer in zip(outcomes, answers, strict=True)]


def _reserve(session: Session, lines: Sequence[OpenLine], now: datetime, actor: str) -> set[UUID]:
    """Reserve lines at their sources; return those whose whole quantity was granted."""
    requests = [reservation_request(line, line.source, line.quantity) for line in lines]
    backordered = [line.line_id for line in lines if line.was_backordered]
    granted = reserve(session, requests, now, actor, taking_over=backordered)
    return {line.line_id for line, ok in zip(lines, granted, strict=True) if ok}


def _by_order(lines: Iterable[OpenLine]) -> dict[UUID, OpenLine]:
    """Return the last of these lines of each order."""
    return {line.order_id: line for line in lines}


def _no_source(line: OpenLine) -> str:
    return f"no source was assigned to {line.product}"


def _outcome(
    order: UUID,
    known: set[UUID],
    unassigned: Mapping[UUID, OpenLine],
    short: Mapping[UUID, OpenLine],
) -> Outcome:
    if order in unassigned:
        return Outcome(False, _no_source(unassigned[order]))
    if order in short:
        return Outcome(False, f"{short[order].source} cannot cover {short[order].product}")
    if order not in known:
        return Outcome(False, "the order has no open line")
    return Outcome(True, "stock reserved at the assigned source")

"""Orders whose sources were assigned by a policy or a person.

The order handling preference decides what one request does: reserve what is on hand (`check`),
create fulfillment orders without a check because another system owns the stock
(`fulfillment_order`), or create fulfillment orders where stock could be reserved.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import keep_backorder_reservations, release, reserve
from openiom.platform.configuration import current_documents
from openiom.provider_contract import EventRequest, Outcome

from .documents import OrderHandlingBody, ProcessMode
from .order_port import OpenLine, OrderPort, reservation_request

CHECKED, NOT_FOUND = "onhand.check.succeeded", "onhand.check.failed"
PREFERENCE = "default"


@dataclass
class _AssignedLines:
    """The lines with a source, and of each order the last line without one."""

    assigned: list[OpenLine] = field(default_factory=list)
    unassigned: dict[UUID, OpenLine] = field(default_factory=dict)
    orders: set[UUID] = field(default_factory=set)

    @classmethod
    def of(cls, lines: Iterable[OpenLine]) -> "_AssignedLines":
        """Return these lines by whether they have a source."""
        found = cls()
        for line in lines:
            found.orders.add(line.order_id)
            if line.source:
                found.assigned.append(line)
            else:
                found.unassigned[line.order_id] = line

        return found

    def backordered(self) -> list[UUID]:
        """Return the backordered lines of orders all of whose lines have a source."""
        found = []
        for line in self.assigned:
            if line.was_backordered and line.order_id not in self.unassigned:
                found.append(line.line_id)

        return found

    def no_source(self, order: UUID) -> Outcome:
        """Return the outcome of an order with a line without a source."""
        return Outcome(False, f"no source was assigned to {self.unassigned[order].product}")


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
        reserved = []
        for order in order_ids:
            if outcomes[order].ok:
                reserved.append(order)

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
    lines = _AssignedLines.of(order_port.open_lines(session, order_ids))
    keep_backorder_reservations(session, lines.backordered())
    assigned = [order for order in order_ids if order not in lines.unassigned]
    outcomes = _create_fulfillment_orders(session, order_port, assigned, now, actor)

    for order in lines.unassigned:
        outcomes[order] = lines.no_source(order)

    return [outcomes[order] for order in order_ids]


def reserve_assigned(
    session: Session, order_port: OrderPort, order_ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Reserve every open line at its assigned source, all lines of an order or none.

    Raises the result as an event; returns one outcome per order, in order.
    """
    lines = _AssignedLines.of(order_port.open_lines(session, order_ids))
    short = _reserve(session, lines, now, actor)

    outcomes: list[Outcome] = []
    events: list[EventRequest] = []
    for order in order_ids:
        outcome = _outcome(order, lines, short)
        outcomes.append(outcome)
        name = CHECKED if outcome.ok else NOT_FOUND
        events.append(EventRequest(order, name, reason=outcome.reason))

    answers = order_port.raise_events(session, events, now, actor)
    for i, answer in enumerate(answers):
        if not answer.ok:
            outcomes[i] = answer

    return outcomes


def _reserve(
    session: Session, lines: _AssignedLines, now: datetime, actor: str
) -> dict[UUID, OpenLine]:
    """Reserve lines at their sources; return a line without enough stock of each such order.

    An order with such a line, or with one without a source, keeps no reservation.
    """
    requests = []
    backordered: list[UUID] = []
    for line in lines.assigned:
        requests.append(reservation_request(line, line.source, line.quantity))
        if line.was_backordered:
            backordered.append(line.line_id)

    granted = reserve(session, requests, now, actor, backorder_lines=backordered)
    short: dict[UUID, OpenLine] = {}
    reserved: list[OpenLine] = []
    for line, ok in zip(lines.assigned, granted, strict=True):
        if ok:
            reserved.append(line)
        else:
            short[line.order_id] = line

    failed = short.keys() | lines.unassigned.keys()
    returned = [line.line_id for line in reserved if line.order_id in failed]
    release(session, returned, now, actor, "not all lines on hand")
    return short


def _outcome(order: UUID, lines: _AssignedLines, short: Mapping[UUID, OpenLine]) -> Outcome:
    if order in lines.unassigned:
        return lines.no_source(order)
    if order in short:
        return Outcome(False, f"{short[order].source} cannot cover {short[order].product}")
    if order not in lines.orders:
        return Outcome(False, "the order has no open line")
    return Outcome(True, "stock reserved at the assigned source")

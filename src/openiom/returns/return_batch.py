"""The changes of one transaction to return orders, written together."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event
from openiom.orders import UnitsOfReturn, change_returns
from openiom.platform.bulk import execute
from openiom.platform.events import append_events
from openiom.state_framework import LineStatus, advance, header_events

from .decisions import ReturnLineState, ReturnState
from .locks import lock_returns
from .progress import (
    ENDED,
    ENTITY,
    LINE_INSPECTED_EVENT,
    LINE_RECEIVED_EVENT,
    PARTIALLY_RECEIVED_EVENT,
)
from .states import RETURN_EVENTS, RETURN_ORDER_TABLE

_UPDATE_RETURNS = """
UPDATE returns.return_order r SET order_id = d.order_id, customer_name = d.customer_name,
    currency = d.currency, state = d.state, state_reason = d.state_reason,
    replacement_order_id = d.replacement_order_id, sent_at = d.sent_at, ended_at = d.ended_at
FROM unnest(%(id)s::uuid[], %(order_id)s::uuid[], %(customer_name)s::text[],
    %(currency)s::text[], %(state)s::text[], %(state_reason)s::text[],
    %(replacement_order_id)s::uuid[], %(sent_at)s::timestamptz[], %(ended_at)s::timestamptz[])
    AS d(id, order_id, customer_name, currency, state, state_reason, replacement_order_id,
        sent_at, ended_at)
WHERE r.id = d.id
"""
_UPDATE_LINES = """
UPDATE returns.return_line l SET order_line_id = d.order_line_id, state = d.state,
    received = d.received, canceled = d.canceled, inspected = d.inspected,
    rejected = d.rejected, credited = d.credited
FROM unnest(%(id)s::uuid[], %(order_line_id)s::uuid[], %(state)s::text[],
    %(received)s::bigint[], %(canceled)s::bigint[], %(inspected)s::bigint[],
    %(rejected)s::bigint[], %(credited)s::bigint[])
    AS d(id, order_line_id, state, received, canceled, inspected, rejected, credited)
WHERE l.id = d.id
"""
_RETURN_FIELDS = (
    "id",
    "order_id",
    "customer_name",
    "currency",
    "state",
    "state_reason",
    "replacement_order_id",
    "sent_at",
    "ended_at",
)
_LINE_FIELDS = (
    "id",
    "order_line_id",
    "state",
    "received",
    "canceled",
    "inspected",
    "rejected",
    "credited",
)


@dataclass
class ReturnBatch:
    """Locked return orders, and what changes of them.

    `units` are the changes of the counters of order lines. `before` are the states of the lines of
    each return order when it was read, from which follow the events that its lines owe it.
    """

    returns: dict[UUID, ReturnState] = field(default_factory=dict)
    before: dict[UUID, list[LineStatus]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    units: dict[UUID, UnitsOfReturn] = field(default_factory=dict)
    changed: set[UUID] = field(default_factory=set)
    arrived: set[UUID] = field(default_factory=set)

    @classmethod
    def load(cls, session: Session, ids: Iterable[UUID]) -> "ReturnBatch":
        """Lock these return orders. Unknown ids are absent."""
        return cls.of(lock_returns(session, ids))

    @classmethod
    def of(cls, returns: dict[UUID, ReturnState]) -> "ReturnBatch":
        """Return a batch of locked, or new, return orders."""
        before = {one.id: _statuses(one) for one in returns.values()}
        return cls(returns=returns, before=before)

    def move(
        self,
        order: ReturnState,
        event: str,
        now: datetime,
        data: Mapping[str, Any] | None = None,
        *,
        reason: str = "",
    ) -> None:
        """Move a return order by an event. Raise `TransitionRefused`."""
        target = advance(RETURN_ORDER_TABLE, event=event, state=order.state)
        if target is not None:
            order.state, order.state_reason = target
        if order.state in ENDED and order.ended_at is None:
            order.ended_at = now
        self.publish(order, event, data, reason=reason)

    def publish(
        self,
        order: ReturnState,
        event: str,
        data: Mapping[str, Any] | None = None,
        *,
        reason: str = "",
    ) -> None:
        """Publish an event of a return order."""
        self.changed.add(order.id)
        content = {"number": order.number, **(data or {})}
        if reason:
            content["reason"] = reason
        self.events.append(_event(order, event, ENTITY, order.id, content))

    def receive(self, order: ReturnState, line: ReturnLineState, steps: int) -> None:
        """Publish that units of a line arrived, and count them at their order line."""
        self.arrived.add(order.id)
        self._line_event(order, line, LINE_RECEIVED_EVENT, {"quantity": line.number(steps)})
        if line.order_line_id:
            self.count(line.order_line_id, UnitsOfReturn(expected=-steps, returned=steps))

    def inspect(
        self, order: ReturnState, line: ReturnLineState, steps: int, data: Mapping[str, Any]
    ) -> None:
        """Publish that units of a line were inspected."""
        content = {"quantity": line.number(steps), **data}
        self._line_event(order, line, LINE_INSPECTED_EVENT, content)

    def _line_event(
        self, order: ReturnState, line: ReturnLineState, name: str, data: Mapping[str, Any]
    ) -> None:
        self.changed.add(order.id)
        content = {
            "number": f"{order.number}, line {line.line_number}",
            "product": line.product,
            "unit": line.unit,
            **data,
        }
        self.events.append(_event(order, name, "return_line", line.id, content))

    def count(self, order_line_id: UUID, change: UnitsOfReturn) -> None:
        """Change the counters of an order line with the next write."""
        known = self.units.get(order_line_id, UnitsOfReturn())
        self.units[order_line_id] = UnitsOfReturn(
            known.expected + change.expected, known.returned + change.returned
        )

    def raise_line_events(self, now: datetime) -> None:
        """Move return orders to what their lines have reached together, each once."""
        for order_id in sorted(self.changed, key=str):
            self._raise_header_events(self.returns[order_id], now)
        self.arrived.clear()

    def _raise_header_events(self, order: ReturnState, now: datetime) -> None:
        after = _statuses(order)
        events = header_events(RETURN_EVENTS, before=self.before[order.id], after=after)
        if order.id in self.arrived and order.is_outstanding:
            self.move(order, PARTIALLY_RECEIVED_EVENT, now)
        for event in events:
            self.move(order, event, now)
        self.before[order.id] = after

    def write(self, session: Session, now: datetime, actor: str) -> None:
        """Write what has changed, and append the events."""
        change_returns(session, self.units)
        self.units.clear()
        returns = [self.returns[i] for i in self.changed]
        lines: list[ReturnLineState] = []
        for order in returns:
            lines += order.lines.values()

        execute(session, _UPDATE_RETURNS, _columns(returns, _RETURN_FIELDS))
        execute(session, _UPDATE_LINES, _columns(lines, _LINE_FIELDS))
        append_events(session, self.events, at=now, actor=actor)
        self.events.clear()


def _statuses(order: ReturnState) -> list[LineStatus]:
    return [LineStatus(line.state) for line in order.lines.values()]


def _columns(rows: Sequence[Any], names: Sequence[str]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = defaultdict(list)
    for name in names:
        columns[name] = [getattr(row, name) for row in rows]
    return dict(columns)


def _event(
    order: ReturnState, name: str, subject_type: str, subject_id: UUID, data: Mapping[str, Any]
) -> Event:
    return Event(
        name=name,
        subject_type=subject_type,
        subject_id=subject_id,
        root_id=order.root_id,
        data=data,
    )

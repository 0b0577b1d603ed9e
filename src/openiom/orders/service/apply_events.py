"""Raise business events on orders and lines: the only writer of their states."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import release
from openiom.kernel import Event, TransitionRefused
from openiom.orders.locks import (
    LockedOrder,
    lines_of_orders,
    lock_lines,
    lock_orders,
    write_lines,
    write_orders,
)
from openiom.orders.states import (
    CANCEL,
    CANCELED,
    COMPLETED,
    HOLD,
    INVOICED,
    LINE_TABLE,
    LINES_FOLLOW,
    OPEN,
    ORDER_TABLE,
    RELEASE,
    STOCK_FOUND,
    lines_follow,
)
from openiom.platform.bulk import fetch
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest, Outcome
from openiom.state_framework import StateTable, Target, TransitionRequest, advance_many, load_tables

_WHILE_HELD = frozenset((RELEASE, CANCEL))


def raise_order_events(
    session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
) -> list[Outcome]:
    """Move orders as the state table allows, and append the events to the log; one outcome a raise, in order.

    A refused one has changed nothing. Lines follow the events they share with their order; a cancellation gives
    the lines' reservations back. Several events for one order build on each other.
    """
    orders = lock_orders(session, (r.entity_id for r in raises))
    wave = _Wave(table_in_use(session, ORDER_TABLE), orders, _blocked(session, raises))
    outcomes = [wave.take(one) for one in raises]
    wave.write(session, now, actor)
    return outcomes


def _blocked(session: Session, raises: Iterable[EventRequest]) -> dict[tuple[UUID, str], str]:
    """Why lines keep an order from being canceled or completed, by (order, event)."""
    ids = {
        event: sorted({r.entity_id for r in raises if r.event == event})
        for event in (CANCEL, INVOICED)
    }
    if not any(ids.values()):
        return {}
    rows = fetch(
        session,
        "SELECT order_id, sum(released), count(*) FILTER (WHERE state = ANY(%s)) FROM orders.order_line"
        " WHERE order_id = ANY(%s) GROUP BY 1",
        (list(OPEN), sorted({*ids[CANCEL], *ids[INVOICED]})),
    )
    blocked = {}
    for order, released, waiting in rows:
        if released:
            blocked[order, CANCEL] = (
                f"{released} units of the order are in a fulfillment order; cancel that first"
            )
            blocked[order, INVOICED] = f"{released} units of the order are not shipped yet"
        elif waiting:
            blocked[order, INVOICED] = (
                f"{waiting} lines of the order are not fulfilled yet; cancel or ship them"
            )
    return blocked


@dataclass
class _Wave:
    """Orders of one batch, the moves decided for them, and what has to be written in the end."""

    table: StateTable
    orders: dict[UUID, LockedOrder]
    blocked: Mapping[tuple[UUID, str], str]
    events: list[Event] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)
    following: dict[str, list[UUID]] = field(default_factory=dict)

    def take(self, one: EventRequest) -> Outcome:
        order = self.orders.get(one.entity_id)
        if order is None:
            return Outcome(False, f"there is no order {one.entity_id}")
        refusal = self._refusal(order, one.event)
        if refusal:
            return Outcome(False, refusal)
        answer = _answer(self.table, one, order.state, _previous(order))
        if isinstance(answer, TransitionRefused):
            return Outcome(False, str(answer))
        if answer is not None:
            self._move(order, one.event, answer)
        told = {"state": order.state, "state_reason": order.reason} if answer else {}
        self.events.append(_event("order", order.id, order.id, one, told))
        return Outcome(True, one.reason or order.reason)

    def _refusal(self, order: LockedOrder, event: str) -> str:
        if order.held and event in self.table.events() and event not in _WHILE_HELD:
            return f"{event} cannot happen while the order is held by hand; release it first"
        if event == RELEASE and not order.held:
            return "the order is not held by hand; reprocess it to check it again"
        return (
            self.blocked.get((order.id, event), "")
            if order.state not in (COMPLETED, CANCELED)
            else ""
        )

    def _move(self, order: LockedOrder, event: str, to: Target) -> None:
        if event == HOLD:
            order.held, order.previous_state, order.previous_reason = (
                True,
                order.state,
                order.reason,
            )
        elif order.held:
            order.held, order.previous_state, order.previous_reason = False, None, None
        if (order.state, order.reason) != to or event in (HOLD, RELEASE):
            order.state, order.reason = to
            self.changed.add(order.id)
        if event in LINES_FOLLOW:
            self.following.setdefault(event, []).append(order.id)

    def write(self, session: Session, now: datetime, actor: str) -> None:
        changed = [self.orders[i] for i in sorted(self.changed)]
        write_orders(session, changed, now)
        for event, ids in self.following.items():
            _move_lines(session, event, ids, now, actor)
        append_events(session, self.events, at=now, actor=actor)


def _move_lines(
    session: Session, event: str, order_ids: Sequence[UUID], now: datetime, actor: str
) -> None:
    """Lines follow their order's event where their own table has a row for it; the others stay."""
    lines = lines_of_orders(session, order_ids)
    targets = {source: to for to, sources in lines_follow(event) for source in sources}
    changed = []
    for line in lines:
        to = targets.get(line.state)
        if (
            to is None
            or (event in STOCK_FOUND and line.source is None)
            or (event == CANCEL and line.shipped)
        ):
            continue
        if event == CANCEL:
            line.canceled = line.quantity
        elif (line.state, line.reason) == to:
            continue
        line.state, line.reason = to
        changed.append(line)
    write_lines(session, changed)
    if event == CANCEL:
        release(session, [line.id for line in lines], now, actor, "order canceled")


def raise_line_events(
    session: Session, raises: Sequence[EventRequest], now: datetime, actor: str
) -> list[Outcome]:
    """The same for lines. `order_line.validation.*` and other named events move them; the rest is only logged."""
    _, lines = lock_lines(session, (r.entity_id for r in raises))
    table = table_in_use(session, LINE_TABLE)
    events, outcomes, changed = [], [], {}
    for one in raises:
        line = lines.get(one.entity_id)
        if line is None:
            outcomes.append(Outcome(False, f"there is no order line {one.entity_id}"))
            continue
        answer = _answer(table, one, line.state, None)
        if isinstance(answer, TransitionRefused):
            outcomes.append(Outcome(False, str(answer)))
            continue
        if answer is not None:
            line.state, line.reason = answer
            changed[line.id] = line
        told = {"line_number": line.line_number, "product": line.product}
        told |= {"state": line.state, "state_reason": line.reason} if answer else {}
        events.append(_event("order_line", line.id, line.order_id, one, told))
        outcomes.append(Outcome(True, one.reason or line.reason))
    write_lines(session, list(changed.values()))
    append_events(session, events, at=now, actor=actor)
    return outcomes


def table_in_use(session: Session, shipped: StateTable) -> StateTable:
    """The shipped table with the rows this environment added."""
    return load_tables(session, {shipped.entity: shipped})[shipped.entity]


def _answer(
    table: StateTable, one: EventRequest, state: str, previous: Target | None
) -> Target | TransitionRefused | None:
    row = table.row(one.event, state)
    reason = one.reason if row and one.reason in row.reasons else None
    return advance_many(table, [TransitionRequest(one.event, state, previous, reason)])[0]


def _event(
    kind: str, subject: UUID, root: UUID, one: EventRequest, told: Mapping[str, Any]
) -> Event:
    data = {**one.data, **told}
    if one.reason:
        data["reason"] = one.reason
    return Event(name=one.event, subject_type=kind, subject_id=subject, root_id=root, data=data)


def _previous(order: LockedOrder) -> Target | None:
    return (
        Target(order.previous_state, order.previous_reason or "")
        if order.held and order.previous_state
        else None
    )

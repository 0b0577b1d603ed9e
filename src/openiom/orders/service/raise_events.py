"""Raise business events on orders and lines: the only writer of their states."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import release
from openiom.kernel import Event, TransitionRefused
from openiom.orders.locks import LockedLine, LockedOrder, lock_lines, lock_orders
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
    attention,
    lines_follow,
)
from openiom.platform.bulk import execute, fetch
from openiom.platform.events import announce
from openiom.provider_contract import Outcome, Raise
from openiom.state_framework import Move, StateTable, To, advance_many, load_tables

from .count_orders import add_counts, moved

_WHILE_HELD = frozenset((RELEASE, CANCEL))


def raise_order_events(session: Session, raises: Sequence[Raise], now: datetime, actor: str) -> list[Outcome]:
    """Move orders as the state table allows, and append the events to the log; one outcome a raise, in order.

    A refused one has changed nothing. Lines follow the events they share with their order; a cancellation gives
    the lines' reservations back. Several events for one order build on each other.
    """
    orders = lock_orders(session, (r.entity_id for r in raises))
    wave = _Wave(table_in_use(session, ORDER_TABLE), orders, _blocked(session, raises))
    outcomes = [wave.take(one) for one in raises]
    wave.write(session, now, actor)
    return outcomes


def _blocked(session: Session, raises: Iterable[Raise]) -> dict[tuple[UUID, str], str]:
    """Why lines keep an order from being canceled or completed, by (order, event)."""
    ids = {event: sorted({r.entity_id for r in raises if r.event == event}) for event in (CANCEL, INVOICED)}
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
            blocked[order, CANCEL] = f"{released} units of the order are in a fulfillment order; cancel that first"
            blocked[order, INVOICED] = f"{released} units of the order are not shipped yet"
        elif waiting:
            blocked[order, INVOICED] = f"{waiting} lines of the order are not fulfilled yet; cancel or ship them"
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
    before: dict[UUID, tuple[str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self.before = {o.id: _bucket(o) for o in self.orders.values()}

    def take(self, one: Raise) -> Outcome:
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
        return self.blocked.get((order.id, event), "") if order.state not in (COMPLETED, CANCELED) else ""

    def _move(self, order: LockedOrder, event: str, to: To) -> None:
        if event == HOLD:
            order.held, order.previous_state, order.previous_reason = True, order.state, order.reason
        elif order.held:
            order.held, order.previous_state, order.previous_reason = False, None, None
        if (order.state, order.reason) != to or event in (HOLD, RELEASE):
            order.state, order.reason = to
            self.changed.add(order.id)
        if event in LINES_FOLLOW:
            self.following.setdefault(event, []).append(order.id)

    def write(self, session: Session, now: datetime, actor: str) -> None:
        changed = [self.orders[i] for i in sorted(self.changed)]
        write_order_states(session, changed, now)
        for event, ids in self.following.items():
            _move_lines(session, event, ids, now, actor)
        after = {o.id: _bucket(o) for o in self.orders.values()}
        add_counts(session, moved(self.before, after))
        announce(session, self.events, at=now, actor=actor)


def write_order_states(session: Session, orders: Sequence[LockedOrder], now: datetime) -> None:
    if not orders:
        return
    execute(
        session,
        "UPDATE orders.order_state s SET state = d.state, reason = d.reason, held = d.held,"
        " previous_state = d.previous_state, previous_reason = d.previous_reason, version = s.version + 1,"
        " updated_at = %s FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::boolean[], %s::text[], %s::text[])"
        " AS d(id, state, reason, held, previous_state, previous_reason) WHERE s.order_id = d.id",
        (
            now,
            [o.id for o in orders],
            [o.state for o in orders],
            [o.reason for o in orders],
            [o.held for o in orders],
            [o.previous_state for o in orders],
            [o.previous_reason for o in orders],
        ),
    )


def _move_lines(session: Session, event: str, order_ids: Sequence[UUID], now: datetime, actor: str) -> None:
    """Lines follow their order's event where their own table has a row for it; the others stay."""
    only = " AND source IS NOT NULL" if event in STOCK_FOUND else ""
    also = ", canceled = quantity - shipped" if event == CANCEL else ""
    only += " AND shipped = 0" if event == CANCEL else ""
    for to, sources in lines_follow(event):
        execute(
            session,
            f"UPDATE orders.order_line SET state = %s, state_reason = %s{also}"
            f" WHERE order_id = ANY(%s) AND state = ANY(%s){only}"
            + ("" if event == CANCEL else " AND (state, state_reason) <> (%s, %s)"),
            (to.state, to.reason, list(order_ids), sources, *(() if event == CANCEL else to)),
        )
    if event == CANCEL:
        lines = fetch(session, "SELECT id FROM orders.order_line WHERE order_id = ANY(%s)", (list(order_ids),))
        release(session, [row[0] for row in lines], now, actor, "order canceled")


def raise_line_events(session: Session, raises: Sequence[Raise], now: datetime, actor: str) -> list[Outcome]:
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
    announce(session, events, at=now, actor=actor)
    return outcomes


def write_lines(session: Session, lines: Sequence[LockedLine]) -> None:
    """Write state, source and counters of locked lines back."""
    if not lines:
        return
    execute(
        session,
        "UPDATE orders.order_line l SET state = d.state, state_reason = d.reason, source = d.source,"
        " released = d.released, shipped = d.shipped, canceled = d.canceled FROM unnest(%s::uuid[], %s::text[],"
        " %s::text[], %s::text[], %s::int[], %s::int[], %s::int[])"
        " AS d(id, state, reason, source, released, shipped, canceled) WHERE l.id = d.id",
        (
            [x.id for x in lines],
            [x.state for x in lines],
            [x.reason for x in lines],
            [x.source for x in lines],
            [x.released for x in lines],
            [x.shipped for x in lines],
            [x.canceled for x in lines],
        ),
    )


def table_in_use(session: Session, shipped: StateTable) -> StateTable:
    """The shipped table with the rows this environment added."""
    return load_tables(session, {shipped.entity: shipped})[shipped.entity]


def _answer(table: StateTable, one: Raise, state: str, previous: To | None) -> To | TransitionRefused | None:
    row = table.row(one.event, state)
    reason = one.reason if row and one.reason in row.reasons else None
    return advance_many(table, [Move(one.event, state, previous, reason)])[0]


def _event(kind: str, subject: UUID, root: UUID, one: Raise, told: Mapping[str, Any]) -> Event:
    data = {**one.data, **told}
    if one.reason:
        data["reason"] = one.reason
    return Event(name=one.event, subject_type=kind, subject_id=subject, root_id=root, data=data)


def _previous(order: LockedOrder) -> To | None:
    return To(order.previous_state, order.previous_reason or "") if order.held and order.previous_state else None


def _bucket(order: LockedOrder) -> tuple[str, str]:
    return order.state, attention(order.state, held=order.held)

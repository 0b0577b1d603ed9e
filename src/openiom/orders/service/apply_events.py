"""Apply business events to the state machines of orders and lines: the only writer of states."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.documents import plain_number
from openiom.inventory_visibility import release
from openiom.kernel import Event, TransitionRefused
from openiom.orchestration import release_calls
from openiom.orders.events import line_event, order_event
from openiom.orders.locked_rows import LockedLine, LockedOrder
from openiom.orders.locks import lines_of_orders, lock_lines, lock_orders
from openiom.orders.order_batch import ids_of, order_batch
from openiom.orders.refusal_texts import (
    IN_FULFILLMENT_ORDER,
    ON_HOLD_ALREADY,
    SHIPPED,
    refusal_text,
)
from openiom.orders.states import (
    CANCEL,
    CANCELED,
    COMPLETED,
    DELIVERED_DIGITALLY,
    HOLD,
    INVOICED,
    LINE_TABLE,
    LINES_FOLLOW,
    NEW,
    OPEN,
    ORDER_TABLE,
    RELEASE_HOLD,
    REPORTS,
    STOCK_FOUND,
    line_targets,
)
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest, Outcome
from openiom.state_framework import StateTable, Target, TransitionRequest, advance_many, load_tables

_ALLOWED_DURING_MANUAL_HOLD = frozenset((RELEASE_HOLD, CANCEL, DELIVERED_DIGITALLY, *REPORTS))
_BLOCKED_BY_LINES = (CANCEL, HOLD, INVOICED)
_STATE = attrgetter("state", "reason", "manual_hold", "previous_state", "previous_reason")


def raise_order_events(
    session: Session, requests: Sequence[EventRequest], now: datetime, actor: str
) -> list[Outcome]:
    """Move orders as the state table allows and append the events; one outcome per request.

    A refused request changes nothing. Lines follow the events they share with their order; a
    cancellation releases the reservations of the lines. Several requests for one order build on
    each other.
    """
    if not requests:
        return []

    orders = lock_orders(session, _entity_ids(requests))
    transitions = _OrderTransitions(
        table_in_use(session, ORDER_TABLE), orders, _blocking_lines(session, requests)
    )
    outcomes = [transitions.apply(request) for request in requests]
    transitions.write(session, now, actor)
    return outcomes


def _blockable_orders(requests: Iterable[EventRequest]) -> set[UUID]:
    return {r.entity_id for r in requests if r.event in _BLOCKED_BY_LINES}


def _lines_by_order(session: Session, order_ids: set[UUID]) -> dict[UUID, list[LockedLine]]:
    if not order_ids:
        return {}

    lines_of: dict[UUID, list[LockedLine]] = defaultdict(list)
    for line in lines_of_orders(session, order_ids):
        lines_of[line.order_id].append(line)
    return lines_of


def _blocking_lines(
    session: Session, requests: Iterable[EventRequest]
) -> dict[tuple[UUID, str], str]:
    """Return why lines keep an order from an event, by (order, event)."""
    lines_of = _lines_by_order(session, _blockable_orders(requests))
    blocked: dict[tuple[UUID, str], str] = {}
    for order_id, lines in lines_of.items():
        for event, refusal in _refusals(lines).items():
            blocked[order_id, event] = refusal

    return blocked


@dataclass(slots=True)
class _LineUnits:
    """The units of an order's lines, added up; lines without goods count as neither."""

    in_fulfillment: Decimal = Decimal(0)
    shipped: Decimal = Decimal(0)
    open_lines: int = 0
    are_owed: bool = False

    def add(self, line: LockedLine) -> None:
        self.in_fulfillment += line.units(line.in_fulfillment)
        self.open_lines += line.state in OPEN
        self.are_owed = self.are_owed or line.owed > 0
        if not line.is_digital:
            self.shipped += line.units(line.shipped)


def _refusals(lines: Sequence[LockedLine]) -> dict[str, str]:
    """Return why the lines of an order keep it from events, by event."""
    units = _LineUnits()
    for line in lines:
        units.add(line)

    refusals: dict[str, str] = {}
    if units.open_lines:
        refusals[INVOICED] = (
            f"{units.open_lines} lines of the order are not fulfilled yet; cancel or ship them"
        )

    if units.shipped:
        refusals[CANCEL] = SHIPPED
        if not units.are_owed:
            refusals[HOLD] = "every unit of the order has shipped"

    if units.in_fulfillment:
        waiting = plain_number(units.in_fulfillment)
        refusals[INVOICED] = f"{waiting} units of the order are not shipped yet"
        refusals[CANCEL] = IN_FULFILLMENT_ORDER

    return refusals


@dataclass
class _OrderTransitions:
    """Transitions decided for the orders of one batch, and what must be written for them."""

    table: StateTable
    orders: Mapping[UUID, LockedOrder]
    blocked: Mapping[tuple[UUID, str], str]
    events: list[Event] = field(default_factory=list)
    changed: set[UUID] = field(default_factory=set)
    followed_by_lines: dict[str, list[UUID]] = field(default_factory=dict)
    released: set[UUID] = field(default_factory=set)
    _targets: dict[tuple[Any, ...], Target | TransitionRefused | None] = field(default_factory=dict)

    def apply(self, request: EventRequest) -> Outcome:
        order = self.orders.get(request.entity_id)
        if order is None:
            return Outcome(False, f"there is no order {request.entity_id}")

        refusal = self._refusal(order, request.event)
        if refusal:
            return Outcome(False, refusal)

        is_held = order.manual_hold and request.event in REPORTS
        state = order.state_before_hold if is_held else order.state
        target = self._target(request, order, state)
        if isinstance(target, TransitionRefused):
            return Outcome(False, refusal_text(request.event, state, target))

        data = _event_data(request)
        if target is not None:
            data |= self._follow(order, request.event, target, on_hold=is_held)

        self.events.append(order_event(request.event, order.id, data))
        return Outcome(True, request.reason or order.reason)

    def _move_after_hold(self, order: LockedOrder, target: Target) -> None:
        """Change the state to which an order returns when its manual hold is released."""
        order.previous_state, order.previous_reason = target
        self.changed.add(order.id)

    def _target(
        self, request: EventRequest, order: LockedOrder, state: str
    ) -> Target | TransitionRefused | None:
        """Return what `_target` returns; equal requests of a batch are decided once."""
        previous = _state_before_hold(order)
        key = (request.event, state, previous, request.reason)
        if key not in self._targets:
            self._targets[key] = _target(self.table, request, state, previous)

        return self._targets[key]

    def _hold_refusal(self, order: LockedOrder, event: str) -> str:
        """Return why the event is refused by a manual hold, or the lack of one, or ''."""
        if order.manual_hold:
            return self._refusal_on_hold(event)
        if event == RELEASE_HOLD:
            return "the order is not on manual hold"
        return ""

    def _refusal_on_hold(self, event: str) -> str:
        if event == HOLD:
            return ON_HOLD_ALREADY
        if event in set(self.table.events()) - _ALLOWED_DURING_MANUAL_HOLD:
            return f"{event} cannot happen during a manual hold; release the hold first"
        return ""

    def _refusal(self, order: LockedOrder, event: str) -> str:
        """Return why the event is refused before the state table is consulted, or ''."""
        refusal = self._hold_refusal(order, event)
        if refusal or order.state in (COMPLETED, CANCELED):
            return refusal
        return self.blocked.get((order.id, event), "")

    def _follow(
        self, order: LockedOrder, event: str, target: Target, *, on_hold: bool
    ) -> dict[str, str]:
        """Move an order now or after its hold; return the state that its event publishes."""
        if not on_hold:
            return self._move(order, event, target)
        self._move_after_hold(order, target)
        return {}

    def _move(self, order: LockedOrder, event: str, target: Target) -> dict[str, str]:
        """Move an order and return its new state as its event publishes it."""
        before = _STATE(order)
        if event == HOLD:
            order.place_manual_hold()
        elif order.manual_hold:
            order.release_manual_hold()
            self.released.add(order.id)

        order.state, order.reason = target
        if _STATE(order) != before:
            self.changed.add(order.id)

        if event in LINES_FOLLOW:
            self.followed_by_lines.setdefault(event, []).append(order.id)

        return {"state": order.state, "state_reason": order.reason}

    def write(self, session: Session, now: datetime, actor: str) -> None:
        batch = order_batch(session)
        for order_id in self.changed:
            batch.order_changed(self.orders[order_id], now)
        for event, order_ids in self.followed_by_lines.items():
            _move_lines(session, event, order_ids, now, actor)
        append_events(session, self.events, at=now, actor=actor)
        release_calls(session, self.released, now=now)


def _line_target(line: LockedLine, event: str, targets: Mapping[str, Target]) -> Target | None:
    """Return where an event of its order moves a line, None if the line stays."""
    if not _follows(line, event):
        return None
    is_digital = event == CANCEL and line.is_digital
    return targets.get(NEW if is_digital else line.state)


def _move_line(line: LockedLine, event: str, target: Target) -> bool:
    """Move a line; return whether that changes it."""
    if event == CANCEL:
        line.canceled, line.shipped = line.quantity, 0
    elif (line.state, line.state_reason) == target:
        return False
    line.state, line.state_reason = target
    return True


def _move_lines(
    session: Session, event: str, order_ids: Sequence[UUID], now: datetime, actor: str
) -> None:
    """Move the lines of orders by an event of their order; lines without a row for it stay."""
    batch = order_batch(session)
    targets = line_targets(event)
    lines = lines_of_orders(session, order_ids)

    for line in lines:
        target = _line_target(line, event, targets)
        if target is not None and _move_line(line, event, target):
            batch.line_changed(line)

    if event == CANCEL:
        release(session, ids_of(lines), now, actor, "order canceled")


def _follows(line: LockedLine, event: str) -> bool:
    """Return whether a line follows its order: shipped lines stay, and so do unsourced ones.

    A line without goods counts as shipped, but follows.
    """
    if event == CANCEL:
        return line.is_digital or not line.shipped
    return line.source is not None or event not in STOCK_FOUND


def raise_line_events(
    session: Session, requests: Sequence[EventRequest], now: datetime, actor: str
) -> list[Outcome]:
    """Move lines as their state table allows and append the events; one outcome per request.

    Events the table does not name are only logged.
    """
    if not requests:
        return []

    batch = order_batch(session)
    _, lines = lock_lines(session, _entity_ids(requests))
    table = table_in_use(session, LINE_TABLE)

    events: list[Event] = []
    outcomes: list[Outcome] = []
    for request in requests:
        line = lines.get(request.entity_id)
        if line is None:
            outcomes.append(Outcome(False, f"there is no order line {request.entity_id}"))
            continue

        target = _target(table, request, line.state, None)
        if isinstance(target, TransitionRefused):
            outcomes.append(Outcome(False, str(target)))
            continue

        data = _event_data(request)
        if target is not None:
            line.state, line.state_reason = target
            batch.line_changed(line)
            data |= {"state": line.state, "state_reason": line.state_reason}

        events.append(line_event(request.event, line, data))
        outcomes.append(Outcome(True, request.reason or line.state_reason))

    append_events(session, events, at=now, actor=actor)
    return outcomes


def _entity_ids(requests: Iterable[EventRequest]) -> list[UUID]:
    return [request.entity_id for request in requests]


def event_requests(
    entity_ids: Iterable[UUID], event: str, reason: str = "", **data: Any
) -> list[EventRequest]:
    """Return one request of the same event per entity."""
    return [EventRequest(entity_id, event, data, reason) for entity_id in entity_ids]


def table_in_use(session: Session, shipped: StateTable) -> StateTable:
    """Return the shipped table with the rows this environment added."""
    return load_tables(session, {shipped.entity: shipped})[shipped.entity]


def _target(
    table: StateTable, request: EventRequest, state: str, previous: Target | None
) -> Target | TransitionRefused | None:
    """Return where a request leads, its refusal, or None for an event that moves nothing."""
    row = table.row(request.event, state)
    reason = None
    if row is not None and request.reason in row.reasons:
        reason = request.reason
    return advance_many(table, [TransitionRequest(request.event, state, previous, reason)])[0]


def _event_data(request: EventRequest) -> dict[str, Any]:
    data = dict(request.data)
    if request.reason:
        data["reason"] = request.reason
    return data


def _state_before_hold(order: LockedOrder) -> Target | None:
    if not order.manual_hold or not order.previous_state:
        return None
    return Target(order.previous_state, order.previous_reason or "")

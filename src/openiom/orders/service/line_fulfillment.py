"""Lines on their way through fulfillment: sourced, in fulfillment, shipped, or returned."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, Refused, StockUnits
from openiom.orders.decisions import LineUnits, is_wholly_shipped, shipping_events
from openiom.orders.events import line_event
from openiom.orders.locked_rows import LockedLine
from openiom.orders.locks import OPTIMIZED, lines_of_orders, lock_lines
from openiom.orders.new_lines import PICKUP_LOCATION
from openiom.orders.order_batch import order_batch
from openiom.orders.states import (
    LINE_DECLINED,
    LINE_IN_FULFILLMENT,
    LINE_SHIPPED,
    LINE_TABLE,
    OPEN,
    ORDER_DECLINED,
    ORDER_PARTIALLY_DECLINED,
    PARTIALLY_SHIPPED,
    SHIPPED,
)
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest
from openiom.state_framework import advance

from .apply_events import raise_order_events


def assign_sources(
    session: Session, sources: Mapping[UUID, tuple[str, str]], now: datetime, actor: str
) -> None:
    """Write where each line is to be fulfilled from: {line id: (source, reason)}.

    A line that the optimizer serves from its pickup location keeps that as the reason, so that it
    is never moved elsewhere.
    """
    if not sources:
        return

    batch = order_batch(session)
    _, lines = lock_lines(session, sources)

    for line in lines.values():
        source, reason = sources[line.id]
        if line.source == source and _is_kept(line.source_reason, reason):
            continue

        line.source, line.source_reason = source, reason
        batch.line_changed(line)


def _is_kept(present: str, reason: str) -> bool:
    """Return whether a line keeps the present reason for its source."""
    return present == PICKUP_LOCATION and reason == OPTIMIZED


def release_to_fulfillment(
    session: Session, quantities: Mapping[UUID, int], now: datetime, actor: str
) -> None:
    """Count steps of lines as in fulfillment. The caller has locked the orders.

    Raise `Refused` when less of a line is open.
    """
    batch = order_batch(session)
    _, lines = lock_lines(session, quantities)

    for line in lines.values():
        quantity = quantities[line.id]
        if quantity > line.open:
            raise Refused(
                f"line {line.line_number} has {line.number(line.open)} open units,"
                f" {line.number(quantity)} were released to fulfillment"
            )

        line.in_fulfillment += quantity
        move_line(line, LINE_IN_FULFILLMENT)
        batch.line_changed(line)


def return_to_sourcing(
    session: Session, quantities: Mapping[UUID, int], now: datetime, actor: str, *, reason: str
) -> None:
    """Open steps of lines again that a fulfiller does not deliver; the lines lose their source.

    A line that is collected keeps its location: it is not shipped from elsewhere.
    An order with nothing else in fulfillment or shipped goes back to in progress, so that it can be
    sourced again or canceled.
    """
    batch = order_batch(session)
    _, lines = lock_lines(session, quantities)

    for line in lines.values():
        line.in_fulfillment -= quantities[line.id]
        if line.source_reason != PICKUP_LOCATION:
            line.source = None

        if not line.in_fulfillment:
            move_line(line, LINE_DECLINED)

        batch.line_changed(line)

    requests: list[EventRequest] = []
    for order_id, order_lines in lines_by_order(session, lines.values()).items():
        requests.append(EventRequest(order_id, declined_event(order_lines), reason=reason))

    raise_order_events(session, requests, now, actor)


def declined_event(lines: Iterable[LockedLine]) -> str:
    """Return the event of an order of which units came back from fulfillment."""
    in_progress = any(line.in_fulfillment or line.shipped for line in lines)
    return ORDER_PARTIALLY_DECLINED if in_progress else ORDER_DECLINED


def record_shipped(
    session: Session,
    shipped: Sequence[tuple[UUID, int]],
    now: datetime,
    actor: str,
    *,
    reclaimed: Mapping[UUID, int] | None = None,
) -> list[UUID]:
    """Count shipped steps of lines in fulfillment: (line id, steps).

    `reclaimed` are those of these steps that were open again when they shipped. Publishes
    `order_line.shipped`, and once per order `order.partially_shipped` and `order.shipped`. Returns
    the orders that are now wholly shipped. Raise `Refused` when more ships than is in fulfillment.
    """
    quantities: dict[UUID, int] = defaultdict(int)
    for line_id, quantity in shipped:
        quantities[line_id] += quantity

    batch = order_batch(session)
    _, lines = lock_lines(session, quantities)

    was_open = reclaimed or {}
    events: list[Event] = []
    for line in lines.values():
        line.in_fulfillment += was_open.get(line.id, 0)
        _ship(line, quantities[line.id])
        batch.line_changed(line)
        data = {
            "quantity": line.number(quantities[line.id]),
            "shipped": line.number(line.shipped),
            "ordered": line.number(line.quantity),
        }
        events.append(line_event(LINE_SHIPPED, line, data))

    append_events(session, events, at=now, actor=actor)
    return _move_shipped_orders(session, lines.values(), quantities, now, actor)


def _ship(line: LockedLine, quantity: int) -> None:
    if quantity > line.in_fulfillment:
        raise Refused(
            f"line {line.line_number} has {line.number(line.in_fulfillment)} units in fulfillment,"
            f" {line.number(quantity)} were shipped"
        )

    line.in_fulfillment -= quantity
    line.shipped += quantity
    _move_shipped(line)


def _move_shipped(line: LockedLine) -> None:
    """Move a line to the state of what has been shipped of it."""
    fulfilled = line.shipped + line.canceled == line.quantity
    if fulfilled and line.state in OPEN:
        move_line(line, LINE_IN_FULFILLMENT)
    if line.state not in OPEN:
        move_line(line, LINE_SHIPPED, SHIPPED if fulfilled else PARTIALLY_SHIPPED)


def _move_shipped_orders(
    session: Session,
    lines: Iterable[LockedLine],
    shipped: Mapping[UUID, int],
    now: datetime,
    actor: str,
) -> list[UUID]:
    requests: list[EventRequest] = []
    wholly_shipped: list[UUID] = []
    for order_id, order_lines in lines_by_order(session, lines).items():
        before = units_of(order_lines, shipped_now=shipped)
        after = units_of(order_lines)

        for event in shipping_events(before, after):
            requests.append(EventRequest(order_id, event))

        if is_wholly_shipped(after):
            wholly_shipped.append(order_id)

    raise_order_events(session, requests, now, actor)
    return wholly_shipped


def open_steps(session: Session, order_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return the steps of the lines of locked orders that are open, by line."""
    return {line.id: line.open for line in lines_of_orders(session, order_ids)}


def owed_in_stock(session: Session, line_ids: Iterable[UUID]) -> dict[UUID, StockUnits]:
    """Return what is neither shipped nor canceled of these lines, in stock units."""
    _, lines = lock_lines(session, line_ids)
    owed: dict[UUID, StockUnits] = {}
    for line in lines.values():
        owed[line.id] = line.in_stock(line.owed)
    return owed


def orders_wholly_shipped(session: Session, order_ids: Iterable[UUID]) -> set[UUID]:
    """Return those locked orders whose units are all shipped or canceled, at least one shipped."""
    wholly_shipped: set[UUID] = set()
    for order_id, lines in group_by_order(lines_of_orders(session, order_ids)).items():
        if is_wholly_shipped(units_of(lines)):
            wholly_shipped.add(order_id)
    return wholly_shipped


def lines_by_order(session: Session, lines: Iterable[LockedLine]) -> dict[UUID, list[LockedLine]]:
    """Return all lines of the orders of these lines, by order."""
    return group_by_order(lines_of_orders(session, {line.order_id for line in lines}))


def group_by_order(lines: Iterable[LockedLine]) -> dict[UUID, list[LockedLine]]:
    """Return lines by order."""
    grouped: dict[UUID, list[LockedLine]] = defaultdict(list)
    for line in lines:
        grouped[line.order_id].append(line)
    return dict(grouped)


def units_of(
    lines: Iterable[LockedLine],
    *,
    shipped_now: Mapping[UUID, int] | None = None,
    canceled_now: Mapping[UUID, int] | None = None,
) -> list[LineUnits]:
    """Return the unit counters of lines with goods, before the units given by id were counted."""
    shipped_now = shipped_now or {}
    canceled_now = canceled_now or {}

    units: list[LineUnits] = []
    for line in lines:
        if line.is_digital:
            continue

        shipped = line.shipped - shipped_now.get(line.id, 0)
        canceled = line.canceled - canceled_now.get(line.id, 0)
        units.append(LineUnits(line.quantity, shipped, canceled))

    return units


def move_line(line: LockedLine, event: str, reason: str | None = None) -> None:
    """Move a line by an event its state table has a row for."""
    target = advance(LINE_TABLE, event=event, state=line.state, reason=reason)
    assert target is not None
    line.state, line.state_reason = target

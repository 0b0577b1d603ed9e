"""What happens to lines on their way out: sourced, released to a fulfillment order, shipped, or handed back."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, Refused
from openiom.orders.decisions import LineUnits, settled
from openiom.orders.locks import LockedLine, lines_of_orders, lock_lines, lock_orders, write_lines
from openiom.orders.states import LINE_TABLE, OPEN, PARTIALLY_SHIPPED, SHIPPED
from openiom.platform.bulk import fetch
from openiom.platform.events import append_events
from openiom.platform.geocoding import Point, geocode
from openiom.provider_contract import EventRequest
from openiom.state_framework import advance

from .apply_events import raise_order_events


@dataclass(frozen=True, slots=True)
class OpenLine:
    """A line with `quantity` units that are neither canceled, shipped nor in a fulfillment order."""

    line_id: UUID
    order_id: UUID
    line_number: int
    product: str
    unit: str
    quantity: int
    state: str
    source: str
    country: str
    place: Point | None
    ship_to: dict[str, Any]
    strategy: str
    requested_delivery_date: date | None
    channel: str
    customer_group: str
    number: str = ""  # the order's
    waited: bool = False  # its order, for stock, and was let go on


def open_lines(session: Session, order_ids: Sequence[UUID]) -> list[OpenLine]:
    """
    Lines of these orders that still need fulfillment, by order and line number, with where they go.

    Locks the orders: whoever sources them goes on to lock stock, and orders come before stock.
    """
    lock_orders(session, order_ids)
    lines = [line for line in lines_of_orders(session, order_ids) if line.open > 0]
    orders = list(dict.fromkeys(line.order_id for line in lines))
    rows = fetch(
        session,
        "SELECT id, ship_to, strategy, requested_delivery_date, origin, coalesce(customer->>'group', ''),"
        " number, EXISTS (SELECT FROM orders.waiting_line w WHERE w.order_id = o.id AND w.state = 'released')"
        " FROM orders.order o WHERE id = ANY(%s)",
        (orders,),
    )
    goes = {
        order: (str(to.get("country", "")), geocode(to), to, strategy)
        for order, to, strategy, *_ in rows
    }
    asks = {row[0]: row[4:] for row in rows}
    wanted = {row[0]: row[3] for row in rows}
    return [
        OpenLine(
            *(
                x.id,
                x.order_id,
                x.line_number,
                x.product,
                x.unit,
                x.open,
                x.state,
                x.source or "",
                *goes[x.order_id],
            ),
            x.requested_delivery_date or wanted[x.order_id],
            *asks[x.order_id],
        )
        for x in lines
    ]


def assign_sources(
    session: Session, sources: Mapping[UUID, tuple[str, str]], now: datetime, actor: str
) -> None:
    """Write where each line is to be fulfilled from: {line id: (source, why)}."""
    if not sources:
        return
    _, lines = lock_lines(session, sources)
    for line in lines.values():
        line.source, line.source_reason = sources[line.id]
    write_lines(session, lines.values())


def release_to_fulfillment(
    session: Session, quantities: Mapping[UUID, int], now: datetime, actor: str
) -> None:
    """Mark units as held by a fulfillment order. The caller has locked the orders. Raises Refused for too many."""
    _, lines = lock_lines(session, quantities)
    for line in lines.values():
        if quantities[line.id] > line.open:
            raise Refused(
                f"{line.open} units of line {line.line_number} are open, asked for {quantities[line.id]}"
            )
        line.released += quantities[line.id]
        _move(line, "fulfillment_order.created")
    write_lines(session, list(lines.values()))


def return_to_sourcing(
    session: Session, quantities: Mapping[UUID, int], now: datetime, actor: str, *, reason: str
) -> None:
    """A fulfiller does not deliver these units: they are open again, without a source; their orders are told.

    An order with nothing else on its way goes back to in progress, so that it can be sourced or canceled.
    """
    _, lines = lock_lines(session, quantities)
    for line in lines.values():
        line.released -= quantities[line.id]
        line.source = None
        if not line.released:
            _move(line, "fulfillment_order.declined")
    write_lines(session, list(lines.values()))
    everything: dict[UUID, list[LockedLine]] = defaultdict(list)
    for line in lines_of_orders(session, {x.order_id for x in lines.values()}):
        everything[line.order_id].append(line)
    raises = []
    for order_id, all_lines in everything.items():
        busy = any(x.released or x.shipped for x in all_lines)
        event = "order.partially_declined" if busy else "order.fulfillment_declined"
        raises.append(EventRequest(order_id, event, reason=reason))
    raise_order_events(session, raises, now, actor)


def record_shipped(
    session: Session, shipped: Sequence[tuple[UUID, int]], now: datetime, actor: str
) -> list[UUID]:
    """
    Count units of fulfillment orders that left: (line id, units). Announces `order_line.shipped`, and once each
    `order.partially_shipped` and `order.shipped`. Returns the orders that are now wholly shipped.

    Raises Refused when more would ship than fulfillment orders hold.
    """
    sums: dict[UUID, int] = defaultdict(int)
    for line_id, quantity in shipped:
        sums[line_id] += quantity
    _, lines = lock_lines(session, sums)
    events = []
    for line in lines.values():
        if sums[line.id] > line.released:
            raise Refused(
                f"{line.released} units of line {line.line_number} can ship, asked for {sums[line.id]}"
            )
        line.released -= sums[line.id]
        line.shipped += sums[line.id]
        parse_id = line.shipped + line.canceled == line.quantity
        if line.state not in OPEN:
            _move(line, "order_line.shipped", SHIPPED if parse_id else PARTIALLY_SHIPPED)
        events.append(_shipped(line, sums[line.id]))
    write_lines(session, list(lines.values()))
    append_events(session, events, at=now, actor=actor)
    return _tell_orders(session, {x.order_id for x in lines.values()}, sums, now, actor)


def _tell_orders(
    session: Session,
    order_ids: Iterable[UUID],
    shipped: Mapping[UUID, int],
    now: datetime,
    actor: str,
) -> list[UUID]:
    by_order: dict[UUID, list[LockedLine]] = defaultdict(list)
    for line in lines_of_orders(session, order_ids):
        by_order[line.order_id].append(line)
    raises, parse_id = [], []
    for order_id, lines in by_order.items():
        after = units(lines)
        raises += [
            EventRequest(order_id, e)
            for e in owed_events(units(lines, less_shipped=shipped), after)
        ]
        if settled(after):
            parse_id.append(order_id)
    raise_order_events(session, raises, now, actor)
    return parse_id


def owed_events(before: Sequence[LineUnits], after: Sequence[LineUnits]) -> list[str]:
    """What an order owes its timeline now that its lines went from `before` to `after`; each comes once."""
    if settled(after):
        return [] if settled(before) else ["order.shipped"]
    started = any(line.shipped for line in after) and not any(line.shipped for line in before)
    return ["order.partially_shipped"] if started else []


def units(
    lines: Iterable[LockedLine],
    *,
    less_shipped: Mapping[UUID, int] | None = None,
    less_canceled: Mapping[UUID, int] | None = None,
) -> list[LineUnits]:
    """The counters of lines, now, or before some units were shipped or canceled."""
    return [
        LineUnits(
            line.quantity,
            line.released,
            line.shipped - (less_shipped or {}).get(line.id, 0),
            line.canceled - (less_canceled or {}).get(line.id, 0),
        )
        for line in lines
    ]


def orders_wholly_shipped(session: Session, order_ids: Sequence[UUID]) -> set[UUID]:
    """Those orders that owe nothing any more: all units shipped or canceled, at least one shipped."""
    by_order: dict[UUID, list[LockedLine]] = defaultdict(list)
    for line in lines_of_orders(session, order_ids):
        by_order[line.order_id].append(line)
    return {order_id for order_id, lines in by_order.items() if settled(units(lines))}


def _move(line: LockedLine, event: str, reason: str | None = None) -> None:
    to = advance(LINE_TABLE, event=event, state=line.state, reason=reason)
    assert to is not None
    line.state, line.reason = to


def _shipped(line: LockedLine, quantity: int) -> Event:
    return Event(
        name="order_line.shipped",
        subject_type="order_line",
        subject_id=line.id,
        root_id=line.order_id,
        data={
            "line_number": line.line_number,
            "product": line.product,
            "quantity": quantity,
            "shipped": line.shipped,
            "ordered": line.quantity,
        },
    )

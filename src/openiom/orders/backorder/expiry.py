"""Lines that waited as long as they may are canceled by themselves, with the reason."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import release_quantities
from openiom.kernel import Event
from openiom.orders.decisions import settled
from openiom.orders.locks import LockedLine, lines_of_orders, lock_orders, write_lines
from openiom.orders.service.apply_events import raise_order_events
from openiom.orders.service.line_fulfillment import owed_events, units
from openiom.orders.states import CANCEL, LINE_TABLE, OPEN, RELEASED
from openiom.platform.bulk import execute, fetch
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest
from openiom.state_framework import advance

EXPIRED, SLA = "backorder.sla_expired", "SLA expired"
AT_ONCE = 500


def cancel_expired(session: Session, now: datetime, *, actor: str) -> list[UUID]:
    """Cancel what is open of lines past their time. An order without any other line is canceled with them; one with
    other lines that wait for nothing goes on. Orders held by hand wait until they are released. Returns the lines."""
    found = fetch(
        session,
        "SELECT w.order_id FROM orders.waiting_line w JOIN orders.order_state s USING (order_id)"
        " WHERE w.state = 'waiting' AND w.expires_at <= %s AND NOT s.held ORDER BY w.expires_at LIMIT %s",
        (now, AT_ONCE),
    )
    if not found:
        return []
    orders = {
        i for i, order in lock_orders(session, {row[0] for row in found}).items() if not order.held
    }
    due = {
        row[0]
        for row in fetch(
            session,
            "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s) AND state = 'waiting' AND expires_at <= %s"
            " RETURNING line_id",
            (sorted(orders), now),
        )
    }
    lines = lines_of_orders(session, orders)
    ended = [line for line in lines if line.id in due and line.open > 0 and line.state in OPEN]
    taken = {line.id: line.open for line in ended}
    _end(session, ended, taken, now, actor)
    _follow(session, lines, taken, now, actor)
    return [line.id for line in ended]


def _end(
    session: Session,
    ended: Collection[LockedLine],
    taken: Mapping[UUID, int],
    now: datetime,
    actor: str,
) -> None:
    events = []
    for line in ended:
        line.canceled += taken[line.id]
        event = "order_line.remainder_canceled" if line.shipped or line.released else EXPIRED
        to = advance(LINE_TABLE, event=event, state=line.state)
        assert to is not None
        line.state, line.reason = to
        data = {
            "line_number": line.line_number,
            "product": line.product,
            "quantity": taken[line.id],
            "reason": SLA,
        }
        events.append(
            Event(
                name=EXPIRED,
                subject_type="order_line",
                subject_id=line.id,
                root_id=line.order_id,
                data=data,
            )
        )
    write_lines(session, ended)
    release_quantities(session, taken, now, actor, "backorder expired")
    append_events(session, events, at=now, actor=actor)


def _follow(
    session: Session,
    lines: Collection[LockedLine],
    taken: Mapping[UUID, int],
    now: datetime,
    actor: str,
) -> None:
    """Orders follow: canceled with their last line, shipped when nothing else was owed, or on with what is left."""
    by_order: dict[UUID, list[LockedLine]] = defaultdict(list)
    for line in lines:
        by_order[line.order_id].append(line)
    query = "SELECT DISTINCT order_id FROM orders.waiting_line WHERE order_id = ANY(%s) AND state = 'waiting'"
    still = {row[0] for row in fetch(session, query, (sorted(by_order),))}
    raises = []
    for order_id, some in by_order.items():
        if not any(line.id in taken for line in some):
            continue
        after = units(some)
        if all(u.canceled == u.ordered for u in after):
            raises.append(EventRequest(order_id, CANCEL, reason=SLA))
        elif settled(after):
            raises += [
                EventRequest(order_id, event)
                for event in owed_events(units(some, less_canceled=taken), after)
            ]
        elif order_id not in still and any(line.open > 0 and line.state in OPEN for line in some):
            raises.append(
                EventRequest(
                    order_id,
                    RELEASED,
                    data={"because": "the rest goes on without what was canceled"},
                )
            )
    raise_order_events(session, raises, now, actor)
    gone = [r.entity_id for r in raises if r.event == CANCEL]
    execute(session, "DELETE FROM orders.waiting_line WHERE order_id = ANY(%s)", (gone,))

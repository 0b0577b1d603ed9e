"""Hold, release, cancel and confirm billing of orders; cancel units of lines. Each takes many."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import release_quantities
from openiom.kernel import Event
from openiom.orders.decisions import settled
from openiom.orders.locks import LockedLine, LockedOrder, lines_of_orders, lock_lines, write_lines
from openiom.orders.states import CANCEL, CANCELED, HOLD, INVOICED, LINE_TABLE, OPEN, RELEASE
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest, Outcome
from openiom.state_framework import advance

from .apply_events import raise_order_events
from .line_fulfillment import owed_events, units


def hold_orders(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Put orders on hold by hand: nothing but a release or a cancellation moves them then."""
    return raise_order_events(
        session, [EventRequest(i, HOLD, reason=reason) for i in ids], now, actor
    )


def release_orders(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """End manual holds: each order returns to where it stood before."""
    return raise_order_events(
        session, [EventRequest(i, RELEASE, reason=reason) for i in ids], now, actor
    )


def cancel_orders(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Cancel orders that are not yet in fulfillment, with their lines, and give back what they reserved."""
    return raise_order_events(
        session, [EventRequest(i, CANCEL, reason=reason) for i in ids], now, actor
    )


def confirm_billing(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Complete orders whose invoice went out."""
    return raise_order_events(session, [EventRequest(i, INVOICED) for i in ids], now, actor)


@dataclass(frozen=True, slots=True)
class LineCancellation:
    """Units of one line to cancel; None cancels all that are left."""

    line_id: UUID
    quantity: int | None = None


def cancel_lines(
    session: Session,
    asks: Sequence[LineCancellation],
    now: datetime,
    actor: str,
    *,
    reason: str = "",
) -> list[Outcome]:
    """Cancel units that no fulfillment order holds. An order that loses its last unit is canceled with them."""
    orders, lines = lock_lines(session, (a.line_id for a in asks))
    outcomes, events, taken = [], [], defaultdict[UUID, int](int)
    for ask in asks:
        line = lines.get(ask.line_id)
        if line is None:
            outcomes.append(Outcome(False, f"there is no order line {ask.line_id}"))
            continue
        refusal = _refusal(line, orders[line.order_id], ask.quantity)
        if refusal:
            outcomes.append(Outcome(False, refusal))
            continue
        quantity = line.open if ask.quantity is None else ask.quantity
        line.canceled += quantity
        taken[line.id] += quantity
        _settle(line)
        events.append(_canceled(line, quantity, reason))
        outcomes.append(Outcome(True, f"{quantity} canceled", {"quantity": quantity}))
    changed = [lines[i] for i in taken]
    write_lines(session, changed)
    release_quantities(session, taken, now, actor, "line canceled")
    append_events(session, events, at=now, actor=actor)
    _follow(session, {x.order_id for x in changed}, taken, now, actor)
    return outcomes


def _refusal(line: LockedLine, order: LockedOrder, quantity: int | None) -> str:
    if order.state == CANCELED or line.state == CANCELED:
        return "is canceled already"
    if line.state not in OPEN:
        return f"line {line.line_number} is in fulfillment; cancel its fulfillment order first"
    if quantity is not None and quantity < 1:
        return f"{quantity} units cannot be canceled; ask for at least 1"
    if quantity is not None and quantity > line.open:
        return f"{line.open} units left to cancel, asked for {quantity}"
    return ""


def _settle(line: LockedLine) -> None:
    """A line without open units is canceled, or shipped when a part of it had been."""
    if line.open:
        return
    event = "order_line.remainder_canceled" if line.shipped or line.released else "order_line.canceled"
    to = advance(LINE_TABLE, event=event, state=line.state)
    assert to is not None
    line.state, line.reason = to


def _canceled(line: LockedLine, quantity: int, reason: str) -> Event:
    data = {
        "line_number": line.line_number,
        "product": line.product,
        "quantity": quantity,
        "left": line.open,
    }
    if reason:
        data["reason"] = reason
    return Event(
        name="order_line.canceled",
        subject_type="order_line",
        subject_id=line.id,
        root_id=line.order_id,
        data=data,
    )


def _follow(
    session: Session, order_ids: Iterable[UUID], taken: dict[UUID, int], now: datetime, actor: str
) -> None:
    """Orders follow their lines: all canceled, or the rest of them shipped."""
    by_order: dict[UUID, list[LockedLine]] = defaultdict(list)
    for line in lines_of_orders(session, order_ids):
        by_order[line.order_id].append(line)
    raises = []
    for order_id, lines in by_order.items():
        after = units(lines)
        if all(u.canceled == u.ordered for u in after):
            raises.append(EventRequest(order_id, CANCEL, reason="All lines canceled"))
        elif settled(after):
            before = units(lines, less_canceled=taken)
            raises += [EventRequest(order_id, event) for event in owed_events(before, after)]
    raise_order_events(session, raises, now, actor)

"""Hold, release, cancel and complete orders; cancel units of lines. Each takes many."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility import release_quantities
from openiom.kernel import Event, Invalid, Refused, to_steps
from openiom.orders.changes.policy import ChangeLimits
from openiom.orders.decisions import is_wholly_canceled, shipping_events
from openiom.orders.events import line_event
from openiom.orders.locked_rows import LockedLine, LockedOrder
from openiom.orders.locks import lines_of_orders, lock_lines, lock_orders
from openiom.orders.order_batch import order_batch
from openiom.orders.states import (
    ALL_LINES_CANCELED,
    CANCEL,
    CANCELED,
    CANCELED_BY_SOURCE,
    DELIVERED_DIGITALLY,
    HOLD,
    INVOICED,
    LINE_CANCELED,
    LINE_DECLINED,
    LINE_REMAINDER_CANCELED,
    OPEN,
    RELEASE_HOLD,
)
from openiom.platform.events import append_events
from openiom.provider_contract import EventRequest, Outcome

from .apply_events import event_requests, raise_order_events
from .line_fulfillment import lines_by_order, move_line, units_of


def hold_orders(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Place a manual hold on orders: until it is released only a cancellation moves them."""
    return raise_order_events(session, event_requests(ids, HOLD, reason), now, actor)


def release_holds(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Release manual holds: each order returns to the state it had before."""
    return raise_order_events(session, event_requests(ids, RELEASE_HOLD, reason), now, actor)


def cancel_orders(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Cancel orders that are not yet in fulfillment, with their lines and reservations.

    The order change policy may refuse the reason, or orders of which the items were changed.
    """
    lock_orders(session, ids)
    limits = ChangeLimits.load(session, ids)
    refusals = {order_id: limits.cancel_refusal(order_id, reason) for order_id in ids}
    allowed = [order_id for order_id in ids if not refusals[order_id]]
    requests = event_requests(allowed, CANCEL, reason)
    canceled = iter(raise_order_events(session, requests, now, actor))
    outcomes: list[Outcome] = []
    for order_id in ids:
        refusal = refusals[order_id]
        outcomes.append(Outcome(False, refusal) if refusal else next(canceled))
    return outcomes


def confirm_billing(
    session: Session, ids: Sequence[UUID], now: datetime, actor: str
) -> list[Outcome]:
    """Complete orders that were invoiced."""
    return raise_order_events(session, event_requests(ids, INVOICED), now, actor)


@dataclass(frozen=True, slots=True)
class LineCancellation:
    """A quantity of one line to cancel, in its unit; None cancels all that is open."""

    line_id: UUID
    quantity: Decimal | None = None


def cancel_lines(
    session: Session,
    cancellations: Sequence[LineCancellation],
    now: datetime,
    actor: str,
    *,
    reason: str = "",
) -> list[Outcome]:
    """Cancel open quantities of lines; one outcome per cancellation.

    An order is canceled with the last unit of its last line.
    """
    batch = order_batch(session)
    orders, lines = lock_lines(session, (c.line_id for c in cancellations))

    outcomes: list[Outcome] = []
    events: list[Event] = []
    canceled: dict[UUID, int] = defaultdict(int)
    for cancellation in cancellations:
        line = lines.get(cancellation.line_id)
        if line is None:
            outcomes.append(Outcome(False, f"there is no order line {cancellation.line_id}"))
            continue

        try:
            steps = _steps_to_cancel(line, orders[line.order_id], cancellation.quantity)
        except (Invalid, Refused) as error:
            outcomes.append(Outcome(False, error.what))
            continue

        _cancel(line, steps)
        batch.line_changed(line)
        canceled[line.id] += steps
        events.append(_canceled_event(line, steps, reason))
        number = line.number(steps)
        outcomes.append(Outcome(True, f"{number} canceled", {"quantity": number}))

    released = {line_id: lines[line_id].in_stock(steps) for line_id, steps in canceled.items()}
    release_quantities(session, released, now, actor, "line canceled")
    append_events(session, events, at=now, actor=actor)
    _move_orders(session, [lines[i] for i in canceled], canceled, now, actor)
    return outcomes


def cancel_recalled(
    session: Session, quantities: Mapping[UUID, int], now: datetime, actor: str, *, reason: str
) -> None:
    """Cancel steps of lines whose fulfillment order was recalled for it.

    An order is canceled with its last unit, with the reason where its state table allows it.
    """
    batch = order_batch(session)
    _, lines = lock_lines(session, quantities)

    events: list[Event] = []
    for line in lines.values():
        steps = quantities[line.id]
        line.in_fulfillment -= steps
        _cancel(line, steps)
        if line.open and not line.in_fulfillment:
            move_line(line, LINE_DECLINED)

        batch.line_changed(line)
        events.append(_canceled_event(line, steps, reason))

    append_events(session, events, at=now, actor=actor)
    _move_orders(session, lines.values(), quantities, now, actor, reason=reason)


def open_lines_of(
    session: Session, order_ids: Iterable[UUID]
) -> dict[UUID, list[LineCancellation]]:
    """Return the cancellation of all open units of these orders, by order. Locks the orders."""
    ids = list(order_ids)
    lock_orders(session, ids)
    found: dict[UUID, list[LineCancellation]] = {}
    for line in lines_of_orders(session, ids):
        if line.open:
            found.setdefault(line.order_id, []).append(LineCancellation(line.id))

    return found


def _nothing_open(line: LockedLine) -> Refused:
    """Return the refusal to cancel a line that has no open units."""
    if line.in_fulfillment:
        return Refused(
            f"line {line.line_number} is in fulfillment; recall its fulfillment order first"
        )
    return Refused(f"line {line.line_number} has shipped")


def _steps_to_cancel(line: LockedLine, order: LockedOrder, quantity: Decimal | None) -> int:
    """Return the steps of a line to cancel.

    Raise `Refused` when they cannot be canceled, and `Invalid` for a quantity that is finer than
    the unit of the line.
    """
    if CANCELED in (order.state, line.state):
        raise Refused("is canceled already")
    if not line.open:
        raise _nothing_open(line)
    if quantity is None:
        return line.open
    if quantity <= 0:
        raise Refused(f"{quantity} units cannot be canceled; cancel more than 0")

    steps = to_steps(quantity, line.unit_decimals, unit=line.unit)
    if steps > line.open:
        left, requested = line.number(line.open), line.number(steps)
        raise Refused(f"{left} units left to cancel, {requested} requested")

    return steps


def _cancel(line: LockedLine, steps: int) -> None:
    """Cancel steps of a line; one with nothing open is canceled, or shipped if part of it was."""
    line.canceled += steps
    if line.open or (line.in_fulfillment and line.state not in OPEN):
        return
    event = LINE_REMAINDER_CANCELED if line.shipped or line.in_fulfillment else LINE_CANCELED
    move_line(line, event)


def _canceled_event(line: LockedLine, steps: int, reason: str) -> Event:
    data: dict[str, object] = {"quantity": line.number(steps), "left": line.number(line.open)}
    if reason:
        data["reason"] = reason
    return line_event(LINE_CANCELED, line, data)


def _move_orders(
    session: Session,
    changed: Iterable[LockedLine],
    canceled: Mapping[UUID, int],
    now: datetime,
    actor: str,
    *,
    reason: str = ALL_LINES_CANCELED,
) -> None:
    """Cancel orders whose lines are all canceled; orders whose rest is shipped are shipped."""
    requests: list[EventRequest] = []
    for order_id, lines in lines_by_order(session, changed).items():
        after = units_of(lines)
        if is_wholly_canceled(after):
            requests.append(_without_goods(order_id, lines, reason))
            continue

        requests += shipped_requests(order_id, lines, canceled)

    raise_order_events(session, requests, now, actor)


def _without_goods(order_id: UUID, lines: Sequence[LockedLine], reason: str) -> EventRequest:
    """Return the event of an order whose goods are all canceled: the other lines are delivered.

    An order that its source took back is canceled with its downloads, as it is without a recall.
    """
    if reason != CANCELED_BY_SOURCE and any(line.shipped for line in lines):
        return EventRequest(order_id, DELIVERED_DIGITALLY)
    return EventRequest(order_id, CANCEL, reason=reason)


def shipped_requests(
    order_id: UUID, lines: Sequence[LockedLine], canceled: Mapping[UUID, int]
) -> list[EventRequest]:
    """Return the shipping events an order owes because units of its lines were just canceled."""
    before = units_of(lines, canceled_now=canceled)
    return [EventRequest(order_id, event) for event in shipping_events(before, units_of(lines))]

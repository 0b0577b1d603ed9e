"""Manual actions on waiting lines: recheck, release, cancel. Each takes many."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders.locks import without_manual_hold
from openiom.orders.order_batch import subset
from openiom.orders.service.hold_cancel import LineCancellation, cancel_lines
from openiom.platform.bulk import fetch
from openiom.provider_contract import Outcome

from .promise_dates import refresh_promise_dates
from .queries import WaitingRow, waiting_rows
from .release_queue import release_for, release_waiting_orders, remove_satisfied

NOT_WAITING = Outcome(False, "the line is no longer waiting")
MAX_PAGES = 10
"""How much of the queue a manual recheck reads; the worker reads all of it."""


def recheck_waiting(session: Session, line_ids: Sequence[UUID], now: datetime) -> list[Outcome]:
    """Check the stock for these lines now, and renew their promise dates.

    The queue is kept: lines that wait longer are released first, whichever lines were requested.
    `ok` are the lines whose order is released.
    """
    products: set[str] = set()
    for row in waiting_rows(session, line_ids, now):
        if row.kind == "backorder":
            products.add(row.product)

    released = release_for(session, products, now, max_pages=MAX_PAGES)
    refresh_promise_dates(session, products, now)
    outcomes = dict.fromkeys(line_ids, NOT_WAITING)

    for row in waiting_rows(session, line_ids, now):
        outcomes[row.line_id] = _recheck_outcome(row, released)

    return [outcomes[line_id] for line_id in line_ids]


def _recheck_outcome(row: WaitingRow, released: Collection[UUID]) -> Outcome:
    if row.order_id in released:
        return Outcome(True, "stock covers it: its order is released")
    if row.available_on:
        return Outcome(False, f"{row.reason}; promised for {row.available_on}")
    return Outcome(False, row.reason)


def release_waiting(
    session: Session, line_ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Release the orders of these lines out of turn.

    Sourcing looks for stock; without any the lines wait again and keep their age.
    """
    order_of_line = _orders_of_waiting(session, line_ids)
    releasable = without_manual_hold(session, sorted(set(order_of_line.values())))
    because = f"released manually: {reason}" if reason else "released manually"
    released = release_waiting_orders(session, releasable, because, now, actor=actor)

    outcomes: list[Outcome] = []
    for line_id in line_ids:
        outcomes.append(_release_outcome(order_of_line.get(line_id), releasable, released))

    return outcomes


def _release_outcome(
    order_id: UUID | None, releasable: Collection[UUID], released: Collection[UUID]
) -> Outcome:
    """Return what became of the request to release a line; `order_id` is None if none waits."""
    if order_id is None:
        return NOT_WAITING
    if order_id not in releasable:
        return Outcome(False, "its order is on manual hold; release that hold first")
    if order_id not in released:
        return Outcome(False, "its order cannot be released in its state")

    return Outcome(True, "its order is released and will be sourced")


def cancel_waiting(
    session: Session, line_ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Cancel the open units of these lines.

    An order continues with its other lines, and is canceled with its last one.
    """
    order_of_line = _orders_of_waiting(session, line_ids, include_released=True)
    requested = list(subset(order_of_line, line_ids))
    cancellations = [LineCancellation(line_id) for line_id in requested]
    canceled = cancel_lines(session, cancellations, now, actor, reason=reason)
    outcomes = dict(zip(requested, canceled, strict=True))

    changed_orders: set[UUID] = set()
    for line_id, outcome in outcomes.items():
        if outcome.ok:
            changed_orders.add(order_of_line[line_id])

    remove_satisfied(session, sorted(changed_orders), now)
    return [outcomes.get(line_id, NOT_WAITING) for line_id in line_ids]


def _orders_of_waiting(
    session: Session, line_ids: Sequence[UUID], *, include_released: bool = False
) -> dict[UUID, UUID]:
    """Return the orders of those lines that wait, by line."""
    rows = fetch(
        session,
        "SELECT line_id, order_id FROM orders.waiting_line WHERE line_id = ANY(%s)"
        " AND (state = 'waiting' OR %s)",
        (list(line_ids), include_released),
    )
    return dict(rows)

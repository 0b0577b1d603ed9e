"""What a person may do with lines that wait: look again, let go, give up. Each takes many, one outcome a line."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orders.locks import lock_orders
from openiom.orders.service.hold_cancel import LineCancellation, cancel_lines
from openiom.platform.bulk import fetch
from openiom.provider_contract import Outcome

from .queries import WaitingRow, rows_of
from .release_worker import drop_settled, refresh_dates, release_for, tell_released

NOT_WAITING = "the line does not wait any more"
PAGES = 10
"""A person's look goes so many pages of the queue deep; the worker's own goes all the way."""


def recheck_waiting(session: Session, line_ids: Sequence[UUID], now: datetime) -> list[Outcome]:
    """
    Look at the stock of this moment for the products of these lines, and at the days they are promised for.

    The queue is kept: who waits longer goes first, whoever was asked about. `ok` are the lines that go on.
    """
    products = {row.product for row in rows_of(session, line_ids, now) if row.kind == "backorder"}
    gone = set(release_for(session, products, now, pages=PAGES))
    refresh_dates(session, products, now)
    after = {row.line_id: row for row in rows_of(session, line_ids, now)}
    return [_checked(after.get(line), gone) for line in line_ids]


def _checked(row: WaitingRow | None, gone: set[UUID]) -> Outcome:
    if row is None:
        return Outcome(False, NOT_WAITING)
    if row.order_id in gone:
        return Outcome(True, "stock covers it: its order goes on")
    day = f"; promised for {row.available_on}" if row.available_on else ""
    return Outcome(False, row.why + day)


def release_waiting(
    session: Session, line_ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Let the orders of these lines go on out of turn. Sourcing looks for stock; without any they wait again and keep
    their age."""
    waiting = _waiting(session, line_ids)
    orders = sorted(set(waiting.values()))
    held = {i for i, order in lock_orders(session, orders).items() if order.held}
    because = f"released by hand: {reason}" if reason else "released by hand"
    gone = set(
        tell_released(session, [i for i in orders if i not in held], because, now, actor=actor)
    )
    return [_released(waiting.get(line), held, gone) for line in line_ids]


def _released(order: UUID | None, held: set[UUID], gone: set[UUID]) -> Outcome:
    if order is None:
        return Outcome(False, NOT_WAITING)
    if order in held:
        return Outcome(False, "its order is held by hand; release that hold first")
    if order not in gone:
        return Outcome(False, "its order cannot go on from the state it is in")
    return Outcome(True, "its order goes on; sourcing looks for stock")


def cancel_waiting(
    session: Session, line_ids: Sequence[UUID], now: datetime, actor: str, *, reason: str = ""
) -> list[Outcome]:
    """Cancel what is open of these lines. An order goes on with its other lines, or is canceled with its last one."""
    waiting = _waiting(session, line_ids, released_too=True)
    asked = [line for line in dict.fromkeys(line_ids) if line in waiting]
    done = dict(
        zip(
            asked,
            cancel_lines(
                session, [LineCancellation(line) for line in asked], now, actor, reason=reason
            ),
            strict=True,
        )
    )
    drop_settled(
        session, sorted({waiting[line] for line, outcome in done.items() if outcome.ok}), now
    )
    return [done.get(line) or Outcome(False, NOT_WAITING) for line in line_ids]


def _waiting(
    session: Session, line_ids: Sequence[UUID], *, released_too: bool = False
) -> dict[UUID, UUID]:
    """The orders of those lines that wait, by line."""
    rows = fetch(
        session,
        "SELECT line_id, order_id FROM orders.waiting_line WHERE line_id = ANY(%s) AND (state = 'waiting' OR %s)",
        (list(line_ids), released_too),
    )
    return dict(rows)

"""Every lock this room takes, in the one order it takes them: orders by id, then their lines by id."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch


@dataclass(slots=True)
class LockedOrder:
    """Where an order stands; mutable, so that several events of one batch build on each other."""

    id: UUID
    state: str
    reason: str
    held: bool
    previous_state: str | None
    previous_reason: str | None


def lock_orders(session: Session, ids: Iterable[UUID]) -> dict[UUID, LockedOrder]:
    """These orders, locked until the transaction ends. Unknown ids are absent."""
    rows = fetch(
        session,
        "SELECT order_id, state, reason, held, previous_state, previous_reason FROM orders.order_state"
        " WHERE order_id = ANY(%s) ORDER BY order_id FOR UPDATE",
        (sorted(set(ids)),),
    )
    return {row[0]: LockedOrder(*row) for row in rows}


@dataclass(slots=True)
class LockedLine:
    id: UUID
    order_id: UUID
    line_number: int
    product: str
    quantity: int
    state: str
    reason: str
    source: str | None
    released: int
    shipped: int
    canceled: int

    @property
    def open(self) -> int:
        """Units neither canceled, shipped nor in a fulfillment order."""
        return self.quantity - self.canceled - self.shipped - self.released


_LINE = "id, order_id, line_number, product, quantity, state, state_reason, source, released, shipped, canceled"


def lock_lines(session: Session, ids: Iterable[UUID]) -> tuple[dict[UUID, LockedOrder], dict[UUID, LockedLine]]:
    """These lines, their orders locked first. Unknown ids are absent."""
    wanted = sorted(set(ids))
    owners = fetch(session, "SELECT DISTINCT order_id FROM orders.order_line WHERE id = ANY(%s)", (wanted,))
    orders = lock_orders(session, (row[0] for row in owners))
    rows = fetch(session, f"SELECT {_LINE} FROM orders.order_line WHERE id = ANY(%s) ORDER BY id FOR UPDATE", (wanted,))
    return orders, {row[0]: LockedLine(*row) for row in rows}


def lines_of_orders(session: Session, order_ids: Iterable[UUID]) -> list[LockedLine]:
    """All lines of orders this transaction has locked, by order and line number."""
    rows = fetch(
        session,
        f"SELECT {_LINE} FROM orders.order_line WHERE order_id = ANY(%s) ORDER BY order_id, line_number",
        (sorted(set(order_ids)),),
    )
    return [LockedLine(*row) for row in rows]

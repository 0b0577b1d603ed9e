"""Every lock this room takes, in the one order it takes them: by stock id."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch

from .decisions import Key


@dataclass(frozen=True, slots=True)
class LockedStock:
    id: int
    on_hand: Decimal
    reserved: Decimal
    oversell: bool


@dataclass(frozen=True, slots=True)
class LockedReservation:
    id: int
    line_id: UUID
    stock_id: int
    product: str
    source: str
    open: Decimal


def lock_stock(session: Session, keys: Iterable[Key]) -> dict[Key, LockedStock]:
    """The balances of these (product, source) keys, locked until the transaction ends. Unknown keys are absent."""
    wanted = sorted(set(keys))
    rows = fetch(
        session,
        "SELECT s.product, s.source, s.id, s.on_hand, s.reserved, s.oversell FROM inventory_visibility.stock s"
        " JOIN unnest(%s::text[], %s::text[]) AS k(product, source) USING (product, source)"
        " WHERE s.organization = '' AND s.dimensions = '' ORDER BY s.id FOR UPDATE OF s",
        ([k[0] for k in wanted], [k[1] for k in wanted]),
    )
    return {(row[0], row[1]): LockedStock(*row[2:]) for row in rows}


def lock_reservations(session: Session, line_ids: Iterable[UUID]) -> list[LockedReservation]:
    """The open reservations of these lines with their stock locked first, oldest first."""
    lines = sorted(set(line_ids))
    fetch(
        session,
        "SELECT s.id FROM inventory_visibility.stock s WHERE s.id IN (SELECT stock_id FROM"
        " inventory_visibility.reservation WHERE line_id = ANY(%s) AND open > 0) ORDER BY s.id FOR UPDATE",
        (lines,),
    )
    rows = fetch(
        session,
        "SELECT r.id, r.line_id, r.stock_id, s.product, s.source, r.open FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id WHERE r.line_id = ANY(%s) AND r.open > 0"
        " ORDER BY r.id FOR UPDATE OF r",
        (lines,),
    )
    return [LockedReservation(*row) for row in rows]

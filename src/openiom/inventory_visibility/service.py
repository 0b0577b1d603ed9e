"""Reserve, release, ship, and change what stands on the shelf; each takes many."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.kernel import Event, new_id
from openiom.platform.bulk import copy_rows, execute
from openiom.platform.events import announce

from .decisions import ReserveAsk, ShipAsk, StockChange, grant
from .ledger import DISCREPANCY, ON_HAND, RESERVED, Entry, post
from .locks import LockedReservation, LockedStock, lock_reservations, lock_stock

Key = tuple[str, str]


def reserve(session: Session, asks: Sequence[ReserveAsk], now: datetime, actor: str) -> list[bool]:
    """Soft-reserve stock for order lines, in order; one answer an ask. A refused ask has changed nothing."""
    if not asks:
        return []
    stock = lock_stock(session, ((a.product, a.source) for a in asks))
    available = {key: Decimal("Infinity") if row.oversell else row.on_hand - row.reserved for key, row in stock.items()}
    granted = grant(asks, available)
    won = [ask for ask, ok in zip(asks, granted, strict=True) if ok]
    copy_rows(
        session,
        "inventory_visibility.reservation",
        ("stock_id", "line_id", "quantity", "open", "at"),
        ((stock[a.product, a.source].id, a.line_id, a.quantity, a.quantity, now) for a in won),
    )
    post(
        session,
        [Entry(stock[a.product, a.source].id, RESERVED, a.quantity, "reserve", str(a.line_id)) for a in won],
        now=now,
        actor=actor,
    )
    return granted


def release(session: Session, line_ids: Sequence[UUID], now: datetime, actor: str, cause: str = "release") -> int:
    """Give back every open unit these lines hold. Returns how many reservations were released."""
    held = lock_reservations(session, line_ids) if line_ids else []
    _close(session, [(r, r.open) for r in held], "released", cause, now, actor)
    return len(held)


def release_quantities(
    session: Session, quantities: Mapping[UUID, int], now: datetime, actor: str, cause: str = "release"
) -> None:
    """Give back up to so many open units of each line, newest reservation first."""
    left = {line: Decimal(quantity) for line, quantity in quantities.items() if quantity > 0}
    closing = []
    for held in reversed(lock_reservations(session, left) if left else []):
        take = min(held.open, left[held.line_id])
        if take:
            left[held.line_id] -= take
            closing.append((held, take))
    _close(session, closing, "released", cause, now, actor)


def _close(
    session: Session,
    closing: Sequence[tuple[LockedReservation, Decimal]],
    column: Literal["released", "shipped"],
    cause: str,
    now: datetime,
    actor: str,
) -> None:
    if not closing:
        return
    execute(
        session,
        f"UPDATE inventory_visibility.reservation r SET open = r.open - d.quantity,"
        f" {column} = r.{column} + d.quantity"
        " FROM (SELECT id, sum(quantity) AS quantity FROM unnest(%s::bigint[], %s::numeric[]) AS u(id, quantity)"
        " GROUP BY id) d WHERE r.id = d.id",
        ([r.id for r, _ in closing], [q for _, q in closing]),
    )
    entries = [Entry(r.stock_id, RESERVED, -q, cause, str(r.line_id)) for r, q in closing]
    post(session, entries, now=now, actor=actor)


def ship(session: Session, asks: Sequence[ShipAsk], now: datetime, actor: str) -> None:
    """Units left the building: on-hand falls, and the line's reservation there is used up with it.

    Shipped units that the book does not hold are posted as a discrepancy and never make a balance negative.
    """
    if not asks:
        return
    ensure_keys(session, {(a.product, a.source) for a in asks}, now=now)
    stock = lock_stock(session, ((a.product, a.source) for a in asks))
    held: dict[tuple[UUID, int], list[Held]] = defaultdict(list)
    for row in lock_reservations(session, (a.line_id for a in asks)):
        held[row.line_id, row.stock_id].append(Held(row, row.open))
    closing: list[tuple[LockedReservation, Decimal]] = []
    free = {row.id: row.on_hand - row.reserved for row in stock.values()}
    entries = []
    for ask in asks:
        entries += _ship_one(ask, stock[ask.product, ask.source], held, free, closing)
    _close(session, closing, "shipped", "ship", now, actor)
    post(session, entries, now=now, actor=actor)


@dataclass(slots=True)
class Held:
    """A reservation and how much of it this batch has not used yet."""

    reservation: LockedReservation
    left: Decimal


def _ship_one(
    ask: ShipAsk,
    row: LockedStock,
    held: Mapping[tuple[UUID, int], list[Held]],
    free: dict[int, Decimal],
    closing: list[tuple[LockedReservation, Decimal]],
) -> list[Entry]:
    missing = Decimal(ask.quantity)
    for slot in held.get((ask.line_id, row.id), ()):
        take = min(slot.left, missing)
        if take:
            slot.left -= take
            missing -= take
            closing.append((slot.reservation, take))
    unreserved = missing if row.oversell else max(Decimal(0), min(missing, free[row.id]))
    free[row.id] -= unreserved
    missing -= unreserved
    entries = [Entry(row.id, ON_HAND, -(ask.quantity - missing), "ship", ask.document)]
    if missing:
        entries.append(Entry(row.id, DISCREPANCY, -missing, "shipped beyond the book", ask.document))
    return entries


def change_on_hand(
    session: Session,
    changes: Sequence[StockChange],
    *,
    mode: Literal["set", "change"],
    cause: str,
    document: str,
    now: datetime,
    actor: str,
) -> list[str]:
    """Move on-hand quantities; '' for each change made, else why it was refused. Announces `inventory.changed`.

    A change that would take back stock already promised is refused, and changes nothing.
    """
    ensure_keys(session, {(c.product, c.source) for c in changes}, now=now)
    stock = lock_stock(session, ((c.product, c.source) for c in changes))
    on_hand = {key: row.on_hand for key, row in stock.items()}
    entries, answers = [], []
    for change in changes:
        key = (change.product, change.source)
        row, before = stock[key], on_hand[key]
        after = change.quantity if mode == "set" else before + change.quantity
        if after < row.reserved and after < before and not row.oversell:
            answers.append(f"{after:f} on hand would not cover the {row.reserved:f} units already reserved")
            continue
        answers.append("")
        on_hand[key] = after
        if after != before:
            entries.append(Entry(row.id, ON_HAND, after - before, cause, document))
    post(session, entries, now=now, actor=actor)
    if entries:
        keys = sorted({key for key, row in stock.items() if on_hand[key] != row.on_hand})[:500]
        subject = new_id()
        announce(
            session,
            [
                Event(
                    name="inventory.changed",
                    subject_type="inventory",
                    subject_id=subject,
                    root_id=subject,
                    data={"cause": cause, "document": document, "keys": [list(k) for k in keys]},
                )
            ],
            at=now,
            actor=actor,
        )
    return answers


def ensure_keys(session: Session, keys: set[Key], *, now: datetime) -> None:
    """Make stock keys that do not exist yet, with nothing on hand."""
    ordered = sorted(keys)
    execute(
        session,
        "INSERT INTO inventory_visibility.stock (product, source, updated_at)"
        " SELECT k.product, k.source, %s FROM unnest(%s::text[], %s::text[]) AS k(product, source)"
        " WHERE NOT EXISTS (SELECT 1 FROM inventory_visibility.stock s WHERE s.product = k.product"
        " AND s.source = k.source AND s.organization = '' AND s.dimensions = '') ON CONFLICT DO NOTHING",
        (now, [k[0] for k in ordered], [k[1] for k in ordered]),
    )

"""Reserve, release, ship, and change what stands on the shelf; each takes many.

These are our own house's movements: our own rows without further dimensions, the measures `iom.onhand` and
`iv.softreservordered`. Outside systems post through `posting` and `reserving`.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.master_data import kit_parts
from openiom.platform.bulk import copy_rows, execute, fetch

from .availability_hierarchy import Row, local_settlement
from .backorder_reservations import Holds, keep_for_good, lock_holds
from .decisions import ShipmentPosting, StockChange, StockReservationRequest
from .events import tell_changed, tell_freed
from .ledger import (
    Entry,
    discrepancy_entry,
    on_hand_entry,
    post,
    reserved_entry,
    settlement_entries,
)
from .locks import LockedReservation, ensure_stock, lock_lines, lock_stock
from .measures import ZERO, StockKey, plain, reference_of
from .promise.reservation_limits import close_uses, limits_at, used_entries, wishes_of

Key = tuple[str, str]
RESERVATION_COLUMNS = (
    "stock_id",
    "line_id",
    "quantity",
    "open",
    "at",
    "expires_at",
    "reference",
    "document",
    "per_unit",
)


def reserve(
    session: Session,
    asks: Sequence[StockReservationRequest],
    now: datetime,
    actor: str,
    *,
    taking_over: Collection[UUID] = (),
) -> list[bool]:
    """Soft-reserve stock for order lines, in order; one answer an ask. A refused ask has changed nothing.

    A kit is taken apart first, so lines and kits that share a part are checked against their sum. Lines of
    `taking_over` go on with what they hold for the time being: it counts for their own asks and theirs alone, ends no
    more by itself where it is used, and is given back where it is not.
    """
    if not asks:
        return []
    full = wishes_of(asks, kit_parts(session, {a.product for a in asks}))
    keys = {(product, w.source) for w in full for product in w.parts}
    holds, rows, stock = (
        lock_holds(session, taking_over, keys) if taking_over else _unheld(session, keys)
    )
    limits = limits_at(session, stock, {a.channel for a in asks})
    wishes = [holds.rest(wish) for wish in full]
    granted = limits.grant(wishes, stock)
    won = [
        (a, stock[product, a.source].id, units, int(all_of.parts[product]) // a.quantity)
        for a, all_of, wish, ok in zip(asks, full, wishes, granted, strict=True)
        for product, units in (wish.parts.items() if ok else ())
    ]
    reference = {row.id: reference_of(StockKey("", *key)) for key, row in stock.items()}
    copy_rows(
        session,
        "inventory_visibility.reservation",
        RESERVATION_COLUMNS,
        [
            (i, a.line_id, units, units, now, a.expires_at, reference[i], a.document, per_unit)
            for a, i, units, per_unit in won
        ],
    )
    entries = [
        reserved_entry(i, units, "reserve", a.document or str(a.line_id)) for a, i, units, _ in won
    ]
    post(session, [*entries, *used_entries(limits, "reserve")], now=now, actor=actor)
    limits.write(session, now=now, actor=actor)
    kept, back = holds.settled({a.line_id for a, ok in zip(asks, granted, strict=True) if ok})
    keep_for_good(session, kept)
    close(session, back, rows, "released", "taken elsewhere", now, actor)
    return granted


def _unheld(session: Session, keys: set[Key]) -> tuple[Holds, dict[int, Row], dict[Key, Row]]:
    stock = lock_stock(session, keys)
    return Holds(), {}, stock


def release_backorder_reservations(
    session: Session, line_ids: Sequence[UUID], now: datetime, actor: str, cause: str
) -> None:
    """Give back what these lines hold for the time being, and nothing they hold for good."""
    if line_ids:
        holds, rows, _ = lock_holds(session, line_ids)
        close(session, [(one, one.open) for one in holds.held], rows, "released", cause, now, actor)


def release(
    session: Session, line_ids: Sequence[UUID], now: datetime, actor: str, cause: str = "release"
) -> int:
    """Give back every open unit these lines hold. Returns how many reservations were released."""
    if not line_ids:
        return 0
    held, rows, _ = lock_lines(session, line_ids)
    close(session, [(r, r.open) for r in held], rows, "released", cause, now, actor)
    return len(held)


def release_quantities(
    session: Session,
    quantities: Mapping[UUID, int],
    now: datetime,
    actor: str,
    cause: str = "release",
) -> None:
    """Give back up to so many open units of each line, newest reservation first; of a kit, all its parts."""
    asked = {line: quantity for line, quantity in quantities.items() if quantity > 0}
    if not asked:
        return
    held, rows, _ = lock_lines(session, asked)
    left = {
        (r.line_id, r.product): Decimal(asked[r.line_id] * r.per_unit) for r in held if r.line_id
    }
    closing = []
    for one in reversed(held):
        take = min(one.open, left[one.line_id, one.product]) if one.line_id else ZERO
        if take and one.line_id:
            left[one.line_id, one.product] -= take
            closing.append((one, take))
    close(session, closing, rows, "released", cause, now, actor)


def close(
    session: Session,
    closing: Sequence[tuple[LockedReservation, Decimal]],
    rows: Mapping[int, Row],
    column: Literal["released", "shipped"],
    cause: str,
    now: datetime,
    actor: str,
    more: Sequence[Entry] = (),
) -> None:
    """Take units out of open reservations and out of what is reserved, with `more` entries in the same statement.

    `rows` are the locked stock rows, with on hand as it will be. Announces `inventory.availability_increased` for released units.
    """
    if closing:
        execute(
            session,
            f"UPDATE inventory_visibility.reservation r SET open = r.open - d.quantity,"
            f" {column} = r.{column} + d.quantity"
            " FROM (SELECT id, sum(quantity) AS quantity FROM unnest(%s::bigint[], %s::numeric[]) AS u(id, quantity)"
            " GROUP BY id) d WHERE r.id = d.id",
            ([r.id for r, _ in closing], [q for _, q in closing]),
        )
    entries = []
    for held, units in closing:
        document = held.document or str(held.line_id or "")
        entries.append(
            reserved_entry(held.stock_id, -units, cause, document, (held.data_source, held.measure))
        )
        rows[held.stock_id].reserved -= units
    entries += close_uses(session, closing, column, cause, now, actor)
    post(session, [*entries, *more, *_settled(rows, cause)], now=now, actor=actor)
    if column == "released":
        tell_freed(
            session, {(r.product, r.source) for r, _ in closing}, cause=cause, now=now, actor=actor
        )


def _settled(rows: Mapping[int, Row], cause: str) -> list[Entry]:
    """Overdraft is paid back by whatever came free."""
    entries: list[Entry] = []
    for row in rows.values():
        if row.overdraft or row.covered:
            entries += settlement_entries(
                row.id, *local_settlement(row), cause, "overdraft paid back"
            )
    return entries


def ship(session: Session, asks: Sequence[ShipmentPosting], now: datetime, actor: str) -> None:
    """Units left the building: on-hand falls, and the line's reservation there is used up with it.

    Shipped units that the book does not hold are posted as a discrepancy and never make a balance negative.
    """
    if not asks:
        return
    kits = kit_parts(session, {a.product for a in asks})
    keys = {(part, a.source) for a in asks for part in kits.get(a.product, (a.product,))}
    ensure_keys(session, keys, now=now)
    reservations, rows, stock = lock_lines(session, (a.line_id for a in asks), keys)
    held: dict[tuple[UUID | None, int], list[Held]] = defaultdict(list)
    made_of: dict[tuple[UUID | None, str], dict[str, int]] = defaultdict(dict)
    for row in reservations:
        held[row.line_id, row.stock_id].append(Held(row, row.open))
        made_of[row.line_id, row.source][row.product] = row.per_unit
    closing: list[tuple[LockedReservation, Decimal]] = []
    free = {row.id: row.on_hand - row.reserved for row in rows.values()}
    entries = []
    for ask in asks:
        # What a line reserved says what its kit was made of then; the recipe may have changed since.
        parts = made_of.get((ask.line_id, ask.source)) or kits.get(ask.product) or {ask.product: 1}
        for part, each in parts.items():
            entries += _ship_one(
                ask, ask.quantity * each, stock[part, ask.source], held, free, closing
            )
    close(session, closing, rows, "shipped", "ship", now, actor, entries)


@dataclass(slots=True)
class Held:
    """A reservation and how much of it this batch has not used yet."""

    reservation: LockedReservation
    left: Decimal


def _ship_one(
    ask: ShipmentPosting,
    units: int,
    row: Row,
    held: Mapping[tuple[UUID | None, int], list[Held]],
    free: dict[int, Decimal],
    closing: list[tuple[LockedReservation, Decimal]],
) -> list[Entry]:
    missing = Decimal(units)
    for slot in held.get((ask.line_id, row.id), ()):
        take = min(slot.left, missing)
        if take:
            slot.left -= take
            missing -= take
            closing.append((slot.reservation, take))
    unreserved = missing if row.oversell else max(ZERO, min(missing, free[row.id]))
    free[row.id] -= unreserved
    missing -= unreserved
    shipped = units - missing
    row.on_hand -= shipped
    entries = [on_hand_entry(row.id, -shipped, "ship", ask.document)]
    if missing:
        entries.append(discrepancy_entry(row.id, -missing, "shipped beyond the book", ask.document))
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

    `set` says what stands on our own shelf (`iom.onhand`): what other systems count beside it stays. A change that
    would take back stock already promised is refused, and changes nothing.
    """
    ensure_keys(session, {(c.product, c.source) for c in changes}, now=now)
    stock = lock_stock(session, ((c.product, c.source) for c in changes))
    on_shelf = _on_shelf(session, stock) if mode == "set" else {}
    entries, answers, moved = [], [], set()
    for change in changes:
        row = stock[change.product, change.source]
        delta = change.quantity - on_shelf.get(row.id, ZERO) if mode == "set" else change.quantity
        after = row.on_hand + delta
        promised = row.reserved - row.overdraft - row.covered
        if after < promised and delta < 0 and not row.oversell:
            answers.append(
                f"{plain(after)} on hand would not cover the {plain(row.reserved)} units already reserved"
            )
            continue
        answers.append("")
        row.on_hand = after
        if mode == "set":
            on_shelf[row.id] = change.quantity
        if delta:
            moved.add((change.product, change.source))
            entries.append(on_hand_entry(row.id, delta, cause, document))
    touched = {stock[key].id: stock[key] for key in moved}
    post(session, [*entries, *_settled(touched, cause)], now=now, actor=actor)
    tell_changed(session, moved, cause=cause, document=document, now=now, actor=actor)
    return answers


def _on_shelf(session: Session, stock: Mapping[Key, Row]) -> dict[int, Decimal]:
    """What `iom.onhand` says for each locked row."""
    rows = fetch(
        session,
        "SELECT stock_id, quantity FROM inventory_visibility.measure_balance"
        " WHERE stock_id = ANY(%s) AND data_source = 'iom' AND measure = 'onhand'",
        ([row.id for row in stock.values()],),
    )
    return {stock_id: quantity for stock_id, quantity in rows}


def ensure_keys(session: Session, keys: set[Key], *, now: datetime) -> None:
    """Make stock keys that do not exist yet, with nothing on hand."""
    ensure_stock(session, [StockKey("", product, source) for product, source in keys], {}, now)

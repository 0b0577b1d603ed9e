"""Reservations of order lines: reserve, release, and ship them."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.allocation_limits import (
    AllocationLimits,
    LimitedStock,
    limits_of,
)
from openiom.inventory_visibility.availability.decisions import PartsRequest, Requester
from openiom.inventory_visibility.availability.hierarchy import LockedStockRow
from openiom.inventory_visibility.ledger.posting import (
    discrepancy_entry,
    on_hand_entry,
    post,
    reserved_entry,
)
from openiom.inventory_visibility.locks import (
    LockedReservation,
    LockedStock,
    ensure_own_stock,
    lock_lines,
    lock_stock,
)
from openiom.inventory_visibility.measures import ZERO, ProductSource, StockKey, reference_of
from openiom.master_data import kit_parts
from openiom.platform.bulk import copy_rows

from .allocation_consumption import consumption_entries, store_consumption
from .backorder_reservations import BackorderUnits, remove_expiry
from .close_reservations import ReservationClosure, close
from .requests import ShipmentPosting, StockReservationRequest

Kits = Mapping[str, Mapping[str, int]]
"""Parts of one unit of each kit."""


class _LineReservation(NamedTuple):
    """The columns of a new reservation of an order line."""

    stock_id: int
    line_id: UUID
    quantity: Decimal
    open: Decimal
    created_at: datetime
    expires_at: datetime | None
    reference: str
    document: str
    per_unit: int


def reserve(
    session: Session,
    requests: Sequence[StockReservationRequest],
    now: datetime,
    actor: str,
    *,
    backorder_lines: Collection[UUID] = (),
) -> list[bool]:
    """Soft-reserve stock for order lines, in order.

    Kits are taken apart first, so lines and kits that share a part are checked against their sum. A
    request that is not granted changes nothing.

    Args:
        backorder_lines: Lines whose backorder reservations count for their own requests, and only
            for those. What a granted line uses of them becomes permanent; the rest is released.

    Returns:
        For each request whether it was granted.
    """
    if not requests:
        return []

    kits = kit_parts(session, {request.product for request in requests})
    parts_requests = [_parts_request(request, kits) for request in requests]
    keys = _keys_of(parts_requests)
    if backorder_lines:
        reservations, stock = lock_lines(session, backorder_lines, keys, expiring_only=True)
    else:
        reservations, stock = [], LockedStock(own=lock_stock(session, keys))

    backorder = BackorderUnits(reservations)
    needed = [backorder.use(request) for request in parts_requests]
    limits = _limits_at(session, stock.own, {request.channel for request in requests})
    granted = limits.grant(needed, stock.own)

    rows: list[_LineReservation] = []
    granted_lines: set[UUID | None] = set()
    for request, part, ok in zip(requests, needed, granted, strict=True):
        if ok:
            granted_lines.add(request.line_id)
            rows += _new_reservations(request, _parts_of(request.product, kits), part, stock, now)

    _store_reservations(session, rows, limits, now=now, actor=actor)

    remove_expiry(session, backorder.used_by(granted_lines))
    closure = ReservationClosure(stock.rows, "released", "reserved elsewhere")
    backorder.add_unused(closure, granted_lines)
    close(session, closure, now=now, actor=actor)
    return granted


def _parts_request(request: StockReservationRequest, kits: Kits) -> PartsRequest:
    """Return a request with its kit taken apart."""
    parts = {}
    for part, per_unit in _parts_of(request.product, kits).items():
        parts[part] = request.quantity * per_unit
    requester = Requester(request.channel, request.customer_group)
    return PartsRequest(request.line_id, request.source, parts, requester)


def _parts_of(product: str, kits: Kits) -> Mapping[str, int]:
    """Return the parts of one unit of a product: the product itself when it is no kit."""
    return kits.get(product) or {product: 1}


def _keys_of(requests: Sequence[PartsRequest]) -> set[ProductSource]:
    keys = set()
    for request in requests:
        for product in request.parts:
            keys.add((product, request.source))
    return keys


def _limits_at(
    session: Session, rows: Mapping[ProductSource, LockedStockRow], channels: Collection[str]
) -> AllocationLimits:
    stock = [LimitedStock(row.id, key, row.safety_stock) for key, row in rows.items()]
    return limits_of(session, stock, channels)


def _new_reservations(
    request: StockReservationRequest,
    per_unit: Mapping[str, int],
    needed: PartsRequest,
    stock: LockedStock,
    now: datetime,
) -> list[_LineReservation]:
    """Return the reservations of a granted request; `per_unit` are the parts of one unit."""
    rows = []
    for product, units in needed.parts.items():
        row = _LineReservation(
            stock_id=stock.own[product, request.source].id,
            line_id=request.line_id,
            quantity=units,
            open=units,
            created_at=now,
            expires_at=request.expires_at,
            reference=reference_of(StockKey("", product, request.source)),
            document=request.document,
            per_unit=per_unit[product],
        )
        rows.append(row)

    return rows


def _store_reservations(
    session: Session,
    rows: Sequence[_LineReservation],
    limits: AllocationLimits,
    *,
    now: datetime,
    actor: str,
) -> None:
    """Insert reservations, post their entries, and store the allocations they consumed."""
    copy_rows(session, "inventory_visibility.reservation", _LineReservation._fields, rows)
    entries = []
    for row in rows:
        document = row.document or str(row.line_id)
        entries.append(reserved_entry(row.stock_id, row.quantity, "reserve", document))

    entries += consumption_entries(limits, "reserve")
    post(session, entries, now=now, actor=actor)
    store_consumption(session, limits, now=now, actor=actor)


def release_backorder_reservations(
    session: Session, line_ids: Sequence[UUID], now: datetime, actor: str, cause: str
) -> None:
    """Release the backorder reservations of these lines, and none of their permanent ones."""
    if not line_ids:
        return

    reservations, stock = lock_lines(session, line_ids, expiring_only=True)
    closure = ReservationClosure(stock.rows, "released", cause)
    closure.add_open_units(reservations)
    close(session, closure, now=now, actor=actor)


def release(
    session: Session, line_ids: Sequence[UUID], now: datetime, actor: str, cause: str = "release"
) -> int:
    """Release every open unit of these lines; return the number of reservations released."""
    if not line_ids:
        return 0

    reservations, stock = lock_lines(session, line_ids)
    closure = ReservationClosure(stock.rows, "released", cause)
    closure.add_open_units(reservations)
    close(session, closure, now=now, actor=actor)
    return len(reservations)


def release_quantities(
    session: Session,
    quantities: Mapping[UUID, Decimal],
    now: datetime,
    actor: str,
    cause: str = "release",
) -> None:
    """Release up to these quantities of each line, the newest reservation first.

    Quantities are in the stock unit. Of a kit all parts are released.
    """
    wanted = {line_id: quantity for line_id, quantity in quantities.items() if quantity > 0}
    if not wanted:
        return

    reservations, stock = lock_lines(session, wanted)
    remaining: dict[tuple[UUID | None, str], Decimal] = {}
    for one in reservations:
        if one.line_id:
            remaining[one.line_id, one.product] = wanted[one.line_id] * one.per_unit

    closure = ReservationClosure(stock.rows, "released", cause)
    for one in reversed(reservations):
        key = one.line_id, one.product
        units = min(one.open, remaining[key])
        if units:
            remaining[key] -= units
            closure.add(one, units)

    close(session, closure, now=now, actor=actor)


def ship(session: Session, postings: Sequence[ShipmentPosting], now: datetime, actor: str) -> None:
    """Post shipped units: lower on hand and close the reservations of the lines there.

    Shipped units that are not on hand are posted as a discrepancy, so that no balance becomes
    negative.
    """
    if not postings:
        return

    kits = kit_parts(session, {posting.product for posting in postings})
    keys = _shipped_keys(postings, kits)
    ensure_own_stock(session, keys, now)
    line_ids = {posting.line_id for posting in postings}
    reservations, stock = lock_lines(session, line_ids, keys)
    batch = _ShipmentBatch.of(reservations, stock)

    for posting in postings:
        # The reservations say what the kit was made of when it was reserved; its parts may have
        # changed since.
        reserved_parts = batch.reserved_parts.get((posting.line_id, posting.source))
        for part, per_unit in (reserved_parts or _parts_of(posting.product, kits)).items():
            batch.ship(posting, part, posting.quantity * per_unit)

    close(session, batch.closure, now=now, actor=actor)


def _shipped_keys(postings: Sequence[ShipmentPosting], kits: Kits) -> set[ProductSource]:
    keys = set()
    for posting in postings:
        for part in kits.get(posting.product, (posting.product,)):
            keys.add((part, posting.source))
    return keys


@dataclass(slots=True)
class _OpenUnits:
    """A reservation and the units of it that this batch has not closed yet."""

    reservation: LockedReservation
    units: Decimal


@dataclass(slots=True)
class _ShipmentBatch:
    """Shipments under lock: open reservations, free units by stock id, and what to close.

    `reserved_parts` are the parts of one unit of what a line reserved at a source.
    """

    stock: LockedStock
    closure: ReservationClosure
    free: dict[int, Decimal]
    open_units: dict[tuple[UUID | None, int], list[_OpenUnits]]
    reserved_parts: dict[tuple[UUID | None, str], dict[str, int]]

    @classmethod
    def of(cls, reservations: Sequence[LockedReservation], stock: LockedStock) -> "_ShipmentBatch":
        """Return the batch of these locked reservations and stock rows."""
        open_units: dict[tuple[UUID | None, int], list[_OpenUnits]] = defaultdict(list)
        parts: dict[tuple[UUID | None, str], dict[str, int]] = defaultdict(dict)
        for one in reservations:
            open_units[one.line_id, one.stock_id].append(_OpenUnits(one, one.open))
            parts[one.line_id, one.source][one.product] = one.per_unit

        return cls(
            stock=stock,
            closure=ReservationClosure(stock.rows, "shipped", "ship"),
            free={row.id: row.on_hand - row.reserved for row in stock.rows.values()},
            open_units=open_units,
            reserved_parts=parts,
        )

    def ship(self, posting: ShipmentPosting, product: str, quantity: Decimal) -> None:
        """Ship units of one part: reserved ones first, then free ones, the rest a discrepancy."""
        row = self.stock.own[product, posting.source]
        missing = quantity

        for reserved in self.open_units.get((posting.line_id, row.id), ()):
            units = min(reserved.units, missing)
            if units:
                reserved.units -= units
                missing -= units
                self.closure.add(reserved.reservation, units)

        unreserved = missing
        if not row.oversell:
            unreserved = max(ZERO, min(missing, self.free[row.id]))

        self.free[row.id] -= unreserved
        missing -= unreserved
        shipped = quantity - missing
        row.on_hand -= shipped
        entries = self.closure.entries
        entries.append(on_hand_entry(row.id, -shipped, "ship", posting.document))
        if missing:
            entries.append(
                discrepancy_entry(row.id, -missing, "shipped without stock", posting.document)
            )

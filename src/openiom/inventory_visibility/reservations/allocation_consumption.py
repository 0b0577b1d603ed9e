"""What reserving, releasing and shipping ask of this package: kits taken apart, limits held, allocations moved."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.allocation_limits import (
    Limits,
    give_back,
    limits_of,
    use_up,
)
from openiom.inventory_visibility.availability.decisions import Key, Requester, Wish
from openiom.inventory_visibility.availability.hierarchy import Row
from openiom.inventory_visibility.ledger.posting import Entry
from openiom.inventory_visibility.locks import LockedReservation
from openiom.inventory_visibility.reservations.requests import StockReservationRequest

ALLOCATED, CONSUMED = ("@iv", "@allocated"), ("@iv", "@consumed")
CUMULATIVE_ALLOCATED, CUMULATIVE_CONSUMED = (
    ("@iv", "@cumulative_allocated"),
    ("@iv", "@cumulative_consumed"),
)


def wishes_of(
    asks: Iterable[StockReservationRequest], kits: Mapping[str, Mapping[str, int]]
) -> list[Wish]:
    """Asks with their kits taken apart."""
    return [
        Wish(
            ask.line_id,
            ask.source,
            {
                part: Decimal(ask.quantity * each)
                for part, each in kits.get(ask.product, {ask.product: 1}).items()
            },
            Requester(ask.channel, ask.customer_group),
        )
        for ask in asks
    ]


def limits_at(session: Session, stock: Mapping[Key, Row], channels: Collection[str]) -> Limits:
    """What is kept back at these locked rows."""
    keys = {row.id: key for key, row in stock.items()}
    return limits_of(session, keys, {row.id: row.safety_stock for row in stock.values()}, channels)


def used_entries(limits: Limits, cause: str) -> list[Entry]:
    """The measures of the allocation source, moved by what a batch used up."""
    return [
        entry
        for stock_id, units in limits.moved().items()
        for entry in pool_entries(stock_id, -units, units, cause)
    ]


def pool_entries(
    stock_id: int,
    allocated: Decimal,
    consumed: Decimal,
    cause: str,
    document: str = "",
    *,
    granted: Decimal | int = 0,
) -> list[Entry]:
    """Entries for the allocation measures of one stock key; `granted` is what was newly allocated."""
    moves = (
        (ALLOCATED, allocated),
        (CONSUMED, consumed),
        (CUMULATIVE_CONSUMED, consumed),
        (CUMULATIVE_ALLOCATED, granted),
    )
    return [Entry(stock_id, measure, delta, cause, document) for measure, delta in moves if delta]


def close_uses(
    session: Session,
    closing: Sequence[tuple[LockedReservation, Decimal]],
    column: Literal["released", "shipped"],
    cause: str,
    now: datetime,
    actor: str,
) -> list[Entry]:
    """Order lines' reservations end: released units are allocated again, shipped ones are used for good."""
    units: dict[tuple[UUID, int], Decimal] = defaultdict(Decimal)
    for held, quantity in closing:
        if held.line_id:
            units[held.line_id, held.stock_id] += quantity
    if not units:
        return []
    if column == "shipped":
        use_up(session, units)
        return []
    back = give_back(session, units, now=now, actor=actor)
    return [
        entry
        for stock_id, part in back.items()
        for entry in pool_entries(stock_id, part, -part, cause)
    ]

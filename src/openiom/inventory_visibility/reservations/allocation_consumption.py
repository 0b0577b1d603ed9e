"""Allocations that order lines consume with their reservations, return, or use up by shipping."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.allocation_limits import (
    AllocationLimits,
    Consumption,
)
from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.ledger.allocations import PoolMove, move_pools, pool_entries
from openiom.inventory_visibility.ledger.posting import LedgerPosting
from openiom.inventory_visibility.measures import ZERO
from openiom.kernel import sorted_ids
from openiom.platform.bulk import execute, fetch_as

RESERVE, RETURN = "reserve", "return"
LineStock = tuple[UUID, int]
"""(order line, stock id)."""


def store_consumption(
    session: Session, limits: AllocationLimits, *, now: datetime, actor: str
) -> None:
    """Move the allocations that a batch consumed and store which line consumed them."""
    consumed = limits.consumed
    if not consumed:
        return

    moves = []
    for one in consumed:
        moves.append(PoolMove(one.pool, -one.units, str(one.line_id), consumed=one.units))

    move_pools(session, moves, RESERVE, now, actor)
    execute(
        session,
        "INSERT INTO inventory_visibility.allocation_consumption AS c"
        " (line_id, allocation_id, open)"
        " SELECT * FROM unnest(%s::uuid[], %s::bigint[], %s::numeric[])"
        " ON CONFLICT (line_id, allocation_id) DO UPDATE SET open = c.open + excluded.open",
        columns_of(consumed, "line_id", "pool", "units"),
    )


def consumption_entries(limits: AllocationLimits, cause: str) -> list[LedgerPosting]:
    """Return ledger entries for the allocation measures that a batch consumed."""
    entries: list[LedgerPosting] = []
    for stock_id, units in _by_stock(limits.consumed).items():
        entries += pool_entries(stock_id, allocated=-units, consumed=units, cause=cause)
    return entries


def return_consumption(
    session: Session,
    released: Mapping[LineStock, Decimal],
    *,
    cause: str,
    now: datetime,
    actor: str,
) -> list[LedgerPosting]:
    """Return released units of order lines to the allocations they were consumed from.

    Allocated units are returned before common ones. The caller has locked the stock rows and posts
    the entries that are returned.
    """
    parts = _reduce_consumption(session, released)
    if not parts:
        return []

    moves = []
    for part in parts:
        moves.append(PoolMove(part.pool, part.units, str(part.line_id), consumed=-part.units))

    move_pools(session, moves, RETURN, now, actor)
    entries: list[LedgerPosting] = []
    for stock_id, units in _by_stock(parts).items():
        entries += pool_entries(stock_id, allocated=units, consumed=-units, cause=cause)

    return entries


def use_up_consumption(session: Session, shipped: Mapping[LineStock, Decimal]) -> None:
    """Make the consumption of shipped units final: they are not returned to their allocation."""
    _reduce_consumption(session, shipped)


def _by_stock(consumed: Collection[Consumption]) -> dict[int, Decimal]:
    sums: dict[int, Decimal] = defaultdict(Decimal)
    for one in consumed:
        sums[one.stock_id] += one.units
    return sums


def _reduce_consumption(
    session: Session, quantities: Mapping[LineStock, Decimal]
) -> list[Consumption]:
    """Reduce what lines have consumed by up to these units; return the reductions."""
    remaining = dict(quantities)
    parts = []
    for one in _consumption_of(session, {line_id for line_id, _ in quantities}):
        key = one.line_id, one.stock_id
        units = min(one.units, remaining.get(key, ZERO))
        if units:
            remaining[key] -= units
            parts.append(one._replace(units=units))

    if not parts:
        return []

    reduced = "unnest(%s::uuid[], %s::bigint[], %s::numeric[]) AS d(line_id, allocation_id, units)"
    same_row = "c.line_id = d.line_id AND c.allocation_id = d.allocation_id"
    columns = columns_of(parts, "line_id", "pool", "units")
    execute(
        session,
        f"DELETE FROM inventory_visibility.allocation_consumption c USING {reduced}"
        f" WHERE {same_row} AND c.open = d.units",
        columns,
    )
    execute(
        session,
        "UPDATE inventory_visibility.allocation_consumption c SET open = c.open - d.units"
        f" FROM {reduced} WHERE {same_row} AND c.open > d.units",
        columns,
    )
    return parts


def _consumption_of(session: Session, lines: Collection[UUID]) -> list[Consumption]:
    """Return what lines have consumed, the most specific allocation first.

    The reservations of the lines are locked, so nothing changes it meanwhile.
    """
    return fetch_as(
        session,
        Consumption,
        "SELECT c.line_id, c.allocation_id AS pool, a.stock_id, c.open AS units"
        " FROM inventory_visibility.allocation_consumption c"
        " JOIN inventory_visibility.allocation a ON a.id = c.allocation_id"
        " WHERE c.line_id = ANY(%s)"
        " ORDER BY c.line_id, cardinality(a.groups) DESC, c.allocation_id",
        (sorted_ids(lines),),
    )

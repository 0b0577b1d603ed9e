"""The only way an allocation moves: allocation entries, balances and the measures of `@iv`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.measures import ZERO, Measure
from openiom.platform.bulk import copy_rows, execute

from .posting import LedgerPosting

ALLOCATED: Measure = ("@iv", "@allocated")
CONSUMED: Measure = ("@iv", "@consumed")
CUMULATIVE_ALLOCATED: Measure = ("@iv", "@cumulative_allocated")
CUMULATIVE_CONSUMED: Measure = ("@iv", "@cumulative_consumed")
_ENTRY_COLUMNS = (
    "allocation_id",
    "recorded_at",
    "operation",
    "allocated",
    "consumed",
    "granted",
    "document",
    "actor",
)


@dataclass(frozen=True, slots=True)
class PoolMove:
    """How one allocation moves, and for which document.

    `granted` are the units that count as newly allocated. Consumed units that are returned are
    negative: they lower the cumulative figure as well, because they were never used.
    """

    pool: int
    allocated: Decimal
    document: str
    consumed: Decimal = ZERO
    granted: Decimal = ZERO


def move_pools(
    session: Session, moves: Sequence[PoolMove], operation: str, now: datetime, actor: str
) -> None:
    """Move allocations, with an entry for each move; the caller has locked the stock rows."""
    rows = []
    for move in moves:
        row = (move.pool, now, operation, move.allocated, move.consumed, move.granted)
        rows.append((*row, move.document, actor))

    copy_rows(session, "inventory_visibility.allocation_entry", _ENTRY_COLUMNS, rows)
    execute(
        session,
        "UPDATE inventory_visibility.allocation a SET allocated = a.allocated + d.allocated,"
        " consumed = a.consumed + d.consumed,"
        " cumulative_consumed = a.cumulative_consumed + d.consumed,"
        " cumulative_allocated = a.cumulative_allocated + d.granted"
        " FROM (SELECT id, sum(allocated) AS allocated, sum(consumed) AS consumed,"
        " sum(granted) AS granted"
        " FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[])"
        " AS u(id, allocated, consumed, granted) GROUP BY id) d WHERE a.id = d.id",
        columns_of(moves, "pool", "allocated", "consumed", "granted"),
    )


def pool_entries(
    stock_id: int,
    *,
    allocated: Decimal,
    consumed: Decimal,
    granted: Decimal = ZERO,
    cause: str,
    document: str = "",
) -> list[LedgerPosting]:
    """Return ledger entries for the allocation measures of a stock key, as far as they change."""
    deltas = (
        (ALLOCATED, allocated),
        (CONSUMED, consumed),
        (CUMULATIVE_CONSUMED, consumed),
        (CUMULATIVE_ALLOCATED, granted),
    )
    entries = []
    for measure, delta in deltas:
        if delta:
            entries.append(LedgerPosting(stock_id, measure, delta, cause, document))

    return entries

"""The one way a balance moves: entries and balances in the same breath."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from openiom.platform.bulk import copy_rows, execute

ON_HAND, RESERVED, DISCREPANCY = "on_hand", "reserved", "discrepancy"
_COLUMNS = ("stock_id", "at", "measure", "delta", "cause", "document", "actor")


@dataclass(frozen=True, slots=True)
class Entry:
    """`delta` units of a measure at one stock key, because of `cause`, for `document`."""

    stock_id: int
    measure: str
    delta: Decimal | int
    cause: str
    document: str


def post(session: Session, entries: Sequence[Entry], *, now: datetime, actor: str) -> None:
    """Append entries and move the balances they belong to. The stock rows are already locked by the caller."""
    if not entries:
        return
    rows = ((e.stock_id, now, e.measure, e.delta, e.cause, e.document, actor) for e in entries)
    copy_rows(session, "inventory_visibility.ledger_entry", _COLUMNS, rows)
    on_hand, reserved = _sums(entries, ON_HAND), _sums(entries, RESERVED)
    moved = sorted({*on_hand, *reserved})
    execute(
        session,
        "UPDATE inventory_visibility.stock s SET on_hand = s.on_hand + d.on_hand,"
        " reserved = s.reserved + d.reserved, updated_at = %s"
        " FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[]) AS d(id, on_hand, reserved) WHERE s.id = d.id",
        (now, moved, [on_hand.get(i, 0) for i in moved], [reserved.get(i, 0) for i in moved]),
    )


def _sums(entries: Iterable[Entry], measure: str) -> dict[int, Decimal | int]:
    sums: dict[int, Decimal | int] = defaultdict(int)
    for entry in entries:
        if entry.measure == measure:
            sums[entry.stock_id] += entry.delta
    return sums

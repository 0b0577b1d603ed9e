"""The only way a balance moves: ledger entries, measures and stock rows in one statement."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.availability.hierarchy import BackingChange
from openiom.inventory_visibility.columns import columns_of
from openiom.inventory_visibility.measures import (
    BACKED_BY_VARIANTS,
    DISCREPANCY,
    FORMULA,
    ON_HAND,
    OVERDRAFT,
    SOFT_RESERVED,
    Measure,
)
from openiom.platform.bulk import execute

_POST = """
WITH posted AS (
    INSERT INTO inventory_visibility.ledger_entry
        (stock_id, recorded_at, data_source, measure, delta, on_hand_sign, reserved_sign, cause,
         document, actor, event_id)
    SELECT e.stock_id, %s, e.data_source, e.measure, e.delta, e.on_hand_sign, e.reserved_sign,
           e.cause, e.document, %s, e.event_id
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::numeric[], %s::smallint[],
                %s::smallint[], %s::text[], %s::text[], %s::text[])
        AS e(stock_id, data_source, measure, delta, on_hand_sign, reserved_sign, cause, document,
             event_id)
    RETURNING stock_id, data_source, measure, delta, on_hand_sign, reserved_sign
), measured AS (
    INSERT INTO inventory_visibility.measure_balance AS b (stock_id, data_source, measure, quantity)
    SELECT stock_id, data_source, measure, sum(delta) FROM posted
    WHERE data_source <> '' GROUP BY 1, 2, 3
    ON CONFLICT (stock_id, data_source, measure)
    DO UPDATE SET quantity = b.quantity + excluded.quantity
)
UPDATE inventory_visibility.stock s
SET on_hand = s.on_hand + d.on_hand, reserved = s.reserved + d.reserved,
    overdraft = s.overdraft + d.overdraft,
    backed_by_variants = s.backed_by_variants + d.backed_by_variants, updated_at = %s
FROM (
    SELECT stock_id, sum(delta * on_hand_sign) AS on_hand, sum(delta * reserved_sign) AS reserved,
           coalesce(sum(delta) FILTER (
               WHERE data_source = '' AND measure = 'overdraft'), 0) AS overdraft,
           coalesce(sum(delta) FILTER (
               WHERE data_source = '' AND measure = 'backed_by_variants'), 0) AS backed_by_variants
    FROM posted GROUP BY stock_id
) d
WHERE s.id = d.stock_id
"""

_RESERVE = """
WITH created AS (
    INSERT INTO inventory_visibility.reservation
        (stock_id, line_id, quantity, open, created_at, expires_at, reference, data_source, measure,
         document)
    SELECT r.stock_id, r.line_id, r.quantity, r.quantity, %s, r.expires_at, r.reference,
           r.data_source, r.measure, r.document
    FROM unnest(%s::bigint[], %s::uuid[], %s::numeric[], %s::timestamptz[], %s::text[], %s::text[],
                %s::text[], %s::text[])
        AS r(stock_id, line_id, quantity, expires_at, reference, data_source, measure, document)
), posted AS (
"""
_RESERVE_AND_POST = _POST.replace("WITH posted AS (", _RESERVE, 1)


class NewReservation(NamedTuple):
    """A reservation to be created by the statement that posts its entry."""

    stock_id: int
    line_id: UUID | None
    quantity: Decimal
    expires_at: datetime | None
    reference: str
    data_source: str
    measure: str
    document: str


class LedgerPosting(NamedTuple):
    """`delta` units of a measure at one stock key, with the reason.

    The signs (-1, 0, 1) say how the entry moves on hand and reserved of the stock row.
    """

    stock_id: int
    measure: Measure
    delta: Decimal | int
    cause: str
    document: str
    on_hand_sign: int = 0
    reserved_sign: int = 0
    event_id: str | None = None

    @property
    def data_source(self) -> str:
        return self.measure[0]

    @property
    def measure_name(self) -> str:
        return self.measure[1]


_ENTRY_COLUMNS = (
    "stock_id",
    "data_source",
    "measure_name",
    "delta",
    "on_hand_sign",
    "reserved_sign",
    "cause",
    "document",
    "event_id",
)


def on_hand_entry(stock_id: int, delta: Decimal | int, cause: str, document: str) -> LedgerPosting:
    """Return an entry that moves `iom.onhand`."""
    return LedgerPosting(stock_id, ON_HAND, delta, cause, document, on_hand_sign=1)


def reserved_entry(
    stock_id: int,
    delta: Decimal | int,
    cause: str,
    document: str,
    measure: Measure = SOFT_RESERVED,
    event_id: str | None = None,
) -> LedgerPosting:
    """Return an entry that moves soft-reserved units."""
    return LedgerPosting(stock_id, measure, delta, cause, document, 0, 1, event_id)


def discrepancy_entry(
    stock_id: int, delta: Decimal | int, cause: str, document: str
) -> LedgerPosting:
    """Return an entry for unaccounted units, which moves no balance but its own."""
    return LedgerPosting(stock_id, DISCREPANCY, delta, cause, document)


def formula_entry(stock_id: int, delta: Decimal, cause: str, document: str) -> LedgerPosting:
    """Return an entry for the change of on hand when its formula changes."""
    return LedgerPosting(stock_id, FORMULA, delta, cause, document, on_hand_sign=1)


def backing_entries(change: BackingChange, cause: str, document: str) -> list[LedgerPosting]:
    """Return entries for the overdraft and the variant-backed part, as far as they change."""
    entries = []
    stock_id = change.row.id
    if change.overdraft:
        entries.append(LedgerPosting(stock_id, OVERDRAFT, change.overdraft, cause, document))

    if change.backed_by_variants:
        entries.append(
            LedgerPosting(stock_id, BACKED_BY_VARIANTS, change.backed_by_variants, cause, document)
        )

    return entries


def post(
    session: Session,
    entries: Sequence[LedgerPosting],
    *,
    now: datetime,
    actor: str,
    reservations: Sequence[NewReservation] = (),
) -> None:
    """Append entries and move the balances they belong to; the caller has locked the stock rows.

    `reservations` are created in the same statement.
    """
    if not entries:
        return

    entry_columns = columns_of(entries, *_ENTRY_COLUMNS)
    if reservations:
        reservation_columns = columns_of(reservations, *NewReservation._fields)
        execute(
            session,
            _RESERVE_AND_POST,
            (now, *reservation_columns, now, actor, *entry_columns, now),
        )
    else:
        execute(session, _POST, (now, actor, *entry_columns, now))

"""The one way a balance moves: entries, measures and stock rows in one statement."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.inventory_visibility.measures import (
    COVERED,
    DISCREPANCY,
    FORMULA,
    ON_HAND,
    OVERDRAFT,
    SOFT_RESERVED,
    Measure,
)
from openiom.platform.bulk import execute

_BOOK = """
WITH booked AS (
    INSERT INTO inventory_visibility.ledger_entry
        (stock_id, at, data_source, measure, delta, on_hand_sign, reserved_sign, cause, document, actor, event_id)
    SELECT e.stock_id, %s, e.data_source, e.measure, e.delta, e.on_hand_sign, e.reserved_sign, e.cause, e.document,
           %s, e.event_id
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::numeric[], %s::smallint[], %s::smallint[], %s::text[],
                %s::text[], %s::text[])
        AS e(stock_id, data_source, measure, delta, on_hand_sign, reserved_sign, cause, document, event_id)
    RETURNING stock_id, data_source, measure, delta, on_hand_sign, reserved_sign
), measured AS (
    INSERT INTO inventory_visibility.measure_balance AS b (stock_id, data_source, measure, quantity)
    SELECT stock_id, data_source, measure, sum(delta) FROM booked WHERE data_source <> '' GROUP BY 1, 2, 3
    ON CONFLICT (stock_id, data_source, measure) DO UPDATE SET quantity = b.quantity + excluded.quantity
)
UPDATE inventory_visibility.stock s
SET on_hand = s.on_hand + d.on_hand, reserved = s.reserved + d.reserved, overdraft = s.overdraft + d.overdraft,
    covered = s.covered + d.covered, updated_at = %s
FROM (
    SELECT stock_id, sum(delta * on_hand_sign) AS on_hand, sum(delta * reserved_sign) AS reserved,
           coalesce(sum(delta) FILTER (WHERE data_source = '' AND measure = 'overdraft'), 0) AS overdraft,
           coalesce(sum(delta) FILTER (WHERE data_source = '' AND measure = 'covered'), 0) AS covered
    FROM booked GROUP BY stock_id
) d
WHERE s.id = d.stock_id
"""

_RESERVE = """
WITH made AS (
    INSERT INTO inventory_visibility.reservation
        (stock_id, line_id, quantity, open, at, expires_at, reference, data_source, measure, document)
    SELECT r.stock_id, r.line_id, r.quantity, r.quantity, %s, r.expires_at, r.reference, r.data_source, r.measure,
           r.document
    FROM unnest(%s::bigint[], %s::uuid[], %s::numeric[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
                %s::text[])
        AS r(stock_id, line_id, quantity, expires_at, reference, data_source, measure, document)
), booked AS (
"""
_RESERVE_AND_BOOK = _BOOK.replace("WITH booked AS (", _RESERVE, 1)


class ProviderInstance(NamedTuple):
    """A reservation to be made in the statement that books it."""

    stock_id: int
    line_id: UUID | None
    quantity: Decimal
    expires_at: datetime | None
    reference: str
    data_source: str
    measure: str
    document: str


class Entry(NamedTuple):
    """`delta` units of a measure at one stock key, because of `cause`, for `document`.

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


def on_hand_entry(stock_id: int, delta: Decimal | int, cause: str, document: str) -> Entry:
    """Our own shelf moves."""
    return Entry(stock_id, ON_HAND, delta, cause, document, on_hand_sign=1)


def reserved_entry(
    stock_id: int, delta: Decimal | int, cause: str, document: str, measure: Measure = SOFT_RESERVED
) -> Entry:
    """Soft-reserved units, more or less."""
    return Entry(stock_id, measure, delta, cause, document, reserved_sign=1)


def discrepancy_entry(stock_id: int, delta: Decimal | int, cause: str, document: str) -> Entry:
    """Units the book cannot account for; they move no balance but their own."""
    return Entry(stock_id, DISCREPANCY, delta, cause, document)


def settlement_entries(
    stock_id: int, overdraft: Decimal, covered: Decimal, cause: str, document: str
) -> list[Entry]:
    """What stands on nothing, and what stands on deeper rows, as far as it changes."""
    moved = ((OVERDRAFT, overdraft), (COVERED, covered))
    return [Entry(stock_id, measure, delta, cause, document) for measure, delta in moved if delta]


def formula_entry(stock_id: int, delta: Decimal, cause: str, document: str) -> Entry:
    """On hand is another sum of the same measures because the configuration changed."""
    return Entry(stock_id, FORMULA, delta, cause, document, on_hand_sign=1)


def post(
    session: Session,
    entries: Sequence[Entry],
    *,
    now: datetime,
    actor: str,
    opened: Sequence[ProviderInstance] = (),
) -> None:
    """Append entries and move the balances they belong to. The stock rows are already locked by the caller.

    `opened` reservations are made in the same statement.
    """
    if not entries:
        return
    ids, measures, deltas, causes, documents, on_hand_signs, reserved_signs, event_ids = map(
        list, zip(*entries, strict=True)
    )
    sources, names = [m[0] for m in measures], [m[1] for m in measures]
    columns = (
        ids,
        sources,
        names,
        deltas,
        on_hand_signs,
        reserved_signs,
        causes,
        documents,
        event_ids,
    )
    if opened:
        reservations = map(list, zip(*opened, strict=True))
        execute(session, _RESERVE_AND_BOOK, (now, *reservations, now, actor, *columns, now))
    else:
        execute(session, _BOOK, (now, actor, *columns, now))

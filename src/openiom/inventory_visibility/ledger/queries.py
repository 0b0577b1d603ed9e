"""Which days of the ledger are sealed, and which reservations end next."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.inventory_visibility.reservations.queries import ReservationRow
from openiom.platform.bulk import fetch


class DayRow(BaseModel):
    """A day of the ledger's chain: entries `first_id` to `last_id`. `hash` is empty until it is sealed."""

    day: date
    first_id: int
    last_id: int
    entries: int
    hash: str
    previous_hash: str
    sealed_at: datetime | None


def days(session: Session, *, before: date | None, limit: int) -> list[DayRow]:
    """Days of the chain, newest first."""
    rows = fetch(
        session,
        "SELECT day, first_id, last_id, entries, encode(hash, 'hex'), encode(previous_hash, 'hex'), sealed_at"
        " FROM inventory_visibility.ledger_day WHERE %s::date IS NULL OR day < %s ORDER BY day DESC LIMIT %s",
        (before, before, limit),
    )
    names = tuple(DayRow.model_fields)
    return [DayRow(**dict(zip(names, row, strict=True))) for row in rows]


def expiring(
    session: Session,
    *,
    product: str,
    source: str,
    document: str,
    lines: Sequence[UUID],
    after: list[str] | None,
    limit: int,
) -> list[ReservationRow]:
    """Open reservations that end by themselves, the next to end first."""
    ends, number = after or (None, None)
    rows = fetch(
        session,
        "SELECT r.id, r.stock_id, s.organization, s.product, s.source, s.dimensions, r.data_source, r.measure,"
        " r.document, r.line_id, r.quantity::float8, r.open::float8, r.shipped::float8, r.released::float8, 'open',"
        " r.at, r.expires_at, r.reference FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id WHERE r.open > 0 AND r.expires_at IS NOT NULL"
        " AND (%s = '' OR s.product = %s) AND (%s = '' OR s.source = %s) AND (%s = '' OR r.document = %s)"
        " AND (%s::uuid[] = '{}' OR r.line_id = ANY(%s::uuid[]))"
        " AND (%s::timestamptz IS NULL OR (r.expires_at, r.id) > (%s::timestamptz, %s::bigint))"
        " ORDER BY r.expires_at, r.id LIMIT %s",
        (
            product,
            product,
            source,
            source,
            document,
            document,
            list(lines),
            list(lines),
            ends,
            ends,
            number,
            limit,
        ),
    )
    names = tuple(ReservationRow.model_fields)
    return [ReservationRow(**dict(zip(names, row, strict=True))) for row in rows]

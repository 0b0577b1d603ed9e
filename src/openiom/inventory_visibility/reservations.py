"""The list of soft reservations."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch, fetch_as

ReservationState = Literal["open", "shipped", "released"]
_STATES = {
    "open": "r.open > 0",
    "shipped": "r.open = 0 AND r.shipped > 0",
    "released": "r.open = 0 AND r.shipped = 0",
}


class ReservationRow(BaseModel):
    """One reservation. `document` is the order number or request id; open, shipped and released add up to quantity."""

    id: int
    stock_id: int
    organization: str
    product: str
    source: str
    dimensions: str
    data_source: str
    measure: str
    document: str
    line_id: UUID | None
    quantity: float
    open: float
    shipped: float
    released: float
    state: ReservationState
    at: datetime
    expires_at: datetime | None
    reference: str


def list_reservations(
    session: Session,
    *,
    product: str,
    source: str,
    document: str,
    state: ReservationState | None,
    before: int | None,
    limit: int,
    lines: Sequence[UUID] = (),
) -> list[ReservationRow]:
    """Reservations by id, newest first. `document` also takes the id of an order line; `lines` are several."""
    where, values = ["TRUE"], list[object]()
    for clause, value in (
        ("s.product = %s", product),
        ("s.source = %s", source),
        ("r.id < %s", before),
    ):
        if value:
            where.append(clause)
            values.append(value)
    if document:
        line = _line_id(document)
        where.append("r.line_id = %s" if line else "r.document = %s")
        values.append(line or document)
    if lines:
        where.append("r.line_id = ANY(%s::uuid[])")
        values.append(list(lines))
    if state:
        where.append(_STATES[state])
    rows = fetch(
        session,
        "SELECT r.id, r.stock_id, s.organization, s.product, s.source, s.dimensions, r.data_source, r.measure,"
        " r.document, r.line_id, r.quantity::float8, r.open::float8, r.shipped::float8, r.released::float8,"
        " CASE WHEN r.open > 0 THEN 'open' WHEN r.shipped > 0 THEN 'shipped' ELSE 'released' END, r.at, r.expires_at,"
        " r.reference FROM inventory_visibility.reservation r"
        f" JOIN inventory_visibility.stock s ON s.id = r.stock_id WHERE {' AND '.join(where)}"
        " ORDER BY r.id DESC LIMIT %s",
        (*values, limit),
    )
    names = tuple(ReservationRow.model_fields)
    return [ReservationRow(**dict(zip(names, row, strict=True))) for row in rows]


def _line_id(document: str) -> UUID | None:
    try:
        return UUID(document)
    except ValueError:
        return None


class LineReservation(NamedTuple):
    """Units that an order line has reserved at one stock row."""

    line_id: UUID
    stock_id: int
    organization: str
    product: str
    source: str
    dimensions: str
    units: Decimal
    reserved_at: datetime


def line_reservations(session: Session, line_ids: Collection[UUID]) -> list[LineReservation]:
    """Return the open reservations of these order lines; nothing is locked."""
    return fetch_as(
        session,
        LineReservation,
        "SELECT r.line_id, r.stock_id, s.organization, s.product, s.source, s.dimensions,"
        " r.open AS units, r.at AS reserved_at"
        " FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id"
        " WHERE r.line_id = ANY(%s) AND r.open > 0",
        (list(line_ids),),
    )


class ReservedUnits(NamedTuple):
    """Units reserved of a product at a source, released ones not included."""

    product: str
    source: str
    units: float


def units_reserved_since(
    session: Session, products: Collection[str], since: datetime
) -> list[ReservedUnits]:
    """Return the units reserved of these products since an instant, shipped units included."""
    return fetch_as(
        session,
        ReservedUnits,
        "SELECT s.product, s.source, sum(r.quantity - r.released)::float8 AS units"
        " FROM inventory_visibility.reservation r"
        " JOIN inventory_visibility.stock s ON s.id = r.stock_id"
        " WHERE s.product = ANY(%s) AND s.organization = '' AND s.dimensions = '' AND r.at >= %s"
        " GROUP BY s.product, s.source",
        (sorted(products), since),
    )


def lock_stock(session: Session, keys: Collection[tuple[str, str]]) -> None:
    """Lock the stock rows of these (product, source) until the transaction ends, in id order."""
    wanted = sorted(keys)
    fetch(
        session,
        "SELECT s.id FROM inventory_visibility.stock s"
        " JOIN unnest(%s::text[], %s::text[]) AS k(product, source) USING (product, source)"
        " WHERE s.organization = '' AND s.dimensions = '' ORDER BY s.id FOR UPDATE OF s",
        ([product for product, _ in wanted], [source for _, source in wanted]),
    )

"""The list of soft reservations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch

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

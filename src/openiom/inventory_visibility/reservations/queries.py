"""Reads of soft reservations: the list, and those that expire next."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as

ReservationState = Literal["open", "shipped", "released"]
_STATES = {
    "open": "r.open > 0",
    "shipped": "r.open = 0 AND r.shipped > 0",
    "released": "r.open = 0 AND r.shipped = 0",
}
_SELECT = """
SELECT r.id, r.stock_id, s.organization, s.product, s.source, s.dimensions, r.data_source,
       r.measure, r.document, r.line_id, r.quantity::float8, r.open::float8, r.shipped::float8,
       r.released::float8, CASE WHEN r.open > 0 THEN 'open' WHEN r.shipped > 0 THEN 'shipped'
                           ELSE 'released' END AS state,
       r.created_at, r.expires_at, r.reference
FROM inventory_visibility.reservation r JOIN inventory_visibility.stock s ON s.id = r.stock_id
"""


class ReservationRow(BaseModel):
    """A reservation; open, shipped and released units add up to `quantity`.

    `document` is the order number or request id.
    """

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
    created_at: datetime
    expires_at: datetime | None
    reference: str


@dataclass(frozen=True, slots=True)
class ReservationFilter:
    """Which reservations to list; empty values do not filter.

    `document` is an order number, a request id, or the id of an order line.
    """

    product: str = ""
    source: str = ""
    document: str = ""
    lines: Sequence[UUID] = ()
    state: ReservationState | None = None

    def conditions(self) -> tuple[list[str], dict[str, Any]]:
        """Return SQL conditions and their parameters."""
        conditions = ["TRUE"]
        line_id = _line_id(self.document)
        if self.product:
            conditions.append("s.product = %(product)s")

        if self.source:
            conditions.append("s.source = %(source)s")

        if line_id:
            conditions.append("r.line_id = %(line_id)s")
        elif self.document:
            conditions.append("r.document = %(document)s")

        if self.lines:
            conditions.append("r.line_id = ANY(%(lines)s::uuid[])")

        if self.state:
            conditions.append(_STATES[self.state])

        return conditions, {
            "product": self.product,
            "source": self.source,
            "line_id": line_id,
            "document": self.document,
            "lines": list(self.lines),
        }


def list_reservations(
    session: Session, wanted: ReservationFilter, *, before: int | None, limit: int
) -> list[ReservationRow]:
    """Return reservations by id, the newest first."""
    conditions, values = wanted.conditions()
    if before:
        conditions.append("r.id < %(before)s")

    return fetch_as(
        session,
        ReservationRow,
        f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY r.id DESC LIMIT %(limit)s",
        {**values, "before": before, "limit": limit},
    )


def list_expiring(
    session: Session, wanted: ReservationFilter, *, after: tuple[datetime, int] | None, limit: int
) -> list[ReservationRow]:
    """Return open reservations that expire, the next to expire first."""
    conditions, values = wanted.conditions()
    conditions.append("r.open > 0 AND r.expires_at IS NOT NULL")
    if after:
        conditions.append("(r.expires_at, r.id) > (%(after_expiry)s, %(after_id)s)")
        values["after_expiry"], values["after_id"] = after

    return fetch_as(
        session,
        ReservationRow,
        f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY r.expires_at, r.id LIMIT %(limit)s",
        {**values, "limit": limit},
    )


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
        " r.open AS units, r.created_at AS reserved_at"
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
        " WHERE s.product = ANY(%s) AND s.organization = '' AND s.dimensions = ''"
        " AND r.created_at >= %s GROUP BY s.product, s.source",
        (sorted(products), since),
    )

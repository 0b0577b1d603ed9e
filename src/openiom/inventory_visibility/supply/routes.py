"""Purchase and transfer orders over HTTP, as far as stock to come is concerned."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    paginate,
)

from .lines import LineName
from .service import (
    Receipt,
    Received,
    SupplyDocument,
    SupplyLineDocument,
    close_short,
    put_supply,
    receive_supply,
    ship_supply,
)

router = APIRouter(prefix="/api/v1/inventory/supply-orders", tags=["inventory"])
LIMIT = 512


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SupplyLineBody(Strict):
    """`confidence` says how sure the date is, from 0 to 1."""

    line_number: int = Field(ge=1)
    product: str = Field(min_length=1, max_length=400)
    source: str = Field(min_length=1, max_length=400)
    quantity: Decimal = Field(gt=0, max_digits=14, decimal_places=4)
    expected_date: date
    confidence: Decimal = Field(Decimal(1), ge=0, le=1, decimal_places=3)
    origin: str = Field(
        "", max_length=400, description="Where a transfer leaves from; demand is scheduled there"
    )
    ship_date: date | None = Field(
        None, description="When a transfer leaves its origin; empty is the expected date"
    )


class SupplyOrderBody(Strict):
    kind: Literal["purchase", "transfer"]
    number: str = Field(min_length=1, max_length=400)
    lines: list[SupplyLineBody] = Field(min_length=1, max_length=1000)


class SupplyRequest(Strict):
    """Up to 512 orders; each is answered by its index, and a refused one does not stop the rest."""

    orders: list[SupplyOrderBody] = Field(min_length=1, max_length=LIMIT)


class LineNameBody(Strict):
    kind: Literal["purchase", "transfer"]
    number: str = Field(min_length=1)
    line_number: int = Field(ge=1)

    def named(self) -> LineName:
        return LineName(self.kind, self.number, self.line_number)


class ReceiptBody(LineNameBody):
    id: str = Field(min_length=1, max_length=400, description="Counted once for its order")
    quantity: Decimal = Field(gt=0, max_digits=14, decimal_places=4)


class ReceiptsRequest(Strict):
    receipts: list[ReceiptBody] = Field(min_length=1, max_length=LIMIT)


class ShipmentsRequest(Strict):
    shipments: list[ReceiptBody] = Field(min_length=1, max_length=LIMIT)


class CloseRequest(Strict):
    lines: list[LineNameBody] = Field(min_length=1, max_length=LIMIT)


class CancelRequest(CloseRequest):
    """Lines of which no more will be shipped; what is on its way is still expected."""


class SupplyResult(BaseModel):
    index: int
    ok: bool
    duplicate: bool = False
    reason: str = ""


class SupplyAnswer(BaseModel):
    results: list[SupplyResult]


class SupplyLineRow(BaseModel):
    """`open` is what is still to come of a line: neither received nor closed short.

    Of a transfer `to_ship` has not left its `origin`; it is demand there on `ship_date`.
    """

    id: UUID
    kind: str
    number: str
    line_number: int
    product: str
    source: str
    quantity: float
    received: float
    closed: float
    open: float
    expected_date: date
    confidence: float
    origin: str
    ship_date: date
    shipped: float
    to_ship: float


def _answers(reasons: list[str]) -> SupplyAnswer:
    return SupplyAnswer(
        results=[SupplyResult(index=i, ok=not why, reason=why) for i, why in enumerate(reasons)]
    )


@router.get("")
def supply_lines(
    principal: CurrentPrincipal,
    session: ReadSession,
    product: str = "",
    source: str = "",
    open_only: bool = False,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[SupplyLineRow]:
    """Lines of purchase and transfer orders by expected date; `open_only` keeps those with units to come."""
    principal.require("inventory.read")
    rows = list_lines(
        session,
        product,
        source,
        open_only,
        decode_cursor(after, 2, date.fromisoformat, UUID),
        limit + 1,
    )
    items, following = paginate(rows, limit=limit, key=lambda r: (r.expected_date, r.id))
    return Page(items=items, next=following)


def list_lines(
    session: Session,
    product: str,
    source: str,
    open_only: bool,
    after: list[str] | None,
    limit: int,
) -> list[SupplyLineRow]:
    rows = fetch(
        session,
        "SELECT l.id, o.kind, o.number, l.line_number, l.product, l.source, l.quantity::float8, l.received::float8,"
        " l.closed::float8, greatest(0, l.quantity - l.received - l.closed)::float8, l.expected_date,"
        " l.confidence::float8, l.origin, l.ship_date, l.shipped::float8, l.demanded::float8"
        " FROM inventory_visibility.supply_line l"
        " JOIN inventory_visibility.supply_order o ON o.id = l.order_id WHERE (%s = '' OR l.product = %s)"
        " AND (%s = '' OR %s IN (l.source, l.origin)) AND (NOT %s OR l.quantity > l.received + l.closed)"
        " AND (%s::date IS NULL OR (l.expected_date, l.id) > (%s::date, %s::uuid))"
        " ORDER BY l.expected_date, l.id LIMIT %s",
        (
            product,
            product,
            source,
            source,
            open_only,
            *((after[0], *after) if after else (None,) * 3),
            limit,
        ),
    )
    names = tuple(SupplyLineRow.model_fields)
    return [SupplyLineRow(**dict(zip(names, row, strict=True))) for row in rows]


@router.post("")
def put(
    request: SupplyRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Take orders in or amend them: quantities, dates and how sure they are."""
    principal.require("inventory.write")
    documents = [
        SupplyDocument(
            o.kind, o.number, [SupplyLineDocument(**line.model_dump()) for line in o.lines]
        )
        for o in request.orders
    ]
    return _answers(put_supply(session, documents, now, principal.name))


@router.post("/receive")
def receive(
    request: ReceiptsRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Receive units of lines, in part or whole; each receipt is counted once by its id."""
    principal.require("inventory.write")
    receipts = [Receipt(r.id, r.named(), r.quantity) for r in request.receipts]
    return _told(receive_supply(session, receipts, now, principal.name))


@router.post("/ship")
def ship(
    request: ShipmentsRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Units of transfers left their origin, in part or whole; each shipment is counted once by its id."""
    principal.require("inventory.write")
    shipments = [Receipt(r.id, r.named(), r.quantity) for r in request.shipments]
    return _told(ship_supply(session, shipments, now, principal.name))


def _told(answers: Sequence[Received]) -> SupplyAnswer:
    return SupplyAnswer(
        results=[
            SupplyResult(index=i, ok=a.ok, duplicate=a.duplicate, reason=a.reason)
            for i, a in enumerate(answers)
        ]
    )


@router.post("/close")
def close(
    request: CloseRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Expect no more of these lines."""
    principal.require("inventory.write")
    return _answers(
        close_short(session, [line.named() for line in request.lines], now, principal.name)
    )


@router.post("/cancel")
def cancel(
    request: CancelRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Ship no more of these lines; what is on its way is still expected."""
    principal.require("inventory.write")
    names = [line.named() for line in request.lines]
    return _answers(close_short(session, names, now, principal.name, but_shipped=True))

"""HTTP routes of purchase and transfer orders, reduced to what they say about future stock."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from openiom.kernel import Day
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession
from openiom.platform.pagination import Page, PageRequest, page_request
from openiom.platform.request_values import MAX_INTEGER

from .lines import SupplyLineKey
from .queries import SupplyLineFilter, SupplyLineRow, list_supply_lines
from .service import (
    SupplyDocument,
    SupplyLineDocument,
    SupplyMovement,
    SupplyMovementResult,
    close_short,
    receive_supply,
    ship_supply,
    upsert_supply_orders,
)

router = Router(prefix="/api/v1/inventory/supply-orders", tags=["inventory"])
LIMIT = 512
LinePage = Annotated[PageRequest[date, UUID], Depends(page_request(date, UUID))]


class _RequestModel(BaseModel):
    """A body in which unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class SupplyLineBody(_RequestModel):
    """Units expected at a source; `confidence` is the probability of the date, from 0 to 1."""

    line_number: int = Field(ge=1, le=MAX_INTEGER)
    product: str = Field(min_length=1, max_length=400)
    source: str = Field(min_length=1, max_length=400)
    quantity: Decimal = Field(gt=0, max_digits=14, decimal_places=4)
    expected_date: Day
    confidence: Decimal = Field(Decimal(1), ge=0, le=1, decimal_places=3)
    origin: str = Field(
        "", max_length=400, description="Where a transfer leaves from; demand is scheduled there"
    )
    ship_date: Day | None = Field(
        None, description="When a transfer leaves its origin; default is the expected date"
    )


class SupplyOrderBody(_RequestModel):
    kind: Literal["purchase", "transfer"]
    number: str = Field(min_length=1, max_length=400)
    lines: list[SupplyLineBody] = Field(min_length=1, max_length=1000)

    def document(self) -> SupplyDocument:
        lines = [SupplyLineDocument(**line.model_dump()) for line in self.lines]
        return SupplyDocument(self.kind, self.number, lines)


class SupplyRequest(_RequestModel):
    """Up to 512 orders; results have their index, and a refused order does not stop the others."""

    orders: list[SupplyOrderBody] = Field(min_length=1, max_length=LIMIT)


class LineNameBody(_RequestModel):
    kind: Literal["purchase", "transfer"]
    number: str = Field(min_length=1)
    line_number: int = Field(ge=1, le=MAX_INTEGER)

    @property
    def key(self) -> SupplyLineKey:
        return SupplyLineKey(self.kind, self.number, self.line_number)


class ReceiptBody(LineNameBody):
    """Units of a line that were received or shipped."""

    id: str = Field(min_length=1, max_length=400, description="Applied once for its order")
    quantity: Decimal = Field(gt=0, max_digits=14, decimal_places=4)

    def movement(self) -> SupplyMovement:
        return SupplyMovement(self.id, self.key, self.quantity)


class ReceiptsRequest(_RequestModel):
    receipts: list[ReceiptBody] = Field(min_length=1, max_length=LIMIT)


class ShipmentsRequest(_RequestModel):
    shipments: list[ReceiptBody] = Field(min_length=1, max_length=LIMIT)


class CloseRequest(_RequestModel):
    lines: list[LineNameBody] = Field(min_length=1, max_length=LIMIT)


class CancelRequest(CloseRequest):
    """Lines of which no more will be shipped; units on their way are still expected."""


class SupplyResult(BaseModel):
    index: int
    ok: bool
    duplicate: bool = False
    reason: str = ""


class SupplyAnswer(BaseModel):
    results: list[SupplyResult]


def _supply_filter(
    product: str = "", source: str = "", open_only: bool = False
) -> SupplyLineFilter:
    return SupplyLineFilter(product, source, open_only)


@router.get("")
def supply_lines(
    wanted: Annotated[SupplyLineFilter, Depends(_supply_filter)],
    paging: LinePage,
    principal: CurrentPrincipal,
    session: ReadSession,
) -> Page[SupplyLineRow]:
    """Return lines by expected date; `open_only` keeps those with units to come."""
    principal.require("inventory.read")
    rows = list_supply_lines(session, wanted, after=paging.after, limit=paging.fetch_limit)
    return paging.page(rows, key=lambda row: (row.expected_date, row.id))


@router.post("")
def upsert(
    request: SupplyRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Insert orders, or amend quantities, dates and confidence of known ones."""
    principal.require("inventory.write")
    documents = [order.document() for order in request.orders]
    return _reasons_answer(upsert_supply_orders(session, documents, now, principal.name))


@router.post("/receive")
def receive(
    request: ReceiptsRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Receive units of lines, in part or whole; a repeated id changes nothing."""
    principal.require("inventory.write")
    movements = [receipt.movement() for receipt in request.receipts]
    return _movements_answer(receive_supply(session, movements, now, principal.name))


@router.post("/ship")
def ship(
    request: ShipmentsRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Ship units of transfers from their origin; a repeated id changes nothing."""
    principal.require("inventory.write")
    movements = [shipment.movement() for shipment in request.shipments]
    return _movements_answer(ship_supply(session, movements, now, principal.name))


@router.post("/close")
def close(
    request: CloseRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Close lines short: expect no more of them."""
    principal.require("inventory.write")
    keys = [line.key for line in request.lines]
    return _reasons_answer(close_short(session, keys, now, principal.name))


@router.post("/cancel")
def cancel(
    request: CancelRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> SupplyAnswer:
    """Ship no more of these lines; units on their way are still expected."""
    principal.require("inventory.write")
    keys = [line.key for line in request.lines]
    return _reasons_answer(close_short(session, keys, now, principal.name, unshipped_only=True))


def _reasons_answer(reasons: Sequence[str]) -> SupplyAnswer:
    results = []
    for index, reason in enumerate(reasons):
        results.append(SupplyResult(index=index, ok=not reason, reason=reason))
    return SupplyAnswer(results=results)


def _movements_answer(outcomes: Sequence[SupplyMovementResult]) -> SupplyAnswer:
    """Return the results of movements with their index in the request."""
    results = []
    for index, outcome in enumerate(outcomes):
        results.append(
            SupplyResult(
                index=index,
                ok=outcome.ok,
                duplicate=outcome.duplicate,
                reason=outcome.reason,
            )
        )

    return SupplyAnswer(results=results)

"""The inventory list and bulk changes."""

from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    paginate,
    parse_id,
)

from .availability.queries import StockRow, list_stock
from .ledger import routes
from .reservations.line_reservations import change_on_hand
from .reservations.requests import StockChange

router = APIRouter(prefix="/api/v1/inventory", tags=["inventory"])
BULK_LIMIT = 512


class ChangeItem(BaseModel):
    model_config = ConfigDict(extra="forbid")

    product: str = Field(min_length=1)
    source: str = Field(min_length=1)
    quantity: Decimal = Field(max_digits=14, decimal_places=4)


class ChangesRequest(BaseModel):
    """Up to 512 changes; each is answered by its index, and a refused one does not stop the rest."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["set", "change"]
    reason: str = Field(min_length=1)
    items: list[ChangeItem] = Field(min_length=1, max_length=BULK_LIMIT)


class ChangeResult(BaseModel):
    index: int
    ok: bool
    reason: str = ""


class ChangesAnswer(BaseModel):
    results: list[ChangeResult]


@router.get("")
def inventory(
    principal: CurrentPrincipal,
    session: ReadSession,
    product: str = "",
    source: str = "",
    search: str = "",
    short: bool = False,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[StockRow]:
    """Stock by product and source; `short` keeps only keys with nothing left to promise."""
    principal.require("inventory.read")
    rows = list_stock(
        session,
        product=product,
        source=source,
        search=search,
        short=short,
        after=decode_cursor(after, 3, str, str, parse_id),
        limit=limit + 1,
    )
    items, following = paginate(rows, limit=limit, key=lambda r: (r.product, r.source, r.id))
    return Page(items=items, next=following)


@router.post("/changes")
def changes(
    request: ChangesRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> ChangesAnswer:
    """Set or change on-hand quantities."""
    principal.require("inventory.write")
    answers = change_on_hand(
        session,
        [StockChange(i.product, i.source, i.quantity) for i in request.items],
        mode=request.mode,
        cause=request.reason,
        document="api",
        now=now,
        actor=principal.name,
    )
    return ChangesAnswer(
        results=[ChangeResult(index=i, ok=not why, reason=why) for i, why in enumerate(answers)]
    )


router.include_router(routes.router)

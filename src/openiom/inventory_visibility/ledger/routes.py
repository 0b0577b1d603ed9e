"""What proves a quantity: its entries, its past, the checker, and the reservations that hold it."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from openiom.inventory_visibility.reservations.expiry import release_reservations
from openiom.inventory_visibility.reservations.queries import (
    ReservationRow,
    ReservationState,
    list_reservations,
)
from openiom.kernel import NotFound
from openiom.platform.bulk import fetch
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Page,
    ReadSession,
    WriteSession,
    decode_cursor,
    encode_cursor,
    paginate,
    parse_id,
)

from .history import LedgerRow, as_of, balances_in, ledger_page
from .reconciliation import health

router = APIRouter()
RELEASE_LIMIT = 1_000
LINES_LIMIT = 500
Moment = Annotated[
    datetime | None,
    Query(alias="as_of", description="Only what was booked up to then; now if absent"),
]


class WrongRow(BaseModel):
    """A row that is not what the ledger, or the seal, says it should be."""

    what: str
    row_id: int
    column: str
    stands: str
    should_be: str


class HealthAnswer(BaseModel):
    """How far the checker came. Every stock row was checked at or after `checked_through`; days up to `sealed_through`
    are sealed, and the whole chain was recomputed by `chain_checked_through`. The first wrong row comes first."""

    checked_through: datetime | None
    round_began_at: datetime | None
    chain_checked_through: datetime | None
    sealed_through: date | None
    wrong: list[WrongRow]


class MeasureRow(BaseModel):
    data_source: str
    measure: str
    quantity: float


class BalancesAnswer(BaseModel):
    """A stock key at a moment."""

    stock_id: int
    as_of: datetime
    on_hand: float
    reserved: float
    overdraft: float
    covered: float
    measures: list[MeasureRow]


class ReleaseRequest(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ids: list[int] = Field(min_length=1, max_length=RELEASE_LIMIT)
    reason: str = Field(min_length=1)


class ReleaseResult(BaseModel):
    id: int
    ok: bool
    reason: str = ""


class ReleaseAnswer(BaseModel):
    results: list[ReleaseResult]


@router.get("/health")
def ledger_health(principal: CurrentPrincipal, session: ReadSession) -> HealthAnswer:
    """How far stock rows and the sealed ledger were checked, and what is wrong."""
    principal.require("inventory.read")
    found = health(session)
    wrong = [
        WrongRow(
            what=w.what, row_id=w.row_id, column=w.column, stands=w.stands, should_be=w.should_be
        )
        for w in found.pop("wrong")
    ]
    return HealthAnswer(**found, wrong=wrong)


@router.get("/reservations")
def reservations(
    principal: CurrentPrincipal,
    session: ReadSession,
    product: str = "",
    source: str = "",
    document: str = "",
    line: Annotated[list[UUID] | None, Query(max_length=LINES_LIMIT)] = None,
    state: ReservationState | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[ReservationRow]:
    """Soft reservations, newest first; `document` is an order number or a request id, `line` an order line's id."""
    principal.require("inventory.read")
    cursor = decode_cursor(after, 1, parse_id)
    rows = list_reservations(
        session,
        product=product,
        source=source,
        document=document,
        state=state,
        before=int(cursor[0]) if cursor else None,
        limit=limit + 1,
        lines=line or (),
    )
    items, following = paginate(rows, limit=limit, key=lambda r: (r.id,))
    return Page(items=items, next=following)


@router.post("/reservations/release")
def release(
    request: ReleaseRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> ReleaseAnswer:
    """Give back what reservations still hold."""
    principal.require("inventory.write")
    released = release_reservations(
        session, request.ids, now=now, actor=principal.name, cause=request.reason
    )
    return ReleaseAnswer(
        results=[
            ReleaseResult(
                id=i, ok=i in released, reason="" if i in released else "holds no units any more"
            )
            for i in request.ids
        ]
    )


@router.get("/{stock_id}/ledger")
def entries(
    stock_id: int,
    principal: CurrentPrincipal,
    session: ReadSession,
    data_source: str = "",
    at: Moment = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[LedgerRow]:
    """Every entry that makes up a quantity, newest first, each with the balance of its measure after it."""
    principal.require("inventory.read")
    cursor = decode_cursor(after, 2, parse_id, balances_in)
    page = ledger_page(
        session,
        stock_id,
        at=at,
        data_source=data_source,
        after=(int(cursor[0]), cursor[1]) if cursor else None,
        limit=limit,
    )
    return Page(items=page.rows, next=encode_cursor(*page.after) if page.after else None)


@router.get("/{stock_id}/balances")
def balances(
    stock_id: int, principal: CurrentPrincipal, session: ReadSession, now: Now, at: Moment = None
) -> BalancesAnswer:
    """Every measure of a stock key as of a moment, summed from the ledger."""
    principal.require("inventory.read")
    if not fetch(session, "SELECT 1 FROM inventory_visibility.stock WHERE id = %s", (stock_id,)):
        raise NotFound(f"no stock key {stock_id}", where="stock_id", remedy="see the list of stock")
    moment = at or now
    found = as_of(session, [stock_id], moment)[stock_id]
    return BalancesAnswer(
        stock_id=stock_id,
        as_of=moment,
        on_hand=float(found.on_hand),
        reserved=float(found.reserved),
        overdraft=float(found.overdraft),
        covered=float(found.covered),
        measures=[
            MeasureRow(data_source=source, measure=measure, quantity=float(quantity))
            for (source, measure), quantity in sorted(found.measures.items())
        ],
    )

"""HTTP routes that prove a quantity: entries, past balances, the chain and reconciliation."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.bulk import fetch
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router
from openiom.platform.pagination import Page, PageRequest, encode_cursor, page_request
from openiom.platform.request_values import RowId

from .history import Balances, LedgerRow, as_of, ledger_page
from .queries import DayRow, sealed_days
from .reconciliation import ledger_health

router = Router(prefix="/api/v1/inventory", tags=["inventory"])
DayPage = Annotated[PageRequest[date], Depends(page_request(date))]
LedgerPaging = Annotated[PageRequest[int, str], Depends(page_request(int, str))]
Moment = Annotated[
    datetime | None,
    Query(alias="as_of", description="Only entries recorded up to this moment; default is now"),
]


class WrongRow(BaseModel):
    """A row that differs from what the ledger or its seal says it should be."""

    what: str
    row_id: int
    column: str
    actual: str
    expected: str


class HealthAnswer(BaseModel):
    """The progress of reconciliation.

    Every stock row was checked at or after `checked_through`. Days up to `sealed_through` are
    sealed, and the whole chain was recomputed by `chain_checked_through`. `wrong` starts with the
    discrepancy found first.
    """

    checked_through: datetime | None
    round_began_at: datetime | None
    chain_checked_through: datetime | None
    sealed_through: date | None
    wrong: list[WrongRow]


class MeasureRow(BaseModel):
    """The balance of one measure."""

    data_source: str
    measure: str
    quantity: float


class BalancesAnswer(BaseModel):
    """The balances of a stock key at a moment."""

    stock_id: int
    as_of: datetime
    on_hand: float
    reserved: float
    overdraft: float
    backed_by_variants: float
    measures: list[MeasureRow]


@router.get("/health")
def health(principal: CurrentPrincipal, session: ReadSession) -> HealthAnswer:
    """Return how far stock rows and the sealed ledger were checked, and what differs."""
    principal.require("inventory.read")
    return HealthAnswer.model_validate(asdict(ledger_health(session)))


@router.get("/chain")
def chain(paging: DayPage, principal: CurrentPrincipal, session: ReadSession) -> Page[DayRow]:
    """Return the days of the ledger, the newest first, with the hash that seals each."""
    principal.require("inventory.read")
    (before,) = paging.after or (None,)
    days = sealed_days(session, before=before, limit=paging.fetch_limit)
    return paging.page(days, key=lambda row: (row.day,))


@router.get("/{stock_id}/ledger")
def entries(
    stock_id: RowId,
    paging: LedgerPaging,
    principal: CurrentPrincipal,
    session: ReadSession,
    data_source: str = "",
    moment: Moment = None,
) -> Page[LedgerRow]:
    """Return the entries behind a quantity, the newest first, each with its measure's balance."""
    principal.require("inventory.read")
    page = ledger_page(
        session,
        stock_id,
        until=moment,
        data_source=data_source,
        after=paging.after,
        limit=paging.limit,
    )
    return Page(items=page.rows, next=encode_cursor(*page.after) if page.after else None)


@router.get("/{stock_id}/balances")
def balances(
    stock_id: RowId,
    principal: CurrentPrincipal,
    session: ReadSession,
    now: Now,
    moment: Moment = None,
) -> BalancesAnswer:
    """Return every measure of a stock key at a moment, summed from the ledger."""
    principal.require("inventory.read")
    _require_stock(session, stock_id)
    until = moment or now
    return _balances_answer(stock_id, until, as_of(session, [stock_id], until)[stock_id])


def _require_stock(session: Session, stock_id: int) -> None:
    query = "SELECT 1 FROM inventory_visibility.stock WHERE id = %s"
    if not fetch(session, query, (stock_id,)):
        raise NotFound(
            f"There is no stock key {stock_id}",
            where="stock_id",
            remedy="use an id from the list of stock",
        )


def _balances_answer(stock_id: int, moment: datetime, found: Balances) -> BalancesAnswer:
    measures = []
    for (data_source, measure), quantity in sorted(found.measures.items()):
        measures.append(
            MeasureRow(data_source=data_source, measure=measure, quantity=float(quantity))
        )

    return BalancesAnswer(
        stock_id=stock_id,
        as_of=moment,
        on_hand=float(found.on_hand),
        reserved=float(found.reserved),
        overdraft=float(found.overdraft),
        backed_by_variants=float(found.backed_by_variants),
        measures=measures,
    )

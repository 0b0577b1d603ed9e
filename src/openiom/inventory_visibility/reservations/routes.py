"""HTTP routes of soft reservations: the list, those that expire next, and manual release."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field

from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession
from openiom.platform.pagination import Page, PageRequest, page_request
from openiom.platform.request_values import RowId

from .expiry import release_reservations
from .queries import (
    ReservationFilter,
    ReservationRow,
    ReservationState,
    list_expiring,
    list_reservations,
)

router = Router(prefix="/api/v1/inventory/reservations", tags=["inventory"])
MAX_RELEASED = 1_000
MAX_LINES = 500
IdPage = Annotated[PageRequest[int], Depends(page_request(int))]
ExpiryPage = Annotated[PageRequest[datetime, int], Depends(page_request(datetime, int))]


class ReleaseRequest(BaseModel):
    """Reservations to release; `reason` becomes the cause of the ledger entries."""

    model_config = ConfigDict(extra="forbid")

    ids: list[RowId] = Field(min_length=1, max_length=MAX_RELEASED)
    reason: str = Field(min_length=1)


class ReleaseResult(BaseModel):
    id: int
    ok: bool
    reason: str = ""


class ReleaseAnswer(BaseModel):
    results: list[ReleaseResult]


def _filter(
    product: str = "",
    source: str = "",
    document: Annotated[str, Query(description="Order number or request id")] = "",
    line: Annotated[
        list[UUID] | None, Query(max_length=MAX_LINES, description="Ids of order lines")
    ] = None,
) -> ReservationFilter:
    return ReservationFilter(product, source, document, line or ())


Filter = Annotated[ReservationFilter, Depends(_filter)]


@router.get("")
def reservations(
    wanted: Filter,
    paging: IdPage,
    principal: CurrentPrincipal,
    session: ReadSession,
    state: ReservationState | None = None,
) -> Page[ReservationRow]:
    """Return soft reservations, the newest first."""
    principal.require("inventory.read")
    (before,) = paging.after or (None,)
    rows = list_reservations(
        session, replace(wanted, state=state), before=before, limit=paging.fetch_limit
    )
    return paging.page(rows, key=lambda row: (row.id,))


@router.get("/expiring")
def expiring(
    wanted: Filter, paging: ExpiryPage, principal: CurrentPrincipal, session: ReadSession
) -> Page[ReservationRow]:
    """Return open reservations that expire, the next to expire first."""
    principal.require("inventory.read")
    rows = list_expiring(session, wanted, after=paging.after, limit=paging.fetch_limit)
    return paging.page(rows, key=_expiry_key)


def _expiry_key(row: ReservationRow) -> tuple[datetime, int]:
    assert row.expires_at is not None
    return row.expires_at, row.id


@router.post("/release")
def release(
    request: ReleaseRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> ReleaseAnswer:
    """Release what reservations still hold."""
    principal.require("inventory.write")
    released = release_reservations(
        session, request.ids, now=now, actor=principal.name, cause=request.reason
    )
    return ReleaseAnswer(results=_release_results(request.ids, released))


def _release_results(ids: Sequence[int], released: set[int]) -> list[ReleaseResult]:
    results = []
    for reservation_id in ids:
        ok = reservation_id in released
        reason = "" if ok else "holds no units any more"
        results.append(ReleaseResult(id=reservation_id, ok=ok, reason=reason))
    return results

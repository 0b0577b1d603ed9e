"""HTTP routes of waiting lines."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from openiom.orders.routes import bulk_response, require_bulk
from openiom.orders.schemas import BulkRequest, BulkResponse
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession
from openiom.platform.pagination import Page, RawPageRequest, raw_page_request

from .queries import (
    SORT_KEYS,
    WaitingDetail,
    WaitingFilter,
    WaitingRow,
    get_waiting,
    list_waiting,
)
from .user_actions import cancel_waiting, recheck_waiting, release_waiting

router = Router(prefix="/api/v1/waiting-lines", tags=["orders"])

WaitingPage = Annotated[RawPageRequest, Depends(raw_page_request())]


class WaitingQuery(BaseModel):
    """Filters and order of the list of waiting lines; all that are given must match."""

    kind: Literal["", "backorder", "preorder", "capacity"] = ""
    state: Literal["", "waiting", "released"] = ""
    product: str = ""
    search: str = Field("", description="Beginning of an order number")
    order_id: UUID | None = None
    expires_within_days: int | None = Field(None, ge=0, le=365)
    expiring: bool = Field(False, description="Only lines that expire unless they are sourced")
    unpromised: bool = Field(False, description="Only lines without a promise date")
    sort: Literal[*SORT_KEYS.names] = Field(  # type: ignore[valid-type]
        "since", description="What lines are sorted by; descending with a leading -"
    )

    def to_filter(self, now: datetime) -> WaitingFilter:
        expires_before = None
        if self.expires_within_days is not None:
            expires_before = now + timedelta(days=self.expires_within_days)

        return WaitingFilter(
            kind=self.kind,
            state=self.state,
            product=self.product.replace("\x00", ""),
            search=self.search.replace("\x00", ""),
            order_id=self.order_id,
            expires_before=expires_before,
            expiring=self.expiring,
            unpromised=self.unpromised,
            sort=self.sort,
        )


@router.get("")
def find_waiting_lines(
    query: Annotated[WaitingQuery, Query()],
    paging: WaitingPage,
    principal: CurrentPrincipal,
    session: ReadSession,
    now: Now,
) -> Page[WaitingRow]:
    """Lines that wait for stock or a launch: the longest waiting first unless sorted otherwise."""
    principal.require("orders.read")
    chosen = query.to_filter(now)
    request = paging.keyed_by(*chosen.sorted_by.field_types)
    rows = list_waiting(session, chosen, after=request.after, limit=request.fetch_limit, now=now)
    return request.page(rows, key=chosen.sorted_by.cursor)


@router.get("/{line_id}")
def read_waiting_line(
    line_id: UUID, principal: CurrentPrincipal, session: ReadSession, now: Now
) -> WaitingDetail:
    """One waiting line: why it waits, which lines are before it, and what each source has."""
    principal.require("orders.read")
    return get_waiting(session, line_id, now)


@router.post("/recheck")
def recheck_lines(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Check the stock for these lines now, in the order of the queue; renew their promise dates."""
    ids = require_bulk(principal, body.ids)
    return bulk_response(ids, recheck_waiting(session, ids, now))


@router.post("/release")
def release_lines(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Release the orders of these lines out of turn; without stock they wait again."""
    ids = require_bulk(principal, body.ids)
    outcomes = release_waiting(session, ids, now, principal.name, reason=body.reason)
    return bulk_response(ids, outcomes)


@router.post("/cancel")
def cancel_waiting_lines(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Cancel the open units of these lines; their orders continue with the rest."""
    ids = require_bulk(principal, body.ids)
    outcomes = cancel_waiting(session, ids, now, principal.name, reason=body.reason)
    return bulk_response(ids, outcomes)

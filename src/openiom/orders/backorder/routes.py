"""Who waits, for what, since when and until when; and what a person may do about it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query

from openiom.kernel import TooLarge
from openiom.orders.schemas import BulkAnswer, BulkRequest, BulkResult
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    Page,
    Principal,
    ReadSession,
    WriteSession,
    decode_cursor,
    paginate,
)
from openiom.provider_contract import Outcome

from .queries import Sorting, WaitingDetail, WaitingFilter, WaitingRow, get_waiting, list_waiting
from .user_actions import cancel_waiting, recheck_waiting, release_waiting

router = APIRouter(prefix="/api/v1/waiting-lines", tags=["orders"])
BULK_LIMIT = 1_000


@router.get("")
def waiting_lines(
    principal: CurrentPrincipal,
    session: ReadSession,
    now: Now,
    kind: Literal["", "backorder", "preorder"] = "",
    state: Literal["", "waiting", "released"] = "",
    product: str = "",
    search: str = "",
    order_id: UUID | None = None,
    expires_within_days: Annotated[int | None, Query(ge=0, le=365)] = None,
    unpromised: bool = False,
    sort: Sorting = "since",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[WaitingRow]:
    """Lines that wait for stock or a launch: who waits longest first, or whose time is up first."""
    principal.require("orders.read")
    chosen = WaitingFilter(
        kind=kind,
        state=state,
        product=product.replace("\x00", ""),
        search=search.replace("\x00", ""),
        order_id=order_id,
        expires_before=None
        if expires_within_days is None
        else now + timedelta(days=expires_within_days),
        unpromised=unpromised,
        sort=sort,
    )
    start = decode_cursor(after, 2, datetime.fromisoformat, UUID)
    rows = list_waiting(session, chosen, after=start, limit=limit + 1, now=now)
    items, following = paginate(
        rows, limit=limit, key=lambda r: (getattr(r, sort).isoformat(), r.line_id)
    )
    return Page(items=items, next=following)


@router.get("/{line_id}")
def waiting_line(
    line_id: UUID, principal: CurrentPrincipal, session: ReadSession, now: Now
) -> WaitingDetail:
    """One waiting line: why it waits, who is before it, and what each source has free."""
    principal.require("orders.read")
    return get_waiting(session, line_id, now)


@router.post("/recheck")
def recheck_lines(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkAnswer:
    """Look at the stock for these lines now, in the order of the queue, and renew the days they are promised for."""
    ids = _allowed(principal, body)
    return _answer(ids, recheck_waiting(session, ids, now))


@router.post("/release")
def release_lines(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkAnswer:
    """Let the orders of these lines go on out of turn; without stock they wait again and keep their age."""
    ids = _allowed(principal, body)
    return _answer(ids, release_waiting(session, ids, now, principal.name, reason=body.reason))


@router.post("/cancel")
def cancel_waiting_lines(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkAnswer:
    """Cancel what is open of these lines; their orders go on with the rest."""
    ids = _allowed(principal, body)
    return _answer(ids, cancel_waiting(session, ids, now, principal.name, reason=body.reason))


def _allowed(principal: Principal, body: BulkRequest) -> list[UUID]:
    principal.require("orders.write")
    if len(body.ids) > BULK_LIMIT:
        raise TooLarge(
            f"{len(body.ids)} are more than {BULK_LIMIT}", where="ids", remedy="send fewer at once"
        )
    return list(body.ids)


def _answer(ids: Sequence[UUID], outcomes: Sequence[Outcome]) -> BulkAnswer:
    return BulkAnswer(
        results=[
            BulkResult(id=i, ok=o.ok, reason=o.reason) for i, o in zip(ids, outcomes, strict=True)
        ]
    )

"""Orders over HTTP."""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query
from sqlalchemy.orm import Session

from openiom.kernel import TooLarge
from openiom.platform.database import to_json
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
from openiom.provider_contract import InboundDocument, Outcome

from .queries import OrderFilter, count_orders, get_order, list_orders, order_timeline
from .schemas import (
    BulkAnswer,
    BulkRequest,
    BulkResult,
    CancelLinesRequest,
    OrderCounts,
    OrderDetail,
    OrderResult,
    OrderRow,
    OrdersAnswer,
    OrdersRequest,
    ProblemAnswer,
    Timeline,
)
from .service.hold_cancel import (
    LineCancellation,
    cancel_lines,
    cancel_orders,
    hold_orders,
    release_orders,
)
from .service.idempotency import store_response, stored_response
from .service.receive_orders import receive_orders

router = APIRouter(prefix="/api/v1/orders", tags=["orders"])

BULK_LIMIT = 1_000
INTAKE_LIMIT = 500


@router.get("")
def orders(
    principal: CurrentPrincipal,
    session: ReadSession,
    search: str = "",
    state: str = "",
    instance: str = "",
    origin: str = "",
    source: str = "",
    product: str = "",
    held: bool = False,
    placed_from: datetime | None = None,
    placed_to: datetime | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[OrderRow]:
    """Orders, newest first; `search` is the start of a number, customer or e-mail, or a whole external id."""
    principal.require("orders.read")
    chosen = OrderFilter(
        search=search.replace("\x00", ""),
        state=state,
        instance=instance,
        origin=origin,
        source=source,
        product=product,
        held=held,
        placed_from=placed_from,
        placed_to=placed_to,
    )
    rows = list_orders(session, chosen, after=_position(after), limit=limit + 1)
    items, following = paginate(rows, limit=limit, key=lambda r: (r.placed_at.isoformat(), r.id))
    return Page(items=items, next=following)


def _position(after: str | None) -> list[str] | None:
    position = decode_cursor(after, 2, datetime.fromisoformat, UUID)
    return (
        [datetime.fromisoformat(position[0]).isoformat(), str(UUID(position[1]))]
        if position
        else None
    )


@router.get("/counts")
def counts(principal: CurrentPrincipal, session: ReadSession) -> OrderCounts:
    """Orders in each state, held by hand, and stopped by a failed check."""
    principal.require("orders.read")
    return count_orders(session)


@router.get("/{order_id}")
def order(order_id: UUID, principal: CurrentPrincipal, session: ReadSession) -> OrderDetail:
    """One order with its lines, where it stands, and what may be done with it."""
    principal.require("orders.read")
    return get_order(session, order_id)


@router.get("/{order_id}/timeline")
def order_events(
    order_id: UUID,
    principal: CurrentPrincipal,
    session: ReadSession,
    limit: Annotated[int, Query(ge=1, le=2000)] = 500,
) -> Timeline:
    """Everything that happened to an order, newest first."""
    principal.require("orders.read")
    return order_timeline(session, order_id, limit=limit)


@router.post("", status_code=202)
def take_orders(
    body: OrdersRequest,
    principal: CurrentPrincipal,
    session: WriteSession,
    now: Now,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> OrdersAnswer:
    """Up to 500 orders; each is answered by its index, and a refused one does not stop the rest.

    With an `Idempotency-Key`, the same request again gets the same answer and creates nothing.
    """
    principal.require("orders.write")
    if len(body.orders) > INTAKE_LIMIT:
        raise TooLarge(
            f"{len(body.orders)} orders are more than {INTAKE_LIMIT}",
            where="orders",
            remedy="send fewer",
        )
    if not idempotency_key:
        return _take(session, body, now, principal.name)
    digest = sha256(to_json(body.model_dump(mode="json"))).hexdigest()
    known = stored_response(session, principal=principal.name, key=idempotency_key, digest=digest)
    if known is not None:
        return OrdersAnswer.model_validate(known)
    answer = _take(session, body, now, principal.name)
    kept = answer.model_dump(mode="json")
    store_response(
        session, principal=principal.name, key=idempotency_key, digest=digest, answer=kept, now=now
    )
    return answer


def _take(session: Session, body: OrdersRequest, now: datetime, actor: str) -> OrdersAnswer:
    arrived = [InboundDocument(0, body.instance, document) for document in body.orders]
    results = []
    for index, taken in enumerate(receive_orders(session, arrived, now, actor)):
        if taken.ok:
            number = str(body.orders[index].get("number", ""))
            results.append(
                OrderResult(
                    index=index,
                    ok=True,
                    id=taken.entity_id,
                    number=number,
                    duplicate=taken.duplicate,
                )
            )
        else:
            problem = ProblemAnswer(what=taken.error, where=taken.where, remedy=taken.remedy)
            results.append(OrderResult(index=index, ok=False, problem=problem))
    return OrdersAnswer(results=results)


def _allowed(principal: Principal, ids: Sequence[UUID]) -> list[UUID]:
    principal.require("orders.write")
    if len(ids) > BULK_LIMIT:
        raise TooLarge(
            f"{len(ids)} are more than {BULK_LIMIT}", where="ids", remedy="send fewer at once"
        )
    return list(ids)


def _answer(ids: Sequence[UUID], outcomes: Sequence[Outcome]) -> BulkAnswer:
    return BulkAnswer(
        results=[
            BulkResult(id=i, ok=o.ok, reason=o.reason) for i, o in zip(ids, outcomes, strict=True)
        ]
    )


@router.post("/hold")
def hold(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkAnswer:
    """Put orders on hold by hand."""
    ids = _allowed(principal, body.ids)
    return _answer(ids, hold_orders(session, ids, now, principal.name, reason=body.reason))


@router.post("/release")
def release(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkAnswer:
    """End manual holds; each order returns to where it stood."""
    ids = _allowed(principal, body.ids)
    return _answer(ids, release_orders(session, ids, now, principal.name, reason=body.reason))


@router.post("/cancel")
def cancel(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkAnswer:
    """Cancel orders that are not yet in fulfillment."""
    ids = _allowed(principal, body.ids)
    return _answer(ids, cancel_orders(session, ids, now, principal.name, reason=body.reason))


@router.post("/lines/cancel")
def cancel_units(
    body: CancelLinesRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkAnswer:
    """Cancel units of lines that no fulfillment order holds."""
    ids = _allowed(principal, [x.id for x in body.lines])
    asks = [LineCancellation(x.id, x.quantity) for x in body.lines]
    return _answer(ids, cancel_lines(session, asks, now, principal.name, reason=body.reason))

"""HTTP routes of payments."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from openiom.kernel import NotFound, TooLarge
from openiom.orders import BulkRequest, BulkResponse, bulk_response
from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router, WriteSession
from openiom.platform.pagination import Page, PageRequest, page_request

from .queries import PaymentFilter, list_payments, payments_of_order
from .schemas import (
    FactKind,
    FactState,
    OrderPayments,
    PaymentRow,
    RefundBody,
    RefundItemResult,
    RefundResponse,
)
from .service.refund import RefundRequest, RefundResult, refund
from .service.retry import retry_facts

router = Router(prefix="/api/v1", tags=["payments"])
RETRY_LIMIT = 1_000

PaymentPage = Annotated[PageRequest[int, UUID], Depends(page_request(int, UUID))]


class PaymentQuery(BaseModel):
    """Filters of the list of payments; all that are given must match."""

    state: FactState | None = None
    kind: FactKind | None = None
    method: str = Field("", description="card, paypal, gift_card, store_credit, invoice, …")
    instance: str = Field("", description="The provider instance")
    number: str = Field("", description="Beginning of the number of the order")
    needs_person: bool | None = Field(
        None, description="Whether it failed, or its outcome stays unknown, and was not retried"
    )


@router.get("/payments")
def find_payments(
    query: Annotated[PaymentQuery, Query()],
    paging: PaymentPage,
    principal: CurrentPrincipal,
    session: ReadSession,
) -> Page[PaymentRow]:
    """Payments: those that need a person first, otherwise the newest first."""
    principal.require("payments.read")
    chosen = PaymentFilter(
        state=query.state or "",
        kind=query.kind or "",
        method=query.method.replace("\x00", ""),
        instance=query.instance.replace("\x00", ""),
        number=query.number.replace("\x00", ""),
        needs_person=query.needs_person,
    )
    rows = list_payments(session, chosen, after=paging.after, limit=paging.fetch_limit)
    return paging.page(rows, key=lambda row: (int(row.needs_person), row.id))


@router.post("/payments/refund")
def request_refunds(
    body: RefundBody, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> RefundResponse:
    """Refund what was captured for orders; one result each."""
    principal.require("payments.write")
    requests: list[RefundRequest] = []
    for item in body.refunds:
        requests.append(
            RefundRequest(item.order_id, item.key, item.amount, item.reason, item.method_id)
        )

    results = refund(session, requests, now, principal.name)
    views: list[RefundItemResult] = []
    for request, result in zip(requests, results, strict=True):
        views.append(_refund_result(request, result))
    return RefundResponse(results=views)


def _refund_result(request: RefundRequest, result: RefundResult) -> RefundItemResult:
    return RefundItemResult(
        order_id=request.order_id,
        ok=result.ok,
        amount=f"{result.amount:f}",
        ids=list(result.fact_ids),
        duplicate=result.duplicate,
        reason=result.reason,
    )


@router.post("/payments/retry")
def retry_payments(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Retry captures, refunds and voids that failed or whose outcome is unknown."""
    principal.require("payments.write")
    if len(body.ids) > RETRY_LIMIT:
        raise TooLarge(
            f"{len(body.ids)} are more than {RETRY_LIMIT}",
            where="ids",
            remedy="send fewer at once",
        )
    outcomes = retry_facts(session, body.ids, now, principal.name)
    return bulk_response(body.ids, outcomes)


@router.get("/orders/{order_id}/payments")
def read_payments_of_order(
    order_id: UUID, principal: CurrentPrincipal, session: ReadSession
) -> OrderPayments:
    """The payments of an order: methods, facts and balances."""
    principal.require("payments.read")
    found = payments_of_order(session, order_id)
    if found is None:
        raise NotFound(f"no order {order_id}", remedy="look it up in the list of orders")
    return found

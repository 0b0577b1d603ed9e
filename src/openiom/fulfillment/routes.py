"""HTTP routes of fulfillment orders."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from openiom.kernel import NotFound
from openiom.orders import BulkRequest, BulkResponse, bulk_response, require_bulk
from openiom.platform.http import (
    CurrentPrincipal,
    Now,
    ReadSession,
    Router,
    WriteSession,
)
from openiom.platform.pagination import Page, RawPageRequest, raw_page_request

from .queries import (
    FulfillmentOrderFilter,
    details_of_order,
    get_details,
    list_fulfillment_orders,
)
from .schemas import (
    FulfillmentOrderDetail,
    FulfillmentOrderItems,
    FulfillmentOrderRow,
    RecallAnswerRequest,
    RecallRequest,
)
from .service.lift_refusals import lift_refusals
from .service.recall import answer_recalls, recall_fulfillment_orders, recall_orders
from .sort_keys import SORT_KEYS

router = Router(prefix="/api/v1", tags=["fulfillment"])

FulfillmentOrderPage = Annotated[RawPageRequest, Depends(raw_page_request())]


class FulfillmentOrderQuery(BaseModel):
    """Filters of the list of fulfillment orders; all that are given must match."""

    state: str = ""
    source: str = ""
    recall: str = Field(
        "",
        pattern="^(|requested|refused)$",
        description="requested: recalls without an answer; refused: those the fulfiller refused",
    )
    order_id: UUID | None = None
    search: str = Field(
        "",
        description="Beginning of a number, an order's number or a reference, or a"
        " tracking number's beginning or end",
    )
    to_be_sourced: bool = Field(
        False, description="Declined ones of which units have no source yet, the newest 10,000"
    )
    sort: Literal["", *SORT_KEYS.names] = Field(  # type: ignore[valid-type]
        "", description="What the list is sorted by; descending with a leading -"
    )


@router.get("/fulfillment-orders")
def find_fulfillment_orders(
    query: Annotated[FulfillmentOrderQuery, Query()],
    paging: FulfillmentOrderPage,
    principal: CurrentPrincipal,
    session: ReadSession,
) -> Page[FulfillmentOrderRow]:
    """Fulfillment orders, newest first unless sorted otherwise."""
    principal.require("fulfillment.read")
    chosen = FulfillmentOrderFilter(
        state=query.state,
        source=query.source,
        recall=query.recall,
        order_id=query.order_id,
        search=query.search.replace("\x00", ""),
        to_be_sourced=query.to_be_sourced,
        sort=query.sort,
    )
    request = paging.keyed_by(*chosen.sorted_by.field_types)
    rows = list_fulfillment_orders(session, chosen, after=request.after, limit=request.fetch_limit)
    return request.page(rows, key=chosen.sorted_by.cursor)


@router.post("/fulfillment-orders/recall")
def recall(
    body: RecallRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Recall fulfillment orders: cancel unsent ones, request it of the fulfillers of others."""
    ids = require_bulk(principal, body.ids)
    actor, reason = principal.name, body.reason
    outcomes = recall_fulfillment_orders(session, ids, now, actor, units=body.units, reason=reason)
    return bulk_response(ids, outcomes)


@router.post("/fulfillment-orders/recall/answer")
def answer_recall(
    body: RecallAnswerRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Record what fulfillers answered to recalls, or withdraw these."""
    ids = require_bulk(principal, body.ids)
    actor, reason = principal.name, body.reason
    outcomes = answer_recalls(session, ids, body.answer, now, actor, reason=reason)
    return bulk_response(ids, outcomes)


@router.post("/fulfillment-orders/lift-refusal")
def lift_refusal(
    body: BulkRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Let sourcing consider the sources of fulfillment orders again that refused them."""
    ids = require_bulk(principal, body.ids)
    outcomes = lift_refusals(session, ids, now, principal.name, reason=body.reason)
    return bulk_response(ids, outcomes)


@router.post("/orders/recall")
def recall_whole_orders(
    body: RecallRequest, principal: CurrentPrincipal, session: WriteSession, now: Now
) -> BulkResponse:
    """Recall every fulfillment order of orders; with `cancel` their other open units as well."""
    ids = require_bulk(principal, body.ids)
    actor, reason = principal.name, body.reason
    outcomes = recall_orders(session, ids, now, actor, units=body.units, reason=reason)
    return bulk_response(ids, outcomes)


@router.get("/fulfillment-orders/{fulfillment_order_id}")
def read_fulfillment_order(
    fulfillment_order_id: UUID, principal: CurrentPrincipal, session: ReadSession
) -> FulfillmentOrderDetail:
    """One fulfillment order with its lines, parcels and both places."""
    principal.require("fulfillment.read")
    details = get_details(session, [fulfillment_order_id])
    if not details:
        raise NotFound(
            f"no fulfillment order {fulfillment_order_id}",
            remedy="look it up in the list of fulfillment orders",
        )

    return details[0]


@router.get("/orders/{order_id}/fulfillment-orders")
def read_fulfillment_orders_of_order(
    order_id: UUID, principal: CurrentPrincipal, session: ReadSession
) -> FulfillmentOrderItems:
    """Every fulfillment order of an order, oldest first."""
    principal.require("fulfillment.read")
    return FulfillmentOrderItems(items=details_of_order(session, order_id))

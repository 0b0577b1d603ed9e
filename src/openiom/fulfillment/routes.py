"""HTTP routes of fulfillment orders."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from openiom.kernel import NotFound
from openiom.platform.http import CurrentPrincipal, ReadSession, Router
from openiom.platform.pagination import Page, PageRequest, page_request

from .queries import (
    FulfillmentOrderFilter,
    details_of_order,
    get_details,
    list_fulfillment_orders,
)
from .schemas import FulfillmentOrderDetail, FulfillmentOrderItems, FulfillmentOrderRow

router = Router(prefix="/api/v1", tags=["fulfillment"])

FulfillmentOrderPage = Annotated[PageRequest[UUID], Depends(page_request(UUID))]


class FulfillmentOrderQuery(BaseModel):
    """Filters of the list of fulfillment orders; all that are given must match."""

    state: str = ""
    source: str = ""
    order_id: UUID | None = None
    search: str = Field(
        "", description="A fulfillment order's number, or the beginning of an order's number"
    )


@router.get("/fulfillment-orders")
def find_fulfillment_orders(
    query: Annotated[FulfillmentOrderQuery, Query()],
    paging: FulfillmentOrderPage,
    principal: CurrentPrincipal,
    session: ReadSession,
) -> Page[FulfillmentOrderRow]:
    """Fulfillment orders, newest first."""
    principal.require("fulfillment.read")
    chosen = FulfillmentOrderFilter(
        state=query.state,
        source=query.source,
        order_id=query.order_id,
        search=query.search.replace("\x00", ""),
    )
    after = paging.after[0] if paging.after else None
    rows = list_fulfillment_orders(session, chosen, after=after, limit=paging.fetch_limit)
    return paging.page(rows, key=lambda row: (row.id,))


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

"""Fulfillment orders over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from openiom.kernel import NotFound
from openiom.platform.http import CurrentPrincipal, Page, ReadSession, decode_cursor, paginate

from .queries import details, details_of_order, list_fulfillment_orders
from .schemas import FulfillmentOrderDetail, FulfillmentOrderItems, FulfillmentOrderRow

router = APIRouter(prefix="/api/v1", tags=["fulfillment"])


@router.get("/fulfillment-orders")
def fulfillment_orders(
    principal: CurrentPrincipal,
    session: ReadSession,
    state: str = "",
    source: str = "",
    order_id: UUID | None = None,
    search: str = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[FulfillmentOrderRow]:
    """Fulfillment orders, newest first."""
    principal.require("fulfillment.read")
    position = _position(after)
    rows = list_fulfillment_orders(
        session,
        state=state,
        source=source,
        order_id=order_id,
        search=search.replace("\x00", ""),
        after=position,
        limit=limit + 1,
    )
    items, following = paginate(rows, limit=limit, key=lambda r: (r.id,))
    return Page(items=items, next=following)


def _position(after: str | None) -> str | None:
    cursor = decode_cursor(after, 1, UUID)
    return str(UUID(cursor[0])) if cursor else None


@router.get("/fulfillment-orders/{fulfillment_order_id}")
def fulfillment_order(
    fulfillment_order_id: UUID, principal: CurrentPrincipal, session: ReadSession
) -> FulfillmentOrderDetail:
    """One fulfillment order with its lines, parcels and both places."""
    principal.require("fulfillment.read")
    found = details(session, [fulfillment_order_id])
    if not found:
        raise NotFound(f"no fulfillment order {fulfillment_order_id}")
    return found[0]


@router.get("/orders/{order_id}/fulfillment-orders")
def fulfillment_orders_of_order(
    order_id: UUID, principal: CurrentPrincipal, session: ReadSession
) -> FulfillmentOrderItems:
    """Every fulfillment order of an order, oldest first."""
    principal.require("fulfillment.read")
    return FulfillmentOrderItems(items=details_of_order(session, order_id))

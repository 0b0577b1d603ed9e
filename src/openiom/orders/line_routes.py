"""Which order a line belongs to, for whoever knows only the line."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel

from openiom.platform.bulk import fetch
from openiom.platform.http import CurrentPrincipal, Page, ReadSession

router = APIRouter(prefix="/api/v1/order-lines", tags=["orders"])
MOST = 500


class LineName(BaseModel):
    line_id: UUID
    order_id: UUID
    order_number: str
    line_number: int


@router.get("")
def order_lines(
    principal: CurrentPrincipal,
    session: ReadSession,
    ids: Annotated[list[UUID] | None, Query(max_length=MOST)] = None,
    order_number: str = "",
) -> Page[LineName]:
    """Lines by their ids, or all lines of the orders with a number; at most 500, by order and line number."""
    principal.require("orders.read")
    rows = fetch(
        session,
        "SELECT l.id, o.id, o.number, l.line_number FROM orders.order_line l JOIN orders.order o ON o.id = l.order_id"
        + (
            " WHERE lower(o.number) = lower(%s)"
            if order_number
            else " WHERE l.id = ANY(%s::uuid[])"
        )
        + " ORDER BY o.number, l.line_number, l.id LIMIT %s",
        (order_number or list(ids or ()), MOST),
    )
    names = tuple(LineName.model_fields)
    return Page(items=[LineName(**dict(zip(names, row, strict=True))) for row in rows])

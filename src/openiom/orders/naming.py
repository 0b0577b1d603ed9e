"""What people call an order, for pages of other rooms that only know its id."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select

from openiom.platform.http import CurrentPrincipal, ReadSession

from .models import Order

MOST = 500
names_router = APIRouter(prefix="/api/v1/order-names", tags=["orders"])


class OrderName(BaseModel):
    id: UUID
    number: str
    customer_name: str


class OrderNames(BaseModel):
    items: list[OrderName]


@names_router.get("")
def order_names(
    principal: CurrentPrincipal,
    session: ReadSession,
    id: Annotated[list[UUID], Query(min_length=1, max_length=MOST)],
) -> OrderNames:
    """Number and customer of up to 500 orders; one that does not exist is left out."""
    principal.require("orders.read")
    rows = session.execute(
        select(Order.id, Order.number, Order.customer_name).where(Order.id.in_(id))
    )
    return OrderNames(
        items=[OrderName(id=i, number=number, customer_name=name) for i, number, name in rows]
    )

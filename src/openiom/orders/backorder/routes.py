"""Who waits, for what, since when and until when."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch
from openiom.platform.http import Asker, Page, Reading, page_of, read_cursor

router = APIRouter(prefix="/api/v1/waiting-lines", tags=["orders"])


class WaitingRow(BaseModel):
    """A line on hold. `available_on` is the day it is promised for, as sure as `confidence` says (0 to 1)."""

    line_id: UUID
    order_id: UUID
    order_number: str
    line_number: int
    product: str
    name: str
    quantity: int
    kind: str
    state: str
    since: datetime
    expires_at: datetime | None
    launch_date: date | None
    available_on: date | None
    confidence: float | None


@router.get("")
def waiting_lines(
    asker: Asker,
    session: Reading,
    kind: Literal["", "backorder", "preorder"] = "",
    product: str = "",
    order_id: UUID | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[WaitingRow]:
    """Lines that wait for stock or a launch, who waits longest first."""
    asker.require("orders.read")
    rows = list_waiting(
        session, kind, product, order_id, read_cursor(after, 2, datetime.fromisoformat, UUID), limit + 1
    )
    items, following = page_of(rows, limit=limit, key=lambda r: (r.since, r.line_id))
    return Page(items=items, next=following)


def list_waiting(
    session: Session, kind: str, product: str, order_id: UUID | None, after: Sequence[str] | None, limit: int
) -> list[WaitingRow]:
    where, values = ["TRUE"], list[Any]()
    for clause, value in (("w.kind = %s", kind), ("w.product = %s", product), ("w.order_id = %s", order_id)):
        if value:
            where.append(clause)
            values.append(value)
    if after:
        where.append("(w.since, w.line_id) > (%s::timestamptz, %s::uuid)")
        values += after
    rows = fetch(
        session,
        "SELECT w.line_id, w.order_id, o.number, l.line_number, w.product, l.name, w.quantity, w.kind, w.state,"
        " w.since, w.expires_at, w.launch_date, w.available_on, w.confidence::float8 FROM orders.waiting_line w"
        " JOIN orders.order o ON o.id = w.order_id JOIN orders.order_line l ON l.id = w.line_id"
        f" WHERE {' AND '.join(where)} ORDER BY w.since, w.line_id LIMIT %s",
        (*values, limit),
    )
    names = tuple(WaitingRow.model_fields)
    return [WaitingRow(**dict(zip(names, row, strict=True))) for row in rows]

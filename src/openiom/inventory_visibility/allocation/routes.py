"""Allocations of our own stock over HTTP, to read. The acts are those of the public contract."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from openiom.platform.http import (
    CurrentPrincipal,
    Page,
    ReadSession,
    decode_cursor,
    paginate,
    parse_id,
)

from .queries import own_allocations

router = APIRouter(prefix="/api/v1/inventory/allocations", tags=["inventory"])


class OwnAllocation(BaseModel):
    """Units kept for a path of groups, highest first."""

    id: int
    product: str
    source: str
    dimensions: dict[str, str]
    groups: list[str]
    allocated: float
    cumulative_allocated: float
    consumed: float
    cumulative_consumed: float


@router.get("")
def allocations(
    principal: CurrentPrincipal,
    session: ReadSession,
    product: str = "",
    source: str = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[OwnAllocation]:
    """What of our own stock is kept for whom."""
    principal.require("inventory.read")
    found = own_allocations(
        session,
        product=product,
        source=source,
        after=decode_cursor(after, 1, parse_id),
        limit=limit + 1,
    )
    rows = [
        OwnAllocation(
            id=number,
            product=row.product,
            source=row.source,
            dimensions=row.dimensions,
            groups=list(row.groups),
            allocated=float(row.allocated),
            cumulative_allocated=float(row.cumulative_allocated),
            consumed=float(row.consumed),
            cumulative_consumed=float(row.cumulative_consumed),
        )
        for number, row in found
    ]
    items, following = paginate(rows, limit=limit, key=lambda r: (r.id,))
    return Page(items=items, next=following)

"""What became of the files of the inventory feed."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from openiom.platform.bulk import fetch
from openiom.platform.http import (
    CurrentPrincipal,
    Page,
    ReadSession,
    decode_cursor,
    paginate,
    parse_id,
)

router = APIRouter(prefix="/api/v1/inventory", tags=["inventory"])


class FeedFileRow(BaseModel):
    """`problem` is the first of `problems`; a refused file has posted nothing."""

    id: int
    name: str
    state: Literal["done", "error"]
    data_source: str
    feed_type: str
    records: int
    problems: int
    problem: str
    at: datetime


@router.get("/feeds")
def feeds(
    principal: CurrentPrincipal,
    session: ReadSession,
    state: Literal["", "done", "error"] = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[FeedFileRow]:
    """Feed files, newest first."""
    principal.require("inventory.read")
    cursor = decode_cursor(after, 1, parse_id)
    before = int(cursor[0]) if cursor else None
    names = tuple(FeedFileRow.model_fields)
    rows = fetch(
        session,
        f"SELECT {', '.join(names)} FROM inventory_visibility.feed_file WHERE (%s = '' OR state = %s)"
        " AND (%s::bigint IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
        (state, state, before, before, limit + 1),
    )
    found = [FeedFileRow(**dict(zip(names, row, strict=True))) for row in rows]
    items, following = paginate(found, limit=limit, key=lambda r: (r.id,))
    return Page(items=items, next=following)

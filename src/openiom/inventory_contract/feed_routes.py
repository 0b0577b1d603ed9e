"""Route of the files that the inventory feed processed."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel

from openiom.platform.bulk import fetch_as
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
    """A feed file. `problem` is the first of `problems`; a refused file posted nothing."""

    id: int
    name: str
    state: Literal["done", "error"]
    data_source: str
    feed_type: str
    records: int
    problems: int
    problem: str
    recorded_at: datetime


_COLUMNS = ", ".join(FeedFileRow.model_fields)


@router.get("/feeds")
def feeds(
    principal: CurrentPrincipal,
    session: ReadSession,
    state: Literal["", "done", "error"] = "",
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Page[FeedFileRow]:
    """Return feed files, the newest first."""
    principal.require("inventory.read")
    cursor = decode_cursor(after, 1, parse_id)
    before = int(cursor[0]) if cursor else None
    found = fetch_as(
        session,
        FeedFileRow,
        f"SELECT {_COLUMNS} FROM inventory_contract.feed_file"
        " WHERE (%s = '' OR state = %s) AND (%s::bigint IS NULL OR id < %s)"
        " ORDER BY id DESC LIMIT %s",
        (state, state, before, before, limit + 1),
    )
    items, following = paginate(found, limit=limit, key=lambda row: (row.id,))
    return Page(items=items, next=following)

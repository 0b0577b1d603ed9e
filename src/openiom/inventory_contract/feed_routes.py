"""Route of the files that the inventory feed processed."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends
from pydantic import BaseModel

from openiom.platform.bulk import fetch_as
from openiom.platform.http import CurrentPrincipal, ReadSession, Router
from openiom.platform.pagination import Page, PageRequest, page_request

router = Router(prefix="/api/v1/inventory", tags=["inventory"])

FeedPage = Annotated[PageRequest[int], Depends(page_request(int))]


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
    paging: FeedPage,
    state: Literal["", "done", "error"] = "",
) -> Page[FeedFileRow]:
    """Return feed files, the newest first."""
    principal.require("inventory.read")
    before = paging.after[0] if paging.after else None
    found = fetch_as(
        session,
        FeedFileRow,
        f"SELECT {_COLUMNS} FROM inventory_contract.feed_file"
        " WHERE (%s = '' OR state = %s) AND (%s::bigint IS NULL OR id < %s)"
        " ORDER BY id DESC LIMIT %s",
        (state, state, before, before, paging.fetch_limit),
    )
    return paging.page(found, key=lambda row: (row.id,))

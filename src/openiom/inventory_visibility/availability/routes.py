"""HTTP routes of availability: the list of stock, and availability to promise by day."""

from typing import Annotated

from fastapi import Depends, Query

from openiom.platform.http import CurrentPrincipal, Now, ReadSession, Router
from openiom.platform.pagination import Page, PageRequest, page_request

from .decisions import Requester
from .queries import StockFilter, StockRow, list_stock
from .timelines import PromiseTimeline, timelines

router = Router(prefix="/api/v1/inventory", tags=["inventory"])
MAX_TIMELINES = 100
StockPage = Annotated[PageRequest[str, str, int], Depends(page_request(str, str, int))]
SourcePage = Annotated[PageRequest[str], Depends(page_request(str, max_limit=MAX_TIMELINES))]


def _stock_filter(
    product: str = "", source: str = "", search: str = "", short: bool = False
) -> StockFilter:
    return StockFilter(product, source, search, short)


def _requester(channel: str = "", customer_group: str = "") -> Requester:
    return Requester(channel, customer_group)


@router.get("")
def inventory(
    wanted: Annotated[StockFilter, Depends(_stock_filter)],
    paging: StockPage,
    principal: CurrentPrincipal,
    session: ReadSession,
) -> Page[StockRow]:
    """Return stock by product and source; `short` keeps only stock without unreserved units."""
    principal.require("inventory.read")
    rows = list_stock(session, wanted, after=paging.after, limit=paging.fetch_limit)
    return paging.page(rows, key=lambda row: (row.product, row.source, row.id))


@router.get("/atp")
def atp(
    product: Annotated[str, Query(min_length=1)],
    requester: Annotated[Requester, Depends(_requester)],
    paging: SourcePage,
    principal: CurrentPrincipal,
    session: ReadSession,
    now: Now,
    source: str = "",
) -> Page[PromiseTimeline]:
    """Return what can be promised of a product by day at each source, with the entries of each day.

    With a channel it is what orders of the channel see: including what is allocated to it and its
    customer group, less its buffer.
    """
    principal.require("inventory.read")
    (after,) = paging.after or ("",)
    rows = timelines(
        session,
        product,
        source=source,
        today=now.date(),
        after=after,
        limit=paging.fetch_limit,
        requester=requester,
    )
    return paging.page(rows, key=lambda row: (row.source,))

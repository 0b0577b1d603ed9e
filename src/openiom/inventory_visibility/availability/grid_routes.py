"""HTTP routes of the visibility grid: grouped stock, the keys behind it, and what it is called."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel

from openiom.inventory_visibility.configuration import inventory_configuration
from openiom.kernel import Invalid, NotFound
from openiom.platform.http import CurrentPrincipal, ReadSession, Router
from openiom.platform.pagination import (
    Page,
    PageRequest,
    RawPageRequest,
    page_request,
    raw_page_request,
)
from openiom.platform.request_values import RowId

from .display_schema import Shape, display_schema
from .grid import (
    MAX_GROUP_COLUMNS,
    PRODUCT,
    SOURCE,
    GridGroup,
    GridQuery,
    StockKeyRow,
    checked_dimension,
    groups,
    stock_key,
    stock_keys,
)

router = Router(prefix="/api/v1/inventory", tags=["inventory"])
GridPage = Annotated[RawPageRequest, Depends(raw_page_request())]
KeyPage = Annotated[PageRequest[int], Depends(page_request(int))]


class GroupRow(BaseModel):
    """One row of the grid.

    `values` are what it is grouped by, `measures` units by data source and measure. `available` may
    be promised to every requester: on hand, less reserved, safety stock and allocated units.
    `stock_id` is set when a single stock key is behind the row.
    """

    values: dict[str, str]
    product_name: str
    keys: int
    stock_id: int | None
    on_hand: float
    reserved: float
    safety_stock: float
    allocated: float
    available: float
    oversell: bool
    measures: dict[str, dict[str, float]]
    updated_at: datetime


def _stock_query(
    organization: str = "",
    product: str = "",
    source: str = "",
    dimension: Annotated[
        list[str] | None,
        Query(description="name=value of a base dimension; an empty value means none"),
    ] = None,
) -> GridQuery:
    return GridQuery((), organization, product, source, dimensions=_dimensions(dimension or ()))


def _grid_query(
    stock: Annotated[GridQuery, Depends(_stock_query)],
    group_by: Annotated[
        str,
        Query(description="Product, source and base dimensions in this order, separated by commas"),
    ] = "product,source",
    search: Annotated[
        str, Query(description="Beginning of a product number, or part of a product's name")
    ] = "",
    short: Annotated[
        bool, Query(description="Only groups of which nothing may be promised")
    ] = False,
) -> GridQuery:
    return replace(stock, group_by=_group_by(group_by), search=search, short=short)


StockQuery = Annotated[GridQuery, Depends(_stock_query)]
GroupedQuery = Annotated[GridQuery, Depends(_grid_query)]


@router.get("/shape")
def shape(principal: CurrentPrincipal, session: ReadSession) -> Shape:
    """Return the names of source systems, measures, dimensions and allocation groups."""
    principal.require("inventory.read")
    return display_schema(session)


@router.get("/visibility")
def visibility(
    query: GroupedQuery, paging: GridPage, principal: CurrentPrincipal, session: ReadSession
) -> Page[GroupRow]:
    """Return grouped stock with every measure."""
    principal.require("inventory.read")
    request = paging.keyed_by(*[str] * len(query.group_by))
    found = groups(
        session,
        query,
        inventory_configuration(session),
        after=request.after,
        limit=request.fetch_limit,
    )
    shown, following = request.split(found, key=lambda group: group.values)
    rows = [_group_row(query.group_by, group) for group in shown]
    return Page(items=rows, next=following)


@router.get("/keys")
def keys(
    query: StockQuery, paging: KeyPage, principal: CurrentPrincipal, session: ReadSession
) -> Page[StockKeyRow]:
    """Return the stock keys behind a row of the grid."""
    principal.require("inventory.read")
    (after,) = paging.after or (0,)
    found = stock_keys(
        session, query, inventory_configuration(session), after=after, limit=paging.fetch_limit
    )
    return paging.page(found, key=lambda row: (row.stock_id,))


@router.get("/keys/{stock_id}")
def key(stock_id: RowId, principal: CurrentPrincipal, session: ReadSession) -> StockKeyRow:
    """Return one stock key."""
    principal.require("inventory.read")
    found = stock_key(session, stock_id)
    if found is None:
        raise NotFound(
            f"There is no stock key {stock_id}",
            where="stock_id",
            remedy="use an id from the list of stock",
        )

    return found


def _group_row(group_by: Sequence[str], group: GridGroup) -> GroupRow:
    return GroupRow(
        values=dict(zip(group_by, group.values, strict=True)),
        product_name=group.product_name,
        keys=group.keys,
        stock_id=group.stock_id,
        on_hand=float(group.on_hand),
        reserved=float(group.reserved),
        safety_stock=float(group.safety_stock),
        allocated=float(group.allocated),
        available=float(group.available),
        oversell=group.oversell,
        measures=group.measures,
        updated_at=group.updated_at,
    )


def _group_by(given: str) -> list[str]:
    """Return the checked names to group by, in lower case and in the given order."""
    names: dict[str, str] = {}
    parts = list(filter(None, map(str.strip, given.split(","))))

    for part in parts:
        name = _group_name(part)
        names[name] = part

    if not 0 < len(names) == len(parts) <= MAX_GROUP_COLUMNS:
        raise Invalid(
            f"cannot group by {given or 'nothing'}",
            where="group_by",
            remedy=f"name product, source or dimensions, each once and at most {MAX_GROUP_COLUMNS}",
        )

    return list(names)


def _group_name(part: str) -> str:
    if part.lower() in (PRODUCT, SOURCE):
        return part.lower()
    return checked_dimension(part, "group_by")


def _dimensions(given: Sequence[str]) -> dict[str, str]:
    """Return the values of checked base dimensions from `name=value` texts."""
    found = {}
    for text in given:
        name, _, value = text.partition("=")
        found[checked_dimension(name, "dimension")] = value
    return found

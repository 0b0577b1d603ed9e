"""HTTP API of master data."""

from typing import Annotated, Literal

from fastapi import Depends, Query

from openiom.platform.http import CurrentPrincipal, ReadSession, Router
from openiom.platform.pagination import (
    Page,
    PageRequest,
    RawPageRequest,
    page_request,
    raw_page_request,
)

from .queries import (
    PRODUCT_SORT_KEYS,
    get_product,
    list_accounts,
    list_names,
    list_products,
    suggest_matches,
)
from .schemas import AccountRow, NamedRow, ProductDetail, ProductRow, Suggestion, Suggestions

router = Router(prefix="/api/v1", tags=["master data"])
READ = "master_data.read"
NamePage = Annotated[PageRequest[str], Depends(page_request(str))]


@router.get("/products")
def products(
    paging: Annotated[RawPageRequest, Depends(raw_page_request())],
    principal: CurrentPrincipal,
    session: ReadSession,
    search: str = "",
    sort: Annotated[
        Literal[*PRODUCT_SORT_KEYS.names],  # type: ignore[valid-type]
        Query(description="What products are sorted by; descending with a leading -"),
    ] = "number",
) -> Page[ProductRow]:
    """List products by number unless sorted otherwise."""
    principal.require(READ)
    sorted_by = PRODUCT_SORT_KEYS.parse(sort)
    request = paging.keyed_by(*sorted_by.field_types)
    rows = list_products(
        session, search=search, sort=sort, after=request.after, limit=request.fetch_limit
    )
    return request.page(rows, key=sorted_by.cursor)


@router.get("/products/{number:path}")
def product(number: str, principal: CurrentPrincipal, session: ReadSession) -> ProductDetail:
    """Return one product. Numbers may contain slashes."""
    principal.require(READ)
    return get_product(session, number)


@router.get("/accounts")
def accounts(
    paging: NamePage, principal: CurrentPrincipal, session: ReadSession, search: str = ""
) -> Page[AccountRow]:
    """List accounts by name."""
    principal.require(READ)
    rows = list_accounts(session, search=search, after=_name(paging), limit=paging.fetch_limit)
    return paging.page(rows, key=lambda row: (row.name,))


@router.get("/units")
def units(paging: NamePage, principal: CurrentPrincipal, session: ReadSession) -> Page[NamedRow]:
    """List units by name."""
    return _names_page("unit", paging, principal, session)


@router.get("/currencies")
def currencies(
    paging: NamePage, principal: CurrentPrincipal, session: ReadSession
) -> Page[NamedRow]:
    """List currencies by code."""
    return _names_page("currency", paging, principal, session)


@router.get("/price-lists")
def price_lists(
    paging: NamePage, principal: CurrentPrincipal, session: ReadSession
) -> Page[NamedRow]:
    """List price lists by name."""
    return _names_page("price_list", paging, principal, session)


@router.get("/master-data/{table}/suggestions")
def suggestions(
    table: str,
    principal: CurrentPrincipal,
    session: ReadSession,
    value: Annotated[list[str], Query(min_length=1, max_length=100)],
) -> Suggestions:
    """Return the records that external keys may mean."""
    principal.require(READ)
    items = {}
    for key, matches in suggest_matches(session, table, value).items():
        items[key] = [Suggestion(**match._asdict()) for match in matches]

    return Suggestions(items=items)


def _names_page(
    table: str, paging: PageRequest[str], principal: CurrentPrincipal, session: ReadSession
) -> Page[NamedRow]:
    principal.require(READ)
    rows = list_names(session, table, after=_name(paging), limit=paging.fetch_limit)
    return paging.page(rows, key=lambda row: (row.name,))


def _name(paging: PageRequest[str]) -> str | None:
    return paging.after[0] if paging.after else None

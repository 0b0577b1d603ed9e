"""The catalog over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from openiom.platform.http import CurrentPrincipal, Page, ReadSession, decode_cursor, paginate

from .queries import get_product, list_accounts, list_names, list_products, suggest
from .schemas import AccountRow, NamedRow, ProductDetail, ProductRow, Suggestion, Suggestions

router = APIRouter(prefix="/api/v1", tags=["master data"])
Limit = Annotated[int, Query(ge=1, le=500)]


@router.get("/products")
def products(
    principal: CurrentPrincipal,
    session: ReadSession,
    search: str = "",
    after: str | None = None,
    limit: Limit = 50,
) -> Page[ProductRow]:
    """Products by number."""
    principal.require("master_data.read")
    rows = list_products(session, search=search, after=decode_cursor(after, 1), limit=limit + 1)
    items, following = paginate(rows, limit=limit, key=lambda r: (r.number,))
    return Page(items=items, next=following)


@router.get("/products/{number}")
def product(number: str, principal: CurrentPrincipal, session: ReadSession) -> ProductDetail:
    principal.require("master_data.read")
    return get_product(session, number)


@router.get("/accounts")
def accounts(
    principal: CurrentPrincipal,
    session: ReadSession,
    search: str = "",
    after: str | None = None,
    limit: Limit = 50,
) -> Page[AccountRow]:
    """Accounts by name."""
    principal.require("master_data.read")
    rows = list_accounts(session, search=search, after=decode_cursor(after, 1), limit=limit + 1)
    items, following = paginate(rows, limit=limit, key=lambda r: (r.name,))
    return Page(items=items, next=following)


def _names(
    table: str, principal: CurrentPrincipal, session: ReadSession, after: str | None, limit: int
) -> Page[NamedRow]:
    principal.require("master_data.read")
    rows = list_names(session, table, after=decode_cursor(after, 1), limit=limit + 1)
    items, following = paginate(rows, limit=limit, key=lambda r: (r.name,))
    return Page(items=items, next=following)


@router.get("/units")
def units(
    principal: CurrentPrincipal, session: ReadSession, after: str | None = None, limit: Limit = 50
) -> Page[NamedRow]:
    return _names("unit", principal, session, after, limit)


@router.get("/currencies")
def currencies(
    principal: CurrentPrincipal, session: ReadSession, after: str | None = None, limit: Limit = 50
) -> Page[NamedRow]:
    return _names("currency", principal, session, after, limit)


@router.get("/price-lists")
def price_lists(
    principal: CurrentPrincipal, session: ReadSession, after: str | None = None, limit: Limit = 50
) -> Page[NamedRow]:
    return _names("price_list", principal, session, after, limit)


@router.get("/master-data/{table}/suggestions")
def suggestions(
    table: str,
    principal: CurrentPrincipal,
    session: ReadSession,
    value: Annotated[list[str], Query(min_length=1, max_length=100)],
) -> Suggestions:
    """Records of ours that outside keys may mean."""
    principal.require("master_data.read")
    found = suggest(session, table, value)
    return Suggestions(
        items={
            v: [Suggestion(internal=i, label=la, score=s) for i, la, s in found[v]]
            for v in sorted(set(value))
        }
    )

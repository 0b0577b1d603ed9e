"""Routes of queries: by index, by exact tuples, by URL, and with a search for products."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    LOCATION,
    InventoryConfiguration,
    StockQuery,
    inventory_configuration,
    locations_of,
    measure_sums,
)
from openiom.kernel import Invalid
from openiom.master_data import matching_products
from openiom.platform.http import Now, RawBody, ReadSession, Router
from openiom.platform.request_values import MAX_INTEGER

from .body_parser import folded, read_object, texts
from .dated_quantities import add_dates
from .dependencies import PREFIX, Caller, Version
from .openapi_shapes import QUERY, body_of
from .query_parser import MAX_PRODUCTS, read_exact_query, read_index_query
from .response_writer import result_json
from .responses import json_response

router = Router(prefix=PREFIX, tags=["inventory visibility contract"])
PageNumber = Annotated[
    int,
    Query(alias="pageNumber", ge=1, le=MAX_INTEGER, description="Version 2.0: pages of warehouses"),
]
PageSize = Annotated[
    int | None,
    Query(alias="pageSize", ge=1, le=10_000, description="Version 2.0: warehouses per page"),
]
JSON = "application/json"
_NOTHING_FOUND = "nothing found"
ReadQuery = Callable[..., StockQuery]
_SETTINGS = ("dimensiondatasource", "returnnegative", "queryatp", "atpfromdate", "atptodate")


@dataclass(frozen=True, slots=True)
class Paging:
    """The requested page of warehouses (version 2.0); without a size one page has all of them."""

    number: int = 1
    size: int | None = None


def paging(number: PageNumber = 1, size: PageSize = None) -> Paging:
    """Return the requested page."""
    return Paging(number, size)


Page = Annotated[Paging, Depends(paging)]


@router.post("/onhand/indexquery", openapi_extra=body_of(QUERY))
def index_query(
    principal: Caller, session: ReadSession, body: RawBody, version: Version, now: Now, page: Page
) -> Response:
    """Return quantities for all combinations of the sites and locations named."""
    principal.require("inventory.read")
    return _respond(
        session, read_object(body), read_index_query, version, "onhand/indexquery", page, now
    )


@router.post("/onhand/exactquery", openapi_extra=body_of(QUERY))
def exact_query(
    principal: Caller, session: ReadSession, body: RawBody, version: Version, now: Now, page: Page
) -> Response:
    """Return quantities of the listed tuples; their dimensions are added to groupByValues."""
    principal.require("inventory.read")
    return _respond(
        session, read_object(body), read_exact_query, version, "onhand/exactquery", page, now
    )


@router.get("/onhand")
def on_hand(principal: Caller, session: ReadSession, request: Request, now: Now) -> Response:
    """Run the index query of a URL.

    Its parameters are organizationId, productId, dimensions, groupBy (comma-separated) and
    returnNegative.
    """
    principal.require("inventory.read")
    body = _body_of_url(request)
    return _respond(session, body, read_index_query, 1, "onhand", Paging(), now)


@router.post("/onhand/productsearch/indexquery", openapi_extra=body_of(QUERY))
def search_index_query(
    principal: Caller, session: ReadSession, body: RawBody, version: Version, now: Now, page: Page
) -> Response:
    """Run the index query for the products that `productSearch` finds."""
    principal.require("inventory.read")
    given = _with_found_products(session, read_object(body))
    return _respond(
        session, given, read_index_query, version, "onhand/productsearch/indexquery", page, now
    )


@router.post("/onhand/productsearch/exactquery", openapi_extra=body_of(QUERY))
def search_exact_query(
    principal: Caller, session: ReadSession, body: RawBody, version: Version, now: Now, page: Page
) -> Response:
    """Run the exact query for the products that `productSearch` finds."""
    principal.require("inventory.read")
    given = _with_found_products(session, read_object(body))
    return _respond(
        session, given, read_exact_query, version, "onhand/productsearch/exactquery", page, now
    )


def _respond(
    session: Session,
    body: Mapping[str, Any],
    read: ReadQuery,
    version: int,
    path: str,
    page: Paging,
    now: datetime,
) -> Response:
    configuration = inventory_configuration(session)
    if body.get(_NOTHING_FOUND):
        return json_response({"Value": [], "nextLink": ""} if version > 1 else [])

    query = read(body, configuration, version=version)
    if version == 1:
        return Response(_rows(session, query, configuration, now), media_type=JSON)
    if not page.size:
        return _page_response(_rows(session, query, configuration, now), "")

    locations = locations_of(session, query)
    start = (page.number - 1) * page.size
    end = start + page.size
    if start >= len(locations):
        return _page_response(b"[]", "")

    next_link = ""
    if end < len(locations):
        next_link = f"{path}?pageNumber={page.number + 1}&pageSize={page.size}"

    query = _limited_to(query, locations[start:end])
    return _page_response(_rows(session, query, configuration, now), next_link)


def _page_response(rows: bytes, next_link: str) -> Response:
    content = b'{"Value":%b,"nextLink":%b}' % (rows, orjson.dumps(next_link))
    return Response(content, media_type=JSON)


def _rows(
    session: Session, query: StockQuery, configuration: InventoryConfiguration, now: datetime
) -> bytes:
    sums = measure_sums(session, query, configuration)
    rows = result_json(sums, query, configuration)
    if query.dates is None:
        return rows
    dated = add_dates(session, orjson.loads(rows), query, query.dates, configuration, now=now)
    return orjson.dumps(dated)


def _limited_to(query: StockQuery, locations: list[str]) -> StockQuery:
    """Return the query limited to one page of its locations."""
    if LOCATION not in query.keys:
        return replace(query, filters={**query.filters, LOCATION: locations})
    index = query.keys.index(LOCATION)
    selected = set(locations)
    return replace(query, values=[row for row in query.values if row[index] in selected])


def _body_of_url(request: Request) -> dict[str, Any]:
    """Return the body of the index query that a URL describes; names in lower case."""
    body: dict[str, Any] = {}
    filters: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        lower = name.lower()
        if lower in _SETTINGS:
            body[lower] = value
        elif lower == "groupby":
            body["groupbyvalues"] = _listed_names(value)
        else:
            filters.setdefault(lower, []).append(value)

    return {**body, "filters": filters}


def _listed_names(value: str) -> list[str]:
    """Return the names of a list separated by commas; empty ones are ignored."""
    return list(filter(None, map(str.strip, value.split(","))))


def _with_found_products(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """Return the query with the products that its `productSearch` finds. Raises Invalid."""
    filters = folded(body.get("filters"), "filters")
    if filters.get("productid"):
        raise Invalid(
            "productId is not allowed with productSearch",
            where="filters.productId",
            remedy="remove it",
        )

    organizations = texts(filters, "organizationId")
    found = matching_products(
        session, body.get("productsearch"), organizations=organizations, limit=MAX_PRODUCTS
    )
    return {**body, "filters": {**filters, "productid": found}, _NOTHING_FOUND: not found}

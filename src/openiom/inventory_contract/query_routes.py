"""Queries of the contract: by index, by exact tuples, by URL, and by what products are instead of their ids."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    LOCATION,
    InventoryConfiguration,
    inventory_configuration,
)
from openiom.kernel import Invalid
from openiom.master_data import matching_products
from openiom.platform.http import Now, RawBody, ReadSession

from .body_parser import folded, read_object, texts
from .dated_quantities import add_dates
from .dependencies import PREFIX, Caller, Version
from .openapi_shapes import QUERY, body_of
from .query_aggregation import locations_of, quantities
from .query_parser import MOST_PRODUCTS, Question, read_exact_query, read_index_query
from .response_writer import answer_json
from .responses import json

router = APIRouter(prefix=PREFIX, tags=["inventory visibility contract"])
PageNumber = Annotated[
    int, Query(alias="pageNumber", ge=1, description="Version 2.0: pages of warehouses")
]
PageSize = Annotated[
    int | None,
    Query(alias="pageSize", ge=1, le=10_000, description="Version 2.0: warehouses a page"),
]
JSON = "application/json"
_NOTHING = "nothing found"
Read = Callable[..., Question]
_SETTINGS = ("dimensiondatasource", "returnnegative", "queryatp", "atpfromdate", "atptodate")


@dataclass(frozen=True, slots=True)
class Paging:
    """The page of warehouses a version 2.0 query asks for; without a size there is one page with all of them."""

    number: int = 1
    size: int | None = None


def paging(number: PageNumber = 1, size: PageSize = None) -> Paging:
    return Paging(number, size)


Page = Annotated[Paging, Depends(paging)]


@router.post("/onhand/indexquery", openapi_extra=body_of(QUERY))
def index_query(
    principal: Caller, session: ReadSession, body: RawBody, version: Version, now: Now, page: Page
) -> Response:
    """Quantities by site, location and grouped dimensions: the cross product of the sites and locations named."""
    principal.require("inventory.read")
    return _answer(
        session, read_object(body), read_index_query, version, "onhand/indexquery", page, now
    )


@router.post("/onhand/exactquery", openapi_extra=body_of(QUERY))
def exact_query(
    principal: Caller, session: ReadSession, body: RawBody, version: Version, now: Now, page: Page
) -> Response:
    """Quantities of exactly the tuples of dimension values listed; their dimensions are added to groupByValues."""
    principal.require("inventory.read")
    return _answer(
        session, read_object(body), read_exact_query, version, "onhand/exactquery", page, now
    )


@router.get("/onhand")
def on_hand(principal: Caller, session: ReadSession, request: Request, now: Now) -> Response:
    """The index query by URL: organizationId, productId, dimensions, groupBy (comma-separated), returnNegative."""
    principal.require("inventory.read")
    body = _body_of_url(request)
    return _answer(session, body, read_index_query, 1, "onhand", Paging(), now)


@router.post("/onhand/productsearch/indexquery", openapi_extra=body_of(QUERY))
def search_index_query(
    principal: Caller, session: ReadSession, body: RawBody, version: Version, now: Now, page: Page
) -> Response:
    """The index query for the products that `productSearch` finds."""
    principal.require("inventory.read")
    given = _searched(session, read_object(body))
    return _answer(
        session, given, read_index_query, version, "onhand/productsearch/indexquery", page, now
    )


@router.post("/onhand/productsearch/exactquery", openapi_extra=body_of(QUERY))
def search_exact_query(
    principal: Caller, session: ReadSession, body: RawBody, version: Version, now: Now, page: Page
) -> Response:
    """The exact query for the products that `productSearch` finds."""
    principal.require("inventory.read")
    given = _searched(session, read_object(body))
    return _answer(
        session, given, read_exact_query, version, "onhand/productsearch/exactquery", page, now
    )


def _answer(
    session: Session,
    body: Mapping[str, Any],
    read: Read,
    version: int,
    path: str,
    page: Paging,
    now: datetime,
) -> Response:
    configuration = inventory_configuration(session)
    if body.get(_NOTHING):
        return json({"Value": [], "nextLink": ""} if version > 1 else [])
    question = read(body, configuration, version=version)
    if version == 1:
        return Response(_rows(session, question, configuration, now), media_type=JSON)
    locations = locations_of(session, question) if page.size else []
    start, following = 0, ""
    if page.size:
        start = (page.number - 1) * page.size
        if start + page.size < len(locations):
            following = f"{path}?pageNumber={page.number + 1}&pageSize={page.size}"
        question = _only(question, locations[start : start + page.size])
    rows = (
        b"[]"
        if page.size and start >= len(locations)
        else _rows(session, question, configuration, now)
    )
    return Response(
        b'{"Value":%b,"nextLink":%b}' % (rows, orjson.dumps(following)), media_type=JSON
    )


def _rows(
    session: Session, question: Question, configuration: InventoryConfiguration, now: datetime
) -> bytes:
    rows = answer_json(quantities(session, question, configuration), question, configuration)
    if question.dates is None:
        return rows
    return orjson.dumps(add_dates(session, orjson.loads(rows), question, configuration, now=now))


def _only(question: Question, locations: list[str]) -> Question:
    """The same question for one page of locations."""
    if LOCATION not in question.keys:
        return replace(question, filters={**question.filters, LOCATION: locations})
    at, wanted = question.keys.index(LOCATION), set(locations)
    return replace(question, values=[row for row in question.values if row[at] in wanted])


def _body_of_url(request: Request) -> dict[str, Any]:
    """The body an index query would have had; names in lower case."""
    body: dict[str, Any] = {}
    filters: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        low = name.lower()
        if low in _SETTINGS:
            body[low] = value
        elif low == "groupby":
            body["groupbyvalues"] = [part.strip() for part in value.split(",") if part.strip()]
        else:
            filters.setdefault(low, []).append(value)
    return {**body, "filters": filters}


def _searched(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    """The query with the products found in place of its `productSearch`."""
    filters = folded(body.get("filters"), "filters")
    if filters.get("productid"):
        raise Invalid(
            "productId is not allowed beside productSearch",
            where="filters.productId",
            remedy="leave it out",
        )
    organizations = texts(filters, "organizationId")
    found = matching_products(
        session, body.get("productsearch"), organizations=organizations, limit=MOST_PRODUCTS
    )
    return {**body, "filters": {**filters, "productid": found}, _NOTHING: not found}

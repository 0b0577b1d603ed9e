"""The search box: orders, fulfillment orders, parked messages, products, flows and sources."""

from collections.abc import Callable
from typing import Annotated, NamedTuple
from urllib.parse import quote

from fastapi import Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.fulfillment import search_fulfillment_orders
from openiom.master_data import list_products
from openiom.orders import search_orders
from openiom.platform.configuration import search_documents
from openiom.platform.http import CurrentPrincipal, ReadSession, Router
from openiom.providers import search_parked
from openiom.returns import search_returns

router = Router(prefix="/api/v1", tags=["search"])
MAX_RESULTS_PER_KIND = 6


class SearchResult(BaseModel):
    """A record that the search found: its kind, its label, and the page that shows it."""

    kind: str
    label: str
    detail: str
    path: str


class SearchResults(BaseModel):
    items: list[SearchResult]


class Searched(NamedTuple):
    """A kind of records to search, and the permission it requires."""

    kind: str
    permission: str
    find: Callable[[Session, str], list[SearchResult]]


_ORDER_KINDS = {
    "number": "order",
    "customer": "customer",
    "email": "email",
    "phone": "phone",
    "city": "city",
}


def _orders(session: Session, words: str) -> list[SearchResult]:
    """Return orders by what matched: their number, or the customer's data."""
    results: list[SearchResult] = []
    for order in search_orders(session, words, limit=MAX_RESULTS_PER_KIND):
        label, detail = order.number, f"{order.customer} · {order.instance}"
        if order.field != "number":
            label, detail = order.value, f"Order {order.number}"

        if order.field not in ("number", "customer"):
            detail = f"{detail} · {order.customer}"

        kind = _ORDER_KINDS[order.field]
        path = f"/orders/{order.id}"
        results.append(SearchResult(kind=kind, label=label, detail=detail, path=path))

    return results


_FULFILLMENT_KINDS = {
    "number": "fulfillment_order",
    "reference": "warehouse_reference",
    "tracking": "tracking_number",
}


def _fulfillment_orders(session: Session, words: str) -> list[SearchResult]:
    results: list[SearchResult] = []
    for found in search_fulfillment_orders(session, words, limit=MAX_RESULTS_PER_KIND):
        detail = found.source if found.field == "number" else f"{found.number} · {found.source}"
        results.append(
            SearchResult(
                kind=_FULFILLMENT_KINDS[found.field],
                label=found.value,
                detail=detail,
                path=f"/fulfillment-orders/{found.id}",
            )
        )

    return results


def _returns(session: Session, words: str) -> list[SearchResult]:
    results: list[SearchResult] = []
    for found in search_returns(session, words, limit=MAX_RESULTS_PER_KIND):
        detail = f"{found.customer_name} · {found.state.replace('_', ' ')}"
        path = f"/returns/{found.id}"
        results.append(SearchResult(kind="return", label=found.number, detail=detail, path=path))

    return results


def _parked(session: Session, words: str) -> list[SearchResult]:
    results: list[SearchResult] = []
    for message in search_parked(session, words, limit=MAX_RESULTS_PER_KIND):
        label = f"{message.kind.replace('_', ' ').capitalize()} {message.key}"
        path = f"/my-work/messages?message={message.id}"
        results.append(
            SearchResult(kind="parked", label=label, detail=message.what[:120], path=path)
        )
    return results


def _products(session: Session, words: str) -> list[SearchResult]:
    results: list[SearchResult] = []
    found = list_products(session, search=words, after=None, limit=MAX_RESULTS_PER_KIND)
    for product in found:
        path = f"/inventory?product={quote(product.number)}"
        results.append(
            SearchResult(kind="product", label=product.number, detail=product.name, path=path)
        )

    return results


def _sources(session: Session, words: str) -> list[SearchResult]:
    return _documents(session, "source", words, ("title",), "/inventory?source=")


def _flows(session: Session, words: str) -> list[SearchResult]:
    results: list[SearchResult] = []
    found = search_documents(
        session, "flow", words, label_fields=("title",), limit=MAX_RESULTS_PER_KIND
    )

    for name, title in found:
        results.append(
            SearchResult(kind="flow", label=title or name, detail=name, path=f"/flows/{name}")
        )

    return results


def _documents(
    session: Session, kind: str, words: str, label_fields: tuple[str, ...], path: str
) -> list[SearchResult]:
    """Return documents labeled with their names."""
    results: list[SearchResult] = []
    found = search_documents(
        session, kind, words, label_fields=label_fields, limit=MAX_RESULTS_PER_KIND
    )

    for name, title in found:
        results.append(SearchResult(kind=kind, label=name, detail=title, path=path + name))

    return results


SEARCHED = (
    Searched("order", "orders.read", _orders),
    Searched("parked", "providers.read", _parked),
    Searched("fulfillment_order", "fulfillment.read", _fulfillment_orders),
    Searched("return", "returns.read", _returns),
    Searched("product", "master_data.read", _products),
    Searched("flow", "orchestration.read", _flows),
    Searched("source", "master_data.read", _sources),
)


@router.get("/search")
def search(
    principal: CurrentPrincipal,
    session: ReadSession,
    q: Annotated[str, Query(min_length=1, max_length=100)],
) -> SearchResults:
    """Return what the words in the search box may mean, best first within each kind."""
    items: list[SearchResult] = []
    for searched in SEARCHED:
        if principal.may(searched.permission):
            items += searched.find(session, q.strip())

    return SearchResults(items=items)

"""One box that finds orders, products, customers, flows and sources."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch
from openiom.platform.http import CurrentPrincipal, Principal, ReadSession

router = APIRouter(prefix="/api/v1", tags=["search"])
MOST = 6


class SearchResult(BaseModel):
    """Something found: what it is, how people call it, and the page that shows it."""

    kind: str
    label: str
    detail: str
    path: str


class SearchResults(BaseModel):
    items: list[SearchResult]


# Kind, permission, query. Each is served by an index, or reads something small.
SEARCHES = (
    (
        "order",
        "orders.read",
        "SELECT o.number, coalesce(o.customer->>'name', '') || ' · ' || o.instance, '/orders/' || o.id"
        " FROM orders.order o WHERE o.number LIKE %(prefix)s OR o.external_id = %(exact)s"
        " ORDER BY o.id DESC LIMIT %(most)s",
    ),
    (
        "customer",
        "orders.read",
        "SELECT o.customer->>'name', 'order ' || o.number, '/orders/' || o.id FROM (SELECT * FROM orders.order"
        " ORDER BY id DESC LIMIT 20000) o WHERE o.customer->>'name' ILIKE %(within)s OR o.customer->>'email' ILIKE"
        " %(prefix)s ORDER BY o.id DESC LIMIT %(most)s",
    ),
    (
        "product",
        "master_data.read",
        "SELECT name, coalesce(body->>'title', body->>'name', ''), '/inventory?product=' || name FROM"
        " platform.configuration_document WHERE kind = 'product' AND current AND NOT deleted AND (name ILIKE %(within)s"
        " OR coalesce(body->>'title', body->>'name', '') ILIKE %(within)s) ORDER BY name LIMIT %(most)s",
    ),
    (
        "flow",
        "orchestration.read",
        "SELECT coalesce(body->>'title', name), name, '/flows/' || name FROM platform.configuration_document WHERE"
        " kind = 'flow' AND current AND NOT deleted AND (name ILIKE %(within)s OR body->>'title' ILIKE %(within)s)"
        " ORDER BY name LIMIT %(most)s",
    ),
    (
        "source",
        "master_data.read",
        "SELECT name, coalesce(body->>'title', ''), '/inventory?source=' || name FROM platform.configuration_document"
        " WHERE kind = 'source' AND current AND NOT deleted AND (name ILIKE %(within)s OR body->>'title' ILIKE"
        " %(within)s) ORDER BY name LIMIT %(most)s",
    ),
)


@router.get("/search")
def search(
    principal: CurrentPrincipal,
    session: ReadSession,
    q: Annotated[str, Query(min_length=1, max_length=100)],
) -> SearchResults:
    """What the words in the search box may mean, best first within its kind."""
    return SearchResults(
        items=[
            hit
            for kind, permission, query in SEARCHES
            for hit in _hits(session, principal, kind, permission, query, q)
        ]
    )


def _hits(
    session: Session, principal: Principal, kind: str, permission: str, query: str, words: str
) -> list[SearchResult]:
    if not principal.permissions & {"*", permission}:
        return []
    plain = words.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = {"prefix": f"{plain}%", "within": f"%{plain}%", "exact": words.strip(), "most": MOST}
    rows = fetch(session, query, values)
    return [
        SearchResult(kind=kind, label=label, detail=detail, path=path)
        for label, detail, path in rows
    ]

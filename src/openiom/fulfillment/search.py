"""Text search for fulfillment orders: by number, warehouse reference and tracking number."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import escape_like, fetch_as

from .models import NUMBER_PREFIX

SEARCH_LIMIT = 500
"""Most matches by one kind of text that a search considers; the newest of these are shown."""


class FoundFulfillmentOrder(NamedTuple):
    """A fulfillment order that a search found.

    `field` is number, reference or tracking, and `value` the one that matched.
    """

    id: UUID
    number: str
    source: str
    field: str
    value: str


_BY_NUMBER = "(SELECT id, 'number' AS field, number AS value FROM fulfillment.fulfillment_order"
_BY_REFERENCE = (
    "(SELECT id, 'reference' AS field, external_id AS value FROM fulfillment.fulfillment_order"
)
_BY_TRACKING = (
    "(SELECT fulfillment_order_id AS id, 'tracking' AS field, tracking_number AS value"
    " FROM fulfillment.shipment"
)


def search_fulfillment_orders(
    session: Session, words: str, *, limit: int
) -> list[FoundFulfillmentOrder]:
    """Return fulfillment orders by the beginning of a number or reference, newest first.

    A tracking number is found by its beginning or its end, a number without `FO-` as well.
    """
    query, parameters = search_query(words)
    return fetch_as(
        session,
        FoundFulfillmentOrder,
        "SELECT f.id, f.number, f.source, found.field, found.value"
        " FROM fulfillment.fulfillment_order f"
        f" JOIN ({query}) found ON found.id = f.id ORDER BY f.id DESC LIMIT %s",
        (*parameters, limit),
    )


def search_query(words: str) -> tuple[str, list[str]]:
    """Return the query of ids with the fields and values that match, and its parameters."""
    text = words.strip()
    number = text.upper()
    if not number.startswith(NUMBER_PREFIX):
        number = NUMBER_PREFIX + number

    queries = [
        f"{_BY_NUMBER} WHERE number LIKE %s LIMIT {SEARCH_LIMIT})",
        f"{_BY_REFERENCE} WHERE lower(external_id) LIKE lower(%s) AND external_id <> ''"
        f" LIMIT {SEARCH_LIMIT})",
        f"{_BY_TRACKING} WHERE lower(tracking_number) LIKE lower(%s)"
        " OR reverse(lower(tracking_number)) LIKE lower(%s)"
        f" LIMIT {SEARCH_LIMIT})",
    ]
    beginning, end = f"{escape_like(text)}%", f"{escape_like(text[::-1])}%"
    parameters = [f"{escape_like(number)}%", beginning, beginning, end]
    return " UNION ALL ".join(queries), parameters

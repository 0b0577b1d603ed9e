"""Text search for orders: by any part of a number, name, e-mail address, phone number or city.

The newest orders are read as they are, which finds what people search for most; older ones are
found by the index on `SEARCH_TEXT`. Both are bounded, however many orders there are.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import escape_like, fetch, fetch_as
from openiom.platform.trigrams import SearchCondition, contains, contains_indexed

from .models import SEARCH_TEXT

SEARCH_LIMIT = 1_000
"""Most matches among older orders that a search considers; the newest of these are shown."""
RECENT_ORDERS = 5_000
CLASSIFIED = 200
"""Newest matches that are sorted into the kinds of `search_orders`."""
_PHONE_PUNCTUATION = str.maketrans("", "", " +-()./")
_SHORTEST_PHONE = 5


class FoundOrder(NamedTuple):
    """An order that a search found, `field` by what, and the `value` of that field."""

    id: UUID
    number: str
    instance: str
    customer: str
    field: str
    value: str


class _Searched(NamedTuple):
    id: UUID
    number: str
    instance: str
    external_id: str
    customer: str
    email: str
    phone: str
    city: str


FIELDS = ("number", "customer", "email", "phone", "city")
"""What an order is found by, the first that matches."""


def search_orders(session: Session, words: str, *, limit: int) -> list[FoundOrder]:
    """Return the newest orders that contain all words, up to `limit` of each of `FIELDS`."""
    condition = search_condition(words)
    rows = fetch_as(
        session,
        _Searched,
        "SELECT o.id, o.number, o.instance, o.external_id, o.customer_name AS customer,"
        " o.customer_email AS email,"
        " coalesce(nullif(o.customer->>'phone', ''), o.ship_to->>'phone', '') AS phone,"
        " coalesce(o.ship_to->>'city', '') AS city"
        f" FROM orders.order o WHERE {condition.sql} ORDER BY o.id DESC LIMIT %s",
        (*condition.parameters, CLASSIFIED),
    )
    found: dict[str, list[FoundOrder]] = {field: [] for field in FIELDS}
    for row in rows:
        field = _matched_field(row, words)
        if len(found[field]) < limit:
            found[field].append(
                FoundOrder(
                    row.id, row.number, row.instance, row.customer, field, _value(row, field)
                )
            )

    return [order for orders in found.values() for order in orders]


def _value(row: _Searched, field: str) -> str:
    return str(getattr(row, field))


def _matched_field(row: _Searched, words: str) -> str:
    """Return the first field that contains a word; a number when the external id is searched."""
    for field in FIELDS:
        value = _value(row, field).lower()
        if any(word in value for word in words.lower().split()):
            return field

    return "number" if row.external_id == words else "phone"


def search_condition(search: str) -> SearchCondition:
    """Return the condition that an order `o` is found by a search."""
    queries: list[str] = []
    parameters: list[Any] = []
    for words in _alternatives(search):
        recent = contains("recent.text", words)
        queries.append(
            f"(SELECT id FROM (SELECT o.id, {SEARCH_TEXT} AS text FROM orders.order o"
            f" ORDER BY o.id DESC LIMIT {RECENT_ORDERS}) recent WHERE {recent.sql})"
        )
        parameters += recent.parameters
        older = _older(words)
        queries.append(f"(SELECT id FROM orders.order o WHERE {older.sql} LIMIT {SEARCH_LIMIT})")
        parameters += older.parameters

    queries.append(f"(SELECT id FROM orders.order WHERE external_id = %s LIMIT {SEARCH_LIMIT})")
    parameters.append(search.strip())
    return SearchCondition(f"o.id IN ({' UNION ALL '.join(queries)})", parameters)


def _alternatives(search: str) -> list[Sequence[str]]:
    """Return the words of a search, and its digits when it may be a phone number.

    A phone number is stored without punctuation, often with the country instead of a leading 0.
    """
    alternatives: list[Sequence[str]] = [search.split() or [search]]
    digits = search.translate(_PHONE_PUNCTUATION).lstrip("0")
    if digits.isdecimal() and len(digits) >= _SHORTEST_PHONE and [digits] != alternatives[0]:
        alternatives.append([digits])
    return alternatives


def _older(words: Sequence[str]) -> SearchCondition:
    """Return the condition on orders by the index; of short words by the start of a number."""
    indexed = contains_indexed(SEARCH_TEXT, words)
    if indexed:
        return indexed
    return SearchCondition("lower(o.number) LIKE lower(%s)", [f"{escape_like(' '.join(words))}%"])


def orders_by_number(session: Session, number: str, *, instance: str = "") -> list[UUID]:
    """Return the newest orders of a number, of one provider instance only when named."""
    rows = fetch(
        session,
        "SELECT id FROM orders.order WHERE number = %s AND (%s = '' OR instance = %s)"
        " ORDER BY id DESC LIMIT 5",
        (number, instance, instance),
    )
    return [order_id for (order_id,) in rows]

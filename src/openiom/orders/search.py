"""Text search for orders: by any part of a number, and by words of names, e-mails and cities.

The newest orders are read as they are, which finds what people search for most; older ones are
found by the index on `SEARCH_TERMS`. Both are bounded, however many orders there are.
"""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.platform.bulk import escape_like, fetch, fetch_as

from .models import PUNCTUATION, SEARCH_TERMS

SEARCH_LIMIT = 1_000
"""Most matches among older orders that a search considers; the newest of these are shown."""
RECENT_ORDERS = 1_000
CLASSIFIED = 200
"""Newest matches that are sorted into the kinds of `search_orders`."""
SHORTEST = 3
"""Characters of the shortest word that is searched for among older orders."""
_SEPARATED = str.maketrans(PUNCTUATION, " " * len(PUNCTUATION))
_COMPACT = str.maketrans("", "", f"{PUNCTUATION} ")


class SearchCondition(NamedTuple):
    """An SQL condition and its parameters."""

    sql: str
    parameters: list[str]


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
    """Return the first field that contains all words, or else one of them.

    It is the number when the external id is searched.
    """
    wanted = words.lower().translate(_SEPARATED).split()
    for is_match in (all, any):
        for field in FIELDS:
            value = _value(row, field).lower()
            if is_match(word in value for word in wanted):
                return field

    return "number" if row.external_id == words else "phone"


def search_condition(search: str) -> SearchCondition:
    """Return the condition that an order `o` is found by a search.

    Of older orders, words shorter than `SHORTEST` find the beginning of a number, or whole words.
    """
    queries = [
        f"(SELECT id FROM (SELECT o.id, o.number, {SEARCH_TERMS} AS terms FROM orders.order o"
        f" ORDER BY o.id DESC LIMIT {RECENT_ORDERS}) recent"
        " WHERE terms @@ lower(%s)::tsquery OR strpos(lower(number), nullif(lower(%s), '')) > 0)",
        f"(SELECT id FROM orders.order WHERE external_id = %s LIMIT {SEARCH_LIMIT})",
    ]
    parameters = [terms_query(search), search.translate(_COMPACT), search.strip()]
    long_terms = terms_query(search, shortest=SHORTEST)
    if long_terms:
        queries.append(
            f"(SELECT id FROM orders.order WHERE {SEARCH_TERMS} @@ lower(%s)::tsquery"
            f" LIMIT {SEARCH_LIMIT})"
        )
        parameters.append(long_terms)
    else:
        queries += [
            f"(SELECT id FROM orders.order WHERE lower(number) LIKE lower(%s)"
            f" LIMIT {SEARCH_LIMIT})",
            f"(SELECT id FROM orders.order WHERE {SEARCH_TERMS} @@ lower(%s)::tsquery"
            f" LIMIT {SEARCH_LIMIT})",
        ]
        parameters += [f"{escape_like(search.strip())}%", whole_words_query(search)]

    return SearchCondition(f"o.id IN ({' UNION ALL '.join(queries)})", parameters)


def terms_query(search: str, *, shortest: int = 1) -> str:
    """Return a tsquery for terms that begin with all words, or with the whole without punctuation.

    The latter finds numbers and phone numbers, which are often written with the country instead of
    a leading 0. Shorter words are left out; '' when none remains.
    """
    words = search.translate(_SEPARATED).split()
    whole = search.translate(_COMPACT)
    alternatives = dict.fromkeys(
        [
            " & ".join(_term(word) for word in words if len(word) >= shortest),
            *[_term(text) for text in (whole, whole.lstrip("0")) if len(text) >= shortest],
        ]
    )
    alternatives.pop("", None)
    return " | ".join(alternatives)


def whole_words_query(search: str) -> str:
    """Return a tsquery for terms that equal all words."""
    return " & ".join(_quoted(word) for word in search.translate(_SEPARATED).split())


def _term(word: str) -> str:
    return f"{_quoted(word)}:*"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def orders_by_number(session: Session, number: str, *, instance: str = "") -> list[UUID]:
    """Return the newest orders of a number, of one provider instance only when named."""
    rows = fetch(
        session,
        "SELECT id FROM orders.order WHERE number = %s AND (%s = '' OR instance = %s)"
        " ORDER BY id DESC LIMIT 5",
        (number, instance, instance),
    )
    return [order_id for (order_id,) in rows]

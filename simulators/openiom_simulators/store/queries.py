"""Lists of orders: their filters, sort orders and pages, on the indexes of a shop."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from openiom_simulators.store.shapes import total_cents
from openiom_simulators.store.state import Order, Shop, StoreRefusal

Query = Mapping[str, str]
Predicate = Callable[[Order], bool]
MAX_LIMIT = 250
INDEXED_SORTS = ("id", "date_modified")

SORTS: dict[str, Callable[[Order], Any]] = {
    "id": lambda order: order.id,
    "customer_id": lambda order: order.placed.customer_id,
    "date_created": lambda order: order.placed.created,
    "date_modified": lambda order: order.modified,
    "status_id": lambda order: order.status_id,
    "channel_id": lambda order: 1,
    "external_id": lambda order: order.id,
}
NUMBER_FILTERS: dict[str, Callable[[Order], int]] = {
    "status_id": lambda order: order.status_id,
    "customer_id": lambda order: order.placed.customer_id,
    "channel_id": lambda order: 1,
}
TEXT_FILTERS: dict[str, Callable[[Order], str]] = {
    "email": lambda order: order.placed.billing.email,
    "payment_method": lambda order: order.placed.payment_method,
    "external_order_id": lambda order: order.placed.external_order_id,
}


def parse_number(query: Query, name: str) -> int | None:
    """Return a query parameter as a whole number. Raise `StoreRefusal`."""
    text = query.get(name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise StoreRefusal(f"The field '{name}' is invalid.") from None


def parse_time(query: Query, name: str) -> int | None:
    """Return an RFC 2822 or ISO 8601 time, by default in UTC, as seconds since 1970."""
    text = query.get(name)
    if not text:
        return None

    try:
        parsed = _read_time(text)
    except ValueError:
        problem = "Give a date in RFC 2822 or ISO 8601."
        raise StoreRefusal(f"The field '{name}' is invalid. {problem}") from None

    return int(parsed.timestamp())


def _read_time(text: str) -> datetime:
    is_iso = text[0].isdigit()
    parsed = datetime.fromisoformat(text) if is_iso else parsedate_to_datetime(text)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def _parse_cents(query: Query, name: str) -> int | None:
    text = query.get(name)
    if not text:
        return None
    try:
        return round(float(text) * 100)
    except ValueError:
        raise StoreRefusal(f"The field '{name}' is invalid.") from None


def parse_page(query: Query, *, default: int = 50) -> tuple[int, int]:
    """Return page (from 1) and limit; a limit above the largest one is reduced to it."""
    page, limit = parse_number(query, "page"), parse_number(query, "limit")
    for value in (page, limit):
        if value is not None and value < 1:
            raise StoreRefusal("The fields 'page' and 'limit' must be positive.")
    return page or 1, min(limit or default, MAX_LIMIT)


def listed_orders(shop: Shop, query: Query) -> list[Order]:
    """Return one page of matching orders, empty after the last one."""
    page, limit = parse_page(query)
    return list(islice(matching_orders(shop, query), (page - 1) * limit, page * limit))


def matching_orders(shop: Shop, query: Query) -> Iterable[Order]:
    """Return all matching orders in the requested order, by default by id."""
    field, _, direction = query.get("sort", "id").partition(":")
    if field not in SORTS or direction not in ("", "asc", "desc"):
        raise StoreRefusal("The field 'sort' is invalid.")

    descending = direction == "desc"
    predicates = [*_equality_predicates(query), *_range_predicates(query)]
    candidates = _candidates(shop, query, field)
    if field in INDEXED_SORTS:
        if descending:
            candidates = candidates[::-1]

        return _filter(shop, candidates, predicates)

    found = _filter(shop, candidates, predicates)
    return sorted(found, key=SORTS[field], reverse=descending)


def _candidates(shop: Shop, query: Query, field: str) -> Sequence[int]:
    """Return the ids of an index range that contains all matching orders.

    They are ordered by modification for every sort but `id`, when a range of it is requested.
    """
    after, before = parse_time(query, "min_date_modified"), parse_time(query, "max_date_modified")
    if after is None and field != "date_modified":
        return _ids_between(shop, query)

    modified = _modified_between(shop, after, before)
    return sorted(modified) if field == "id" else modified


def _filter(
    shop: Shop, candidates: Iterable[int], predicates: Sequence[Predicate]
) -> Iterator[Order]:
    for number in candidates:
        order = shop.orders[number]
        if not order.is_deleted and all(predicate(order) for predicate in predicates):
            yield order


def _ids_between(shop: Shop, query: Query) -> list[int]:
    low, high = parse_number(query, "min_id"), parse_number(query, "max_id")
    start = 0 if low is None else bisect_left(shop.order_ids, low)
    end = len(shop.order_ids) if high is None else bisect_right(shop.order_ids, high)
    return shop.order_ids[start:end]


def _modified_between(shop: Shop, after: int | None, before: int | None) -> list[int]:
    index = shop.by_modified
    start = 0 if after is None else bisect_left(index, (after, 0))
    end = len(index) if before is None else bisect_left(index, (before + 1, 0))
    return [number for _, number in index[start:end]]


def _equality_predicates(query: Query) -> list[Predicate]:
    return [*_number_predicates(query), *_text_predicates(query)]


def _number_predicates(query: Query) -> Iterator[Predicate]:
    for name, read in NUMBER_FILTERS.items():
        number = parse_number(query, name)
        if number is not None:
            yield _equals(read, number)


def _text_predicates(query: Query) -> Iterator[Predicate]:
    for name, read in TEXT_FILTERS.items():
        text = query.get(name)
        if text:
            yield _equals(read, text)


def _range_predicates(query: Query) -> list[Predicate]:
    """Return the minimum and maximum filters, also those that an index has applied."""
    ranges = (
        (SORTS["id"], parse_number, "id"),
        (SORTS["date_modified"], parse_time, "date_modified"),
        (SORTS["date_created"], parse_time, "date_created"),
        (total_cents, _parse_cents, "total"),
    )
    predicates = []
    for read, parse, name in ranges:
        low, high = parse(query, f"min_{name}"), parse(query, f"max_{name}")
        if low is not None:
            predicates.append(_at_least(read, low))

        if high is not None:
            predicates.append(_at_most(read, high))

    return predicates


def _equals(read: Callable[[Order], Any], value: Any) -> Predicate:
    return lambda order: read(order) == value


def _at_least(read: Callable[[Order], Any], value: int) -> Predicate:
    return lambda order: read(order) >= value


def _at_most(read: Callable[[Order], Any], value: int) -> Predicate:
    return lambda order: read(order) <= value

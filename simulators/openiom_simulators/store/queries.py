"""Which orders a list call means: filters, order and page over the indexes a shop keeps."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from openiom_simulators.store.shapes import total_cents
from openiom_simulators.store.state import Order, Refusal, Shop

Keep = Callable[[Order], bool]
MAX_V2_LIMIT = 250


def whole_number(query: Mapping[str, str], name: str) -> int | None:
    """A query parameter as a whole number; refused when it is something else."""
    if name not in query or query[name] == "":
        return None
    try:
        return int(query[name])
    except ValueError:
        raise Refusal(f"The field '{name}' is invalid.") from None


def moment(query: Mapping[str, str], name: str) -> int | None:
    """A query parameter in RFC 2822 or ISO 8601 as seconds since 1970; without an offset it is UTC."""
    text = query.get(name)
    if not text:
        return None
    try:
        parsed = datetime.fromisoformat(text) if text[0].isdigit() else parsedate_to_datetime(text)
    except ValueError:
        raise Refusal(
            f"The field '{name}' is invalid. Give a date in RFC 2822 or ISO 8601."
        ) from None
    return int((parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp())


def paginate(query: Mapping[str, str], *, default: int = 50) -> tuple[int, int]:
    """(page, limit); a page counts from 1, a limit above the most BigCommerce gives is cut to it."""
    page, limit = whole_number(query, "page"), whole_number(query, "limit")
    if (page is not None and page < 1) or (limit is not None and limit < 1):
        raise Refusal("The fields 'page' and 'limit' must be positive.")
    return page or 1, min(limit or default, MAX_V2_LIMIT)


def listed_orders(shop: Shop, query: Mapping[str, str]) -> list[Order]:
    """One page of the orders the query names; empty past the last one."""
    page, limit = paginate(query)
    return list(islice(matching_orders(shop, query), (page - 1) * limit, page * limit))


def matching_orders(shop: Shop, query: Mapping[str, str]) -> Iterable[Order]:
    """Every order the query names, in the order it asks for; by id when it does not say."""
    field, _, direction = query.get("sort", "id").partition(":")
    if field not in SORTS or direction not in ("", "asc", "desc"):
        raise Refusal("The field 'sort' is invalid.")
    keeps = _keeps(query)
    after, before = moment(query, "min_date_modified"), moment(query, "max_date_modified")
    by_modified = field == "date_modified" or (field != "id" and after is not None)
    candidates: Iterable[int]
    if by_modified or after is not None:
        candidates = _modified_between(shop, after, before)
        if not by_modified:
            candidates.sort()
    else:
        candidates = _ids_between(shop, query)
    if direction == "desc" and field in ("id", "date_modified"):
        candidates = reversed(list(candidates))
    found = _kept(shop, candidates, keeps + _bounds(query, before))
    if field in ("id", "date_modified"):
        return found
    return sorted(found, key=SORTS[field], reverse=direction == "desc")


def _kept(shop: Shop, candidates: Iterable[int], keeps: list[Keep]) -> Iterator[Order]:
    for number in candidates:
        order = shop.orders[number]
        if not order.is_deleted and all(keep(order) for keep in keeps):
            yield order


def _ids_between(shop: Shop, query: Mapping[str, str]) -> list[int]:
    low, high = whole_number(query, "min_id"), whole_number(query, "max_id")
    start = 0 if low is None else bisect_left(shop.order_ids, low)
    end = len(shop.order_ids) if high is None else bisect_right(shop.order_ids, high)
    return shop.order_ids[start:end]


def _modified_between(shop: Shop, after: int | None, before: int | None) -> list[int]:
    start = 0 if after is None else bisect_left(shop.by_modified, (after, 0))
    end = (
        len(shop.by_modified) if before is None else bisect_left(shop.by_modified, (before + 1, 0))
    )
    return [number for _, number in shop.by_modified[start:end]]


SORTS: dict[str, Callable[[Order], Any]] = {
    "id": lambda order: order.id,
    "customer_id": lambda order: order.placed.customer_id,
    "date_created": lambda order: order.placed.created,
    "date_modified": lambda order: order.modified,
    "status_id": lambda order: order.status_id,
    "channel_id": lambda order: 1,
    "external_id": lambda order: order.id,
}

EQUALS: dict[str, Callable[[Order], int]] = {
    "status_id": lambda order: order.status_id,
    "customer_id": lambda order: order.placed.customer_id,
    "channel_id": lambda order: 1,
}
SAME_TEXT: dict[str, Callable[[Order], str]] = {
    "email": lambda order: order.placed.billing.email,
    "payment_method": lambda order: order.placed.payment_method,
    "external_order_id": lambda order: order.placed.external_order_id,
}


def _keeps(query: Mapping[str, str]) -> list[Keep]:
    keeps: list[Keep] = []
    for name, read in EQUALS.items():
        wanted = whole_number(query, name)
        if wanted is not None:
            keeps.append(lambda order, read=read, wanted=wanted: read(order) == wanted)  # type: ignore[misc]
    for name, read_text in SAME_TEXT.items():
        text = query.get(name)
        if text:
            keeps.append(lambda order, read=read_text, text=text: read(order) == text)  # type: ignore[misc]
    return keeps


def _bounds(query: Mapping[str, str], modified_before: int | None) -> list[Keep]:
    """The minimum and maximum filters, also those an index may already have answered."""
    keeps: list[Keep] = []
    low, high = whole_number(query, "min_id"), whole_number(query, "max_id")
    early, late = moment(query, "min_date_created"), moment(query, "max_date_created")
    cheap, dear = _cents(query, "min_total"), _cents(query, "max_total")
    if low is not None:
        keeps.append(lambda order: order.id >= low)
    if high is not None:
        keeps.append(lambda order: order.id <= high)
    if modified_before is not None:
        keeps.append(lambda order: order.modified <= modified_before)
    if early is not None:
        keeps.append(lambda order: order.placed.created >= early)
    if late is not None:
        keeps.append(lambda order: order.placed.created <= late)
    if cheap is not None:
        keeps.append(lambda order: total_cents(order) >= cheap)
    if dear is not None:
        keeps.append(lambda order: total_cents(order) <= dear)
    return keeps


def _cents(query: Mapping[str, str], name: str) -> int | None:
    if not query.get(name):
        return None
    try:
        return round(float(query[name]) * 100)
    except ValueError:
        raise Refusal(f"The field '{name}' is invalid.") from None

"""Lists of orders agree with a plain filter over every order, and the shop keeps its indexes."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openiom_simulators.shop_data import Address, PlacedLine, PlacedOrder
from openiom_simulators.store.queries import (
    listed_orders,
    matching_orders,
    parse_number,
    parse_page,
    parse_time,
)
from openiom_simulators.store.state import Order, Shop, StoreRefusal
from openiom_simulators.store.statuses import PARTIALLY_SHIPPED, SHIPPED

START = 1_767_225_600


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = START

    def __call__(self) -> int:
        return self.seconds


def shop_with(clock: Clock, published: list[tuple[str, dict[str, Any]]] | None = None) -> Shop:
    events = published if published is not None else []
    return Shop(
        currency="USD",
        country="United States",
        country_iso2="US",
        now=clock,
        publish=lambda scope, data: events.append((scope, data)),
    )


def placed(
    *, cents: int = 1000, quantity: int = 1, email: str = "", status: int = 11
) -> PlacedOrder:
    address = Address(email=email)
    return PlacedOrder(
        customer_id=cents % 3,
        currency="USD",
        created=START - cents,
        billing=address,
        shipping=address,
        lines=[PlacedLine("LAMP", "Lamp", quantity, cents)],
        status_id=status,
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-01-01T00:00:00Z", START),
        ("2026-01-01T01:00:00+01:00", START),
        ("2026-01-01", START),
        ("Thu, 01 Jan 2026 00:00:00 +0000", START),
        ("Thu, 01 Jan 2026 02:00:00 +0200", START),
        ("", None),
    ],
)
def test_a_time_is_read_in_both_formats(text: str, seconds: int | None) -> None:
    assert parse_time({"min_date_modified": text}, "min_date_modified") == seconds
    assert parse_time({}, "min_date_modified") is None


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "99"])
def test_another_text_is_no_time(text: str) -> None:
    with pytest.raises(StoreRefusal, match="Give a date in RFC 2822 or ISO 8601"):
        parse_time({"min_date_modified": text}, "min_date_modified")


@pytest.mark.parametrize(("text", "number"), [("7", 7), ("-3", -3), ("", None)])
def test_a_number_is_read(text: str, number: int | None) -> None:
    assert parse_number({"min_id": text}, "min_id") == number


@pytest.mark.parametrize("text", ["seven", "1.5", "1e3"])
def test_another_text_is_no_number(text: str) -> None:
    with pytest.raises(StoreRefusal, match="The field 'min_id' is invalid"):
        parse_number({"min_id": text}, "min_id")


@pytest.mark.parametrize(
    ("query", "page"),
    [
        ({}, (1, 50)),
        ({"page": "3"}, (3, 50)),
        ({"limit": "250"}, (1, 250)),
        ({"limit": "251"}, (1, 250)),
        ({"page": "2", "limit": "1"}, (2, 1)),
    ],
)
def test_pages_are_bounded(query: Mapping[str, str], page: tuple[int, int]) -> None:
    assert parse_page(query) == page


FILTERS: dict[str, Callable[[Order, int], bool]] = {
    "min_id": lambda order, value: order.id >= value,
    "max_id": lambda order, value: order.id <= value,
    "min_total": lambda order, value: order.lines[0].price * order.lines[0].quantity >= value * 100,
    "max_total": lambda order, value: order.lines[0].price * order.lines[0].quantity <= value * 100,
    "status_id": lambda order, value: order.status_id == value,
    "customer_id": lambda order, value: order.placed.customer_id == value,
}
SORT_KEYS: dict[str, Callable[[Order], int]] = {
    "id": lambda order: order.id,
    "date_modified": lambda order: order.modified,
    "date_created": lambda order: order.placed.created,
    "status_id": lambda order: order.status_id,
}


@settings(max_examples=200)
@given(
    amounts=st.lists(st.integers(100, 3000), min_size=1, max_size=12),
    changes=st.lists(st.tuples(st.integers(0, 11), st.sampled_from([2, 4, 5, 11])), max_size=8),
    archived=st.sets(st.integers(0, 11), max_size=3),
    filters=st.dictionaries(st.sampled_from(sorted(FILTERS)), st.integers(0, 115), max_size=3),
    sort=st.sampled_from(sorted(SORT_KEYS)),
    descending=st.booleans(),
)
def test_a_list_equals_a_plain_filter_over_all_orders(
    amounts: list[int],
    changes: list[tuple[int, int]],
    archived: set[int],
    filters: dict[str, int],
    sort: str,
    descending: bool,
) -> None:
    clock = Clock()
    shop = shop_with(clock)
    ids = shop.place([placed(cents=amount) for amount in amounts], publish=False)

    for place, status in changes:
        clock.seconds += 1
        shop.touch(shop.order(ids[place % len(ids)]), status_id=status)

    for place in archived:
        clock.seconds += 1
        shop.archive(shop.order(ids[place % len(ids)]))

    query = {name: str(value) for name, value in filters.items()}
    query["sort"] = f"{sort}:desc" if descending else sort

    found = list(matching_orders(shop, query))

    expected: set[int] = set()
    for order in shop.orders.values():
        if not order.is_deleted and all(FILTERS[f](order, v) for f, v in filters.items()):
            expected.add(order.id)

    assert {order.id for order in found} == expected
    assert len(found) == len(expected)
    keys = [SORT_KEYS[sort](order) for order in found]
    assert keys == sorted(keys, reverse=descending)


def test_a_list_is_paged() -> None:
    shop = shop_with(Clock())
    shop.place([placed() for _ in range(5)], publish=False)
    pages: list[list[int]] = []
    for page in range(1, 5):
        orders = listed_orders(shop, {"limit": "2", "page": str(page)})
        pages.append([order.id for order in orders])

    assert pages == [[100, 101], [102, 103], [104], []]


@pytest.mark.parametrize("sort", ["color", "id:up", ":asc"])
def test_an_unknown_sort_is_refused(sort: str) -> None:
    with pytest.raises(StoreRefusal, match="The field 'sort' is invalid"):
        listed_orders(shop_with(Clock()), {"sort": sort})


def test_shipping_publishes_the_shipment_and_the_new_status() -> None:
    published: list[tuple[str, dict[str, Any]]] = []
    shop = shop_with(Clock(), published)
    (number,) = shop.place([placed(quantity=3)], publish=True)
    order = shop.order(number)

    shop.ship(order, items=[(order.lines[0].id, 1)], fields={})
    assert (order.status_id, order.shipped_at) == (PARTIALLY_SHIPPED, None)
    shop.ship(order, items=[(order.lines[0].id, 1), (order.lines[0].id, 1)], fields={})

    assert (order.status_id, order.shipped_at, order.items_shipped) == (SHIPPED, START, 3)
    assert [shipment.items[0][2] for shipment in order.shipments] == [1, 2]
    assert [scope for scope, _ in published] == [
        "store/order/created",
        "store/shipment/created",
        "store/order/statusUpdated",
        "store/order/updated",
        "store/shipment/created",
        "store/order/statusUpdated",
        "store/order/updated",
    ]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([(1, 3)], "Order product 1 has 2 left, not 3"),
        ([(1, 0)], "Order product 1 has 2 left, not 0"),
        ([(1, 1), (1, 2)], "Order product 1 has 2 left, not 3"),
        ([(9, 1)], "Order product 9 is not on this order"),
    ],
)
def test_an_impossible_shipment_is_refused_and_changes_nothing(
    items: list[tuple[int, int]], message: str
) -> None:
    shop = shop_with(Clock())
    (number,) = shop.place([placed(quantity=2)], publish=False)
    order = shop.order(number)

    with pytest.raises(StoreRefusal, match=message):
        shop.ship(order, items=items, fields={})

    assert (order.items_shipped, order.shipments, order.status_id) == (0, [], 11)


def test_an_unknown_order_is_a_404() -> None:
    with pytest.raises(StoreRefusal, match="was not found") as refused:
        shop_with(Clock()).order(99)

    assert refused.value.status == 404

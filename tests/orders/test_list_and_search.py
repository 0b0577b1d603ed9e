"""The order list: sorted by its columns, counted, and searched by parts of what names orders."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.orders.builders import SHIP_TO, document, line, master_data, receive
from tests.package_app import http_client, package_app
from tests.sorted_lists import assert_sorts_have_indexes

from openiom.orders import EVENT_TITLES, order_router, search_orders
from openiom.orders.queries import OrderFilter, count_matching
from openiom.orders.search import FIELDS
from openiom.orders.sort_keys import SORT_KEYS
from openiom.platform.database import Database


@pytest.fixture
def shop(database: Database) -> Database:
    """Five orders: numbers in mixed case, two equal totals, two customers of the same name."""
    master_data(database)
    zoe = {"name": "Zoe O'Hara", "email": "zoe@x.org", "phone": "+49 (30) 901-820"}
    berlin = {**SHIP_TO, "city": "Berlin", "country": "DE", "state": ""}
    for index, (number, total, more) in enumerate(
        [
            ("a-20", 30, {}),
            ("B-10", 10, {"customer": zoe, "ship_to": berlin}),
            ("b-09", 20, {"placed_at": "2026-01-01T00:00:00Z"}),
            ("C-1", 20, {"customer": {"name": "anna smith-jones", "email": "a.smith@shop.test"}}),
            ("WEB-1004711", 5, {}),
        ]
    ):
        lines = line("Lamp", unit_price=str(total))
        receive(database, document(f"ext{index}", lines, number=number, **more))
    return database


@pytest.fixture
def client(shop: Database) -> Iterator[TestClient]:
    app = package_app(shop, order_router(EVENT_TITLES), permissions={"orders.read"})
    with http_client(app) as asking:
        yield asking


def pages(client: TestClient, query: str, limit: int = 2) -> list[str]:
    """Return the numbers of all pages."""
    numbers: list[str] = []
    after = ""
    while True:
        page = client.get(f"/api/v1/orders?limit={limit}&{query}{after}").json()
        numbers += [row["number"] for row in page["items"]]
        if page["next"] is None:
            return numbers
        after = f"&after={page['next']}"


@pytest.mark.parametrize(
    ("sort", "numbers"),
    [
        ("received", ["a-20", "B-10", "b-09", "C-1", "WEB-1004711"]),
        ("-received", ["WEB-1004711", "C-1", "b-09", "B-10", "a-20"]),
        ("number", ["a-20", "b-09", "B-10", "C-1", "WEB-1004711"]),
        ("-number", ["WEB-1004711", "C-1", "B-10", "b-09", "a-20"]),
        ("total", ["WEB-1004711", "B-10", "b-09", "C-1", "a-20"]),
        ("-total", ["a-20", "C-1", "b-09", "B-10", "WEB-1004711"]),
        ("customer", ["C-1", "a-20", "b-09", "WEB-1004711", "B-10"]),
        ("-customer", ["B-10", "WEB-1004711", "b-09", "a-20", "C-1"]),
        ("placed", ["b-09", "a-20", "B-10", "C-1", "WEB-1004711"]),
        ("-placed", ["WEB-1004711", "C-1", "B-10", "a-20", "b-09"]),
    ],
)
def test_every_sort_pages_through_all_orders_once(
    client: TestClient, sort: str, numbers: list[str]
) -> None:
    for limit in (1, 2, 5):
        assert pages(client, f"sort={sort}", limit) == numbers


def test_a_sort_is_combined_with_filters(client: TestClient) -> None:
    assert pages(client, "sort=total&search=miles") == ["WEB-1004711", "b-09", "a-20"]


def test_an_unknown_sort_is_refused(client: TestClient) -> None:
    assert client.get("/api/v1/orders?sort=state").status_code == 422
    assert client.get("/api/v1/orders?sort=-").status_code == 422


def test_the_cursor_of_another_sort_is_refused(client: TestClient) -> None:
    cursor = client.get("/api/v1/orders?limit=1&sort=number").json()["next"]
    assert client.get(f"/api/v1/orders?sort=total&after={cursor}").status_code == 422


def test_every_sort_is_served_by_an_index(shop: Database) -> None:
    """Without sequential scans and full sorts a page of two million orders is as fast as this."""
    with shop.reading() as session:
        assert_sorts_have_indexes(session, SORT_KEYS, "orders.order o")


def test_matching_orders_are_counted_up_to_a_limit(client: TestClient, shop: Database) -> None:
    assert client.get("/api/v1/orders/matching").json() == {"count": 5, "limit": 1000}
    assert client.get("/api/v1/orders/matching?search=berlin").json()["count"] == 1
    with shop.reading() as session:
        assert count_matching(session, OrderFilter(), limit=3) == 3


def test_a_count_that_takes_too_long_is_left_out(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "openiom.orders.queries._conditions", lambda _: (["pg_sleep(5) IS NULL"], [])
    )
    monkeypatch.setattr("openiom.orders.queries.COUNT_MILLISECONDS", 20)
    with shop.reading() as session:
        assert count_matching(session, OrderFilter(), limit=3) is None
        monkeypatch.undo()
        assert count_matching(session, OrderFilter(), limit=9) == 5


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("4711", ["WEB-1004711"]),
        ("0471", ["WEB-1004711"]),
        ("71", ["WEB-1004711"]),
        ("web1004", ["WEB-1004711"]),
        ("b-", ["WEB-1004711", "b-09", "B-10"]),
        ("b-1", ["WEB-1004711", "B-10"]),
        ("b1", ["WEB-1004711", "B-10"]),
        ("o'ha", ["B-10"]),
        ("hara", ["B-10"]),
        ("jones", ["C-1"]),
        ("JONES anna", ["C-1"]),
        ("shop.test", ["C-1"]),
        ("a.smith@shop.test", ["C-1"]),
        ("berl", ["B-10"]),
        ("(030) 901-820", ["B-10"]),
        ("1820", ["B-10"]),
        ("901 820", []),
        ("ext2", ["b-09"]),
        ("%", []),
        ("' | 'a", []),
        ("-", []),
        ("nobody", []),
    ],
)
def test_orders_are_found_by_parts(client: TestClient, words: str, numbers: list[str]) -> None:
    found = client.get("/api/v1/orders", params={"search": words}).json()["items"]
    assert [row["number"] for row in found] == numbers


def test_older_orders_are_found_by_the_index(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("openiom.orders.search.RECENT_ORDERS", 1)

    def numbers(words: str) -> list[str]:
        with shop.reading() as session:
            return [order.number for order in search_orders(session, words, limit=5)]

    assert numbers("o'hara") == ["B-10"]
    assert numbers("anna jones") == ["C-1"]
    assert numbers("a-") == ["a-20", "C-1"]
    assert "B-10" in numbers("o"), "a whole word of the name"


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        ("b-10", "number", "B-10"),
        ("ext1", "number", "B-10"),
        ("zoe", "customer", "Zoe O'Hara"),
        ("x.org", "email", "zoe@x.org"),
        ("zoe@x.org", "email", "zoe@x.org"),
        ("30 901-820", "phone", "+49 (30) 901-820"),
        ("berlin", "city", "Berlin"),
    ],
)
def test_a_search_says_what_matched(shop: Database, words: str, field: str, value: str) -> None:
    with shop.reading() as session:
        found = [o for o in search_orders(session, words, limit=5) if o.number == "B-10"]
    assert [(order.field, order.value) for order in found] == [(field, value)]
    assert field in FIELDS

"""The list of waiting lines, sorted by its columns."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from tests.orders.builders import NOW, line, master_data, placed
from tests.orders.waiting_builders import prefer, unserved
from tests.package_app import http_client, package_app
from tests.sorted_lists import assert_pages, assert_sorts_have_indexes

from openiom.orders.backorder import routes
from openiom.orders.backorder.queries import SORT_KEYS
from openiom.platform.bulk import execute
from openiom.platform.database import Database

PATH = "/api/v1/waiting-lines"
SET_DATES = """
UPDATE orders.waiting_line w SET available_on = n.promised, expires_at = n.expires
FROM unnest(%s::text[], %s::date[], %s::timestamptz[]) AS n(number, promised, expires)
JOIN orders.order o ON o.number = n.number
WHERE w.order_id = o.id
"""


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    """Four lines in the order of the queue: two products, one undated, two that never expire."""
    master_data(database, "Lamp", "Desk")
    prefer(database, backorder=True)
    for place, product in enumerate(["Lamp", "Desk", "Lamp", "Desk"]):
        order = placed(database, line(product, 1), external_id=f"w{place}", number=f"W{place}")
        unserved(database, order, now=NOW - timedelta(minutes=9 - place))

    with database.unit_of_work() as session:
        promised = ["2026-12-03", None, "2026-12-01", "2026-12-03"]
        expires = [NOW, None, None, NOW - timedelta(days=1)]
        execute(session, SET_DATES, (["W0", "W1", "W2", "W3"], promised, expires))

    with http_client(package_app(database, routes.router, permissions={"orders.read"})) as made:
        yield made


@pytest.mark.parametrize(
    ("sort", "places"),
    [
        ("since", "0123"),
        ("-since", "3210"),
        ("product", "1302"),
        ("-product", "2031"),
        ("promised", "2031"),
        ("-promised", "1302"),
        ("expires_at", "3012"),
        ("-expires_at", "2103"),
    ],
)
def test_every_sort_pages_through_all_lines_once(
    client: TestClient, sort: str, places: str
) -> None:
    expected = [f"W{place}" for place in places]
    assert_pages(client, PATH, "order_number", expected, sort=sort)


def test_a_sort_is_combined_with_filters(client: TestClient) -> None:
    assert_pages(client, PATH, "order_number", ["W2", "W0"], sort="promised", product="Lamp")
    assert_pages(client, PATH, "order_number", ["W0", "W3"], sort="-expires_at", expiring=True)
    assert client.get(f"{PATH}?sort=reason").status_code == 422


def test_every_sort_is_served_by_an_index(client: TestClient, database: Database) -> None:
    with database.reading() as session:
        assert_sorts_have_indexes(session, SORT_KEYS, "orders.waiting_line w")

"""The list of fulfillment orders, sorted by its columns."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.fulfillment.builders import create, fulfillment_orders, ready
from tests.orders.builders import line, master_data, stock
from tests.package_app import http_client, package_app
from tests.sorted_lists import assert_pages, assert_sorts_have_indexes

from openiom.fulfillment import router
from openiom.fulfillment.sort_keys import SORT_KEYS
from openiom.platform.bulk import execute
from openiom.platform.database import Database

PATH = "/api/v1/fulfillment-orders"


@pytest.fixture
def numbers(database: Database) -> list[str]:
    """Four fulfillment orders: two of one source, one without a planned ship date."""
    master_data(database)
    stock(database, Accu_Scale__SEA=100)
    orders = [ready(database, line(quantity=1), external_id=f"A-{i}") for i in range(4)]
    create(database, *orders)
    found = [fulfillment_orders(database, order)[0]["number"] for order in orders]
    planned = ["2026-12-03", "2026-12-01", None, "2026-12-03"]
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE fulfillment.fulfillment_order f"
            " SET source = n.source, planned_ship_date = n.planned"
            " FROM unnest(%s::text[], %s::text[], %s::date[]) AS n(number, source, planned)"
            " WHERE f.number = n.number",
            (found, ["SEA", "CHI", "SEA", "NYC"], planned),
        )

    return found


@pytest.fixture
def client(database: Database, numbers: list[str]) -> Iterator[TestClient]:
    with http_client(package_app(database, router, permissions={"fulfillment.read"})) as made:
        yield made


@pytest.mark.parametrize(
    ("sort", "places"),
    [
        ("", [3, 2, 1, 0]),
        ("created", [0, 1, 2, 3]),
        ("-created", [3, 2, 1, 0]),
        ("source", [1, 3, 0, 2]),
        ("-source", [2, 0, 3, 1]),
        ("planned", [1, 0, 3, 2]),
        ("-planned", [2, 3, 0, 1]),
    ],
)
def test_every_sort_pages_through_all_rows_once(
    client: TestClient, numbers: list[str], sort: str, places: list[int]
) -> None:
    assert_pages(client, PATH, "number", [numbers[place] for place in places], sort=sort)


def test_numbers_are_sorted(client: TestClient, numbers: list[str]) -> None:
    assert_pages(client, PATH, "number", sorted(numbers), sort="number")
    assert_pages(client, PATH, "number", sorted(numbers, reverse=True), sort="-number")


def test_a_sort_is_combined_with_filters(client: TestClient, numbers: list[str]) -> None:
    expected = [numbers[0], numbers[2]]
    assert_pages(client, PATH, "number", expected, sort="planned", source="SEA")
    assert client.get(f"{PATH}?sort=customer").status_code == 422


def test_every_sort_is_served_by_an_index(database: Database, numbers: list[str]) -> None:
    with database.reading() as session:
        assert_sorts_have_indexes(session, SORT_KEYS, "fulfillment.fulfillment_order f")

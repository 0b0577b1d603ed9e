"""Lines say which order they belong to."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.one_room import client_of, one_room
from tests.orders.builders import (document, line, master_data, receive)

from openiom.kernel import new_id
from openiom.orders import line_router
from openiom.platform.bulk import fetch
from openiom.platform.database import Database


@pytest.fixture
def permissions() -> set[str]:
    return {"orders.read"}


@pytest.fixture
def client(database: Database, permissions: set[str]) -> Iterator[TestClient]:
    with client_of(one_room(database, line_router, permissions=permissions)) as asking:
        yield asking


def test_a_line_is_named_by_its_order_and_found_by_the_orders_number(
    client: TestClient, database: Database
) -> None:
    master_data(database)
    receive(database, document("1001", lines=[line(), line()]), document("1002"))
    with database.reading() as session:
        rows = fetch(
            session,
            "SELECT l.id, o.number, l.line_number FROM orders.order_line l JOIN orders.order o ON o.id = l.order_id",
        )
    ids = {(number, n): str(line_id) for line_id, number, n in rows}

    named = client.get(
        "/api/v1/orders/lines", params={"ids": [ids["1001", 2], ids["1002", 1], str(new_id())]}
    )
    assert [(r["line_id"], r["order_number"], r["line_number"]) for r in named.json()["items"]] == [
        (ids["1001", 2], "1001", 2),
        (ids["1002", 1], "1002", 1),
    ]
    found = client.get("/api/v1/orders/lines", params={"order_number": "1001"})
    assert [r["line_id"] for r in found.json()["items"]] == [ids["1001", 1], ids["1001", 2]]
    assert client.get("/api/v1/orders/lines").json()["items"] == []


def test_nobody_reads_lines_without_permission(client: TestClient, permissions: set[str]) -> None:
    permissions.clear()
    assert client.get("/api/v1/orders/lines", params={"order_number": "1"}).status_code == 403

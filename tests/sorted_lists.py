"""Sorted lists: their plans and their pages, for tests that every sort of a list has an index."""

from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch
from openiom.platform.sort_keys import SortKeys


def plan_of(session: Session, query: str, parameters: Any = ()) -> str:
    """Return the plan of a query when PostgreSQL does what it can to avoid scans of a table."""
    execute(session, "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    return "\n".join(row for (row,) in fetch(session, f"EXPLAIN {query}", parameters))


def assert_sorts_have_indexes(
    session: Session, sort_keys: SortKeys[Any], table: str, where: str = "TRUE"
) -> None:
    """Assert that a page of each sort is read from an index, however many rows the table has."""
    for name in sort_keys.names:
        order_by = sort_keys.parse(name).order_by
        query = f"SELECT FROM {table} WHERE {where} ORDER BY {order_by} LIMIT 2"
        assert_from_index(plan_of(session, query))


def assert_from_index(plan: str) -> None:
    """Assert that a plan scans and sorts no table."""
    assert "Index" in plan, plan
    assert "Seq Scan" not in plan, plan
    assert "Presorted Key" in plan or "Sort" not in plan, plan


def every_page(client: TestClient, path: str, field: str, limit: int, **query: Any) -> list[Any]:
    """Return the values of one field in all pages of a list."""
    values: list[Any] = []
    after: dict[str, str] = {}
    while True:
        response = client.get(path, params={"limit": limit, **query, **after})
        assert response.status_code == 200, response.text
        page = response.json()
        values += [row[field] for row in page["items"]]
        if page["next"] is None:
            return values
        after = {"after": page["next"]}


def assert_pages(
    client: TestClient, path: str, field: str, expected: list[Any], **query: Any
) -> None:
    """Assert that a list has these values, whatever the size of its pages."""
    for limit in (1, 2, 50):
        assert every_page(client, path, field, limit, **query) == expected

"""Saved views: each user has its own, in every browser."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from tests.package_app import http_client, package_app

from openiom.administration import saved_view_router
from openiom.administration.saved_views import MAX_VIEWS
from openiom.platform.database import Database

PATH = "/api/v1/saved-views"
VIEW = {"list": "orders", "name": "Large", "parameters": {"state": "on_hold", "sort": "-total"}}


def browser(database: Database, user: str) -> Iterator[TestClient]:
    app = package_app(database, saved_view_router, permissions=set(), principal=user)
    with http_client(app) as client:
        yield client


@pytest.fixture
def ann(database: Database) -> Iterator[TestClient]:
    yield from browser(database, "ann@example.com")


@pytest.fixture
def bob(database: Database) -> Iterator[TestClient]:
    yield from browser(database, "bob@example.com")


def names(client: TestClient, list_name: str = "orders") -> list[str]:
    items = client.get(PATH, params={"list": list_name}).json()["items"]
    return [view["name"] for view in items]


def test_views_are_saved_replaced_and_deleted(ann: TestClient) -> None:
    assert ann.put(PATH, json=VIEW).json() == VIEW
    ann.put(PATH, json={**VIEW, "name": " Mine ", "parameters": {}})
    ann.put(PATH, json={**VIEW, "list": "waiting-lines", "name": "Long"})
    changed = {**VIEW, "parameters": {"state": "new"}}
    ann.put(PATH, json=changed)

    assert ann.get(PATH, params={"list": "orders"}).json()["items"][0] == changed
    assert names(ann) == ["Large", "Mine"]
    assert names(ann, "waiting-lines") == ["Long"]
    for _ in range(2):
        assert ann.delete(PATH, params={"list": "orders", "name": "Large"}).status_code == 204
    assert names(ann) == ["Mine"]


def test_no_user_sees_the_views_of_another_user(ann: TestClient, bob: TestClient) -> None:
    ann.put(PATH, json=VIEW)
    assert names(bob) == []
    bob.delete(PATH, params={"list": "orders", "name": "Large"})
    assert names(ann) == ["Large"]


def test_the_number_of_views_is_limited(ann: TestClient) -> None:
    for index in range(MAX_VIEWS):
        assert ann.put(PATH, json={**VIEW, "name": f"View {index}"}).status_code == 200
    refused = ann.put(PATH, json=VIEW)
    assert refused.status_code == 422
    assert refused.json()["detail"] == "there are 30 saved views of this list already"
    assert ann.put(PATH, json={**VIEW, "name": "View 3"}).status_code == 200
    assert ann.put(PATH, json={**VIEW, "list": "runs"}).status_code == 200


@pytest.mark.parametrize(
    "change", [{"name": "  "}, {"list": "Orders!"}, {"parameters": {"state": 1}}, {"owner": "bob"}]
)
def test_a_view_that_makes_no_sense_is_refused(ann: TestClient, change: dict[str, object]) -> None:
    assert ann.put(PATH, json={**VIEW, **change}).status_code == 422

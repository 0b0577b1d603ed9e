"""A router answers every path of its routes, and sees at a glance when none can match."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from openiom.platform.endpoints import Router, ThreadRoute


def name_of(name: str) -> str:
    return name


def nested() -> Router:
    inner = Router(prefix="/api/v1/stock")
    inner.add_api_route("", lambda: "list", methods=["GET"])
    inner.add_api_route("/{name}/levels", name_of, methods=["GET"])
    inner.add_api_route("/changes", lambda: "changes", methods=["POST"])
    outer = Router()
    outer.include_router(inner)
    return outer


def client(*routers: Router) -> TestClient:
    app = FastAPI()
    for router in routers:
        app.include_router(router)
    return TestClient(app)


def test_beginnings_end_before_the_first_parameter() -> None:
    assert nested().beginnings() == ("/api/v1/stock", "/api/v1/stock/", "/api/v1/stock/changes")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/stock", 200),
        ("GET", "/api/v1/stock/", 200),  # redirected
        ("GET", "/api/v1/stock/lamp/levels", 200),
        ("POST", "/api/v1/stock/changes", 200),
        ("GET", "/api/v1/stock/changes", 405),
        ("GET", "/api/v1/stocks", 404),
        ("GET", "/api/v1/other", 404),
    ],
)
def test_routes_of_nested_routers_are_found(method: str, path: str, status: int) -> None:
    asking = client(Router(prefix="/api/v1/else"), nested())
    assert asking.request(method, path).status_code == status


def test_a_parameter_at_the_beginning_of_a_path_matches_anything() -> None:
    router = Router()
    router.add_api_route("/{name}", name_of, methods=["GET"])
    assert router.beginnings() == ("/",)
    assert client(router).get("/lamp").json() == "lamp"


def test_a_route_that_is_added_later_is_found() -> None:
    router = nested()
    assert router.beginnings()
    router.add_api_route("/late", lambda: "late", methods=["GET"])
    assert client(router).get("/late").json() == "late"


def test_routes_of_other_beginnings_are_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    matches = ThreadRoute.matches

    def watch(self: ThreadRoute, scope: Any) -> Any:
        compared.append(self.path)
        return matches(self, scope)

    monkeypatch.setattr(ThreadRoute, "matches", watch)
    other = Router(prefix="/api/v1/orders")
    other.add_api_route("", lambda: "orders", methods=["GET"])

    assert client(nested(), other).get("/api/v1/orders").json() == "orders"
    assert set(compared) == {"/api/v1/orders"}

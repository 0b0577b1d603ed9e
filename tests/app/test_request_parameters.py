"""Every route: names with slashes reach it, and unknown query parameters are refused."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from openiom.platform.request_parameters import name_safe_path

NAMED = "A%2F5"
UNROUTED = "about:blank"
"""The type of a problem document when no route was found."""


def operations(client: TestClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the method, path and description of every documented operation."""
    document = client.get("/api/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def filled(path: str, value: str) -> str:
    """Return a path with `value` for every parameter but the environment."""
    parts = path.replace("{environmentId}", "dev").split("/")
    return "/".join(value if part.startswith("{") else part for part in parts)


def test_a_name_with_a_slash_reaches_every_route_with_a_parameter(client: TestClient) -> None:
    named = [(method, path) for method, path, _ in operations(client) if "{" in path]
    assert len(named) > 30

    for method, path in named:
        if method == "GET" and path == "/{path}":
            continue

        answer = client.request(method, filled(path, NAMED), json={})
        body = answer.json() if answer.headers["content-type"].endswith("json") else {}
        assert body.get("type") != UNROUTED, (method, path, answer.text)


def test_the_decoded_name_is_looked_up(client: TestClient) -> None:
    flow = client.get("/api/v1/flows/north%2Fsouth")
    assert (flow.status_code, "no flow named north/south" in flow.text) == (404, True)
    assert flow.json()["instance"] == "/api/v1/flows/north%2Fsouth"

    counts = client.get("/api/v1/flows/north%2Fcounts")
    assert "no flow named north/counts" in counts.text

    percent = client.get("/api/v1/products/50%25%2Foff")
    assert "there is no product 50%/off" in percent.text


@pytest.mark.parametrize(
    ("raw", "path"),
    [
        (b"/a/b", "/a/b"),
        (b"/a%2Fb/c%20d", "/a%2Fb/c d"),
        (b"/a%2fb", "/a%2Fb"),
        (b"/50%25%2F2", "/50%25%2F2"),
        (b"/%E6%9D%B1", "/東"),
    ],
)
def test_only_slashes_and_percent_signs_of_a_segment_stay_encoded(raw: bytes, path: str) -> None:
    assert name_safe_path(raw) == path


def test_an_unknown_query_parameter_is_refused_by_every_list(client: TestClient) -> None:
    lists = []
    for method, path, _ in operations(client):
        if method == "GET" and path.startswith("/api/v1/"):
            lists.append(path)

    assert len(lists) > 50
    for path in lists:
        answer = client.get(filled(path, "7"), params={"no_such_parameter": "1"})
        assert answer.status_code == 422, (path, answer.text)
        assert answer.json()["where"] == "query.no_such_parameter", path


def test_the_refusal_names_the_parameter_and_those_that_exist(client: TestClient) -> None:
    answer = client.get("/api/v1/products", params={"serch": "lamp", "limit": "5"})
    assert answer.status_code == 422
    body = answer.json()
    assert body["detail"] == "unknown query parameter serch"
    assert body["remedy"] == "use after, limit, search, sort"
    assert body["problems"] == [
        {
            "where": "query.serch",
            "what": "there is no parameter serch",
            "remedy": "use after, limit, search, sort",
        }
    ]


def test_documented_parameters_are_accepted(client: TestClient) -> None:
    for method, path, operation in operations(client):
        names = []
        for parameter in operation.get("parameters", ()):
            if parameter["in"] == "query":
                names.append(parameter["name"])

        if method == "GET" and names:
            answer = client.get(filled(path, "7"), params=dict.fromkeys(names, "1"))
            assert "unknown query parameter" not in answer.text, (path, answer.text)


def test_published_contracts_and_pages_are_not_checked(client: TestClient) -> None:
    assert client.get("/health", params={"no_such_parameter": "1"}).status_code == 200

"""Size limit, headers, problem documents, the user interface and the API document."""

from pathlib import Path
from typing import Any

import orjson
from starlette.testclient import TestClient

from openiom.app.application import Application
from openiom.app.resources import PROJECT
from openiom.app.web import create_app


def test_a_body_over_the_limit_is_refused_with_or_without_its_length(
    client: TestClient,
) -> None:
    said = client.post("/api/v1/session", content=b"x" * 20_001)
    streamed = client.post("/api/v1/session", content=iter([b"x" * 15_000, b"x" * 15_000]))

    for answer in (said, streamed):
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["remedy"] == "send it in parts, or raise OPENIOM_MESSAGE_LIMIT_BYTES"


def test_a_body_at_the_limit_is_accepted(client: TestClient) -> None:
    filler = " " * (20_000 - len('{"email":"a@b.c","password":"wrong"}'))

    answer = client.post(
        "/api/v1/session",
        content=f'{{"email":"a@b.c","password":"wrong"{filler}}}',
        headers={"content-type": "application/json"},
    )

    assert answer.status_code == 401


def test_every_response_has_security_headers(client: TestClient) -> None:
    for path in ("/health", "/api/v1/orders", "/api/v1/nothing"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "script-src" not in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]
    assert client.get("/api/v1/orders").headers["cache-control"] == "no-store"


def test_an_unknown_path_below_the_api_is_a_problem_and_not_the_user_interface(
    client: TestClient,
) -> None:
    answer = client.get("/api/v1/nothing")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_route_refuses_requests_without_credentials(application: Application) -> None:
    app = create_app(application)
    open_to_all = {
        "/health",
        "/ready",
        "/metrics",
        "/api/v1/session",
        "/token",
        "/{tenant}/oauth2/v2.0/token",
    }
    with TestClient(app) as anonymous_client:
        for path, methods in app.openapi()["paths"].items():
            if path in open_to_all or path.startswith("/hooks/"):
                continue

            for method in methods:
                shown = path.replace("{", "00000000-0000-0000-0000-").replace("}", "")
                answer = anonymous_client.request(method.upper(), shown, json={})
                # A signed link is the credential of a public route; a wrong one opens nothing.
                refusal = 404 if path.startswith("/api/v1/public/") else 401
                assert answer.status_code in (refusal, 422), (
                    f"{method} {path} answered {answer.status_code}"
                )
                if answer.status_code == 422:
                    assert "items" not in answer.json(), path


def _search(path: dict[str, Any]) -> dict[str, str]:
    """Return what a path requires: the text to search for, or the list whose views it returns."""
    names = [parameter["name"] for parameter in path["get"].get("parameters", ())]
    required = {"q": "x", "list": "orders"}
    return {name: value for name, value in required.items() if name in names}


def test_every_list_responds_to_an_administrator(client: TestClient) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    # One never ends, one is for browsers, one requires parameters, one is empty before a batch.
    apart = {
        "/api/v1/live",
        "/api/v1/session",
        "/api/v1/inventory/atp",
        "/api/v1/sourcing/shadow-prices",
    }
    lists = [
        p
        for p in paths
        if p.startswith("/api/") and "get" in paths[p] and "{" not in p and p not in apart
    ]

    answers = {path: client.get(path, params=_search(paths[path])).status_code for path in lists}

    assert {path: status for path, status in answers.items() if status != 200} == {}
    assert {
        "/api/v1/orders",
        "/api/v1/runs",
        "/api/v1/policies",
        "/api/v1/messages",
    } <= answers.keys()


def test_the_client_of_the_user_interface_is_up_to_date(
    application: Application,
) -> None:
    kept = orjson.loads((PROJECT / "ui" / "openapi.json").read_bytes())

    assert kept == create_app(application).openapi(), (
        "run: iom openapi --output ui/openapi.json && npm run client in ui/"
    )


def test_a_page_says_how_to_build_the_user_interface(client: TestClient) -> None:
    answer = client.get("/")

    assert answer.status_code == 200
    assert "make install" in answer.text
    assert client.get("/orders").status_code == 503


def test_a_built_user_interface_is_served_and_its_assets_are_cached(
    application: Application, tmp_path: Path
) -> None:
    (tmp_path / "ui" / "assets").mkdir(parents=True)
    (tmp_path / "ui" / "index.html").write_text("<title>the page</title>")
    (tmp_path / "ui" / "assets" / "app-1a2b.js").write_text("let x = 1")
    (tmp_path / "secret.txt").write_text("not yours")

    with TestClient(create_app(application)) as browser:
        page = browser.get("/orders/0192")
        asset = browser.get("/assets/app-1a2b.js")
        missing = browser.get("/assets/app-0000.js")
        outside = browser.get("/..%2fsecret.txt")

    assert page.text == "<title>the page</title>"
    assert page.headers["cache-control"] == "no-cache"
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert missing.status_code == 404
    assert "not yours" not in outside.text


def test_a_process_is_not_ready_until_the_database_is_migrated(
    client: TestClient,
) -> None:
    answer = client.get("/ready")  # the test database was made without migrations

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "database": "reachable",
        "schema_version": "none",
        "remedy": "run: iom migrate",
        "lag_seconds": 0.0,
    }


def test_the_api_document_names_every_operation_once(application: Application) -> None:
    document = create_app(application).openapi()
    names = [
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    ]

    assert len(names) == len(set(names))
    assert {"/api/v1/orders", "/api/v1/live", "/api/v1/search", "/api/v1/session"} <= document[
        "paths"
    ].keys()

"""The page of the API needs nothing from another server, and can be closed."""

import re
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from openiom.app.application import Application, build
from openiom.app.web import create_app
from openiom.platform.database import Database
from openiom.platform.settings import Settings


def test_every_asset_of_the_page_is_served_here(anonymous_client: TestClient) -> None:
    page = anonymous_client.get("/api/docs")

    assert page.status_code == 200
    assert "//" not in page.text
    assets = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert assets == [
        "/api/docs/swagger-ui.css",
        "/api/docs/swagger-ui-bundle.js",
        "/api/docs/start.js",
    ]
    found = [anonymous_client.get(asset) for asset in assets]
    assert [answer.status_code for answer in found] == [200, 200, 200]
    kinds = [answer.headers["content-type"].partition(";")[0] for answer in found]
    assert kinds == ["text/css", "text/javascript", "text/javascript"]
    assert "SwaggerUIBundle" in found[1].text
    assert "/api/openapi.json" in found[2].text


def test_the_page_has_the_content_security_policy_of_every_page(
    anonymous_client: TestClient,
) -> None:
    page = anonymous_client.get("/api/docs")
    policy = page.headers["content-security-policy"]

    assert policy == anonymous_client.get("/health").headers["content-security-policy"]
    assert "<script>" not in page.text
    assert "http" not in policy


@pytest.mark.parametrize("name", ["redoc.standalone.js", "__init__.py", "..%2fcore.py"])
def test_no_other_file_is_served(anonymous_client: TestClient, name: str) -> None:
    assert anonymous_client.get(f"/api/docs/{name}").status_code == 404


@pytest.fixture
def closed(database: Database, settings: Settings) -> Iterator[TestClient]:
    """A client of a server whose documentation and metrics are closed."""
    application: Application = build(
        settings.model_copy(update={"api_docs": False, "metrics": False}), database.url
    )
    with TestClient(create_app(application)) as client:
        yield client
    application.close()


@pytest.mark.parametrize(
    "path", ["/api/docs", "/api/docs/start.js", "/api/openapi.json", "/metrics"]
)
def test_documentation_and_metrics_can_be_closed(closed: TestClient, path: str) -> None:
    answer = closed.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert closed.get("/health").status_code == 200

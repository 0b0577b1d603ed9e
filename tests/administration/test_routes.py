"""Sessions, API tokens and clients over HTTP."""

from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from openiom.administration import upsert_users
from openiom.administration.service import sign_in
from openiom.app.application import Application
from openiom.platform.clock import utc_now

SESSION = "/api/v1/session"
CREDENTIALS = {"email": "ann@example.com", "password": "correct horse"}


@pytest.fixture
def browser(application: Application, anonymous_client: TestClient) -> TestClient:
    """The browser of a user who has not signed in yet."""
    with application.database.unit_of_work() as session:
        upsert_users(
            session, [(CREDENTIALS["email"], "Ann Lee", CREDENTIALS["password"], ["viewer"])]
        )
    return anonymous_client


def test_a_user_signs_in_and_out(browser: TestClient) -> None:
    opened = browser.post(SESSION, json=CREDENTIALS)

    assert opened.status_code == 200
    assert opened.json()["name"] == "Ann Lee"
    assert opened.json()["email"] == "ann@example.com"
    assert opened.json()["environment"] == "dev"
    assert "orders.read" in opened.json()["permissions"]
    assert browser.get(SESSION).json() == opened.json()
    assert browser.get("/api/v1/orders").status_code == 200
    assert browser.delete(SESSION).status_code == 204
    assert browser.get(SESSION).json() is None
    assert browser.get("/api/v1/orders").status_code == 401


def test_a_session_cookie_cannot_be_read_by_scripts(browser: TestClient) -> None:
    cookie = browser.post(SESSION, json=CREDENTIALS).headers["set-cookie"].lower()

    assert cookie.startswith("openiom_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "max-age=43200" in cookie
    assert "secure" not in cookie


def test_a_session_cookie_over_https_is_secure(browser: TestClient) -> None:
    browser.base_url = "https://testserver"

    assert "secure" in browser.post(SESSION, json=CREDENTIALS).headers["set-cookie"].lower()


@pytest.mark.parametrize("change", [{"password": "wrong horse"}, {"email": "eve@example.com"}])
def test_wrong_credentials_do_not_say_which_part_is_wrong(
    browser: TestClient, change: dict[str, str]
) -> None:
    refused = browser.post(SESSION, json=CREDENTIALS | change)

    assert refused.status_code == 401
    assert refused.json()["detail"] == "incorrect e-mail or password"
    assert "set-cookie" not in refused.headers


@pytest.mark.parametrize(
    "body", [{}, {"email": "a@b"}, CREDENTIALS | {"role": "king"}, CREDENTIALS | {"password": ""}]
)
def test_incomplete_credentials_are_invalid(browser: TestClient, body: dict[str, str]) -> None:
    assert browser.post(SESSION, json=body).status_code == 422


def test_a_missing_session_is_a_result_and_not_an_error(browser: TestClient) -> None:
    response = browser.get(SESSION)

    assert (response.status_code, response.json()) == (200, None)


def test_an_expired_session_is_missing(application: Application, browser: TestClient) -> None:
    with application.database.unit_of_work() as session:
        two_hours_ago = utc_now() - timedelta(hours=2)
        opened = sign_in(session, **CREDENTIALS, now=two_hours_ago, hours=1)

    assert opened is not None
    browser.cookies["openiom_session"] = opened[0]

    response = browser.get(SESSION)

    assert (response.status_code, response.json()) == (200, None)


@pytest.mark.parametrize("header", ["Bearer iom_unknown", "Bearer a.b.c", "Bearer ", "Basic eDp5"])
def test_invalid_credentials_in_a_header_are_refused(browser: TestClient, header: str) -> None:
    assert browser.get(SESSION, headers={"authorization": header}).status_code == 401


def test_the_scheme_of_a_bearer_token_is_case_insensitive(client: TestClient) -> None:
    token = client.headers["authorization"].removeprefix("Bearer ")

    response = client.get(SESSION, headers={"authorization": f"bearer  {token} "})

    assert response.json()["name"] == "token test"


def test_an_administrator_issues_api_tokens(
    client: TestClient, anonymous_client: TestClient
) -> None:
    issued = client.post("/api/v1/api-tokens", json={"name": "robot", "roles": ["viewer"]})

    assert issued.status_code == 201
    assert issued.json()["name"] == "robot"
    headers = {"authorization": f"Bearer {issued.json()['token']}"}
    assert anonymous_client.get("/api/v1/orders", headers=headers).status_code == 200
    refused = anonymous_client.post(
        "/api/v1/api-tokens", json={"name": "more", "roles": ["administrator"]}, headers=headers
    )
    assert refused.status_code == 403
    assert refused.json()["remedy"] == (
        "ask an administrator for the permission administration.write"
    )


def test_clients_are_created_listed_and_deleted(client: TestClient) -> None:
    created = client.post("/api/v1/clients", json={"name": "pos", "roles": ["integrator"]})
    assert created.status_code == 201
    client_id = created.json()["client_id"]
    assert len(created.json()["client_secret"]) > 40

    [listed] = client.get("/api/v1/clients").json()["items"]
    assert (listed["client_id"], listed["name"], listed["roles"], listed["created_by"]) == (
        client_id,
        "pos",
        ["integrator"],
        "token test",
    )
    assert "secret" not in str(listed)

    assert client.delete(f"/api/v1/clients/{client_id}").status_code == 204
    missing = client.delete(f"/api/v1/clients/{client_id}")
    assert (missing.status_code, missing.json()["where"]) == (404, "client_id")
    assert client.get("/api/v1/clients").json() == {"items": []}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/clients"),
        ("POST", "/api/v1/clients"),
        ("DELETE", "/api/v1/clients/1"),
        ("POST", "/api/v1/api-tokens"),
        ("GET", "/api/v1/configuration"),
        ("POST", "/api/v1/configuration/apply"),
        ("DELETE", "/api/v1/configuration/role/picker"),
    ],
)
def test_a_viewer_is_refused_with_the_missing_permission(
    browser: TestClient, method: str, path: str
) -> None:
    browser.post(SESSION, json=CREDENTIALS)
    bodies = {
        "/api/v1/configuration/apply": {"documents": []},
    }

    response = browser.request(
        method, path, json=bodies.get(path, {"name": "x", "roles": ["viewer"]})
    )

    assert response.status_code == 403
    assert response.json()["remedy"].startswith("ask an administrator for the permission ")

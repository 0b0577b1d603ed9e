"""The two-step token flow over HTTP."""

from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from openiom.administration import upsert_client
from openiom.administration.token_routes import CLIENT_SCOPE, INVENTORY_SCOPE
from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.platform.bulk import execute
from openiom.platform.clock import utc_now

OFFICE = "192.0.2.1"
HOTEL = "192.0.2.2"


@pytest.fixture
def program(application: Application) -> tuple[str, str]:
    """Id and secret of a client."""
    with application.database.unit_of_work() as session:
        return upsert_client(session, name="pos", roles=["integrator"], now=utc_now(), actor="test")


def assertion(client: TestClient, program: tuple[str, str], **changes: str) -> httpx.Response:
    form = {
        "client_id": program[0],
        "client_secret": program[1],
        "grant_type": "client_credentials",
        "scope": CLIENT_SCOPE,
    }
    return client.post("/contoso/oauth2/v2.0/token", data=form | changes)


def access(client: TestClient, token: str, **changes: Any) -> httpx.Response:
    body = {
        "grant_type": "client_credentials",
        "client_assertion_type": "aad_app",
        "client_assertion": token,
        "scope": INVENTORY_SCOPE,
        "context": "dev",
        "context_type": "finops-env",
    }
    return client.post("/token", json=body | changes)


def test_id_and_secret_become_an_access_token(
    anonymous_client: TestClient, program: tuple[str, str]
) -> None:
    first = assertion(anonymous_client, program)
    assert first.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    answer = first.json()
    token = answer.pop("access_token")
    assert answer == {"token_type": "Bearer", "expires_in": "3599", "ext_expires_in": "3599"}

    second = access(anonymous_client, token)
    assert second.status_code == 200
    answer = second.json()
    bearer = answer.pop("access_token")
    assert answer == {"token_type": "bearer", "expires_in": 3600}

    headers = {"authorization": f"Bearer {bearer}"}
    session = anonymous_client.get("/api/v1/session", headers=headers).json()
    assert session["name"] == "client pos"
    assert "inventory.write" in session["permissions"]


@pytest.mark.parametrize("field", ["client_id", "client_secret", "grant_type", "scope"])
def test_a_missing_field_of_the_first_step_is_named(
    anonymous_client: TestClient, program: tuple[str, str], field: str
) -> None:
    response = assertion(anonymous_client, program, **{field: ""})

    assert response.status_code == 400
    body = response.json()
    assert (body["where"], body["detail"], body["remedy"]) == (
        field,
        "is missing",
        f"send {field}",
    )
    assert body["error"] == "invalid_request"
    assert body["error_description"] == f"{field}: is missing"
    assert "reference" not in body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("grant_type", "password"),
        ("scope", "everything"),
        ("client_assertion_type", "jwt"),
        ("context_type", "tenant"),
    ],
)
def test_other_values_of_fixed_fields_are_refused(
    anonymous_client: TestClient, program: tuple[str, str], field: str, value: str
) -> None:
    token = assertion(anonymous_client, program).json()["access_token"]

    response = access(anonymous_client, token, **{field: value})

    assert response.status_code == 400
    assert response.json()["where"] == field
    assert response.json()["detail"].startswith("is not ")


def test_a_zero_byte_in_a_client_id_is_invalid(anonymous_client: TestClient) -> None:
    response = assertion(anonymous_client, ("a\0b", "guess"))

    assert response.status_code == 400
    assert (response.json()["where"], response.json()["detail"]) == (
        "client_id",
        "contains a zero byte",
    )


@pytest.mark.parametrize(
    ("body", "what"), [(b"{", "the body is not JSON"), (b"\xff\xfe", "neither")]
)
def test_a_body_that_is_neither_form_nor_json_is_refused(
    anonymous_client: TestClient, body: bytes, what: str
) -> None:
    response = anonymous_client.post("/token", content=body)

    assert response.status_code == 400
    assert what in response.json()["detail"]


def test_a_form_with_too_many_fields_is_refused(anonymous_client: TestClient) -> None:
    form = "&".join(f"field{number}=1" for number in range(51))

    response = anonymous_client.post("/token", content=form.encode())

    assert response.status_code == 400


def test_another_environment_is_forbidden(
    anonymous_client: TestClient, program: tuple[str, str]
) -> None:
    token = assertion(anonymous_client, program).json()["access_token"]

    response = access(anonymous_client, token, context="production")

    assert response.status_code == 403
    body = response.json()
    assert (body["error"], body["where"]) == ("access_denied", "context")
    assert body["detail"] == "this installation is not the environment production"
    assert access(anonymous_client, token, context="DEV").status_code == 200


def test_an_access_token_is_not_an_assertion(
    anonymous_client: TestClient, program: tuple[str, str]
) -> None:
    token = assertion(anonymous_client, program).json()["access_token"]
    bearer = access(anonymous_client, token).json()["access_token"]

    response = access(anonymous_client, bearer)

    assert response.status_code == 401
    assert response.json()["error"] == "invalid_client"
    assert response.headers["www-authenticate"] == "Bearer"


def test_a_deleted_client_gets_no_access_token(
    client: TestClient, anonymous_client: TestClient, program: tuple[str, str]
) -> None:
    token = assertion(anonymous_client, program).json()["access_token"]
    client.delete(f"/api/v1/clients/{program[0]}")

    response = access(anonymous_client, token)

    assert response.status_code == 401
    assert response.json()["detail"] == "this client has been deleted"


def test_a_lock_holds_in_every_web_process_and_not_at_other_addresses(
    application: Application, program: tuple[str, str]
) -> None:
    with (
        TestClient(create_app(application), client=(OFFICE, 1)) as first,
        TestClient(create_app(application), client=(OFFICE, 2)) as second,
        TestClient(create_app(application), client=(HOTEL, 1)) as hotel,
    ):
        for process in (first, second) * 4:
            assert assertion(process, (program[0], "guess")).status_code == 401

        locked = assertion(second, program)
        elsewhere = assertion(hotel, program)

        with application.database.unit_of_work() as session:
            execute(session, "UPDATE administration.client_auth_failure SET locked_until = now()")

        later = assertion(first, program)

    assert locked.status_code == 429
    assert 55 <= int(locked.headers["retry-after"]) <= 60
    assert locked.headers["content-type"] == "application/problem+json"
    assert locked.json()["error"] == "temporarily_unavailable"
    assert (elsewhere.status_code, later.status_code) == (200, 200)

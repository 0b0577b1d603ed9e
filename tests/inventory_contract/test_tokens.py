"""The two-step token flow: secrets, environments, permissions and expiry."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from openiom.administration import TokenIssuer
from openiom.administration.token_routes import CLIENT_SCOPE, INVENTORY_SCOPE
from openiom.app.application import Application
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.platform.bulk import execute, fetch
from openiom.platform.clock import utc_now
from openiom.platform.secrets import SigningKeys

ONHAND = "/api/environment/dev/configuration"


def first_step(http: TestClient, program: tuple[str, str], **other: str) -> httpx.Response:
    form = {
        "client_id": program[0],
        "client_secret": program[1],
        "grant_type": "client_credentials",
        "scope": CLIENT_SCOPE,
    }
    return http.post("/tenant-1/oauth2/v2.0/token", data=form | other)


def second_step(http: TestClient, assertion: str, **other: str) -> httpx.Response:
    body = {
        "grant_type": "client_credentials",
        "client_assertion_type": "aad_app",
        "client_assertion": assertion,
        "scope": INVENTORY_SCOPE,
        "context": "dev",
        "context_type": "finops-env",
    }
    return http.post("/token", json=body | other)


def bearer(http: TestClient, program: tuple[str, str]) -> str:
    assertion = first_step(http, program).json()["access_token"]
    return str(second_step(http, assertion).json()["access_token"])


def get_configuration(http: TestClient, token: str) -> httpx.Response:
    return http.get(ONHAND, headers={"authorization": f"Bearer {token}"})


def test_the_published_flow_returns_a_token_for_one_hour(
    anonymous_client: TestClient, program: tuple[str, str], sample: Callable[[int], Any]
) -> None:
    one, two = sample(1), sample(2)
    form = {**one["request"], "client_id": program[0], "client_secret": program[1]}
    first = anonymous_client.request(
        "GET", "/tenant-1/oauth2/v2.0/token", data=form, headers=one["headers"]
    )
    assert first.status_code == 200
    token = first.json()
    assert {k: token[k] for k in ("token_type", "expires_in", "ext_expires_in")} == {
        k: one["response"][k] for k in ("token_type", "expires_in", "ext_expires_in")
    }
    body = {**two["request"], "client_assertion": token["access_token"], "context": "dev"}
    second = anonymous_client.post("/token", json=body, headers=two["headers"])
    assert second.status_code == 200
    assert second.json() | {"access_token": ""} == two["response"] | {"access_token": ""}
    assert second.headers["cache-control"] == "no-store"
    assert get_configuration(anonymous_client, second.json()["access_token"]).status_code == 200


@pytest.mark.parametrize("wrong", [{"client_secret": "guess"}, {"client_id": "unknown"}])
def test_a_wrong_secret_and_an_unknown_client_have_the_same_response(
    anonymous_client: TestClient, program: tuple[str, str], wrong: dict[str, str]
) -> None:
    answer = first_step(anonymous_client, program, **wrong)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error"] == "invalid_client"
    assert answer.json()["detail"] == "incorrect client id or secret"


@pytest.mark.parametrize("field", ["grant_type", "scope", "client_id"])
def test_a_missing_field_of_a_token_request_is_named(
    anonymous_client: TestClient, program: tuple[str, str], field: str
) -> None:
    answer = first_step(anonymous_client, program, **{field: ""})
    assert (answer.status_code, answer.json()["where"], answer.json()["error"]) == (
        400,
        field,
        "invalid_request",
    )


def test_a_token_for_another_environment_is_neither_issued_nor_accepted(
    anonymous_client: TestClient, program: tuple[str, str], application: Application
) -> None:
    assertion = first_step(anonymous_client, program).json()["access_token"]
    assert second_step(anonymous_client, assertion, context="production").status_code == 403
    signing = SigningKeys.from_settings(keys="", home=application.settings.home)
    elsewhere = TokenIssuer.of(signing, environment="production")
    token = elsewhere.access_token(client_id=program[0], name="x", permissions=["*"], now=utc_now())
    refused = get_configuration(anonymous_client, token)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "this token is for the environment production, not for dev"
    good = {"authorization": f"Bearer {bearer(anonymous_client, program)}"}
    other = anonymous_client.get("/api/environment/production/configuration", headers=good)
    assert (other.status_code, other.json()["where"]) == (403, "environmentId")


def test_a_token_expires_after_an_hour(
    anonymous_client: TestClient, program: tuple[str, str], application: Application
) -> None:
    def token_of(moment: datetime) -> str:
        return application.issuer.access_token(
            client_id=program[0], name="x", permissions=["*"], now=moment
        )

    # A token that is older than its client belongs to a client that was removed.
    with application.database.unit_of_work() as session:
        execute(session, "UPDATE administration.client SET created_at = now() - interval '1 day'")

    hour = timedelta(seconds=3600)
    assert (
        get_configuration(
            anonymous_client, token_of(utc_now() - hour + timedelta(seconds=30))
        ).status_code
        == 200
    )
    ended = get_configuration(anonymous_client, token_of(utc_now() - hour))
    assert (ended.status_code, ended.json()["detail"]) == (401, "this token has expired")
    assert ended.headers["www-authenticate"] == "Bearer"


def test_assertions_and_bearer_tokens_are_not_interchangeable(
    anonymous_client: TestClient, program: tuple[str, str]
) -> None:
    assertion = first_step(anonymous_client, program).json()["access_token"]
    token = bearer(anonymous_client, program)
    assert get_configuration(anonymous_client, assertion).status_code == 401
    assert second_step(anonymous_client, token).status_code == 401
    assert (
        get_configuration(
            anonymous_client, token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
        ).status_code
        == 401
    )
    assert get_configuration(anonymous_client, "a.b.c").status_code == 401


def test_a_token_has_only_the_permissions_of_its_client(
    anonymous_client: TestClient, client: TestClient, program: tuple[str, str]
) -> None:
    made = client.post("/api/v1/clients", json={"name": "looker", "roles": ["viewer"]}).json()
    token = bearer(anonymous_client, (made["client_id"], made["client_secret"]))
    refused = anonymous_client.put(
        ONHAND, json=DEFAULT, headers={"authorization": f"Bearer {token}"}
    )
    assert (refused.status_code, refused.json()["remedy"]) == (
        403,
        "ask an administrator for the permission configuration.write",
    )


def test_a_removed_client_gets_no_tokens_and_a_new_secret_replaces_the_old(
    client: TestClient, program: tuple[str, str]
) -> None:
    assertion = first_step(client, program).json()["access_token"]
    renewed = client.post(
        "/api/v1/clients", json={"name": "pos bridge", "roles": ["viewer"]}
    ).json()
    assert renewed["client_id"] == program[0]
    assert first_step(client, program).status_code == 401
    assert [c["name"] for c in client.get("/api/v1/clients").json()["items"]] == ["pos bridge"]
    assert client.delete(f"/api/v1/clients/{program[0]}").status_code == 204
    assert second_step(client, assertion).status_code == 401
    assert client.delete(f"/api/v1/clients/{program[0]}").status_code == 404


def test_only_a_hash_of_the_secret_is_stored(
    application: Application, program: tuple[str, str]
) -> None:
    with application.database.reading() as session:
        stored = fetch(session, "SELECT c::text FROM administration.client c")[0][0]
    assert program[1] not in stored
    assert "$argon2id$" in stored

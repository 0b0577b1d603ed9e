"""The two-step token flow: only the right secret, the right environment, and an hour."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from openiom.administration import TokenIssuer
from openiom.administration.token_routes import CLIENT_SCOPE, INVENTORY_SCOPE
from openiom.app.application import Application
from openiom.inventory_visibility.default_configuration import DEFAULT
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now

ONHAND = "/api/environment/dev/configuration"


def first_step(asking: TestClient, program: tuple[str, str], **other: str) -> httpx.Response:
    form = {
        "client_id": program[0],
        "client_secret": program[1],
        "grant_type": "client_credentials",
        "scope": CLIENT_SCOPE,
    }
    return asking.post("/tenant-1/oauth2/v2.0/token", data=form | other)


def second_step(asking: TestClient, assertion: str, **other: str) -> httpx.Response:
    body = {
        "grant_type": "client_credentials",
        "client_assertion_type": "aad_app",
        "client_assertion": assertion,
        "scope": INVENTORY_SCOPE,
        "context": "dev",
        "context_type": "finops-env",
    }
    return asking.post("/token", json=body | other)


def bearer(asking: TestClient, program: tuple[str, str]) -> str:
    assertion = first_step(asking, program).json()["access_token"]
    return str(second_step(asking, assertion).json()["access_token"])


def asked(asking: TestClient, token: str) -> httpx.Response:
    return asking.get(ONHAND, headers={"authorization": f"Bearer {token}"})


def filled(given: Mapping[str, str], **values: str) -> dict[str, str]:
    return {**given, **values}


def test_the_published_flow_ends_in_a_token_of_an_hour(
    anonymous_client: TestClient, program: tuple[str, str], sample: Callable[[int], Any]
) -> None:
    one, two = sample(1), sample(2)
    form = filled(one["request"], client_id=program[0], client_secret=program[1])
    first = anonymous_client.request(
        "GET", "/tenant-1/oauth2/v2.0/token", data=form, headers=one["headers"]
    )
    assert first.status_code == 200
    told = first.json()
    assert {k: told[k] for k in ("token_type", "expires_in", "ext_expires_in")} == {
        k: one["response"][k] for k in ("token_type", "expires_in", "ext_expires_in")
    }
    body = filled(two["request"], client_assertion=told["access_token"], context="dev")
    second = anonymous_client.post("/token", json=body, headers=two["headers"])
    assert second.status_code == 200
    assert second.json() | {"access_token": ""} == two["response"] | {"access_token": ""}
    assert second.headers["cache-control"] == "no-store"
    assert asked(anonymous_client, second.json()["access_token"]).status_code == 200


@pytest.mark.parametrize("wrong", [{"client_secret": "guess"}, {"client_id": "nobody"}])
def test_a_wrong_secret_and_an_unknown_client_are_answered_alike(
    anonymous_client: TestClient, program: tuple[str, str], wrong: dict[str, str]
) -> None:
    answer = first_step(anonymous_client, program, **wrong)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["error"] == "invalid_client"
    assert answer.json()["detail"] == "incorrect client id or secret"


@pytest.mark.parametrize("field", ["grant_type", "scope", "client_id"])
def test_what_is_missing_from_a_token_request_is_named(
    anonymous_client: TestClient, program: tuple[str, str], field: str
) -> None:
    answer = first_step(anonymous_client, program, **{field: ""})
    assert (answer.status_code, answer.json()["where"], answer.json()["error"]) == (
        400,
        field,
        "invalid_request",
    )


def test_a_token_for_another_environment_is_refused_when_asked_for_and_when_used(
    anonymous_client: TestClient, program: tuple[str, str], application: Application
) -> None:
    assertion = first_step(anonymous_client, program).json()["access_token"]
    assert second_step(anonymous_client, assertion, context="production").status_code == 403
    elsewhere = TokenIssuer.of(application.secrets, environment="production")
    token = elsewhere.access_token(client_id=program[0], name="x", permissions=["*"], now=utc_now())
    refused = asked(anonymous_client, token)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "this token is for the environment production, not for dev"
    good = {"authorization": f"Bearer {bearer(anonymous_client, program)}"}
    other = anonymous_client.get("/api/environment/production/configuration", headers=good)
    assert (other.status_code, other.json()["where"]) == (403, "environmentId")


def test_a_token_ends_after_an_hour(
    anonymous_client: TestClient, program: tuple[str, str], application: Application
) -> None:
    def token_of(moment: datetime) -> str:
        return application.issuer.access_token(
            client_id=program[0], name="x", permissions=["*"], now=moment
        )

    hour = timedelta(seconds=3600)
    assert (
        asked(anonymous_client, token_of(utc_now() - hour + timedelta(seconds=30))).status_code
        == 200
    )
    ended = asked(anonymous_client, token_of(utc_now() - hour))
    assert (ended.status_code, ended.json()["detail"]) == (401, "this token has expired")
    assert ended.headers["www-authenticate"] == "Bearer"


def test_an_assertion_is_no_bearer_and_a_bearer_no_assertion(
    anonymous_client: TestClient, program: tuple[str, str]
) -> None:
    assertion = first_step(anonymous_client, program).json()["access_token"]
    token = bearer(anonymous_client, program)
    assert asked(anonymous_client, assertion).status_code == 401
    assert second_step(anonymous_client, token).status_code == 401
    assert (
        asked(anonymous_client, token[:-2] + ("AA" if token[-2:] != "AA" else "BB")).status_code
        == 401
    )
    assert asked(anonymous_client, "a.b.c").status_code == 401


def test_a_token_carries_the_permissions_of_its_client_and_no_more(
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


def test_a_removed_client_gets_no_more_tokens_and_a_new_secret_ends_the_old(
    client: TestClient, program: tuple[str, str]
) -> None:
    assertion = first_step(client, program).json()["access_token"]
    heartbeat = client.post(
        "/api/v1/clients", json={"name": "pos bridge", "roles": ["viewer"]}
    ).json()
    assert heartbeat["client_id"] == program[0]
    assert first_step(client, program).status_code == 401
    assert [c["name"] for c in client.get("/api/v1/clients").json()["items"]] == ["pos bridge"]
    assert client.delete(f"/api/v1/clients/{program[0]}").status_code == 204
    assert second_step(client, assertion).status_code == 401
    assert client.delete(f"/api/v1/clients/{program[0]}").status_code == 404


def test_the_secret_is_kept_as_a_hash_only(
    application: Application, program: tuple[str, str]
) -> None:
    with application.database.reading() as session:
        kept = fetch(session, "SELECT c::text FROM administration.client c")[0][0]
    assert program[1] not in kept
    assert "$argon2id$" in kept

"""No principal grants more than it has, and what was granted can be listed and revoked."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import openiom
from openiom.administration import issue_token, upsert_client
from openiom.administration.roles import PERMISSIONS
from openiom.app.application import Application
from openiom.app.web import create_app
from openiom.platform.bulk import fetch
from openiom.platform.clock import utc_now

APPLY = "/api/v1/configuration/apply"
TOKENS = "/api/v1/api-tokens"
CLIENTS = "/api/v1/clients"


def role(name: str, *permissions: str) -> dict[str, Any]:
    body = {"title": name, "permissions": list(permissions)}
    return {"kind": "role", "name": name, "body": body}


def apply(client: TestClient, *documents: dict[str, Any], **more: bool) -> tuple[int, str]:
    """Apply documents and return the status, and why it was refused."""
    answer = client.post(APPLY, json={"documents": list(documents), **more})
    return answer.status_code, answer.json().get("detail", "")


@pytest.fixture
def manager(application: Application, client: TestClient) -> Iterator[TestClient]:
    """A program that may manage access and orders, but nothing else."""
    permissions = (
        "administration.read",
        "administration.write",
        "configuration.write",
        "configuration.read",
        "orders.read",
    )
    assert apply(client, role("manager", *permissions))[0] == 200
    with signed_in(application, "manager") as manager:
        yield manager


@pytest.fixture
def integrator(application: Application) -> Iterator[TestClient]:
    with signed_in(application, "integrator") as integrator:
        yield integrator


def signed_in(application: Application, role: str) -> TestClient:
    with application.database.unit_of_work() as session:
        token = issue_token(session, name=role, roles=[role], now=utc_now(), actor="test")
    return TestClient(create_app(application), headers={"authorization": f"Bearer {token}"})


def test_an_integrator_changes_no_role(integrator: TestClient) -> None:
    mine = role("mine", "orders.read")

    assert apply(integrator, mine) == (403, "token integrator may not do this")
    assert apply(integrator, mine, dry_run=True)[0] == 403
    assert integrator.delete("/api/v1/configuration/role/mine").status_code == 403
    assert integrator.get("/api/v1/configuration?kind=role").json() == {"documents": []}


def test_a_manager_grants_what_it_has_and_no_more(manager: TestClient) -> None:
    assert apply(manager, role("picker", "orders.read"))[0] == 200
    for permissions in (["*"], ["orders.read", "orders.write"]):
        status, detail = apply(manager, role("picker", *permissions))
        assert (status, detail) == (
            403,
            f"token manager may not grant {permissions[-1]}",
        )

    exported = manager.get("/api/v1/configuration?kind=role").json()["documents"]
    assert role("picker", "orders.read") in exported


@pytest.mark.parametrize("path", [TOKENS, CLIENTS])
def test_a_manager_issues_no_credentials_with_more_than_it_has(
    manager: TestClient, application: Application, path: str
) -> None:
    for roles in (["administrator"], ["viewer"], ["manager", "order_manager"]):
        answer = manager.post(path, json={"name": "robot", "roles": roles})
        assert answer.status_code == 403, roles
        assert "may not grant" in answer.json()["detail"]

    with application.database.reading() as session:
        query = (
            "SELECT (SELECT count(*) FROM administration.client),"
            " (SELECT count(*) FROM administration.api_token WHERE name = 'robot')"
        )
        assert fetch(session, query) == [(0, 0)]
    assert manager.post(path, json={"name": "robot", "roles": ["manager"]}).status_code == 201


def test_unknown_permissions_and_the_names_of_built_in_roles_are_refused(
    client: TestClient,
) -> None:
    answer = client.post(APPLY, json={"documents": [role("viewer", "orders.red", "orders.read")]})

    assert answer.status_code == 422
    [permission, name] = answer.json()["problems"]
    assert permission["where"] == "role viewer, permissions[0]"
    assert permission["what"] == "'orders.red' is not a permission"
    assert name["what"] == "viewer is a built-in role"


def test_every_permission_that_a_route_requires_can_be_granted() -> None:
    required: set[str] = set()
    for file in Path(openiom.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "require":
                required |= {a.value for a in node.args if isinstance(a, ast.Constant)}

    assert "orders.read" in required
    assert required - PERMISSIONS == set()


def test_tokens_are_listed_with_their_last_use_and_revoked(client: TestClient) -> None:
    issued = client.post(TOKENS, json={"name": "night/shift", "roles": ["viewer"], "days": 7})
    assert issued.status_code == 201
    robot = {"authorization": f"Bearer {issued.json()['token']}"}

    def listed() -> dict[str, Any]:
        items = client.get(TOKENS).json()["items"]
        [found] = [item for item in items if item["name"] == "night/shift"]
        return dict(found)

    assert listed()["last_used_at"] is None
    assert listed()["expires_at"] == issued.json()["expires_at"]
    assert (listed()["roles"], listed()["created_by"]) == (["viewer"], "token test")
    assert client.get("/api/v1/orders", headers=robot).status_code == 200
    assert listed()["last_used_at"] is not None
    assert "token_hash" not in listed()

    assert client.delete(f"{TOKENS}/night/shift").status_code == 204

    assert client.get("/api/v1/orders", headers=robot).status_code == 401
    assert client.delete(f"{TOKENS}/night/shift").status_code == 404


@pytest.mark.parametrize("days", [0, 731, 2**40])
def test_a_token_lasts_one_to_730_days(client: TestClient, days: int) -> None:
    body = {"name": "robot", "roles": ["viewer"], "days": days}

    assert client.post(TOKENS, json=body).status_code == 422


def test_the_token_of_a_removed_client_is_refused_at_once(
    client: TestClient, application: Application
) -> None:
    with application.database.unit_of_work() as session:
        created = utc_now()
        client_id, _ = upsert_client(
            session, name="pos", roles=["viewer"], now=created, actor="test"
        )
    token = application.issuer.access_token(
        client_id=client_id, name="pos", permissions=["orders.read"], now=created
    )
    pos = {"authorization": f"Bearer {token}"}
    assert client.get("/api/v1/orders", headers=pos).status_code == 200

    assert client.delete(f"{CLIENTS}/{client_id}").status_code == 204

    refused = client.get("/api/v1/orders", headers=pos)
    assert refused.status_code == 401
    assert refused.json()["detail"] == "the client of this token was deleted or has a new secret"


def test_a_new_secret_ends_the_tokens_of_the_old_one(
    client: TestClient, application: Application
) -> None:
    now = utc_now()
    with application.database.unit_of_work() as session:
        client_id, _ = upsert_client(session, name="pos", roles=["viewer"], now=now, actor="test")
    token = application.issuer.access_token(
        client_id=client_id, name="pos", permissions=["orders.read"], now=now
    )
    with application.database.unit_of_work() as session:
        later = now.replace(microsecond=0).timestamp() + 2
        moment = type(now).fromtimestamp(later, now.tzinfo)
        upsert_client(session, name="pos", roles=["viewer"], now=moment, actor="test")

    pos = {"authorization": f"Bearer {token}"}
    assert client.get("/api/v1/orders", headers=pos).status_code == 401

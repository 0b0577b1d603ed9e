"""Users over HTTP: created, changed and deactivated by those who have what they grant."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient
from tests.administration.test_privileges import apply, role, signed_in

from openiom.administration import upsert_users
from openiom.administration.models import User
from openiom.administration.roles import ADMINISTRATOR
from openiom.administration.users import change_user
from openiom.app.application import Application
from openiom.kernel import Refused
from openiom.platform.bulk import fetch
from openiom.platform.database import Database
from openiom.platform.http import Principal

USERS = "/api/v1/users"
PASSWORD = "correct horse"


@pytest.fixture
def people(application: Application) -> dict[str, str]:
    """The ids of an administrator and a viewer, by e-mail address."""
    with application.database.unit_of_work() as session:
        upsert_users(
            session,
            [
                ("root@example.com", "Root", PASSWORD, ["administrator"]),
                ("ann@example.com", "Ann Lee", PASSWORD, ["viewer"]),
            ],
        )
    return ids(application)


def ids(application: Application) -> dict[str, str]:
    client = signed_in(application, "administrator")
    return {user["email"]: user["id"] for user in client.get(USERS).json()["items"]}


@pytest.fixture
def manager(application: Application, client: TestClient) -> TestClient:
    """A program that may manage access, and read orders."""
    permissions = ("administration.read", "administration.write", "orders.read")
    assert apply(client, role("manager", *permissions))[0] == 200
    return signed_in(application, "manager")


def new_user(**more: Any) -> dict[str, Any]:
    return {
        "email": "bob@example.com",
        "name": "Bob",
        "password": PASSWORD,
        "roles": ["viewer"],
    } | more


def sign_in(client: TestClient, email: str, password: str = PASSWORD) -> int:
    return client.post("/api/v1/session", json={"email": email, "password": password}).status_code


def problem(answer: Any) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["where"], body["detail"]


def test_a_user_is_created_and_signs_in(client: TestClient, anonymous_client: TestClient) -> None:
    created = client.post(USERS, json=new_user())

    assert created.status_code == 201
    assert {**created.json(), "id": ""} == {
        "id": "",
        "email": "bob@example.com",
        "name": "Bob",
        "roles": ["viewer"],
        "active": True,
    }
    assert sign_in(anonymous_client, "bob@example.com") == 200


@pytest.mark.parametrize(
    ("change", "where", "what"),
    [
        ({"email": "bob"}, "email", "bob is not an e-mail address"),
        ({"email": "ANN@example.com"}, "email", "there is a user ANN@example.com already"),
        ({"password": "short"}, "password", "the password is too short"),
        ({"roles": ["king"]}, "roles", "no role king"),
    ],
)
def test_a_refused_user_is_refused_at_the_field(
    client: TestClient, people: dict[str, str], change: dict[str, Any], where: str, what: str
) -> None:
    assert problem(client.post(USERS, json=new_user(**change))) == (422, where, what)


def test_a_principal_grants_no_more_than_it_has(
    manager: TestClient, people: dict[str, str]
) -> None:
    refused = manager.post(USERS, json=new_user(roles=["order_manager"]))
    status, where, what = problem(refused)

    assert (status, where) == (403, "roles")
    assert what.startswith("token manager may not grant fulfillment.read, ")
    assert manager.post(USERS, json=new_user(roles=["manager"])).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"name": "Mine"}),
        ("PATCH", "", {"active": False}),
        ("POST", "/password", {"password": "my own password"}),
    ],
)
def test_a_principal_takes_over_no_user_with_more_permissions(
    manager: TestClient, people: dict[str, str], method: str, path: str, body: dict[str, Any]
) -> None:
    url = f"{USERS}/{people['root@example.com']}{path}"
    status, where, what = problem(manager.request(method, url, json=body))

    assert (status, where) == (403, "roles")
    assert what == "root@example.com has permissions that you do not have: *"


def test_a_deactivated_user_is_signed_out_until_reactivated(
    client: TestClient, anonymous_client: TestClient, people: dict[str, str]
) -> None:
    assert sign_in(anonymous_client, "ann@example.com") == 200
    url = f"{USERS}/{people['ann@example.com']}"

    assert client.patch(url, json={"active": False}).json()["active"] is False
    assert anonymous_client.get("/api/v1/session").json() is None
    assert sign_in(anonymous_client, "ann@example.com") == 401
    assert client.patch(url, json={"active": True}).json()["active"] is True
    assert sign_in(anonymous_client, "ann@example.com") == 200


def test_a_new_password_replaces_the_old_one_and_ends_sessions(
    client: TestClient, anonymous_client: TestClient, people: dict[str, str]
) -> None:
    assert sign_in(anonymous_client, "ann@example.com") == 200
    url = f"{USERS}/{people['ann@example.com']}/password"

    assert client.post(url, json={"password": "battery staple"}).status_code == 204
    assert anonymous_client.get("/api/v1/session").json() is None
    assert sign_in(anonymous_client, "ann@example.com") == 401
    assert sign_in(anonymous_client, "ann@example.com", "battery staple") == 200
    assert problem(client.post(url, json={"password": "x"}))[:2] == (422, "password")


def test_name_and_roles_are_changed_apart(client: TestClient, people: dict[str, str]) -> None:
    url = f"{USERS}/{people['ann@example.com']}"
    client.patch(url, json={"name": "Ann Miller"})
    changed = client.patch(url, json={"roles": ["order_manager"]}).json()

    assert (changed["name"], changed["roles"], changed["active"]) == (
        "Ann Miller",
        ["order_manager"],
        True,
    )


@pytest.mark.parametrize(
    ("change", "where"), [({"active": False}, "active"), ({"roles": ["viewer"]}, "roles")]
)
def test_the_last_active_administrator_stays(
    client: TestClient, people: dict[str, str], change: dict[str, Any], where: str
) -> None:
    refused = client.patch(f"{USERS}/{people['root@example.com']}", json=change)

    assert problem(refused) == (409, where, "this is the last active administrator")


def test_two_administrators_cannot_remove_each_other_at_once(application: Application) -> None:
    everything = frozenset("*")
    database = application.database
    with database.unit_of_work() as session:
        upsert_users(session, [(f"{n}@x.example", n, PASSWORD, [ADMINISTRATOR]) for n in "ab"])

    def deactivate(session: Session, email: str, by: str) -> None:
        [user] = session.scalars(select(User.id).where(User.email == email))
        change_user(session, Principal(by, everything), user, active=False)

    def second() -> None:
        with database.unit_of_work() as session:
            deactivate(session, "a@x.example", "b@x.example")

    with ThreadPoolExecutor(1) as pool:
        with database.unit_of_work() as session:
            deactivate(session, "b@x.example", "a@x.example")
            result = pool.submit(second)
            wait_until_blocked(database, result)

        with pytest.raises(Refused, match="the last active administrator"):
            result.result(timeout=30)


def wait_until_blocked(database: Database, work: Future[None]) -> None:
    """Return once a transaction waits for a lock, or the work has ended without."""
    blocked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    while not work.done():
        with database.reading() as session:
            if fetch(session, blocked) != [(0,)]:
                return


def test_an_administrator_does_not_deactivate_themselves(
    application: Application, anonymous_client: TestClient, people: dict[str, str]
) -> None:
    with application.database.unit_of_work() as session:
        upsert_users(session, [("two@example.com", "Two", PASSWORD, ["administrator"])])
    assert sign_in(anonymous_client, "two@example.com") == 200
    two = ids(application)["two@example.com"]
    refused = anonymous_client.patch(f"{USERS}/{two}", json={"active": False})

    assert problem(refused) == (409, "active", "you cannot deactivate yourself")


def test_an_unknown_user_is_not_found(client: TestClient) -> None:
    assert client.patch(f"{USERS}/{UUID(int=1)}", json={"name": "x"}).status_code == 404


def test_users_and_roles_need_permissions(application: Application) -> None:
    viewer = signed_in(application, "viewer")

    assert viewer.get(USERS).status_code == 403
    assert viewer.get("/api/v1/roles").status_code == 403
    assert viewer.post(USERS, json=new_user()).status_code == 403


def test_roles_say_what_they_grant_and_whether_the_caller_can_assign_them(
    manager: TestClient,
) -> None:
    answer = manager.get("/api/v1/roles").json()
    roles = {found["name"]: found for found in answer["items"]}

    assert roles["administrator"]["permissions"] == ["*"]
    assert (roles["order_manager"]["title"], roles["order_manager"]["built_in"]) == (
        "Order manager",
        True,
    )
    assert {name for name, found in roles.items() if found["grantable"]} == {"manager"}
    assert roles["manager"]["built_in"] is False
    assert answer["permissions"][0] == "*"
    assert "orders.write" in answer["permissions"]

"""Roles grant permissions, built in or as documents."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from openiom.administration import DELETION_GUARDS, KINDS, issue_token, upsert_client, upsert_users
from openiom.administration.roles import BUILT_IN, RoleBody, check_roles, permissions_of
from openiom.kernel import Invalid, Refused
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)


@pytest.fixture
def configuration(database: Database) -> Configuration:
    configuration = Configuration()
    configuration.register(*KINDS)

    for kind, guard in DELETION_GUARDS:
        configuration.add_deletion_guard(kind, guard)

    with database.unit_of_work() as session:
        configuration.apply(
            session,
            [
                role("picker", "fulfillment.read", "fulfillment.write"),
                role("auditor", "orders.read"),
            ],
            at=NOW,
            actor="test",
        )

    return configuration


def role(name: str, *permissions: str) -> dict[str, Any]:
    body = {"title": name.title(), "permissions": list(permissions)}
    return {"kind": "role", "name": name, "body": body}


def test_only_the_administrator_may_do_everything() -> None:
    unrestricted = [name for name, permissions in BUILT_IN.items() if "*" in permissions]

    assert unrestricted == ["administrator"]


def test_a_viewer_may_read_and_nothing_else() -> None:
    assert all(permission.endswith(".read") for permission in BUILT_IN["viewer"])
    assert "configuration.read" not in BUILT_IN["viewer"]


@pytest.mark.parametrize(
    ("name", "writes"),
    [
        (
            "order_manager",
            {"orders.write", "payments.write", "returns.write", "orchestration.write"},
        ),
        (
            "integrator",
            {
                "inventory.write",
                "orchestration.write",
                "providers.write",
                "master_data.write",
                "configuration.write",
            },
        ),
    ],
)
def test_built_in_roles_write_what_their_work_requires(name: str, writes: set[str]) -> None:
    written = {permission for permission in BUILT_IN[name] if permission.endswith(".write")}

    assert written == writes
    assert set(BUILT_IN["viewer"]) <= set(BUILT_IN[name])


def test_permissions_of_all_roles_are_joined(
    database: Database, configuration: Configuration
) -> None:
    with database.reading() as session:
        assert permissions_of(session, []) == frozenset()
        assert permissions_of(session, ["unknown"]) == frozenset()
        assert permissions_of(session, ["picker"]) == {"fulfillment.read", "fulfillment.write"}
        assert permissions_of(session, ["picker", "auditor", "unknown"]) == {
            "fulfillment.read",
            "fulfillment.write",
            "orders.read",
        }
        joined = permissions_of(session, ["viewer", "picker"])
        assert joined == {*BUILT_IN["viewer"], "fulfillment.write"}


def test_known_roles_pass_and_unknown_ones_are_named(
    database: Database, configuration: Configuration
) -> None:
    with database.reading() as session:
        check_roles(session, [])
        check_roles(session, ["viewer", "picker"])

        with pytest.raises(Invalid) as refused:
            check_roles(session, ["queen", "picker", "king"])

    assert refused.value.what == "no role king, queen"
    assert refused.value.where == "roles"
    assert refused.value.remedy == (
        "use one of administrator, auditor, integrator, order_manager, picker, viewer"
    )


def test_a_role_has_a_title_and_no_unknown_fields() -> None:
    RoleBody.model_validate({"title": "Picker", "permissions": []})
    with pytest.raises(ValidationError):
        RoleBody.model_validate({"title": "", "permissions": []})
    with pytest.raises(ValidationError):
        RoleBody.model_validate({"title": "Picker", "permissions": [], "color": "red"})


@pytest.mark.parametrize("holder", ["user", "token", "client"])
def test_an_assigned_role_is_not_deleted(
    database: Database, configuration: Configuration, holder: str
) -> None:
    with database.unit_of_work() as session:
        if holder == "user":
            upsert_users(session, [("bob@example.com", "Bob", "correct horse", ["picker"])])
        elif holder == "token":
            issue_token(session, name="scanner", roles=["viewer", "picker"], now=NOW, actor="test")
        else:
            upsert_client(session, name="scanner", roles=["picker"], now=NOW, actor="test")

    with database.unit_of_work() as session:
        with pytest.raises(Refused) as refused:
            configuration.remove(
                session, [("role", "picker"), ("role", "auditor")], at=NOW, actor="test"
            )

        [problem] = refused.value.problems
        assert str(problem) == (
            "role picker: is assigned to users, clients or tokens (assign them another role first)"
        )
        [change] = configuration.remove(session, [("role", "auditor")], at=NOW, actor="test")
        assert (change.name, change.change) == ("auditor", "removed")

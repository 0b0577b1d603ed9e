"""Client programs and their secrets."""

from datetime import UTC, datetime, timedelta

import pytest

from openiom.administration import upsert_client
from openiom.administration.clients import (
    check_secret,
    client_permissions,
    clients,
    remove_client,
)
from openiom.kernel import NotFound, TooManyAttempts, Unauthenticated
from openiom.platform.bulk import fetch
from openiom.platform.database import Database

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
OFFICE = "192.0.2.1"
HOTEL = "192.0.2.2"


@pytest.fixture
def program(database: Database) -> tuple[str, str]:
    """Id and secret of a client."""
    with database.unit_of_work() as session:
        return upsert_client(session, name="pos", roles=["integrator"], now=NOW, actor="ann")


def attempt(
    database: Database, client_id: str, secret: str, *, address: str = OFFICE, after: float = 0
) -> str:
    """Return the outcome of one authentication."""
    now = NOW + timedelta(seconds=after)
    with database.unit_of_work() as session:
        try:
            check_secret(session, client_id=client_id, secret=secret, address=address, now=now)
        except Unauthenticated:
            return "refused"
        except TooManyAttempts as error:
            return f"locked for {error.retry_after} s"

    return "accepted"


def test_a_client_authenticates_with_its_secret(
    database: Database, program: tuple[str, str]
) -> None:
    assert attempt(database, *program) == "accepted"
    assert attempt(database, program[0], "guess") == "refused"
    assert attempt(database, "unknown", program[1]) == "refused"


def test_a_refusal_says_what_to_do(database: Database, program: tuple[str, str]) -> None:
    with database.reading() as session, pytest.raises(Unauthenticated) as refused:
        client_permissions(session, "unknown")

    assert refused.value.what == "this client has been deleted"

    with database.unit_of_work() as session, pytest.raises(Unauthenticated) as refused:
        check_secret(session, client_id=program[0], secret="guess", address=OFFICE, now=NOW)

    assert refused.value.what == "incorrect client id or secret"
    assert refused.value.where == "client_secret"
    assert refused.value.remedy == "create a new secret with iom client create"


def test_a_client_of_the_same_name_keeps_its_id_and_gets_a_new_secret(
    database: Database, program: tuple[str, str]
) -> None:
    later = NOW + timedelta(days=1)
    with database.unit_of_work() as session:
        renewed = upsert_client(session, name="pos", roles=["viewer"], now=later, actor="bob")
        [client] = clients(session)
        assert (client.roles, client.created_at, client.created_by) == (["viewer"], later, "bob")

    assert renewed[0] == program[0]
    assert renewed[1] != program[1]
    assert attempt(database, *program) == "refused"
    assert attempt(database, *renewed) == "accepted"


def test_only_the_hash_of_a_secret_is_stored(database: Database, program: tuple[str, str]) -> None:
    with database.reading() as session:
        [(stored,)] = fetch(session, "SELECT c::text FROM administration.client c")
    assert program[0] in stored
    assert program[1] not in stored


def test_eight_wrong_secrets_lock_one_client_at_one_address(
    database: Database, program: tuple[str, str]
) -> None:
    with database.unit_of_work() as session:
        other = upsert_client(session, name="shop", roles=["viewer"], now=NOW, actor="ann")

    for _ in range(8):
        assert attempt(database, program[0], "guess") == "refused"

    assert attempt(database, *program) == "locked for 60 s"
    assert attempt(database, *program, after=59.5) == "locked for 1 s"
    assert attempt(database, *program, address=HOTEL) == "accepted"
    assert attempt(database, *other) == "accepted"
    assert attempt(database, *program, after=60) == "accepted"


def test_a_success_resets_the_failures_of_its_address(
    database: Database, program: tuple[str, str]
) -> None:
    for _ in range(2):
        for _ in range(7):
            assert attempt(database, program[0], "guess") == "refused"

        assert attempt(database, *program) == "accepted"

    with database.reading() as session:
        count = "SELECT count(*) FROM administration.client_auth_failure"
        assert fetch(session, count) == [(0,)]


def test_an_unknown_client_is_locked_like_a_known_one(database: Database) -> None:
    outcomes = [attempt(database, "unknown", "guess") for _ in range(9)]

    assert outcomes == ["refused"] * 8 + ["locked for 60 s"]


def test_clients_are_listed_by_name(database: Database, program: tuple[str, str]) -> None:
    with database.unit_of_work() as session:
        upsert_client(session, name="app", roles=["viewer"], now=NOW, actor="ann")
        upsert_client(session, name="shop", roles=["viewer"], now=NOW, actor="ann")
        assert [client.name for client in clients(session)] == ["app", "pos", "shop"]


def test_permissions_of_a_client_are_those_of_its_roles(
    database: Database, program: tuple[str, str]
) -> None:
    with database.reading() as session:
        name, permissions = client_permissions(session, program[0])
    assert name == "pos"
    assert "inventory.write" in permissions
    assert "*" not in permissions


def test_a_deleted_client_does_not_authenticate(
    database: Database, program: tuple[str, str]
) -> None:
    with database.unit_of_work() as session:
        remove_client(session, program[0])
        with pytest.raises(NotFound, match=f"no client {program[0]}"):
            remove_client(session, program[0])

        assert clients(session) == []

    assert attempt(database, *program) == "refused"
